"""Answers with a table for spreadsheets, sent as it is read."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

from flask import Response

from integration.flows.looking.spreadsheet_cells import cell

_BOM = "\ufeff"
"""By it spreadsheets know that the text is UTF-8."""


def csv_answer(name: str, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """The rows as a file of that name to be kept; none of its cells is a formula."""
    answer = Response(_lines(heading, rows), mimetype="text/csv", content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _lines(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield _BOM + _line(heading)
    for row in rows:
        yield _line([cell(value) for value in row])


def _line(cells: Sequence[str]) -> str:
    file = StringIO()
    csv.writer(file).writerow(cells)
    return file.getvalue()
