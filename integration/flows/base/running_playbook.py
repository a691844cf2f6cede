"""The running playbook: which version is in force, whatever file this process was started with.

A playbook is in force from when it is published. A service that starts with a file that is not in force publishes it,
since its author changed the file; one that was started before the last publication, or with a playbook that is
shipped while another was published by command, follows the store, and compiles the text that is kept there. So
processes that have not been restarted yet never decide by what is over. What survives a crash: a version is stored
with the walk that derives everybody anew (see rederive.py), in one transaction.
"""

from dataclasses import dataclass, replace
from typing import TypeVar

import structlog
from sqlalchemy import Connection as Sql

from integration.core.model.state import FORMAT
from integration.core.rules.playbook_rules import Playbook
from integration.flows.base import running_mappings, running_routing
from integration.flows.base.running_routing import ROUTING
from integration.flows.base.service import Derived, HasRules, changed
from integration.flows.base.stored_versions import PUBLISHING, compiled_of, put_in_force
from integration.store.db.session import serialise
from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import Terms, Texts, Version, What
from integration.store.progress import remapping
from integration.store.queues import derivation_walk, leases
from integration.store.queues.leases import Lease
from mappings.values.instant import Instant

log = structlog.get_logger()

V = TypeVar("V", bound=Derived)

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
        wanted = _wanted(conn, service, found)
    if wanted is not None and _differs(service, wanted, found):
        found = _publish(service, lease, wanted)
    elif wanted is not None and found is not None and len(wanted.said.files) > len(found.files):
        found = _adopt(service, lease, wanted, found)
    with service.store.read() as conn:
        return _by(conn, service, found)


def following(service: V) -> V:
    """The service by the playbook that is in force, or by its own where that is about to be or the other unreadable.

    Records are read and written by the mappings in force in every case. Ask anew for each batch.
    """
    with service.store.read() as conn:
        return followed(conn, service)


def followed(conn: Sql, service: V) -> V:
    """As `following`, in a read that the caller has opened."""
    return looked(conn, service)[0]


def looked(conn: Sql, service: V) -> tuple[V, V | None]:
    """What `following` answers, and what `in_force` does; None where that has to publish first, or raises."""
    found = playbook_versions.current(conn)
    try:
        wanted = _wanted(conn, service, found)
        if found is None or _differs(service, wanted, found):
            return _mapped(service, found), None
        known = _by(conn, service, found)
    except OutdatedError as error:
        log.warning("the playbook in force is not known here", error=str(error))
        return service, None
    return known, None if wanted is not None and len(wanted.said.files) > len(found.files) else known


def published(service: V) -> V:
    """The service by the playbook that everybody is derived under, for whoever only looks. Raises OutdatedError."""
    with service.store.read() as conn:
        return _by(conn, service, playbook_versions.current(conn))


def at_that_time(service: V, moment: Instant) -> V:
    """The service by the version that was in force then; by the first, before there was any. Raises OutdatedError."""
    with service.store.read() as conn:
        found = playbook_versions.at(conn, moment) or next(iter(playbook_versions.every(conn)[-1:]), None)
        return _by(conn, service, found)


