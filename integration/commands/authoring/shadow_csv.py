"""The shadow report as a table for spreadsheets, in which nothing that a CRM says becomes a formula."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click

from integration.flows.looking.compare_with_crm import Change, Item
from integration.flows.looking.spreadsheet_cells import cell
from mappings.values.instant import show_second

COLUMNS = ("kind", "connection", "object", "id", "who", "field", "now", "then", "subject", "due", "owner", "decided")


@contextmanager
def report_file(target: Path | None) -> Iterator["Rows | None"]:
    """Where the rows of a report go; None where no file is wanted. A ClickException where it cannot be written."""
    if target is None:
        yield None
        return
    try:
        with target.open("w", encoding="utf-8-sig", newline="") as file:
            yield Rows(file)
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror}"
        raise click.ClickException(msg) from None


class Rows:
    """One row for each field, task and touch, written as it is read."""

    def __init__(self, file: TextIO) -> None:
        self._rows = csv.DictWriter(file, COLUMNS, restval="")
        self._rows.writeheader()

    def add(self, items: Sequence[Item]) -> None:
        """Write what would change in one record, or one task."""
        for each in items:
            self._rows.writerow({name: cell(value) for name, value in _row(each).items()})


def _row(item: Item) -> dict[str, Any]:
    if isinstance(item, Change):
        names = ("connection", "object", "id", "who", "field", "now", "then")
        return {"kind": "field"} | {name: getattr(item, name) for name in names}
    return {
        "kind": item.kind,
        "connection": item.connection,
        "who": item.who,
        "subject": item.subject,
        "due": "" if item.due_at is None else show_second(item.due_at),
        "owner": item.owner,
        "decided": show_second(item.decided_at),
    }
