"""A playbook says everything in own words as it does in ours: conditions, patterns, points, reasons, tasks."""

from collections.abc import Iterable

import jsonschema
import pytest
from vocabulary_files import OWN, SPEAKING, on_shipped, playbook

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.handoff.task_story import filled
from integration.core.model.effects import AlertRaised, HandoffDelayed, StageChanged, TaskWanted, TrackChanged
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.state import newborn
from integration.core.run.apply_events import advance
from integration.core.run.decide import Decision, order
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.explaining.explanation import explain
from integration.playbook.showing.editor import schema_of_language
from mappings.model.canonical import Activity, Value
from mappings.model.task_text import plain
from mappings.values.instant import DAY, HOUR, moment
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.yaml_files import located_yaml

START = moment("2026-01-06T10:00:00Z")


def did(number: int, kind: str, at: int, **properties: Value) -> Activity:
    of_type, read = playbook().vocabulary.recognised(kind, properties)
    return Activity(id=f"a{number}", lead="ana", at=START + at, type=of_type, properties=read)


def told(*events: Event, lead: dict[str, Value] | None = None, account: dict[str, Value] | None = None) -> list[Event]:
    born: list[Event] = [
        AccountChanged(id="c", at=START - DAY, account="acme", fields=account or {}),
        LeadChanged(id="l", at=START - DAY, fields={"account": "acme", "source": "partner", **(lead or {})}),
    ]
    return sorted([*born, *events], key=order)


def folded(events: Iterable[Event], until: int = HOUR) -> Decision:
    return advance(CompiledPlaybook.of(playbook()), newborn("ana"), list(events), START + until)


@pytest.mark.parametrize(
    ("lead", "account", "fit"),
    [
        ({"cmmc_level": 3}, {}, 20),
        ({"cmmc_level": 2.5}, {}, 5),
        ({}, {}, 0),
        ({"buying_role": "economic"}, {}, 10),
        ({"buying_role": "user"}, {}, 0),
        ({}, {"certifications": ("hipaa", "soc2"), "tier": "gold"}, 7),
        ({}, {"certifications": ("soc2",), "tier": "silver"}, 0),
        ({"renewal": moment("2026-06-01")}, {}, 3),
        ({"renewal": moment("2026-05-31T23:59:59Z")}, {}, 0),
        ({"renewal": moment("2026-12-31")}, {}, 0),
        ({"interests": ("security", "price")}, {}, 2),
        ({"trained": True}, {}, 1),
        ({"trained": False}, {}, 0),
    ],
)
def test_own_fields_of_every_kind_count_in_fit(lead: dict[str, Value], account: dict[str, Value], fit: int) -> None:
    assert folded(told(lead=lead, account=account)).state.fit == fit * 1_000


