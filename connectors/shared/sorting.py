"""Sorting: what every connector does with a batch before it calls its vendor: checks, sorts, and keeps the order."""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from connectors.answers.replies import Refusal
from connectors.base.concerns import Concern
from connectors.base.port import FieldWrite, HandoverWrite, PersonWrite, Receipt, TaskWrite, Verdict, Write
from connectors.base.task_rewrite import TaskRewrite
from mappings.values.identifiers import ExternalId, System
from mappings.values.record_ids import genuine


def answered(  # noqa: PLR0913 - one way for each kind of write
    system: System,
    writes: Sequence[Write],
    *,
    objects: Container[str],
    fields: Callable[[Sequence[FieldWrite]], Sequence[Receipt]],
    tasks: Callable[[Sequence[TaskWrite]], Sequence[Receipt]],
    rewrites: Callable[[Sequence[TaskRewrite]], Sequence[Receipt]],
    people: Callable[[Sequence[PersonWrite]], Sequence[Receipt]],
    handovers: Callable[[Sequence[HandoverWrite]], Sequence[Receipt]] | None = None,
) -> list[Receipt]:
    """Receipts in the writes' order; ids that are none are refused before they enter a path.

    `objects` are those a task can be about. Without `handovers` the CRM has no records of its own for them.
    """
    ways: tuple[tuple[type[Write], Callable[[Sequence[Any]], Sequence[Receipt]]], ...] = (
        (HandoverWrite, handovers or (lambda those: [_none(write) for write in those])),
        (PersonWrite, people),
        (FieldWrite, fields),
        (TaskRewrite, rewrites),
        (TaskWrite, tasks),
    )
    wrong = {place: _wrong(system, write, objects) for place, write in enumerate(writes)}
    receipts = {place: receipt for place, receipt in wrong.items() if receipt}
    for kind, way in ways:
        places = [place for place, write in enumerate(writes) if isinstance(write, kind) and place not in receipts]
        if places:
            receipts.update(zip(places, way([writes[place] for place in places]), strict=True))
    return [receipts[place] for place in range(len(writes))]


def resolved(
    receipts: Sequence[Receipt], refused: Container[str], there: Mapping[str, ExternalId] | Refusal
) -> list[Receipt]:
    """Receipts of tasks whose keys were `refused` as taken, after a look-up of the tasks that have them.

    A task that holds the key is that task: an earlier try went through. Where nobody could look, the write
    waits for the next round.
    """
    found = []
    for receipt in receipts:
        if receipt.key not in refused:
            found.append(receipt)
        elif isinstance(there, Refusal):
            found.append(there.of_all.receipt(receipt.key, receipt.id))
        elif receipt.key in there:
            found.append(Receipt(key=receipt.key, verdict=Verdict.DONE, id=there[receipt.key]))
        else:
            found.append(receipt)
    return found


def _none(write: HandoverWrite) -> Receipt:
    message = f"no {write.object} is made here for a handover"
    return Receipt(
        key=write.key, verdict=Verdict.PERMANENT, code="INVALID_OBJECT", message=message, concern=Concern.RECORD
    )


def _wrong(system: System, write: Write, objects: Container[str]) -> Receipt | None:
    code, message = "", ""
    if isinstance(write, PersonWrite):
        return None
    if not genuine(system, write.id):
        code, message = "INVALID_ID", f"'{write.id[:40]}' is no record id of {system}"
    elif isinstance(write, TaskWrite) and write.object not in objects:
        code, message = "INVALID_OBJECT", f"a task cannot be about a {write.object}"
    elif isinstance(write, FieldWrite) and not write.fields:
        return Receipt(key=write.key, verdict=Verdict.DONE, id=write.id)
    if not code:
        return None
    return Receipt(key=write.key, verdict=Verdict.PERMANENT, code=code, message=message, concern=Concern.RECORD)
