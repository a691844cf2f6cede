"""Pauses by a person, the kill switch: nothing goes to a CRM, and nothing is read there, until somebody resumes it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from integration.flows.base.service import HasStore, HasWake
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.crm import connection_pauses
from integration.store.outgoing import outbox_backlog
from mappings.values.identifiers import ConnectionName


class Pausing(HasStore, HasWake, Protocol):
    """What it takes to pause and resume connections."""


def pause(
    service: Pausing, names: Sequence[ConnectionName], *, reason: str, actor: str, who: str
) -> Mapping[ConnectionName, int]:
    """Stop these connections within one batch; how many writes wait for each. `who`: the actor, in a sentence."""
    said = f"paused by {who}"
    now = service.now()
    with service.store.write() as conn:
        for name in names:
            connection_pauses.stop(conn, name, f"{said}: {reason}" if reason else said, now=now)
        detail = {"reason": reason} if reason else {}
        lines = [Entry(at=now, actor=actor, action="paused", subject=name, detail=detail) for name in names]
        audit_trail.add(conn, lines)
        return {name: outbox_backlog.sendable(conn, name) for name in names}


def resume(
    service: Pausing, names: Sequence[ConnectionName], *, actor: str
) -> Mapping[ConnectionName, tuple[bool, int]]:
    """End the pauses of these connections; whether each was paused by a person, and how many writes wait for it."""
    now = service.now()
    with service.store.write() as conn:
        were = {name: connection_pauses.go(conn, name, now) for name in names}
        lines = [Entry(at=now, actor=actor, action="resumed", subject=name) for name in names if were[name]]
        audit_trail.add(conn, lines)
        waiting = {name: outbox_backlog.sendable(conn, name) for name in names}
    for name in names:
        for lane in ("deliver", "refresh", "poll"):
            service.wake(f"{lane}:{name}")
    return {name: (were[name], waiting[name]) for name in names}
