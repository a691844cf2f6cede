"""Hourly answers: what a CRM says of itself and seldom changes, asked once an hour and stored for all workers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from integration.flows.base.service import HasStore
from integration.store.db.json_codec import decode, encode
from integration.store.progress import hourly_answers
from integration.store.progress.hourly_answers import Question
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import HOUR, Instant, Span

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Generic[T]):
    """A value, when it was asked for, and for what."""

    at: Instant
    asked: Any
    value: T


def hourly(  # noqa: PLR0913, PLR0917 - whom is asked what, and how
    service: HasStore,
    question: Question,
    connection: ConnectionName,
    asked: Any,
    ask: Callable[[], T],
    kind: type[Kept[T]],
    *,
    age: Span = HOUR,
) -> T:
    """A connection's answer, asked for anew where it is an hour (`age`) old or was `asked` for something else.

    `asked` is plain JSON. Raises whatever `ask` raises.
    """
    now = service.now()
    with service.store.read() as conn:
        stored = hourly_answers.last(conn, question, connection)
    kept = None if stored is None else readable(stored, kind)
    if kept is None or kept.at + age <= now or kept.asked != asked:
        kept = Kept(at=now, asked=asked, value=ask())
        with service.store.write() as conn:
            hourly_answers.put(conn, question, connection, encode(kept), now)
    return kept.value


def readable(stored: str, kind: type[Kept[T]]) -> Kept[T] | None:
    """What was kept; None where a former version kept it in another form."""
    try:
        return decode(stored, kind)
    except msgspec.ValidationError:
        return None
