"""A mapping reads own fields from any field of a CRM, and makes those that are ours."""

import pytest
from vocabulary_files import OWN, on_shipped

from connectors.shared.provisioning import wanted
from mappings.language.mapping_files import MappingFile, parsed
from mappings.model.canonical import Kind
from mappings.translate.translation import inward, outward
from mappings.values.instant import parse

TEXT = """
system: hubspot
owns: {lead: [cmmc_level], account: [tier]}
objects:
  contact:
    is: person
    lead:
      email: {from: email, as: lower}
      cmmc_level: {from: coldframe_cmmc_level, as: number}
      buying_role: {from: coldframe_buying_role, as: picklist, values: {Economic buyer: economic, Nutzer: user}}
      trained: {from: trained_flag, as: boolean}
      interests: {from: topics, as: list}
      renewal: {from: renews_on, as: date}
      source: {from: lead_source, as: picklist, values: {Partner: partner}, else: other}
    account:
      certifications: {from: certs, as: list}
    write:
      recycle_reason: {to: acme_reason, values: {no_authority: "Keine Befugnis"}}
  company:
    is: account
    account:
      tier: {from: acme_tier, as: picklist, values: {A: gold, B: silver}}
  calls:
    is: activity
    activity:
      at: hs_timestamp
      cases:
        - {when: {kind: video}, is: video_watched, video: {from: title}, percent: {from: share, as: number}}
"""


def read(text: str = TEXT, words: str = OWN) -> MappingFile:
    return parsed(text, "m.yaml", "", on_shipped(words))


def test_own_fields_of_every_kind_are_read() -> None:
    mapping = read().mapping
    assert mapping is not None, read().problems
    raw = {
        "email": "Ana@acme.example",
        "coldframe_cmmc_level": "3",
        "coldframe_buying_role": "economic BUYER",
        "trained_flag": "true",
        "topics": "security;price",
        "renews_on": "2026-06-01",
        "lead_source": "partner",
        "certs": "soc2;iso27001",
    }
    found = inward(mapping, "contact", raw)
    assert dict(found.lead) == {
        "email": "ana@acme.example",
        "cmmc_level": 3,
        "buying_role": "economic",
        "trained": True,
        "interests": ("security", "price"),
        "renewal": parse("2026-06-01T00:00:00Z"),
        "source": "partner",
    }
    assert dict(found.account) == {"certifications": ("soc2", "iso27001")}
    assert dict(inward(mapping, "company", {"acme_tier": "b"}).account) == {"tier": "silver"}


def test_an_own_reason_goes_out_in_the_crms_words() -> None:
    mapping = read().mapping
    assert mapping is not None
    assert outward(mapping, "contact", {"recycle_reason": "no_authority"})["acme_reason"] == "Keine Befugnis"
    assert outward(mapping, "contact", {"recycle_reason": "timing"})["acme_reason"] == "timing"


def test_own_fields_under_our_prefix_are_made_and_own_reasons_are_offered() -> None:
    mapping = read().mapping
    assert mapping is not None
    needed = {one.name: one for one in wanted(mapping, task="tasks", key="coldframe_key")}
    kinds: dict[str, Kind] = {"coldframe_cmmc_level": "number", "coldframe_buying_role": "choice"}
    assert {name: needed[name].kind for name in kinds} == kinds
    assert needed["coldframe_cmmc_level"].label == "CMMC level"
    assert needed["coldframe_cmmc_level"].filled == "people"
    assert "trained_flag" not in needed, "a field of theirs is left to them"
    offered = dict(needed["acme_reason"].choices)
    assert offered["Keine Befugnis"] == "No authority"
    assert offered["timing"] == "Timing"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "cmmc_level: {from: cold",
            "cmcm_level: {from: cold",
            "unknown name 'cmcm_level' (did you mean 'cmmc_level'?)",
        ),
        ("as: number}\n      buying", "as: date}\n      buying", "'date' makes no number; use as: number"),
        ("Nutzer: user", "Nutzer: usr", "unknown value 'usr' (did you mean 'user'?)"),
        ("lead: [cmmc_level]", "lead: [cmmc_lvel]", "unknown name 'cmmc_lvel' (did you mean 'cmmc_level'?)"),
        ("{no_authority:", "{no_autority:", "unknown name 'no_autority' (did you mean 'no_authority'?)"),
        ("is: video_watched", "is: video_wached", "unknown activity 'video_wached' (did you mean 'video_watched'?)"),
        ("percent: {from", "percnt: {from", "unknown name 'percnt' (did you mean 'percent'?)"),
    ],
)
def test_check_finds_an_unknown_own_word_with_the_nearest(old: str, new: str, said: str) -> None:
    assert TEXT.count(old) == 1
    found = read(TEXT.replace(old, new))
    assert found.mapping is None
    assert any(said in problem.text for problem in found.problems), [str(each) for each in found.problems]


def test_a_word_that_is_taken_away_is_missed_where_it_is_used() -> None:
    found = read(words=OWN.replace("  cmmc_level: {kind: number, label: CMMC level}\n", ""))
    assert found.mapping is None
    places = [(each.line, each.text.partition(" (")[0]) for each in found.problems]
    assert places == [(3, "unknown name 'cmmc_level'"), (9, "unknown name 'cmmc_level'")]
