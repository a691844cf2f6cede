"""Batches of at most 100 records, answered in any order [hubspot: batches].

A value that will not do refuses the whole batch (400), unless the inputs carry an `objectWriteTraceId`: then
the others are written and a 207 names the refused ones. An id that is not there is always a 207.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sandbox.hubspot.endpoints.single_objects import created, not_unique, projection, require
from sandbox.hubspot.state import associations
from sandbox.hubspot.state.portal import Portal
from sandbox.hubspot.state.property_values import Values
from sandbox.hubspot.state.refusals import Refused, malformed, row
from sandbox.hubspot.state.stored_records import Record, Shelf
from sandbox.shared import sandbox_clock
from sandbox.shared.http_call import Answer, Call, reply, texts

MOST = 100
Input: TypeAlias = Mapping[str, Any]
Row: TypeAlias = dict[str, Any]


class Batches:
    """The endpoints under `/crm/objects/<version>/<kind>/batch`."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def read(self, call: Call, kind: str) -> Answer:
        """Records by id, or by `idProperty`."""
        kind = associations.kind_named(kind)
        body = call.json()
        shelf = self.portal.shelves[kind]
        inputs = _inputs(body)
        by = str(body.get("idProperty") or "")
        if by and by != "hs_object_id" and not shelf.unique(by):
            raise not_unique(by)
        names = projection(kind, texts(body.get("properties"), "properties"))
        found: dict[str, Record] = {}
        lost: list[str] = []
        for one in inputs:
            id_ = str(one["id"])
            record = shelf.find_by(by, id_) if by else shelf.find(id_)
            if record is None:
                lost.append(id_)
            else:
                found[record.id] = record
        return self._answer([record.shown(names) for record in found.values()], self._lost(kind, lost), 200)

    def create(self, call: Call, kind: str) -> Answer:
        """New records, with associations."""
        kind = associations.kind_named(kind)
        inputs = _inputs(call.json(), ids=False)
        results: list[Row] = []
        errors: list[Row] = []
        checked: list[Input] = []
        for one in inputs:
            try:
                self._struck(call, "", one)
                self._check_new(kind, one)
                checked.append(one)
            except _Struck as fault:
                errors.append(row(fault.refusal, _context(one)))
            except Refused as refusal:
                errors.append(_row_or_raise(refusal, one))
        for one in checked:
            try:
                record = created(self.portal, kind, dict(one), self.portal.api)
            except Refused as refusal:  # a unique value twice in one batch
                errors.append(row(refusal, _context(one)))
                continue
            results.append(record.shown(tuple(record.values)) | _trace(one))
        return self._answer(results, errors, 201)

    def update(self, call: Call, kind: str) -> Answer:
        """Changes to records by id, or by `idProperty`."""
        kind = associations.kind_named(kind)
        shelf = self.portal.shelves[kind]
        inputs = _inputs(call.json())
        errors: list[Row] = []
        lost: list[str] = []
        changes: list[tuple[Record, Values, Input]] = []
        for one in inputs:
            record = _target(shelf, one)
            if record is None:
                lost.append(str(one["id"]))
                continue
            values = self._checked(call, shelf, record, one, errors)
            if values is not None:
                changes.append((record, values, one))
        results: list[Row] = []
        for record, values, one in changes:
            try:
                self.portal.claim(kind, values, record)
            except Refused as refusal:  # a unique value twice in one batch
                errors.append(row(refusal, _context(one)))
            else:
                results.append(self._changed(kind, record, values, one))
        return self._answer(results, [*errors, *self._lost(kind, lost)], 200)

    def upsert(self, call: Call, kind: str) -> Answer:
        """Records by a unique property, made where missing. Not by `email`, where partial [hubspot: batches]."""
        kind = associations.kind_named(kind)
        shelf = self.portal.shelves[kind]
        inputs = _inputs(call.json())
        errors: list[Row] = []
        results: list[Row] = []
        for one in inputs:
            by = str(one.get("idProperty") or "")
            if by == "email":
                raise Refused(
                    status=400,
                    category="VALIDATION_ERROR",
                    message="Partial upsert with the idProperty email is not supported.",
                )
            if not by or not shelf.unique(by):
                raise not_unique(by)
        for one in inputs:
            by, id_ = one["idProperty"], str(one["id"])
            record = shelf.find_by(by, id_)
            values = self._checked(call, shelf, record, one, errors)
            if values is None:
                continue
            if record is None:
                require(kind, values)
                record = self.portal.create(kind, {by: id_, **values}, self.portal.api)
                results.append(record.shown(tuple(record.values)) | {"new": True} | _trace(one))
            else:
                results.append(self._changed(kind, record, values, one) | {"new": False})
        return self._answer(results, errors, 200)

    def archive(self, call: Call, kind: str) -> Answer:
        """Delete records; those already gone are no error."""
        kind = associations.kind_named(kind)
        for one in _inputs(call.json()):
            record = self.portal.shelves[kind].records.get(str(one["id"]))
            if record is not None:
                self.portal.archive(record, self.portal.api)
        return Answer(status=204)

    def _check_new(self, kind: str, one: Input) -> None:
        values = self.portal.settle(kind, one.get("properties"))
        require(kind, values)
        self.portal.requirements.check(kind, values, None)
        associations.wanted(one.get("associations"), kind, self.portal.shelves)
        self.portal.claim(kind, values, None)

    def _checked(self, call: Call, shelf: Shelf, record: Record | None, one: Input, errors: list[Row]) -> Values | None:
        """The settled values; None where the input's refusal was added to `errors`."""
        try:
            if call.record_faults:
                self._struck(call, record.id if record else "", one)
            values = self.portal.settle(shelf.kind, one.get("properties"))
            self.portal.requirements.check(shelf.kind, values, record.values if record else None)
            self.portal.claim(shelf.kind, values, record)
        except _Struck as fault:
            errors.append(row(fault.refusal, _context(one)))
            return None
        except Refused as refusal:
            errors.append(_row_or_raise(refusal, one))
            return None
        return values

    def _changed(self, kind: str, record: Record, values: Values, one: Input) -> Row:
        self.portal.update(record, values, self.portal.api)
        return record.shown(projection(kind, tuple(values))) | _trace(one)

    def _struck(self, call: Call, id_: str, one: Input) -> None:
        held = (one.get("properties") or {}).values()
        for fault in call.record_faults:
            if fault.strikes(id_ or str(one.get("id", "")), held):
                raise _Struck(
                    Refused(
                        status=400,
                        category=fault.code or "VALIDATION_ERROR",
                        message=fault.message or "Property values were not valid",
                    )
                )

    def _lost(self, kind: str, ids: Sequence[str]) -> list[Row]:
        if not ids:
            return []
        message = (
            f"Could not get some {self.portal.name(kind)} objects, they may be deleted or not exist. "
            "Check that ids are valid."
        )
        return [row(Refused(status=404, category="OBJECT_NOT_FOUND", message=message), {"ids": list(ids)})]

    def _answer(self, results: list[Row], errors: list[Row], status: int) -> Answer:
        self.portal.chance.shuffle(results)
        stamp = sandbox_clock.zulu(self.portal.now())
        body: Row = {"status": "COMPLETE", "results": results, "startedAt": stamp, "completedAt": stamp}
        if errors:
            self.portal.chance.shuffle(errors)
            body |= {"numErrors": len(errors), "errors": errors}
            status = 207
        return reply(body, status)


