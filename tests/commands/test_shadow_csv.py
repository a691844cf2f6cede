"""The shadow report for spreadsheets: whole, one row for each field and task, and never a formula."""

import csv
from pathlib import Path

import pytest

from integration.commands.authoring.shadow_csv import COLUMNS, report_file
from integration.flows.looking.compare_with_crm import Change, Task
from integration.flows.looking.spreadsheet_cells import cell
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import parse

HUBSPOT = ConnectionName("hubspot")
AT = parse("2026-01-05T09:00:00.123456Z")


def change(now: object, then: object, who: str = "ana@acme.example") -> Change:
    return Change(
        connection=HUBSPOT, object="contact", id="17", who=who, field="coldframe_total", now=now, then=then, standing={}
    )


def task(subject: str) -> Task:
    return Task(
        connection=HUBSPOT, kind="task", key="k", who="Ana", subject=subject, due_at=AT, owner="Maren", decided_at=AT
    )


def test_every_field_and_task_is_a_row(tmp_path: Path) -> None:
    target = tmp_path / "report.csv"
    with report_file(target) as rows:
        assert rows is not None
        rows.add((change(None, 40), change(-3, ["a", "b"])))
        rows.add((task('Call Ana, "now"\nplease'),))
    with target.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert tuple(found[0]) == COLUMNS
    assert [(row["kind"], row["now"], row["then"]) for row in found[:2]] == [
        ("field", "", "40"),
        ("field", "-3", "a, b"),
    ]
    assert found[2]["subject"] == 'Call Ana, "now"\nplease'
    assert (found[2]["due"], found[2]["owner"]) == ("2026-01-05T09:00:00Z", "Maren")


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "  @x"])
def test_no_text_becomes_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell((text,)) == f"'{text}"


@pytest.mark.parametrize(("value", "shown"), [(-3, "-3"), (2.5, "2.5"), (None, ""), (True, "True"), ("a=b", "a=b")])
def test_what_is_no_formula_stays_as_it_is(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(Exception, match=r"cannot be written: No such file"),
        report_file(tmp_path / "no" / "report.csv"),
    ):
        pass


def test_without_a_file_nothing_is_written() -> None:
    with report_file(None) as rows:
        assert rows is None
