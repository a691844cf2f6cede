"""Faults on request: what a test wants to go wrong, where, and how often."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeAlias, get_args

import msgspec

Kind: TypeAlias = Literal[
    "apply_then_drop", "drop", "rate_limited", "unavailable", "unauthorized", "hang", "record_error", "status", "page"
]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing to go wrong.

    `system` is `hubspot`, `salesforce`, a receiver of alerts (`slack`, `teams`, `webhook`, `smtp`) or "" for all;
    `path` a glob over the path without the vendor's prefix; `times` counts matching calls (0: until cleared), after the
    first `skip` have passed. Further fields by kind:
    `rate_limited` takes `retry_after` (seconds, None: no header) and `policy`; `hang` takes `seconds` and then
    answers as ever; `status` takes `status`, `code`, `message`; `record_error` takes `record` (an id or a field's
    value; "" for every record), `code` and `message`; `page` is what an edge or a proxy answers in the CRM's place:
    `status`, `body` (None: a page of HTML) of the type `content_type`, and the headers `location` and `retry_after`
    (seconds, or a date as HTTP writes it) where they are given; with `record`, only for calls that name it.
    """

    kind: Kind
    system: str = ""
    method: str = ""
    path: str = "*"
    times: int = 1
    skip: int = 0
    retry_after: int | str | None = None
    policy: str = "TEN_SECONDLY_ROLLING"
    seconds: float = 0.0
    status: int = 500
    record: str = ""
    code: str = ""
    message: str = ""
    body: str | None = None
    content_type: str = "text/html"
    location: str = ""
    hits: int = 0

    def meets(self, system: str, method: str, path: str, said: str = "") -> bool:
        """Whether the fault is about such a call; `said` is its query and body."""
        if self.kind == "page" and self.record not in said:
            return False
        return self.system in {"", system} and self.method in {"", method} and fnmatchcase(path, self.path)

    def strikes(self, id_: str, values: Iterable[object]) -> bool:
        """Whether a `record_error` is about the record with this id or one of these values."""
        return not self.record or self.record == id_ or any(self.record == value for value in values)


class Faults:
    """The faults that are still to come, for both systems. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Have it happen from the next matching call on; earlier faults come first."""
        with self._lock:
            self._waiting = [*self._waiting, fault]
        return fault

    def add_from(self, wish: dict[str, Any]) -> Fault:
        """A fault from JSON; ValueError says what is wrong with it."""
        return self.add(msgspec.convert(wish, Fault))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._waiting = []

    def waiting(self) -> list[Fault]:
        """What is still to come, and how often it has struck."""
        return list(self._waiting)

    def take(self, system: str, method: str, path: str, said: str = "") -> tuple[Fault | None, tuple[Fault, ...]]:
        """The one transport fault and the record faults that strike this call; both are used up by it."""
        if not self._waiting:
            return None, ()
        transport: Fault | None = None
        records: list[Fault] = []
        with self._lock:
            for fault in self._waiting:
                if not fault.meets(system, method, path, said):
                    continue
                if fault.kind != "record_error" and transport is not None:
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.hits += 1
                if fault.kind == "record_error":
                    records.append(fault)
                else:
                    transport = fault
            self._waiting = [fault for fault in self._waiting if not fault.times or fault.hits < fault.times]
        return transport, tuple(records)