def due(conn: Sql, service: Derived) -> bool:
    """Whether the service's own playbook has to be published, or somebody is still to be derived under the last one."""
    found = playbook_versions.current(conn)
    return (
        _differs(service, _wanted(conn, service, found), found)
        or (found is not None and not derivation_walk.walk(conn, found.number).over)
        or remapping.under_way(conn) is not None
    )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What this process would have in force: the rules of its own start, or what was published by command."""

    playbook: Playbook
    said: Texts
    author: str


def _wanted(conn: Sql, service: Derived, found: Version | None) -> _Wanted | None:
    """None where what was published by command cannot be used by this process."""
    there = found.files if found else {}
    mine = {**running_mappings.own(service.connections, there), **running_routing.own(service.routing, there)}
    files = tuple(sorted(mine.items()))
    playbook, words = service.rules.playbook, service.rules.vocabulary.text or None
    ours = _Wanted(playbook, Texts(playbook=playbook.text, vocabulary=words, files=files), AUTHOR)
    if found is None or service.rules.of_file:
        return ours
    author = playbook_versions.author(conn)
    if author == AUTHOR:
        return ours
    said = playbook_versions.texts(conn, found.number)
    if said.vocabulary in {None, playbook_versions.vocabulary_of_start(conn, AUTHOR)}:  # no command published one
        said = replace(said, vocabulary=words)
    compiled = compiled_of(said, f"version {found.number}", service.rules.vocabulary)
    return None if compiled is None else _Wanted(compiled.playbook, replace(said, files=files), author)


def _differs(service: HasRules, wanted: _Wanted | None, found: Version | None) -> bool:
    """Whether what this process wants is not in force, and was given to it after what is."""
    if wanted is None or (found is not None and _same(wanted.playbook, found) and not _changed(wanted.said, found)):
        return False
    return found is None or service.rules.started is None or service.rules.started >= found.at


def _same(playbook: Playbook, found: Version) -> bool:
    return (found.fingerprint, found.format) == (playbook.fingerprint, FORMAT)


def _changed(said: Texts, found: Version) -> list[str]:
    """The files that a version has otherwise; one that it knows nothing of was in force with it."""
    return [
        name
        for name, each in said.files
        if (there := found.files.get(name)) is not None and there.fingerprint != each.fingerprint
    ]


def _adopt(service: Derived, lease: Lease, wanted: _Wanted, found: Version) -> Version:
    """Files that were in force with a version before such files were versions are noted in it, and change nothing."""
    files = {**dict(wanted.said.files), **found.files}
    with service.store.write() as conn:
        leases.extend(conn, lease)
        playbook_versions.adopt(conn, found.number, files)
    return replace(found, files=files)


def _by(conn: Sql, service: V, found: Version | None) -> V:
    if found is None or _same(service.rules.playbook, found):
        ours = service.rules.compiled.rooted(found.roots if found else None)
        return _mapped(changed(service, rules=replace(service.rules, compiled=ours, version=found)), found)
    if found.format != FORMAT:
        msg = f"version {found.number} of the playbook was published by another version of this program"
        raise OutdatedError(msg)
    said = playbook_versions.texts(conn, found.number)
    compiled = compiled_of(said, f"version {found.number}", service.rules.vocabulary)
    if compiled is None or compiled.playbook.fingerprint != found.fingerprint:
        msg = f"version {found.number} of the playbook means something else to this program, or in this vocabulary"
        raise OutdatedError(msg)
    rules = replace(service.rules, compiled=compiled.rooted(found.roots), version=found)
    return _mapped(changed(service, rules=rules), found)


def _mapped(service: V, found: Version | None) -> V:
    """The service by the field mappings and the routing of a version."""
    if found is None or not found.files:
        return service
    routing = running_routing.applied(service.routing, found.files, service.rules.playbook)
    if routing is not service.routing:
        service = changed(service, routing=routing)
    connections = running_mappings.applied(service.connections, found.files, service.rules.vocabulary)
    if connections is None:
        msg = f"a mapping of version {found.number} is not understood by this program, or in this vocabulary"
        raise OutdatedError(msg)
    return service if connections is service.connections else changed(service, connections=connections)


def _publish(service: Derived, lease: Lease, wanted: _Wanted) -> Version:
    """Put in force what this process was started with."""
    playbook = wanted.playbook
    with service.store.write() as conn:
        leases.extend(conn, lease)
        serialise(conn, PUBLISHING)
        before = playbook_versions.current(conn)
        terms = _terms(wanted, before)
        found = put_in_force(conn, playbook, wanted.said, terms, service.now())
    log.info("published a playbook", version=found.number, fingerprint=found.fingerprint, playbook=playbook.name)
    return found


def _terms(wanted: _Wanted, before: Version | None) -> Terms:
    if before is not None and _same(wanted.playbook, before):
        names = _changed(wanted.said, before)
        files = ", ".join(names).replace(":", " ")
        what: What = "routing" if names == [ROUTING] else "mapping"
        return Terms(author=AUTHOR, reason=f"the file of {files} differs from what was in force", what=what)
    return Terms(author=wanted.author, reason=_reason(wanted.playbook, before))


def _reason(playbook: Playbook, before: Version | None) -> str:
    if before is None:
        return "the first playbook"
    if before.fingerprint == playbook.fingerprint:
        return f"states have another shape in this version of the program ({before.format} before, {FORMAT} now)"
    return "the file differs from the playbook that was in force"
