"""Questions to an org: SOQL page by page, and only for fields that this user sees."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from connectors.answers.replies import Refusal, Reply
from connectors.base.concerns import Concern
from connectors.base.port import Record, Unavailable, Verdict
from connectors.salesforce import faults, queries
from connectors.salesforce.api_session import SalesforceSession
from mappings.model.catalogue import holder

Row: TypeAlias = Mapping[str, Any]

MOST = 16_000
"""Bytes of a query in an address; Salesforce takes 16,384 for the whole address. [salesforce: queries]"""
ROOM = 7_000
"""Bytes that a query of several values is limited to: proxies take 8,192 as a rule."""
_FRESH = 3
"""Times that a query is begun whose cursor goes stale between two pages."""
_NO_FIELD = "INVALID_FIELD"


class Reader:
    """Reads an org; remembers which fields of its objects this user sees. Every method raises Unavailable."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session
        self._seen: dict[str, frozenset[str]] = {}

    def description(self, object_name: str) -> Row:
        """An object as this user sees it."""
        outcome = self._session.get(f"sobjects/{quote(object_name, safe='')}/describe")
        body: Row = whole(faults.judged(outcome, idempotent=True, has="fields"))
        return body

    def visible(self, object_name: str, fields: Sequence[str]) -> list[str]:
        """Those of the fields that this user could see when last looked."""
        if object_name not in self._seen:
            described = queries.fields(self.description(object_name))
            self._seen[object_name] = frozenset(field.name for field in described)
        return [name for name in fields if holder(name) in self._seen[object_name]]

    def selected(
        self, object_name: str, fields: Sequence[str], soql: Callable[[Sequence[str]], str], *, bin_too: bool = False
    ) -> list[Record]:
        """The records that a query finds; `soql` makes it of the fields to be asked for."""
        rows, visible = self._seeing(object_name, fields, lambda some: self.rows(soql(some), bin_too=bin_too))
        return [queries.record(object_name, row, visible) for row in rows]

    def matching(
        self,
        object_name: str,
        fields: Sequence[str],
        values: Sequence[str],
        soql: Callable[[Sequence[str], Sequence[str]], str],
    ) -> list[Record]:
        """The records with one of these values, in as many queries as their length makes necessary."""
        visible = self.visible(object_name, fields)
        found: list[Record] = []
        for some in fitting(values, lambda part: soql(part, visible)):
            found += self.selected(object_name, fields, partial(soql, some))
        return found

    def retrieved(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record]:
        """Records by id, as a collection."""

        def ask(visible: Sequence[str]) -> list[Row]:
            path = f"composite/sobjects/{quote(object_name, safe='')}"
            outcome = self._session.post(path, queries.retrieval(ids, visible))
            return [row for row in whole(faults.judged(outcome, idempotent=True, has="")) if isinstance(row, dict)]

        rows, visible = self._seeing(object_name, fields, ask)
        return [queries.record(object_name, row, visible) for row in rows]

    def rows(self, soql: str, *, bin_too: bool = False) -> list[Row]:
        """All rows of a query; `bin_too` looks into the recycle bin. One whose cursor goes stale is asked anew."""
        size = encoded(soql)
        if size > MOST:
            message = f"a query of {size} bytes; Salesforce takes {MOST}"
            refusal = Refusal(verdict=Verdict.PERMANENT, code="QUERY_TOO_LONG", message=message, concern=Concern.RECORD)
            raise Unavailable(refusal.receipt(""))
        begun = 1
        while True:
            try:
                return list(self._pages("queryAll" if bin_too else "query", soql))
            except Unavailable as away:
                if away.receipt.code != faults.STALE_CURSOR or begun == _FRESH:
                    raise
            begun += 1

    def listed(self, object_name: str, fields: Sequence[str], rest: str) -> list[Row]:
        """Rows of one of the org's own lists (users, task statuses); `rest` is what follows its name in the query."""

        def ask(visible: Sequence[str]) -> list[Row]:
            return self.rows(queries.selection(object_name, visible, rest))

        return self._seeing(object_name, fields, ask)[0]

    def settle(self, object_name: str, refused: Unavailable) -> None:
        """Look whether an object is hidden from this user, where a refusal sounds like it.

        Comes back where it is; raises what is the matter where it is not.
        """
        if not refused.forbidden:
            return
        try:
            description = self.description(object_name)
        except Unavailable as away:
            if away.forbidden:
                return
            raise
        if description.get("queryable") is not False:
            raise Unavailable(replace(refused.receipt, forbidden=False)) from refused

    def _seeing(
        self, object_name: str, fields: Sequence[str], ask: Callable[[Sequence[str]], list[Row]]
    ) -> tuple[list[Row], list[str]]:
        """The rows, with those of the fields that this user sees; and which these are.

        One field that a mapping names and the org hides would otherwise refuse the whole read. Where one has
        gone since it was last looked, the object is described anew, once.
        """
        visible = self.visible(object_name, fields)
        try:
            return ask(visible), visible
        except Unavailable as refused:
            if refused.receipt.code != _NO_FIELD:
                raise
        del self._seen[object_name]
        visible = self.visible(object_name, fields)
        try:
            return ask(visible), visible
        except Unavailable as refused:
            if refused.receipt.code != _NO_FIELD:
                raise
            raise Unavailable(replace(refused.receipt, concern=Concern.OBJECT)) from refused

    def _pages(self, resource: str, soql: str) -> Iterator[Row]:
        outcome = self._session.get(resource, {"q": soql})
        while True:
            body = whole(faults.judged(outcome, idempotent=True, has="records"))
            yield from body["records"] or ()
            following = str(body.get("nextRecordsUrl") or "")
            if not following.startswith("/services/data/"):
                return
            outcome = self._session.get(following)


def fitting(values: Sequence[str], soql: Callable[[Sequence[str]], str]) -> Iterator[list[str]]:
    """The values in runs whose queries have room in an address; one that is too long by itself stands alone."""
    base, size = encoded(soql([])), 0
    run: list[str] = []
    for value in values:
        cost = encoded(soql([value])) - base + len("%2C+")
        if run and base + size + cost > ROOM:
            yield run
            run, size = [], 0
        run.append(value)
        size += cost
    if run:
        yield run


def encoded(soql: str) -> int:
    """How many bytes a query takes in an address."""
    return len(urlencode({"q": soql}))


def whole(reply: Reply | Refusal) -> Any:
    """The body of a reply. Raises Unavailable for a refusal."""
    if isinstance(reply, Refusal):
        raise Unavailable(reply.receipt(""))
    return reply.body
