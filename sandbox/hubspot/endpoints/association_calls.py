"""The associations of records: those of one, and those of many."""

from typing import Any

from sandbox.hubspot.endpoints.single_objects import number
from sandbox.hubspot.state import associations
from sandbox.hubspot.state.portal import Portal
from sandbox.hubspot.state.refusals import Refused, absent, malformed, row
from sandbox.hubspot.state.stored_records import OBJECT_TYPES, SINGULAR, Record
from sandbox.shared import sandbox_clock
from sandbox.shared.http_call import Answer, Call, objects, reply

MOST = 500
"""Associations in an answer of the listing."""
MOST_INPUTS = 100
"""Records in a batch, since January 2025."""


class Links:
    """Reading, making and ending associations."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.page = associations.PAGE
        """Associations of one record in an answer of the batch; tests may lower it."""

    def listing(self, call: Call, kind: str, id_: str, to: str) -> Answer:
        """GET: the records of one type that a record belongs to, 500 at a time unless fewer are asked for."""
        target = associations.kind_named(to)
        record = self._record(associations.kind_named(kind), id_)
        size = number(call.argument("limit"), "limit", MOST)
        if not 0 < size <= MOST:
            raise Refused(status=400, category="VALIDATION_ERROR", message=f"limit must be between 1 and {MOST}")
        found, paging = _page(record, target, call.argument("after"), size)
        return reply({"results": found} | paging)

    def default(self, call: Call, kind: str, id_: str, to: str, other: str) -> Answer:
        """PUT: associate two records the default way."""
        del call
        one, another = self._pair(kind, id_, to, other)
        self.portal.link(one, another, origin=self.portal.api)
        there, back = associations.TYPES[one.kind, another.kind][0], associations.TYPES[another.kind, one.kind][0]
        results = [_defaulted(one, another, there), _defaulted(another, one, back)]
        stamp = sandbox_clock.zulu(self.portal.now())
        return reply({"status": "COMPLETE", "results": results, "startedAt": stamp, "completedAt": stamp})

    def create(self, call: Call, kind: str, id_: str, to: str, other: str) -> Answer:
        """PUT: associate two records by type ids."""
        one, another = self._pair(kind, id_, to, other)
        try:
            numbers = [int(spec["associationTypeId"]) for spec in call.json_list()]
        except (KeyError, TypeError, ValueError) as trouble:
            why = "expected a list of types with associationCategory and associationTypeId"
            raise malformed(why) from trouble
        if not numbers or not set(numbers) <= set(associations.TYPES[one.kind, another.kind]):
            raise Refused(status=400, category="VALIDATION_ERROR", message=f"Invalid association types {numbers}")
        self.portal.link(one, another, numbers, origin=self.portal.api)
        body = {
            "fromObjectTypeId": OBJECT_TYPES[one.kind],
            "fromObjectId": one.id,
            "toObjectTypeId": OBJECT_TYPES[another.kind],
            "toObjectId": another.id,
            "labels": [],
        }
        return reply(body, 201)

    def remove(self, call: Call, kind: str, id_: str, to: str, other: str) -> Answer:
        """DELETE: end all associations of two records."""
        del call
        self.portal.unlink(*self._pair(kind, id_, to, other), self.portal.api)
        return Answer(status=204)

    def batch_read(self, call: Call, kind: str, to: str) -> Answer:
        """POST: the associations of up to 100 records; those without any are errors of a 207.

        Each record has pages of its own: an input says behind which cursor to go on.
        """
        source, target = associations.kind_named(kind), associations.kind_named(to)
        began = sandbox_clock.zulu(self.portal.now())
        results: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        inputs = objects(call.json().get("inputs"), "inputs")
        if len(inputs) > MOST_INPUTS:
            raise Refused(status=400, category="VALIDATION_ERROR", message=f"at most {MOST_INPUTS} inputs are taken")
        for one in inputs:
            id_ = str(one.get("id"))
            record = self.portal.shelves[source].find(id_)
            found, paging = _page(record, target, str(one.get("after") or ""), self.page) if record else ([], {})
            if found:
                results.append({"from": {"id": id_}, "to": found} | paging)
            else:
                message = f"No {SINGULAR[target]} is associated with {SINGULAR[source]} {id_}."
                refusal = Refused(status=404, category="OBJECT_NOT_FOUND", message=message)
                errors.append(row(refusal, {"fromObjectId": [id_]}))
        self.portal.chance.shuffle(results)
        ended = sandbox_clock.zulu(self.portal.now())
        body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": began, "completedAt": ended}
        if errors:
            return reply(body | {"numErrors": len(errors), "errors": errors}, 207)
        return reply(body)

    def labels(self, call: Call, kind: str, to: str) -> Answer:
        """GET: the types of association between two object types."""
        del call
        numbers = associations.TYPES.get((associations.kind_named(kind), associations.kind_named(to)), ())
        return reply({"results": associations.named_types(set(numbers))})

    def _record(self, kind: str, id_: str) -> Record:
        record = self.portal.shelves[kind].find(id_)
        if record is None:
            raise absent(id_)
        return record

    def _pair(self, kind: str, id_: str, to: str, other: str) -> tuple[Record, Record]:
        source, target = associations.kind_named(kind), associations.kind_named(to)
        if (source, target) not in associations.TYPES:
            raise Refused(status=400, category="VALIDATION_ERROR", message=f"No association from {source} to {target}.")
        return self._record(source, id_), self._record(target, other)


def _page(record: Record, target: str, after: str, size: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    ids, paging = associations.paged(record, target, after, size)
    linked = record.links.get(target, {})
    return [{"toObjectId": other, "associationTypes": associations.named_types(linked[other])} for other in ids], paging


def _defaulted(one: Record, other: Record, number: int) -> dict[str, Any]:
    return {
        "from": {"id": one.id},
        "to": {"id": other.id},
        "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number},
    }
