"""Successors: the record that continues one that cannot be written any more, after conversion or merge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from connectors.answers.replies import Refusal
from connectors.base.limits import chunks
from connectors.base.port import FieldWrite, Receipt, TaskWrite, Verdict
from connectors.salesforce import SYSTEM, faults, queries
from mappings.values.identifiers import ExternalId
from mappings.values.record_ids import full

BATCH = 100


class Query(Protocol):
    """What can run SOQL; a Refusal where it could not."""

    def __call__(self, soql: str, *, bin_too: bool = False) -> list[Mapping[str, Any]] | Refusal:
        """The rows; `bin_too` looks into the recycle bin."""


def followed(
    query: Query, writes: Sequence[FieldWrite] | Sequence[TaskWrite], receipts: Sequence[Receipt]
) -> list[Receipt]:
    """The receipts, with FOLLOW and the new record where one was converted or merged."""
    places = {place: (writes[place], receipt) for place, receipt in enumerate(receipts)}
    converted = [place for place, (_, receipt) in places.items() if receipt.code == faults.CONVERTED]
    deleted = [place for place, (_, receipt) in places.items() if receipt.code == faults.DELETED]
    found = list(receipts)
    moves = _moves(query, "Lead", "ConvertedContactId", [writes[place].id for place in converted], bin_too=False)
    _follow(found, converted, moves, _named("Contact", moves, writes))
    for name in queries.PEOPLE:
        gone = [place for place in deleted if writes[place].object == name]
        merges = _moves(query, name, "MasterRecordId", [writes[place].id for place in gone], bin_too=True)
        _follow(found, gone, merges, _named(name, merges, writes))
    return found


def _named(
    name: str, moves: Mapping[str, str] | Refusal, writes: Sequence[FieldWrite] | Sequence[TaskWrite]
) -> Callable[[int], tuple[str, ExternalId]]:
    known = {} if isinstance(moves, Refusal) else moves
    return lambda place: (name, full(SYSTEM, known.get(full(SYSTEM, writes[place].id), "")))


def _follow(
    found: list[Receipt],
    places: Sequence[int],
    moves: Mapping[str, str] | Refusal,
    moved: Callable[[int], tuple[str, ExternalId]],
) -> None:
    """Where nobody could look, the write waits as the look-up must: it may well have somewhere to go."""
    for place in places:
        target = moved(place)
        if isinstance(moves, Refusal):
            found[place] = moves.of_all.receipt(found[place].key, found[place].id)
        elif target[1]:
            found[place] = replace(found[place], verdict=Verdict.FOLLOW, moved_to=target)


def _moves(
    query: Query, object_name: str, field: str, ids: Sequence[str], *, bin_too: bool
) -> dict[str, str] | Refusal:
    moves: dict[str, str] = {}
    for some in chunks(sorted(set(ids)), BATCH):
        rows = query(queries.successors(object_name, field, some), bin_too=bin_too)
        if isinstance(rows, Refusal):
            return rows
        for row in rows:
            if row.get(field):
                moves[full(SYSTEM, str(row["Id"]))] = full(SYSTEM, str(row[field]))
    return moves
