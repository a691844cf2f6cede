"""The lines to uncomment in operating-model: with them, and the vocabulary beside them, it compiles and scores."""

import re

import pytest

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import AccountChanged, LeadChanged
from integration.core.model.state import newborn
from integration.core.run.apply_events import advance
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.reading import library
from integration.playbook.showing.editor import own_copy
from mappings.model.canonical import Value
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import parse
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse as parse_vocabulary
from mappings.vocabulary.value import Vocabulary

TEXT = library.text("operating-model")
GROUPS = ("revenue", "compliance", "buying_centre")
AT = parse("2026-01-05T09:00:00Z")


def vocabulary() -> Vocabulary:
    """The words that the comment says are needed."""
    (line,) = re.findall(r"^    #   (account: \{.*\})$", TEXT, re.MULTILINE)
    found, problems = parse_vocabulary(f"language: 1\n{line}\n", "vocabulary.yaml", shipped())
    assert (found is not None, problems) == (True, ())
    assert found is not None
    return found


def uncommented(text: str, *groups: str) -> str:
    """The file with these groups' lines, as an editor uncomments them."""
    for group in groups:
        text, times = re.subn(
            rf"^    # ({group}:)\n((?:    #   .*\n)+)",
            lambda found: f"    {found[1]}\n" + found[2].replace("    # ", "    "),
            text,
            flags=re.MULTILINE,
        )
        assert times == 1, group
    return text


def fit(text: str, **company: Value) -> int:
    playbook, problems = compile_text(text, "ours.yaml", vocabulary())
    assert (playbook is not None, problems) == (True, ())
    assert playbook is not None
    events = [
        AccountChanged(id="c", at=AT, account=AccountId("acme"), fields=company),
        LeadChanged(id="l", at=AT, fields={"account": "acme"}),
    ]
    return advance(CompiledPlaybook.of(playbook), newborn(LeadId("ana")), events, AT).state.fit // 1_000


@pytest.mark.parametrize(
    ("group", "company", "points"),
    [
        ("revenue", {"revenue": 5_000_000}, 10),
        ("revenue", {"revenue": 500_000_001}, 5),
        ("revenue", {"revenue": 4_999_999}, 0),
        ("compliance", {"compliance": ("gdpr", "soc2")}, 5),
        ("compliance", {"compliance": ("gdpr",)}, 0),
        ("buying_centre", {"buying_centre": "single_team"}, 5),
        ("buying_centre", {"buying_centre": "multi_department"}, 3),
    ],
)
def test_a_group_that_is_uncommented_scores(group: str, company: dict[str, Value], points: int) -> None:
    assert fit(uncommented(TEXT, group), **company) == points
    assert fit(TEXT, **company) == 0


def test_all_of_them_together_end_where_fit_ends() -> None:
    best: dict[str, Value] = {
        "employees": 120,
        "industry": "software",
        "country": "US",
        "technologies": ("salesforce",),
        "revenue": 20_000_000,
        "compliance": ("soc2",),
        "buying_centre": "single_team",
    }
    assert fit(uncommented(TEXT, *GROUPS), **best) == 50


def test_without_the_vocabulary_the_missing_word_is_told_at_its_place() -> None:
    text = uncommented(TEXT, *GROUPS)
    _, problems = compile_text(text, "ours.yaml")
    assert [each.text.split("(")[0].strip() for each in problems if each.severity == "error"] == [
        "unknown field 'compliance'",
        "unknown field 'buying_centre'",
        "unknown field 'buying_centre'",
    ]
    assert "compliance = soc2" in text.splitlines()[problems[0].line - 1]


def test_a_copy_of_ones_own_keeps_the_lines_to_uncomment() -> None:
    copied = own_copy(TEXT, "operating-model", "ours", "ours.yaml")
    assert fit(uncommented(copied, *GROUPS), revenue=5_000_000) == 10
