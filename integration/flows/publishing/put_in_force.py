"""Publish: puts a changed playbook or vocabulary in force, after somebody has seen what it would do.

What survives a crash: a version is stored whole, with the walk that derives everybody anew (see rederive.py), in one
transaction; until then nothing has changed.
"""

from collections.abc import Callable
from typing import Protocol

import structlog

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.service import HasLanes, HasStore, HasWake, Versioned
from integration.flows.base.stored_versions import PUBLISHING, put_in_force
from integration.store.db.session import serialise
from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import Terms, Texts, Version
from integration.store.queues import derivation_walk

log = structlog.get_logger()

_LOOK_SECONDS = 0.5


class OvertakenError(Exception):
    """Somebody has published since the impact was shown; `number` is the version in force now."""

    def __init__(self, number: int) -> None:
        super().__init__(f"version {number} was published meanwhile: look at the impact again")
        self.number = number


class Publishing(Versioned, HasWake, Protocol):
    """What a publication takes: the store, the rules in force, and the lane that derives everybody."""


class Watching(HasStore, HasLanes, Protocol):
    """What watching takes: the store, and how to wait."""


def current_rules(service: Publishing) -> tuple[Version | None, Texts]:
    """The version in force, and what it says; before the first, the rules that the service was started with."""
    with service.store.read() as conn:
        found = playbook_versions.current(conn)
        said = (
            Texts(playbook=service.rules.playbook.text)
            if found is None
            else playbook_versions.texts(conn, found.number)
        )
    return found, said


def publish(service: Publishing, compiled: CompiledPlaybook, said: Texts, terms: Terms, *, over: int | None) -> Version:
    """Put these rules in force; `over` is the version that they were compared with. Raises OvertakenError."""
    with service.store.write() as conn:
        serialise(conn, PUBLISHING)
        current = playbook_versions.current(conn)
        if current is not None and current.number != over:
            raise OvertakenError(current.number)
        found = put_in_force(conn, compiled.playbook, said, terms, service.now())
    log.info("published", what=terms.what, version=found.number, fingerprint=found.fingerprint)
    service.wake("advance")
    return found


def watch(service: Watching, version: int, tell: Callable[[int], None]) -> None:
    """Until everybody is derived under this version, or another is in force; `tell` gets how many leads are left.

    The workers derive them. Whoever stops watching stops nothing.
    """
    while True:
        with service.store.read() as conn:
            current = playbook_versions.current(conn)
            left = playbook_versions.left(conn, version)
            over = derivation_walk.walk(conn, version).over
        tell(left)
        if over or current is None or current.number != version:
            return
        service.lanes.sleep(_LOOK_SECONDS)


def former(service: Publishing, number: int | None) -> Version | None:
    """The version of that number, or the one before the one in force; None where there is none."""
    with service.store.read() as conn:
        if number is not None:
            return playbook_versions.by_number(conn, number)
        return next(iter(playbook_versions.every(conn)[1:2]), None)
