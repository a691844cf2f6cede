"""Batching: batches that one bad record cannot spoil, and that never name a record twice."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from connectors.answers.replies import Refusal
from connectors.base.concerns import Concern
from connectors.base.limits import chunks
from connectors.base.port import FieldWrite, HandoverWrite, PersonWrite, Receipt, TaskWrite, Verdict

A = TypeVar("A")
W = TypeVar("W", FieldWrite, TaskWrite, PersonWrite, HandoverWrite)

CALLS = 32
"""Calls for parts of batches. Isolating one bad record among 200 takes 16; past this many others wait a round."""
_MOMENT = 30.0
FAILURES = 12
"""Calls that fail before a CRM is taken to be away; halving 200 down to one takes nine."""


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


class Recency:
    """Whether a CRM has answered a moment ago: it is there then, and what fails is what it was asked."""

    def __init__(self) -> None:
        self._answered_at = -_MOMENT

    def answered(self) -> None:
        """It has just answered."""
        self._answered_at = time.monotonic()

    @property
    def there(self) -> bool:
        """Whether that was within the last half minute."""
        return time.monotonic() < self._answered_at + _MOMENT


def divided(
    count: int,
    ask: Callable[[Sequence[int]], A | Refusal],
    *,
    size: int,
    there: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[list[int], A | Refusal]]:
    """Ask about so many items in batches of `size`; (places, answer or refusal) until every place has its own.

    A batch refused for one of its items is halved until the bad one stands alone; so is one that fails in the CRM,
    where an item may be the cause. What is left after `CALLS` calls for parts of batches comes back as the
    request's own refusal, to be tried again. When the CRM is away, pauses us or refuses the credential, or refuses
    what was asked for as such, nothing further is asked, and the others get the same answer. `there` says whether
    the CRM answers otherwise; it is called where no other part of this has shown it.
    """
    waiting = [list(places) for places in chunks(range(count), size)][::-1]
    doubtful: list[tuple[list[int], Refusal]] = []
    parts, failures, answered = 0, 0, False
    while waiting:
        places = waiting.pop()
        outcome = ask(places)
        if not isinstance(outcome, Refusal):
            answered = True
            yield places, outcome
            continue
        failures += outcome.concern is Concern.REQUEST
        if failures >= FAILURES:
            answered = answered or there()
        if not outcome.divisible or (failures >= FAILURES and not answered):
            yield places, outcome
            yield from ((rest, outcome.unsent) for rest in [*waiting, *(held for held, _ in doubtful)])
            return
        if len(places) > 1 and parts < CALLS:
            half = len(places) // 2
            waiting += [places[half:], places[:half]]
            parts += 2
        elif len(places) > 1:
            yield places, outcome.of_all
        elif outcome.concern is Concern.REQUEST:
            doubtful.append((places, outcome))
        else:
            yield places, outcome
    answered = answered or (bool(doubtful) and there())
    for places, outcome in doubtful:
        # Where others got their answer meanwhile, the CRM is there, and fails on this one.
        yield places, replace(outcome, outage=False, concern=Concern.RECORD) if answered else outcome


def isolated(
    writes: Sequence[W],
    send: Callable[[Sequence[W]], Sequence[Receipt] | Refusal],
    *,
    size: int,
    recency: Recency | None = None,
) -> list[Receipt]:
    """Send in batches of `size`; receipts in order. One bad write is found, and the others are sent without it."""
    receipts: dict[int, Receipt] = {}
    recency = recency or Recency()

    def put(places: Sequence[int]) -> Sequence[Receipt] | Refusal:
        outcome = send([writes[place] for place in places])
        if not isinstance(outcome, Refusal):
            recency.answered()
        return outcome

    for places, outcome in divided(len(writes), put, size=size, there=lambda: recency.there):
        if isinstance(outcome, Refusal):
            refusal = outcome.of_all if outcome.concern is Concern.OBJECT else outcome
            _refuse(receipts, writes, places, refusal)
        else:
            receipts.update(zip(places, outcome, strict=True))
    return [receipts[place] for place in range(len(writes))]


def owner_refused(
    writes: Sequence[TaskWrite], receipts: Sequence[Receipt], of_owner: Callable[[Receipt], bool]
) -> list[Receipt]:
    """Receipts that say where a task may have been refused for its owner, who has left or is a queue.

    It is never made without one instead: nobody would see it.
    """
    return [
        replace(receipt, of_owner=True)
        if write.owner and receipt.verdict is Verdict.PERMANENT and of_owner(receipt)
        else receipt
        for write, receipt in zip(writes, receipts, strict=True)
    ]


def _refuse(receipts: dict[int, Receipt], writes: Sequence[W], places: Sequence[int], refusal: Refusal) -> None:
    for place in places:
        receipts[place] = refusal.receipt(writes[place].key, writes[place].id)