class _Struck(Exception):
    """A fault on request refuses one record."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def _inputs(body: Mapping[str, Any], *, ids: bool = True) -> list[Input]:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        why = "inputs must be a list with at least one entry"
        raise malformed(why)
    if len(inputs) > MOST:
        message = f"The maximum number of inputs for a batch is {MOST}; {len(inputs)} were given."
        raise Refused(status=400, category="VALIDATION_ERROR", message=message)
    if not all(isinstance(one, dict) for one in inputs):
        why = "every input must be an object"
        raise malformed(why)
    if ids:
        named = [one.get("id") for one in inputs]
        if not all(isinstance(id_, str) and id_ for id_ in named):
            why = "every input wants an id, which is a string"
            raise malformed(why)
        if len(set(named)) < len(named):
            twice = sorted({id_ for id_ in named if named.count(id_) > 1})
            message = f"Duplicate IDs found in batch input: {twice}. IDs must be unique"
            raise Refused(status=400, category="VALIDATION_ERROR", message=message)
    return inputs


def _target(shelf: Shelf, one: Input) -> Record | None:
    by = str(one.get("idProperty") or "")
    if not by:
        return shelf.find(one["id"])
    if by != "hs_object_id" and not shelf.unique(by):
        raise not_unique(by)
    return shelf.find_by(by, one["id"])


def _row_or_raise(refusal: Refused, one: Input) -> Row:
    if not one.get("objectWriteTraceId"):
        raise refusal
    return row(refusal, _context(one))


def _context(one: Input) -> dict[str, list[str]]:
    context: dict[str, list[str]] = {}
    if one.get("objectWriteTraceId"):
        context["objectWriteTraceId"] = [str(one["objectWriteTraceId"])]
    if one.get("id"):
        context["id"] = [str(one["id"])]
    return context


def _trace(one: Input) -> Row:
    trace = one.get("objectWriteTraceId")
    return {"objectWriteTraceId": trace} if trace else {}
