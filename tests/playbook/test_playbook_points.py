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


DECAY = "{after 14d: 80%, after 30d: 50%, after 90d: 0%}"


def decaying(decay: str) -> str:
    assert DECAY in STANDARD
    return STANDARD.replace(DECAY, decay)


@pytest.mark.parametrize("kind", ["after 14d: 80%, after 90d: 0%", "half_life: 30d", "per_month: 10%"])
def test_every_kind_of_decay_may_stop_at_a_floor(kind: str) -> None:
    source = decaying(f"{{{kind}, floor: 7.5}}")
    found, said = compile_text(source, "ours.yaml")
    assert (said, found is not None) == ((), True)
    assert found is not None
    assert found.engagement is not None
    assert found.engagement.decay is not None
    assert found.engagement.decay.floor == 7_500
    assert "it stops at 7.5." in shown(source)
    value, _ = located_yaml.load(source, "ours.yaml")
    assert value is not None
    jsonschema.validate(value.value, schema_of_language(CANONICAL))


@pytest.mark.parametrize(
    ("decay", "told"),
    [
        ("{half_life: 30d, flor: 10}", "unknown key 'flor' (did you mean 'floor'?)"),
        ("{half_lif: 30d}", "unknown key 'half_lif' (did you mean 'half_life'?)"),
        ("{half_life: 30d, floor: many}", "many is not a number of points (at most three decimals)"),
        ("{half_life: 30d, floor: -1}", "a floor below 0 is none: engagement never falls below 0"),
        ("{after 14d: 80%, later 30d: 50%}", "'later 30d' cannot be read here (such as: after 14d)"),
        ("{floor: 10}", "one kind of decay is wanted: steps, half_life or per_month"),
        ("{half_life: 30d, floor: 60}", "nothing decays: engagement comes to 60 at most"),
    ],
)
def test_a_floor_that_cannot_be_is_told(decay: str, told: str) -> None:
    assert [each.text for each in compile_text(decaying(decay), "ours.yaml")[1]] == [told]


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
