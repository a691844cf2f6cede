"""Owners of stages: marketing or sales, as the playbook says, shown where stages are shown."""

from io import StringIO

import jsonschema
import pytest
from rich.console import Console

from integration.commands.authoring.explain_page import page as explained
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.rules.playbook_rules import OWNERS, Playbook
from integration.playbook.compiling.compiler import compile_text, load
from integration.playbook.explaining.explanation import explain
from integration.playbook.reading import library
from integration.playbook.reading.read_playbook import read
from integration.playbook.showing.editor import schema_of_language
from integration.playbook.showing.page import page
from mappings.model.canonical import STAGES, Activity
from mappings.values.instant import parse
from mappings.vocabulary.value import CANONICAL
from mappings.yaml_files import located_yaml

STANDARD = library.text("standard")
LINE = "owns: {inquiry: marketing, mql: marketing, sal: sales, sql: sales, customer: sales, recycled: marketing}"
AT = parse("2026-01-05T09:00:00Z")


def owning(line: str) -> str:
    assert LINE in STANDARD
    return STANDARD.replace(LINE, line)


def compiled(line: str) -> Playbook:
    found, problems = compile_text(owning(line), "ours.yaml")
    assert found is not None, problems
    return found


def shown(text: str) -> list[str]:
    shape, _, problems = read(text, "ours.yaml")
    assert shape is not None, problems
    printed = StringIO()
    Console(width=120, file=printed).print(page(shape))
    return [" ".join(line.split()) for line in printed.getvalue().splitlines()]


@pytest.mark.parametrize("name", library.names())
def test_every_shipped_playbook_leaves_no_stage_without_an_owner(name: str) -> None:
    found, _ = load(name)
    assert found is not None
    assert dict(found.owners) == dict(OWNERS)
    assert {stage: found.owner(stage) for stage in STAGES} == {**OWNERS, "suppressed": None}


def test_a_playbook_says_otherwise() -> None:
    assert compiled(LINE.replace("customer: sales", "customer: marketing")).owner("customer") == "marketing"


def test_owners_decide_nothing_so_that_nobody_is_derived_anew() -> None:
    assert compiled(LINE.replace("mql: marketing", "mql: sales")).fingerprint == compiled(LINE).fingerprint


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (LINE.replace("inquiry:", "inqiry:"), "unknown key 'inqiry' (did you mean 'inquiry'?)"),
        (LINE.replace("sal: sales", "sal: sale"), "'sale' is none of marketing, sales (did you mean 'sales'?)"),
        (LINE.replace("}", ", suppressed: sales}"), "unknown key 'suppressed'"),
        (
            LINE.replace("sql: sales, ", ""),
            "nobody owns 'sql' here, and what everyone owns, no one does",
        ),
    ],
)
def test_a_stage_or_an_owner_that_cannot_be_is_told_at_its_place(line: str, told: str) -> None:
    (problem,) = compile_text(owning(line), "ours.yaml")[1]
    assert problem.text.startswith(told)
    assert owning(line).splitlines()[problem.line - 1] == line


def test_the_page_and_explain_say_whose_the_lead_is() -> None:
    lines = shown(owning(LINE.replace("mql: marketing", "mql: sales")))
    assert "inquiry, recycled marketing" in lines
    assert "mql, sal, sql, customer sales" in lines
    assert "inquiry, mql, recycled marketing" in shown(owning(""))
    deed = Activity(id="a", lead="ana", at=AT, type="sales_accepted", properties={})
    asked = Activity(id="b", lead="ana", at=AT - 1, type="demo_request", properties={})
    told = explain(CompiledPlaybook.of(compiled(LINE)), "ana", [asked, deed], AT)
    assert (told.standing.stage, told.owner) == ("sal", "sales")
    printed = StringIO()
    Console(width=120, file=printed).print(explained("ana", told))
    assert "sales owns the leads of this stage" in printed.getvalue()


def test_the_schema_offers_the_stages_and_both_owners() -> None:
    schema = schema_of_language(CANONICAL)
    for line, right in ((LINE, True), (LINE.replace("sal: sales", "sal: nobody"), False)):
        found, _ = located_yaml.load(owning(line), "ours.yaml")
        assert found is not None
        assert jsonschema.Draft202012Validator(schema).is_valid(found.value) == right
