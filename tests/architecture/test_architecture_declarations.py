"""Which CRMs there are, their declarations and two registries say, and no other place of the product."""

import ast
import re
from collections.abc import Iterator

from places import ROOT

NAMES = re.compile("hubspot|salesforce", re.IGNORECASE)
ROOMS = ("integration", "mappings", "webhooks", "connectors")
MAY = {
    "connectors/hubspot/": "HubSpot's own room",
    "connectors/salesforce/": "Salesforce's own room",
    "connectors/vendors.py": "lists the CRMs that are shipped",
    "webhooks/sources/": "a module for each source",
    "webhooks/registry.py": "lists the sources that are shipped",
    "integration/rig/": "tries the product on the sandbox, which is these two CRMs",
    "integration/commands/trial/": "as the rig",
    "integration/cli.py": "says of one command that it serves the sandbox",
}
"""Where the two may be named, and why."""


def texts_for_people(tree: ast.AST) -> set[int]:
    """The docstrings, in which examples may name a CRM."""
    bodies = (node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list))  # type: ignore[attr-defined]
    return {id(each.value) for body in bodies for each in body if isinstance(each, ast.Expr)}


def words(node: ast.AST) -> str:
    """What a node itself says, by value or by name."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Import() | ast.ImportFrom():
            return ast.unparse(node)
        case ast.Attribute(attr=name) | ast.Name(id=name) | ast.arg(arg=name) | ast.keyword(arg=str() as name):
            return name
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case _:
            return ""


def named(source: str) -> Iterator[tuple[int, str]]:
    """(line, words) of everything in a module that names one of the two CRMs."""
    tree = ast.parse(source)
    passed = texts_for_people(tree)
    for node in ast.walk(tree):
        said = words(node)
        if NAMES.search(said) and id(node) not in passed:
            yield getattr(node, "lineno", 0), said


def test_no_other_place_of_the_product_names_a_crm() -> None:
    found = [
        f"{place}:{line} {said[:80]!r}"
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if not (place := path.relative_to(ROOT).as_posix()).startswith(tuple(MAY))
        for line, said in named(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_place_that_may_name_one_is_there() -> None:
    assert [place for place in MAY if not (ROOT / place).exists()] == []


def test_a_comparison_an_import_and_a_table_are_seen_and_a_docstring_is_not() -> None:
    source = (
        '"""HubSpot in a docstring."""\nfrom connectors.hubspot import x\n'
        'if s == "salesforce":\n    y = {"hubspot": 1}\n    z = settings.hubspot_token\n'
    )
    assert sorted(line for line, _ in named(source)) == [2, 3, 4, 5]
