"""Readiness: whether this process can be sent work. Each check says what is wrong, for people, or nothing."""

import math
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from integration.flows.base import write_access
from integration.settings.environment import Settings
from integration.store.audit.sealing import Keyring
from integration.store.db import migrate
from integration.store.db.errors import StoreError, StoreNewerError
from integration.store.db.session import Store
from integration.store.overall import erased_people, figure_snapshots
from integration.store.queues import suspects
from mappings.values.instant import Instant

Checks: TypeAlias = Mapping[str, Callable[[], Sequence[str]]]
"""What makes a process unfit to be sent work: each check by its name."""
Ready: TypeAlias = tuple[dict[str, list[str] | str], bool]
"""The details of /readyz, and whether this process can be sent work."""
_ROOM_SECONDS = 2.0
_TRIED_BYTES = 65_536
_LEAST_BYTES = 64_000_000
"""What SQLite's disk must have left: its log alone may grow so far."""


def store_problems(store: Store) -> list[str]:
    """Whether the store answers and its tables are those of this version."""
    try:
        with store.read() as conn:
            current = migrate.up_to_date(conn)
    except StoreNewerError as error:
        return [str(error)]
    except StoreError as error:
        return [f"The store does not answer ({type(error).__name__})."]
    if not current:
        return ["The store's tables are not those of this version. Run `coldframe migrate`."]
    return []


def ready(checks: Checks, store: Store, settings: Settings) -> Ready:
    """What `checks` find makes this process unfit; set-aside work and shadow mode only have to be known."""
    found = {name: list(check()) for name, check in checks.items()}
    if any(found.values()):
        return {"status": "not ready", **_details(found)}, False
    lanes = lane_troubles(store)
    status = "degraded" if lanes else "ready"
    return {"status": status, **_details(found | {"lanes": lanes}), "writing": _writing(store, settings)}, True


def _details(found: Mapping[str, list[str]]) -> dict[str, list[str] | str]:
    return {name: problems or "ok" for name, problems in found.items()}


def _writing(store: Store, settings: Settings) -> str:
    """Whether the CRMs are written to, or the service is in shadow mode."""
    try:
        with store.read() as conn:
            return write_access.words(conn, forced=settings.shadow)
    except StoreError:
        return "not known"  # the next look says that the store is away


class Room:
    """Whether the store takes what is written, by writing something. Safe for threads.

    However often it is asked, it writes every two seconds at most: everybody may ask a web process whether it is ready.
    """

    def __init__(self, store: Store, now: Callable[[], Instant], monotonic: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._asked_at = -math.inf
        self._problems: list[str] = []

    def problems(self) -> list[str]:
        """What is wrong, for people; nothing where it takes what is written."""
        with self._lock:
            if self._monotonic() - self._asked_at > _ROOM_SECONDS:
                self._problems = self._try()
                self._asked_at = self._monotonic()
            return self._problems

    def _try(self) -> list[str]:
        free = self._store.free_bytes()
        if free is not None and free < _LEAST_BYTES:
            return [
                f"The disk is nearly full: {free // 1_000_000} MB are left, {_LEAST_BYTES // 1_000_000} are needed."
            ]
        try:
            with self._store.write(urgent=True) as conn:
                figure_snapshots.try_room(conn, self._now(), secrets.token_hex(_TRIED_BYTES // 2))
        except StoreError as error:
            return [f"The store takes nothing that is written ({type(error).__name__}): is its disk full?"]
        return []


def lane_troubles(store: Store) -> list[str]:
    """What lanes have set aside while all else goes on: nothing that keeps this process from being sent work."""
    try:
        with store.read() as conn:
            found = suspects.set_aside(conn)
    except StoreError:
        return []  # `store_problems` says it
    return [
        f"{each.count} set aside in lane {each.lane}, newest: sync error {each.letter}; see `coldframe letters list`."
        for each in found
    ]


def erased_problems(store: Store, keyring: Keyring) -> list[str]:
    """Whether the list of who was erased can be read with these secret keys; nothing is taken in otherwise."""
    try:
        with store.read() as conn:
            erased_people.known(conn, keyring, ())
    except StoreError as error:
        return [f"{error}."]
    return []
