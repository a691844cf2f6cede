"""The query endpoints: pages of 200 to 2,000 records, the others behind `nextRecordsUrl`."""

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.salesforce.soql.soql_answer import Finder
from sandbox.salesforce.soql.soql_parser import parse
from sandbox.salesforce.state.org import Org
from sandbox.salesforce.state.refusals import Refused
from sandbox.shared.http_call import Answer, Call, reply

PAGE = 2_000
_SMALLEST = 200
_CURSORS = 50
_BATCH = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


class Queries:
    """GET `/query`, `/queryAll` and their further pages."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.finder = Finder(org)
        self.page = PAGE
        """Records in a page where the caller asks for no other size; tests may lower it."""
        self._cursors: OrderedDict[str, Sequence[Mapping[str, Any]]] = OrderedDict()

    def query(self, call: Call, version: str) -> Answer:
        """The first page of a query."""
        return self._first(call, version, bin_too=False)

    def query_all(self, call: Call, version: str) -> Answer:
        """As `query`, with what is in the recycle bin."""
        return self._first(call, version, bin_too=True)

    def more(self, call: Call, version: str, locator: str) -> Answer:
        """A further page: the locator is a cursor and how many records went before."""
        cursor, _, start = locator.partition("-")
        rows = self._cursors.get(cursor)
        if rows is None or not start.isdigit():
            raise Refused(code="INVALID_QUERY_LOCATOR", message="invalid query locator")
        return self._page(rows, version, cursor, int(start), self._size(call))

    def _first(self, call: Call, version: str, *, bin_too: bool) -> Answer:
        query = parse(call.argument("q"))
        found = self.finder.find(query, bin_too=bin_too)
        if query.fields == ("COUNT()",):
            return reply({"totalSize": len(found), "done": True, "records": []})
        show = self.finder.shower(query, version)
        rows = [show(record) for record in found]
        cursor = f"01g7Q{len(self._cursors):05d}{self.org.now() % 100_000:05d}"
        size = self._size(call)
        if len(rows) > size:
            self._cursors[cursor] = rows
            while len(self._cursors) > _CURSORS:
                self._cursors.popitem(last=False)
        return self._page(rows, version, cursor, 0, size)

    def _page(self, rows: Sequence[Mapping[str, Any]], version: str, cursor: str, start: int, size: int) -> Answer:
        page, end = rows[start : start + size], start + size
        body: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows)}
        if end < len(rows):
            body["nextRecordsUrl"] = f"/services/data/{version}/query/{cursor}-{end}"
        return reply(body | {"records": page})

    def _size(self, call: Call) -> int:
        asked = _BATCH.search(call.headers.get("sforce-query-options", ""))
        return min(PAGE, max(_SMALLEST, int(asked[1]))) if asked else self.page
