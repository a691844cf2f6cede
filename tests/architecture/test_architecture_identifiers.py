"""Texts that mean different things are different types, and a mix-up is refused before anything runs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = (
    "mappings",
    "connectors",
    "webhooks",
    "integration/store",
    "integration/flows",
    "integration/signin",
    "integration/core",
)
MEANINGS = {
    "system": "System",
    "connection": "ConnectionName",
    "external_id": "ExternalId",
    "lead_id": "LeadId",
    "account_id": "AccountId",
}
"""What a parameter or field of this name is, where it is a text."""

SNIPPET = """
from mappings.values.identifiers import ConnectionName, ExternalId, System, first_of
from mappings.values.person_names import of_record
from mappings.values.record_ids import full, genuine

system, connection = System("salesforce"), ConnectionName("salesforce-emea")

genuine(system, "00Q000000000001")
genuine(connection, "00Q000000000001")  # refused: a connection is no system
genuine("salesforce", "00Q000000000001")  # refused: nobody has said what this text is
of_record(connection, "Lead", full(system, "00Q000000000001"))
of_record(system, "Lead", full(system, "00Q000000000001"))  # refused: a system is no connection
of_record(connection, "Lead", "00Q000000000001")  # refused: any text is no id of a record
of_record(first_of(system), "Lead", ExternalId("00Q000000000001"))
if connection == system:  # refused: what is never equal is not compared
    pass
"""


def test_mypy_refuses_a_connection_where_a_system_is_due(tmp_path: Path) -> None:
    file = tmp_path / "snippet.py"
    file.write_text(SNIPPET, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir", str(tmp_path)]
    done = subprocess.run(
        [*command, "--config-file", "/dev/null", "--no-error-summary", "--hide-error-context", str(file)],
        cwd=ROOT,
        env={"MYPYPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    wrong = [number for number, line in enumerate(SNIPPET.splitlines(), 1) if "# refused" in line]
    assert [int(line.split(":")[1]) for line in errors] == wrong, done.stdout + done.stderr


def plain(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """(line, name, annotation) of every parameter and field that bears a meaning in its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None and node.arg in MEANINGS:
            yield node.lineno, node.arg, ast.unparse(node.annotation)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id in MEANINGS:
            yield node.lineno, node.target.id, ast.unparse(node.annotation)


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_called_a_system_a_connection_or_an_id_is_of_its_type(room: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}: {annotation}, not {MEANINGS[name]}"
        for path in sorted((ROOT / room).rglob("*.py"))
        if "migrations" not in path.parts
        for line, name, annotation in plain(ast.parse(path.read_text(encoding="utf-8")))
        if annotation.replace(" | None", "") == "str"
    ]
    assert wrong == []
