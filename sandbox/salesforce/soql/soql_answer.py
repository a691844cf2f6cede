"""SOQL answers: which records a query finds, and how their fields are shown."""

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.salesforce.soql.soql_comparison import TESTS, Get, Span, Test, caseless, folder, span
from sandbox.salesforce.soql.soql_parser import (
    Both,
    Comparison,
    Condition,
    Either,
    Not,
    Order,
    Query,
    conjuncts,
    malformed,
)
from sandbox.salesforce.state import salesforce_ids
from sandbox.salesforce.state.field_values import Field
from sandbox.salesforce.state.org import Org, Values
from sandbox.salesforce.state.refusals import Refused


class Finder:
    """Runs queries over the org's records."""

    def __init__(self, org: Org) -> None:
        self.org = org

    def find(self, query: Query, *, bin_too: bool = False) -> list[Values]:
        """The records that a query finds, in its order. Raises Refused."""
        name = self._object(query.object)
        test = self._test(name, query.where) if query.where else None
        found = [one for one in self._candidates(name, query.where, bin_too) if test is None or test(one)]
        for order in reversed(query.order):
            self._sort(name, found, order)
        if query.limit is not None:
            return found[query.offset : query.offset + query.limit]
        return found[query.offset :]

    def shower(self, query: Query, version: str) -> Callable[[Values], dict[str, Any]]:
        """How a found record is shown: its chosen fields, those of other records nested. Raises Refused."""
        name = self._object(query.object)
        plain: dict[str, str] = {}
        nested: dict[str, dict[str, Get]] = {}
        for field in query.fields:
            path, _, last = field.rpartition(".")
            if path:
                nested.setdefault(self._relation(name, path), {})[self._last(name, path, last)] = self._get(name, field)
            else:
                known = self._field(name, field)
                plain[known.name] = known.name

        def show(record: Values) -> dict[str, Any]:
            shown: dict[str, Any] = {"attributes": attributes(name, record["Id"], version)}
            shown.update((field, record.get(field)) for field in plain)
            for relation, getters in nested.items():
                other = self._related(name, relation, record)
                inner: dict[str, Any] | None = None
                if other is not None:
                    inner = {"attributes": attributes(salesforce_ids.object_of(other["Id"]), other["Id"], version)}
                    inner.update((field, get(record)) for field, get in getters.items())
                shown[relation] = inner
            return shown

        return show

    def _object(self, name: str) -> str:
        try:
            return self.org.named(name)
        except Refused as trouble:
            message = f"sObject type '{name}' is not supported."
            raise Refused(code="INVALID_TYPE", message=message) from trouble

    def _field(self, object_name: str, name: str) -> Field:
        fields = self.org.fields[object_name]
        field = fields.get(name)
        if field is None:
            low = name.lower()
            field = next((one for known, one in fields.items() if known.lower() == low), None)
        if field is None:
            message = (
                f"\n{name}\n^\nERROR at Row:1:Column:1\nNo such column '{name}' on entity '{object_name}'. If you are "
                "attempting to use a custom field, be sure to append the '__c' after the custom field name."
            )
            raise Refused(code="INVALID_FIELD", message=message)
        return field

    def _reference(self, object_name: str, relation: str) -> Field:
        for field in self.org.fields[object_name].values():
            if field.relationship and field.relationship.lower() == relation.lower():
                return field
        message = f"Didn't understand relationship '{relation}' in field path."
        raise Refused(code="INVALID_FIELD", message=message)

    def _relation(self, object_name: str, path: str) -> str:
        if "." in path:
            message = "the sandbox follows one relationship only"
            raise malformed(message)
        return self._reference(object_name, path).relationship

    def _last(self, object_name: str, path: str, name: str) -> str:
        targets = self._reference(object_name, path).to
        return self._field(targets[0], name).name

    def _related(self, object_name: str, relation: str, record: Values) -> Values | None:
        id_ = record.get(self._reference(object_name, relation).name)
        return self.org.records[salesforce_ids.object_of(id_)].get(id_) if id_ else None

    def _get(self, object_name: str, name: str) -> Get:
        path, _, last = name.rpartition(".")
        if not path:
            known = self._field(object_name, name).name
            return lambda record: record.get(known)
        relation, inner = self._relation(object_name, path), self._last(object_name, path, last)

        def get(record: Values) -> Any:
            other = self._related(object_name, relation, record)
            return other.get(inner) if other else None

        return get

    def _candidates(self, name: str, where: Condition | None, bin_too: bool) -> Iterable[Values]:  # noqa: FBT001  # as asked
        """The records to look at: by id or external id where the query names them, or what has changed since a time."""
        records = self.org.records[name]
        for part in conjuncts(where):
            if not isinstance(part, Comparison) or part.operator not in {"=", "in"} or bin_too or "." in part.field:
                continue
            field = self._field(name, part.field)
            texts = [str(operand.value) for operand in part.values if operand.kind == "string"]
            if field.name == "Id":
                return [records[long] for long in dict.fromkeys(map(salesforce_ids.long, texts)) if long in records]
            if field.external:
                found = (self.org.by_external(name, field.name, text) for text in texts)
                return [record for record in found if record is not None]
        since = None if bin_too else self._since(name, where)
        if since is None:
            return self.org.all(name, bin_too=bin_too)
        return [records[id_] for id_ in self.org.changes.since(name, since) if id_ in records]

    def _since(self, name: str, where: Condition | None) -> str | None:
        """From when on records were changed that a query asks for; None where it does not say."""
        for part in conjuncts(where):
            if isinstance(part, Comparison) and part.operator in {">", ">="} and part.field == "SystemModstamp":
                low, _ = span(self._field(name, part.field), part.values[0], self.org.now())
                return None if low is None else str(low)
        return None

    def _test(self, name: str, where: Condition) -> Test:
        if isinstance(where, Both):
            every = [self._test(name, part) for part in where.parts]
            return lambda record: all(test(record) for test in every)
        if isinstance(where, Either):
            some = [self._test(name, part) for part in where.parts]
            return lambda record: any(test(record) for test in some)
        if isinstance(where, Not):
            inner = self._test(name, where.part)
            return lambda record: not inner(record)
        return self._compare(name, where)

    def _compare(self, name: str, where: Comparison) -> Test:
        path, _, last = where.field.rpartition(".")
        target = self._reference(name, path).to[0] if path else name
        field = self._field(target, last)
        get = self._get(name, where.field)
        if not field.filterable:
            message = f"field '{field.name}' can not be filtered in a query call"
            raise Refused(code="INVALID_FIELD", message=message)
        values = [span(field, one, self.org.now()) for one in where.values]
        fold = folder(field)
        return TESTS[where.operator](lambda record: fold(get(record)), [Span(*map(fold, pair)) for pair in values])

    def _sort(self, name: str, found: list[Values], order: Order) -> None:
        get = self._get(name, order.field)
        fold = folder(self._field(name, order.field)) if "." not in order.field else caseless
        without = [record for record in found if get(record) is None]
        having = [record for record in found if get(record) is not None]
        having.sort(key=lambda record: fold(get(record)), reverse=order.descending)
        found[:] = having + without if order.nulls_last else without + having


def attributes(object_name: str, id_: str, version: str) -> dict[str, str]:
    """What every record begins with."""
    return {"type": object_name, "url": f"/services/data/{version}/sobjects/{object_name}/{id_}"}
