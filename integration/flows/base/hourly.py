"""Hourly: what a CRM says of itself and seldom changes, asked once an hour and kept in the store for all workers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from integration.flows.base.service import HasStore
from integration.store.db import cursors
from integration.store.db.json_codec import decode, encode
from mappings.values.instant import HOUR, Instant

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Generic[T]):
    """A value, when it was asked for, and for what."""

    at: Instant
    asked: Any
    value: T


def hourly(service: HasStore, name: str, asked: Any, ask: Callable[[], T], kind: type[Kept[T]]) -> T:
    """The value of that name, asked for anew where it is an hour old or was `asked` for something else.

    `asked` is plain JSON. Raises whatever `ask` raises.
    """
    now = service.now()
    with service.store.read() as conn:
        stored = cursors.get(conn, name)
    kept = None if stored is None else _readable(stored, kind)
    if kept is None or kept.at + HOUR <= now or kept.asked != asked:
        kept = Kept(at=now, asked=asked, value=ask())
        with service.store.write() as conn:
            cursors.put(conn, name, encode(kept), now)
    return kept.value


def _readable(stored: str, kind: type[Kept[T]]) -> Kept[T] | None:
    """What was kept; None where a former version kept it in another form."""
    try:
        return decode(stored, kind)
    except msgspec.ValidationError:
        return None
