"""Rows of points that end: how they are written, checked, shown and explained."""

from io import StringIO

import jsonschema
import pytest
from rich.console import Console

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.rules.scoring_rules import EngagementRule
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.explaining.explanation import explain
from integration.playbook.reading import library
from integration.playbook.reading.read_playbook import read
from integration.playbook.showing.editor import schema_of_language
from integration.playbook.showing.page import page
from mappings.model.canonical import Activity
from mappings.values.instant import DAY, parse
from mappings.vocabulary.value import CANONICAL
from mappings.yaml_files import located_yaml

STANDARD = library.text("standard")
ROW = "    pricing: 15\n"
START = parse("2026-01-05T09:00:00Z")


def text(row: str) -> str:
    assert ROW in STANDARD
    return STANDARD.replace(ROW, f"    pricing: {row}\n")


def problems(row: str) -> list[str]:
    return [each.text for each in compile_text(text(row), "ours.yaml")[1]]


def rule(row: str) -> EngagementRule:
    found, said = compile_text(text(row), "ours.yaml")
    assert found is not None, said
    assert found.engagement is not None
    return next(each for each in found.engagement.rules if each.name == "pricing")


def shown(source: str) -> str:
    shape, _, said = read(source, "ours.yaml")
    assert shape is not None, said
    printed = StringIO()
    Console(width=160, file=printed).print(page(shape))
    return printed.getvalue()


@pytest.mark.parametrize(("span", "days"), [("90d", 90), ("2w", 14), ("48h", 2)])
def test_a_row_says_after_which_span_its_points_end(span: str, days: int) -> None:
    assert rule(f"{{points: 15, expires: {span}}}").expires == days * DAY


@pytest.mark.parametrize("key", ["expire", "expiry", "expires_in", "expirs"])
def test_a_key_that_is_nearly_right_is_told_with_the_right_one(key: str) -> None:
    assert problems(f"{{points: 15, {key}: 90d}}") == [f"unknown key '{key}' (did you mean 'expires'?)"]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{points: -5, expires: 90d}", "only points that are given expire"),
        ("{points: 0, expires: 90d}", "only points that are given expire"),
        ("{points: 15, expires: 90}", "a text is wanted here"),
        ("{points: 15, expires: soon}", "'soon' is not a length of time"),
        ("{points: 15, expires: 0d}", "'0d' is not a length of time"),
    ],
)
def test_what_cannot_end_is_told_at_its_place(row: str, told: str) -> None:
    _, said = compile_text(text(row), "ours.yaml")
    (problem,) = said
    assert problem.text.startswith(told)
    line = text(row).splitlines()[problem.line - 1]
    assert line[problem.column - 1 :].startswith(("expires", "90", "soon", "0d"))


def test_the_schema_knows_what_the_reader_knows() -> None:
    schema = schema_of_language(CANONICAL)
    found, _ = located_yaml.load(text("{points: 15, expires: 90d}"), "ours.yaml")
    assert found is not None
    jsonschema.validate(found.value, schema)
    found, _ = located_yaml.load(text("{points: 15, expires: soon}"), "ours.yaml")
    assert found is not None
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found.value, schema)


def test_the_page_says_when_points_end() -> None:
    assert "pricing; at most 1 per day; ends after 90d" in shown(text("{points: 15, limit: 1 per day, expires: 90d}"))


def test_explain_names_the_activity_whose_points_ended_and_what_ends_next() -> None:
    found, _ = compile_text(text("{points: 15, expires: 10d}"), "ours.yaml")
    assert found is not None
    compiled = CompiledPlaybook.of(found)
    view = Activity(id="p", lead="ana", at=START, type="page_view", properties={"page": "pricing"})
    before = explain(compiled, "ana", [view], START + DAY)
    assert "\N{MINUS SIGN}15 of engagement when points of pricing end" in [each.words for each in before.coming]
    after = explain(compiled, "ana", [view], START + 10 * DAY)
    assert [entry.words for entry in after.ledger if entry.axis == "engagement"] == [
        "15 points on 5 January 2026: viewed pricing",
        "\N{MINUS SIGN}15 on 15 January 2026, when the points ended of: viewed pricing",
    ]
