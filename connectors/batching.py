"""Batches that one bad record cannot spoil, and that never name a record twice."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from connectors.base import FieldWrite, PersonWrite, Receipt, TaskWrite, Verdict
from connectors.limits import chunks
from connectors.replies import Refusal

W = TypeVar("W", FieldWrite, TaskWrite, PersonWrite)

CALLS = 32
"""Isolating one bad record among 200 takes 16 calls; past this many the rest waits for the next round."""


def merged(writes: Sequence[FieldWrite]) -> tuple[list[FieldWrite], list[int]]:
    """One write per record, later fields winning, and for each given write the place of the one it went into."""
    places: dict[tuple[str, str], int] = {}
    found: list[FieldWrite] = []
    into: list[int] = []
    for write in writes:
        place = places.setdefault((write.object, write.id), len(found))
        if place == len(found):
            found.append(write)
        else:
            found[place] = replace(found[place], fields={**found[place].fields, **write.fields})
        into.append(place)
    return found, into


def isolated(
    writes: Sequence[W], send: Callable[[Sequence[W]], Sequence[Receipt] | Refusal], *, size: int
) -> list[Receipt]:
    """Send in batches of `size`; receipts in order.

    A batch refused for one of its records is halved until the bad one stands alone. When the CRM is away,
    pauses us or refuses the credential, nothing further is sent, and the rest gets the same answer.
    """
    receipts: dict[int, Receipt] = {}
    waiting = [list(places) for places in chunks(range(len(writes)), size)][::-1]
    calls = 0
    while waiting:
        places = waiting.pop()
        outcome = send([writes[place] for place in places])
        calls += 1
        if not isinstance(outcome, Refusal):
            receipts.update(zip(places, outcome, strict=True))
        elif outcome.verdict is Verdict.PERMANENT and not outcome.of_a_record:
            _refuse(receipts, writes, places, outcome)
        elif not outcome.of_a_record:
            _refuse(receipts, writes, places, outcome)
            unsent = replace(outcome, verdict=Verdict.RETRY) if outcome.verdict is Verdict.UNCLEAR else outcome
            _refuse(receipts, writes, [place for rest in waiting for place in rest], unsent)
            break
        elif len(places) == 1:
            _refuse(receipts, writes, places, outcome)
        elif calls >= CALLS:
            _refuse(receipts, writes, places, replace(outcome, verdict=Verdict.RETRY))
        else:
            half = len(places) // 2
            waiting += [places[half:], places[:half]]
    return [receipts[place] for place in range(len(writes))]


def unowned(
    writes: Sequence[TaskWrite],
    receipts: Sequence[Receipt],
    send: Callable[[Sequence[TaskWrite]], Sequence[Receipt] | Refusal],
    *,
    of_owner: Callable[[Receipt], bool],
    size: int,
) -> list[Receipt]:
    """A task whose owner the CRM refuses (somebody has left) is made without one, rather than not at all."""
    places = [
        place
        for place, (write, receipt) in enumerate(zip(writes, receipts, strict=True))
        if write.owner and receipt.verdict is Verdict.PERMANENT and of_owner(receipt)
    ]
    again = isolated([replace(writes[place], owner="") for place in places], send, size=size)
    found = list(receipts)
    for place, receipt in zip(places, again, strict=True):
        note = f"not given to owner {writes[place].owner}: {receipts[place].message}"
        found[place] = replace(receipt, message=note) if receipt.verdict is Verdict.DONE else receipt
    return found


def _refuse(receipts: dict[int, Receipt], writes: Sequence[W], places: Sequence[int], refusal: Refusal) -> None:
    for place in places:
        receipts[place] = refusal.receipt(writes[place].key, writes[place].id)
