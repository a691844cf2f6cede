"""The running playbook: which version is in force, whatever file this process was started with.

A playbook is in force from when it is published. A service that starts with a file that is not in force publishes it,
since its author changed the file; one that was started before the last publication, or with a playbook that is
shipped while another was published by command, follows the store, and compiles the text that is kept there. So
processes that have not been restarted yet never decide by what is over. What survives a crash: a version is stored
with the walk that derives everybody anew (see rederive.py), in one transaction.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

import structlog
from sqlalchemy import Connection as Sql

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.state import FORMAT
from integration.core.rules import lineage
from integration.core.rules.lineage import Earlier
from integration.core.rules.playbook_rules import Playbook
from integration.flows.base.service import HasRules, Versioned, changed
from integration.playbook.compiling.compiler import compile_text
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.db.session import serialise
from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import Terms, Texts, Version
from integration.store.queues import dirty, leases, suspects
from integration.store.queues.leases import Lease
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse
from mappings.vocabulary.value import Vocabulary

log = structlog.get_logger()

V = TypeVar("V", bound=Versioned)

AUTHOR = "COLDFRAME_PLAYBOOK"
"""Who published what a file says."""


PUBLISHING = "versions"
"""What publications wait for each other by."""


class OutdatedError(Exception):
    """The playbook in force cannot be used by this process: it was published by a newer version of this program."""


def in_force(service: V, lease: Lease) -> V:
    """The service by the playbook in force, with its version; the service's own is published where it is due.

    Only who holds the lane that decides may call this. Raises OutdatedError.
    """
    with service.store.read() as conn:
        found = playbook_versions.current(conn)
    wanted = _wanted(service, found)
    if wanted is not None and _differs(service, wanted, found):
        found = _publish(service, lease, wanted)
    return _by(service, found)


def following(service: V) -> V:
    """The service by the playbook that is in force, or by its own where that is about to be or the other unreadable."""
    with service.store.read() as conn:
        found = playbook_versions.current(conn)
    try:
        return service if _differs(service, _wanted(service, found), found) else _by(service, found)
    except OutdatedError as error:
        log.warning("the playbook in force is not known here", error=str(error))
        return service


def published(service: V) -> V:
    """The service by the playbook that everybody is derived under, for whoever only looks. Raises OutdatedError."""
    with service.store.read() as conn:
        found = playbook_versions.current(conn)
    return _by(service, found)


def at_that_time(service: V, moment: Instant) -> V:
    """The service by the version that was in force then; by the first, before there was any. Raises OutdatedError."""
    with service.store.read() as conn:
        found = playbook_versions.at(conn, moment) or next(iter(playbook_versions.every(conn)[-1:]), None)
    return _by(service, found)


def due(conn: Sql, service: Versioned) -> bool:
    """Whether the service's own playbook has to be published, or somebody is still to be derived under the last one."""
    found = playbook_versions.current(conn)
    return _differs(service, _wanted(service, found), found) or (
        found is not None and not playbook_versions.walk(conn, found.number).over
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What this process would have in force: the rules of its own start, or what was published by command."""

    playbook: Playbook
    said: Texts
    author: str


def _wanted(service: Versioned, found: Version | None) -> _Wanted | None:
    """None where what was published by command cannot be used by this process."""
    if found is None or service.rules.of_file or found.author == AUTHOR:
        playbook = service.rules.playbook
        return _Wanted(playbook=playbook, said=Texts(playbook=playbook.text), author=AUTHOR)
    with service.store.read() as conn:
        said = playbook_versions.texts(conn, found.number)
    compiled = compiled_of(said, f"version {found.number}", service.rules.vocabulary)
    return None if compiled is None else _Wanted(playbook=compiled.playbook, said=said, author=found.author)


def _differs(service: HasRules, wanted: _Wanted | None, found: Version | None) -> bool:
    """Whether what this process wants is not in force, and was given to it after what is."""
    if wanted is None or (found is not None and _same(wanted.playbook, found)):
        return False
    return found is None or service.rules.started is None or service.rules.started >= found.at


def _same(playbook: Playbook, found: Version) -> bool:
    return (found.fingerprint, found.format) == (playbook.fingerprint, FORMAT)


def _by(service: V, found: Version | None) -> V:
    if found is None or _same(service.rules.playbook, found):
        ours = service.rules.compiled.rooted(found.roots if found else None)
        return changed(service, rules=replace(service.rules, compiled=ours, version=found))
    if found.format != FORMAT:
        msg = f"version {found.number} of the playbook was published by another version of this program"
        raise OutdatedError(msg)
    with service.store.read() as conn:
        said = playbook_versions.texts(conn, found.number)
    compiled = compiled_of(said, f"version {found.number}", service.rules.vocabulary)
    if compiled is None or compiled.playbook.fingerprint != found.fingerprint:
        msg = f"version {found.number} of the playbook means something else to this program, or in this vocabulary"
        raise OutdatedError(msg)
    return changed(service, rules=replace(service.rules, compiled=compiled.rooted(found.roots), version=found))


@lru_cache(maxsize=4)
def compiled_of(said: Texts, name: str, own: Vocabulary) -> CompiledPlaybook | None:
    """What a version says, ready to decide by; `own` are the words where it has none. None where it is not understood.

    Another version of this program may have written it.
    """
    words = own if said.vocabulary is None else parse(said.vocabulary, f"{name}'s vocabulary", shipped())[0]
    playbook = compile_text(said.playbook, name, words)[0] if said.playbook and words is not None else None
    return CompiledPlaybook.of(playbook) if playbook is not None else None


def put_in_force(conn: Sql, playbook: Playbook, said: Texts, terms: Terms, now: Instant) -> Version:
    """Publish in the caller's transaction; what was set aside under the version before is tried again."""
    roots = lineage.inherited(playbook, earlier(conn, playbook.vocabulary))
    found = playbook_versions.publish(
        conn, terms, said, fingerprint=playbook.fingerprint, format_=FORMAT, at=now, roots=roots
    )
    dirty.mark(conn, [LeadId(each) for lane in ("advance", "joining") for each in suspects.items(conn, lane)], now)
    dirty.mark_accounts(conn, map(AccountId, suspects.items(conn, "signals")), now)
    detail = {"fingerprint": found.fingerprint, "playbook": playbook.name, "reason": found.reason}
    line = Entry(
        at=now, actor=terms.author, action=f"publish {terms.what}", subject=f"version {found.number}", detail=detail
    )
    audit_trail.add(conn, [line])
    return found


def earlier(conn: Sql, own: Vocabulary) -> list[Earlier]:
    """What every version called its tracks, plays and clocks, the newest first, as far as it is known.

    `own` are the words of versions that have none.
    """
    found = []
    for each in playbook_versions.every(conn):
        roots = each.roots
        if roots is None:  # published before renames: each thing had its own name alone
            said = playbook_versions.texts(conn, each.number)
            then = compiled_of(said, f"version {each.number}", own)
            roots = then.dispatch.roots if then is not None else lineage.NO_ROOTS
        found.append(Earlier(fingerprint=each.fingerprint, roots=roots))
    return found


def _publish(service: Versioned, lease: Lease, wanted: _Wanted) -> Version:
    """Put in force what this process was started with."""
    playbook = wanted.playbook
    with service.store.write() as conn:
        leases.extend(conn, lease)
        serialise(conn, PUBLISHING)
        before = playbook_versions.current(conn)
        terms = Terms(author=wanted.author, reason=_reason(playbook, before))
        found = put_in_force(conn, playbook, wanted.said, terms, service.now())
    log.info("published a playbook", version=found.number, fingerprint=found.fingerprint, playbook=playbook.name)
    return found


def _reason(playbook: Playbook, before: Version | None) -> str:
    if before is None:
        return "the first playbook"
    if before.fingerprint == playbook.fingerprint:
        return f"states have another shape in this version of the program ({before.format} before, {FORMAT} now)"
    return "the file differs from the playbook that was in force"
