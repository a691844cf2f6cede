"""The running playbook: which version is in force, whatever file this process was started with.

A playbook is in force from when it is published. A service that starts with a playbook that is not in force publishes
it, since its author changed the file; one that was started before the last publication follows the store, and compiles
the text that is kept there. So processes that have not been restarted yet never decide by what is over. What survives a
crash: a version is stored with the walk that derives everybody anew (see rederive.py), in one transaction.
"""

from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

import structlog
from sqlalchemy import Connection as Sql

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.state import FORMAT
from integration.core.rules.playbook_rules import Playbook
from integration.flows.base.service import HasRules, Versioned, changed
from integration.playbook.compiling.compiler import compile_text
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.db.session import serialise
from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import Version
from integration.store.queues import dirty, leases, suspects
from integration.store.queues.leases import Lease
from mappings.values.identifiers import AccountId, LeadId
from mappings.vocabulary.value import Vocabulary

log = structlog.get_logger()

V = TypeVar("V", bound=Versioned)

AUTHOR = "COLDFRAME_PLAYBOOK"
"""Who published what a file says."""


class OutdatedError(Exception):
    """The playbook in force cannot be used by this process: it was published by a newer version of this program."""


def in_force(service: V, lease: Lease) -> V:
    """The service by the playbook in force, with its version; the service's own is published where it is due.

    Only who holds the lane that decides may call this. Raises OutdatedError.
    """
    with service.store.read() as conn:
        found = playbook_versions.current(conn)
    if _due(service, found):
        found = _publish(service, lease)
    return _by(service, found)


def following(service: V) -> V:
    """The service by the playbook that is in force, or by its own where that is about to be or the other unreadable."""
    with service.store.read() as conn:
        found = playbook_versions.current(conn)
    try:
        return service if _due(service, found) else _by(service, found)
    except OutdatedError as error:
        log.warning("the playbook in force is not known here", error=str(error))
        return service


def published(service: V) -> V:
    """The service by the playbook that everybody is derived under, for whoever only looks. Raises OutdatedError."""
    with service.store.read() as conn:
        found = playbook_versions.current(conn)
    return _by(service, found)


def due(conn: Sql, service: HasRules) -> bool:
    """Whether the service's own playbook has to be published, or somebody is still to be derived under the last one."""
    found = playbook_versions.current(conn)
    return _due(service, found) or (found is not None and not playbook_versions.walk(conn, found.number).over)


def _due(service: HasRules, found: Version | None) -> bool:
    """Whether the service's own playbook is not in force, and was given to it after the one that is."""
    if found is not None and _same(service.rules.playbook, found):
        return False
    return found is None or service.rules.started is None or service.rules.started >= found.at


def _same(playbook: Playbook, found: Version) -> bool:
    return (found.fingerprint, found.format) == (playbook.fingerprint, FORMAT)


def _by(service: V, found: Version | None) -> V:
    if found is None or _same(service.rules.playbook, found):
        return changed(service, rules=replace(service.rules, version=found))
    if found.format != FORMAT:
        msg = f"version {found.number} of the playbook was published by another version of this program"
        raise OutdatedError(msg)
    with service.store.read() as conn:
        text = playbook_versions.text(conn, found.number)
    compiled = _compiled(text, f"version {found.number}", service.rules.vocabulary)
    if compiled is None or compiled.playbook.fingerprint != found.fingerprint:
        msg = f"version {found.number} of the playbook means something else to this program, or in this vocabulary"
        raise OutdatedError(msg)
    return changed(service, rules=replace(service.rules, compiled=compiled, version=found))


@lru_cache(maxsize=4)
def _compiled(text: str, name: str, vocabulary: Vocabulary) -> CompiledPlaybook | None:
    playbook = compile_text(text, name, vocabulary)[0] if text else None
    return CompiledPlaybook.of(playbook) if playbook is not None else None


def _publish(service: Versioned, lease: Lease) -> Version:
    """Put the service's own playbook in force; what was set aside under the one before is tried again."""
    playbook = service.rules.playbook
    with service.store.write() as conn:
        leases.extend(conn, lease)
        serialise(conn, "versions")
        before, now = playbook_versions.current(conn), service.now()
        found = playbook_versions.publish(
            conn,
            fingerprint=playbook.fingerprint,
            format_=FORMAT,
            text_=playbook.text,
            author=AUTHOR,
            reason=_reason(playbook, before),
            at=now,
        )
        dirty.mark(conn, [LeadId(each) for lane in ("advance", "joining") for each in suspects.items(conn, lane)], now)
        dirty.mark_accounts(conn, map(AccountId, suspects.items(conn, "signals")), now)
        detail = {"fingerprint": found.fingerprint, "playbook": playbook.name, "reason": found.reason}
        subject = f"version {found.number}"
        audit_trail.add(conn, [Entry(at=now, actor=AUTHOR, action="publish playbook", subject=subject, detail=detail)])
    log.info("published a playbook", version=found.number, fingerprint=found.fingerprint, playbook=playbook.name)
    return found


def _reason(playbook: Playbook, before: Version | None) -> str:
    if before is None:
        return "the first playbook"
    if before.fingerprint == playbook.fingerprint:
        return f"states have another shape in this version of the program ({before.format} before, {FORMAT} now)"
    return "the file differs from the playbook that was in force"