def test_own_activities_score_by_their_properties_once_per_day_and_asset() -> None:
    events = told(
        did(1, "Watched Video", 0, video="Intro", percent="80"),
        did(2, "video_watched", 60, video="intro", percent=20),
        did(3, "video_watched", 120, video="Intro", percent=90, live="yes"),
        did(4, "video_watched", 180, video="Outro", percent=50),
        did(5, "content_download", 240, asset="Outro", asset_type="Video"),
        did(6, "community_post", 300),
    )
    found = folded(events)
    points = [(line.rule, line.points // 1_000) for line in found.lines if line.axis == "engagement"]
    assert points == [("watched", 15), ("live", 4), ("watched", 15), ("community_post", 6)]


def test_own_activities_complete_patterns_by_their_own_properties() -> None:
    one = told(did(1, "video_watched", 0, video="a"), did(2, "video_watched", 1, video="a"))
    two = told(did(1, "video_watched", 0, video="a"), did(2, "video_watched", 1, video="b"))
    assert [each for each in folded(one).effects if isinstance(each, TaskWanted)] == []
    [task] = [each for each in folded(two).effects if isinstance(each, TaskWanted)]
    assert task.because == ("binge: Video watched",)


def test_own_sources_reasons_and_requirements_are_heard() -> None:
    lead: dict[str, Value] = {"cmmc_level": 4, "buying_role": "economic", "email": "ana@acme.example"}
    seen = did(1, "video_watched", 0, video="Intro", percent=80)
    held = folded(told(seen, lead={**lead, "buying_role": None}, account={}))
    posts = [did(n, "community_post", n) for n in range(2, 8)]
    held = folded(told(seen, *posts, lead={**lead, "buying_role": None}))
    assert [each.missing for each in held.effects if isinstance(each, HandoffDelayed)] == [
        ("buying_role", "certifications")
    ]
    rejected = did(20, "sales_rejected", HOUR // 2, reason="No authority")
    done = folded(told(seen, *posts, rejected, lead=lead, account={"certifications": ("soc2",)}), until=DAY)
    assert [each.after for each in done.effects if isinstance(each, StageChanged)] == ["mql", "recycled"]
    assert done.state.recycle_reason == "no_authority"
    assert done.state.hold == START + HOUR // 2 + 10 * DAY
    assert next(each.after for each in done.effects if isinstance(each, TrackChanged)) == "nurture"


def test_a_reason_that_nobody_has_is_refused_with_all_that_there_are() -> None:
    lead: dict[str, Value] = {"buying_role": "economic"}
    asked = did(1, "demo_request", 0)
    found = folded(told(asked, did(2, "sales_rejected", HOUR // 2, reason="bored"), lead=lead))
    [alert] = [each for each in found.effects if isinstance(each, AlertRaised)]
    assert "no_authority" in alert.text


def test_tasks_and_packets_speak_of_own_fields_and_activities() -> None:
    lead: dict[str, Value] = {
        "cmmc_level": 3.0,
        "buying_role": "economic",
        "email": "ana@acme.example",
        "renewal": moment("2026-06-01"),
        "trained": True,
    }
    events = told(
        did(1, "video_watched", 0, video="Intro", percent=80),
        did(2, "video_watched", 1, video="Outro"),
        lead=lead,
        account={"certifications": ("soc2", "iso27001"), "tier": "gold"},
    )
    book = CompiledPlaybook.of(playbook())
    decision = advance(book, newborn("ana"), events, START + HOUR)
    task = next(each for each in decision.effects if isinstance(each, TaskWanted))
    fold = Context(book, decision.state)
    fold.now = START + HOUR
    subject, text = filled(fold, task.wording, task.due_at)
    body = plain(text)
    assert subject == "Call ana@acme.example, economic, after Video watched"
    assert "CMMC level: 3; Buying role: economic; Trained: yes; Renewal: 1 June 2026" in body
    assert "Certifications: soc2, iso27001; Tier: gold" in body
    assert "Latest key action: Video watched: Intro, " in body
    assert "Open with: They decide: economic, 3, soc2, iso27001, 1 June 2026" in body


def test_explain_names_own_words_by_their_labels() -> None:
    seen = did(1, "video_watched", 0, video="Intro", percent=80)
    found = explain(CompiledPlaybook.of(playbook()), "ana", told(seen), START + HOUR)
    assert any(entry.words == "15 points on 6 January 2026: Video watched: Intro" for entry in found.ledger)
    assert any("CMMC level is not known" in offer.words for offer in found.outlook.offers)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cmmc_level >= 3", "cmcm_level >= 3", "unknown field 'cmcm_level' (did you mean 'cmmc_level'?)"),
        ("cmmc_level >= 3", "cmmc_level >= high", "'high' is not a number"),
        (
            "buying_role in deciders",
            "buying_role = econmic",
            "unknown buying_role 'econmic' (did you mean 'economic'?)",
        ),
        ("[economic, technical]", "[economic, tehnical]", "unknown buying_role 'tehnical' (did you mean 'technical'?)"),
        ("tier = gold", "tier = golden", "unknown tier 'golden' (did you mean 'gold'?)"),
        ("renewal >= 2026-06-01", "renewal >= 12", "'renewal' is a date such as 2026-01-31, not '12'"),
        ("renewal >= 2026-06-01", "renewal >= 2026-13-01", "'renewal' is a date such as 2026-01-31"),
        ("renewal >= 2026-06-01", "renewal = soon", "'renewal' is a date; say 'renewal >= 2026-01-31'"),
        ("cmmc_level >= 3", "cmmc_level >= 2026-01-01", "'cmmc_level' is a number, not '2026-01-01'"),
        ("video_watched percent>=50", "video_wached percent>=50", "(did you mean 'video_watched'?)"),
        ("video_watched percent>=50", "video_watched percnt>=50", "(did you mean 'percent'?)"),
        ("asset_type=video", "asset_type=vidoe", "(did you mean 'video'?)"),
        ("distinct: video,", "distinct: vido,", "unknown property 'vido' (did you mean 'video'?)"),
        ("no_authority:", "no_autority:", "unknown reason 'no_autority' (did you mean 'no_authority'?)"),
        ("partner:", "partnr:", "unknown source 'partnr' (did you mean 'partner'?)"),
        ("[buying_role, certifications]", "[buying_rol]", "unknown field 'buying_rol' (did you mean 'buying_role'?)"),
        ("{buying_role}, after", "{buying_rol}, after", "unknown field '{buying_rol}' (did you mean 'buying_role'?)"),
        ("community_post: 6", "comunity_post: 6", "'comunity_post' is neither a signal nor an activity type"),
        ("watched: [", "community_post: [", "'community_post' is an activity type; a signal needs a name of its own"),
        ("community_post: 6", "email_sent: 6", "'email_sent' is what the sender of mail did, and no person"),
    ],
)
def test_check_finds_an_unknown_own_word_with_the_nearest(old: str, new: str, said: str) -> None:
    assert SPEAKING.count(old) == 1 or old == "watched: ["
    text = SPEAKING.replace(old, new, 1)
    found, problems = compile_text(text, "p.yaml", on_shipped(OWN))
    assert found is None
    [problem] = [each for each in problems if said in each.text] or [None]
    assert problem is not None, [str(each) for each in problems]
    line, column = problem.line, problem.column
    assert text.splitlines()[line - 1][column - 1 :].strip() != ""


def test_a_word_that_is_taken_away_is_missed_where_it_is_used() -> None:
    for word in ("cmmc_level", "certifications", "no_authority", "video_watched", "partner", "percent"):
        without = "".join(line for line in OWN.splitlines(keepends=True) if word not in line)
        if word == "video_watched":
            without = without.replace('  - {type: "Watched Video", is: video_watched}\n', "")
        if word == "percent":
            without = OWN.replace(", percent: number", "")
        kept = "".join(line for line in without.splitlines(keepends=True) if not line.startswith("recognise"))
        found, problems = compile_text(SPEAKING, "p.yaml", on_shipped(kept if "is: video" not in kept else without))
        assert found is None, word
        assert any(word in problem.text for problem in problems), (word, problems)


def test_the_schema_is_made_for_the_installation() -> None:
    def wrong(words: str | None) -> list[str]:
        schema = schema_of_language(on_shipped(words) if words else shipped())
        value, _ = located_yaml.load(SPEAKING, "p.yaml")
        assert value is not None
        return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(value.value)]

    assert wrong(OWN) == []
    assert any("no_authority" in message for message in wrong(None))
    text = str(schema_of_language(on_shipped(OWN)))
    for word in ("video_watched", "community_post", "cmmc_level known", "account.certifications", "{buying_role}"):
        assert word in text or word.removeprefix("account.") in text
    assert "video_watched" not in str(schema_of_language(shipped()))
