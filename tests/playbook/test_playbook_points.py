"""Rows of points that end: how they are written, checked, shown and explained."""

from io import StringIO

import jsonschema
import pytest
from rich.console import Console

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import LeadChanged
from integration.core.rules.conditions import Compare, Every, Op
from integration.core.rules.scoring_rules import EngagementRule, FieldChange
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.explaining.explanation import explain
from integration.playbook.reading import library
from integration.playbook.reading.read_playbook import read
from integration.playbook.showing.editor import schema_of_language
from integration.playbook.showing.page import page
from mappings.model.canonical import Activity, Value
from mappings.values.instant import DAY, parse
from mappings.vocabulary.value import CANONICAL
from mappings.yaml_files import located_yaml

STANDARD = library.text("standard")
ROW = "    pricing: 15\n"
START = parse("2026-01-05T09:00:00Z")


SCHEMA = schema_of_language(CANONICAL)


def value(op: Op, *values: Value) -> Compare:
    return Compare(subject="value", op=op, values=values)


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
    told, _ = located_yaml.load(source, "ours.yaml")
    assert told is not None
    jsonschema.validate(told.value, SCHEMA)


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


@pytest.mark.parametrize(
    ("row", "change"),
    [
        ("changes: seniority", FieldChange(field="seniority")),
        (
            "changes: seniority, from: manager|ic, to: [vp, c_level]",
            FieldChange(field="seniority", before=value("is", "manager", "ic"), after=value("is", "vp", "c_level")),
        ),
        ('changes: employees, to: ">= 50"', FieldChange(field="account.employees", after=value("at_least", 50))),
        ("changes: employees, to: 50", FieldChange(field="account.employees", after=value("is", 50))),
        (
            "changes: account.employees, from: 10-49",
            FieldChange(
                field="account.employees",
                before=Every(conditions=(value("at_least", 10), value("at_most", 49))),
            ),
        ),
        ("changes: budget, from: unknown", FieldChange(field="budget", before=value("unknown"))),
        ("changes: is_student, to: false", FieldChange(field="is_student", after=value("is", False))),  # noqa: FBT003 - a value
        ("changes: country, to: DE", FieldChange(field="country", after=value("is", "DE"))),
        (
            "changes: technologies, to: salesforce",
            FieldChange(field="account.technologies", after=value("includes", "salesforce")),
        ),
        ('changes: title, to: "~ chief|head"', FieldChange(field="title", after=value("contains", "chief", "head"))),
    ],
)
def test_a_row_says_which_field_changes_from_what_to_what(row: str, change: FieldChange) -> None:
    source = text(f"{{points: 10, {row}}}")
    found = rule(f"{{points: 10, {row}}}")
    assert (found.change, found.resets_idle) == (change, False)
    read_, _ = located_yaml.load(source, "ours.yaml")
    assert read_ is not None
    jsonschema.validate(read_.value, SCHEMA)


@pytest.mark.parametrize(
    ("row", "told", "at"),
    [
        ("changes: senority", "unknown field 'senority' (did you mean 'seniority'?)", "senority"),
        ("change: seniority", "unknown key 'change' (did you mean 'changes'?)", "change:"),
        ("changes: seniority, to: direktor", "unknown seniority 'direktor' (did you mean 'director'?)", "direktor"),
        ("changes: seniority, from: ic|managr", "unknown seniority 'managr' (did you mean 'manager'?)", "managr"),
        ('changes: seniority, to: ">= 3"', "'seniority' is no number; say 'seniority = …'", ">= 3"),
        ("changes: employees, to: many", "'employees' is a number, not 'many'", "many"),
        ("changes: employees, to: {at: 1}", "a value of the field is wanted here", "{at"),
        ("changes: segment, to: A", "'segment' is where a lead stands, and no field", "segment"),
        ("to: director", "'to' is a value of a field: say 'changes' which one", "to:"),
        ("from: director", "'from' is a value of a field: say 'changes' which one", "from:"),
        ("changes: seniority, when: email_click", "'when' is about what people do; it does not go with", "when:"),
        ("changes: seniority, within: 7d", "'within' is about what people do; it does not go with", "within:"),
        ("changes: seniority, resets_idle: true", "a field's change is nothing that a person does", "resets_idle"),
    ],
)
def test_a_change_that_cannot_be_is_told_at_its_place(row: str, told: str, at: str) -> None:
    source = text(f"{{points: 10, {row}}}")
    first, *_ = compile_text(source, "ours.yaml")[1]
    assert first.text.startswith(told)
    assert source.splitlines()[first.line - 1][first.column - 1 :].lstrip('"').startswith(at)


def test_the_page_and_explain_say_what_changed() -> None:
    source = text("{points: 10, changes: seniority, to: director|vp, expires: 30d, label: promoted}")
    assert "seniority changes to director|vp; ends after 30d" in shown(source)
    found, _ = compile_text(source, "ours.yaml")
    assert found is not None
    told = [
        LeadChanged(id="a", at=START, fields={"seniority": "manager"}),
        LeadChanged(id="b", at=START + DAY, fields={"seniority": "director"}),
    ]
    said = explain(CompiledPlaybook.of(found), "ana", told, START + 31 * DAY)
    assert [entry.words for entry in said.ledger if entry.axis == "engagement" and entry.line != "decay"] == [
        "10 points on 6 January 2026: promoted (seniority from manager to director)",
        "\N{MINUS SIGN}5 on 5 February 2026, when the points ended of: promoted (seniority from manager to director)",
    ]


def test_the_schema_knows_what_the_reader_knows() -> None:
    found, _ = located_yaml.load(text("{points: 15, expires: 90d}"), "ours.yaml")
    assert found is not None
    jsonschema.validate(found.value, SCHEMA)
    found, _ = located_yaml.load(text("{points: 15, expires: soon}"), "ours.yaml")
    assert found is not None
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found.value, SCHEMA)


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


@pytest.mark.parametrize("row", ["1e99", "-1e99", ".inf", ".nan", "9" * 20, "9" * 5_000, "100000.001", "0.0001"])
def test_points_that_no_score_could_hold_are_a_mistake_with_its_place(row: str) -> None:
    found, said = compile_text(text(row), "ours.yaml")
    assert found is None
    line = next(number for number, each in enumerate(text(row).splitlines(), 1) if each.startswith("    pricing:"))
    assert [each.line for each in said if each.severity == "error"] == [line], said
