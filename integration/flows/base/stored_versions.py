"""Stored versions: what the store's versions say to this program, and how another one is stored.

What survives a crash: a version is stored with the walks that derive everybody and read records anew (see rederive.py
and remap.py), in one transaction.
"""

from dataclasses import replace
from functools import lru_cache

from sqlalchemy import Connection as Sql

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.state import FORMAT
from integration.core.rules import lineage
from integration.core.rules.lineage import Earlier
from integration.core.rules.playbook_rules import Playbook
from integration.flows.base import running_mappings
from integration.playbook.compiling.compiler import compile_text
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import Terms, Texts, Version
from integration.store.progress import remapping
from integration.store.queues import dirty, suspects
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse
from mappings.vocabulary.value import Vocabulary

PUBLISHING = "versions"
"""What publications wait for each other by."""


@lru_cache(maxsize=4)
def compiled_of(said: Texts, name: str, own: Vocabulary) -> CompiledPlaybook | None:
    """What a version says, ready to decide by; `own` are the words where it has none. None where it is not understood.

    Another version of this program may have written it.
    """
    words = own if said.vocabulary is None else parse(said.vocabulary, f"{name}'s vocabulary", shipped())[0]
    playbook = compile_text(said.playbook, name, words)[0] if said.playbook and words is not None else None
    return CompiledPlaybook.of(playbook) if playbook is not None else None


def put_in_force(conn: Sql, playbook: Playbook, said: Texts, terms: Terms, now: Instant) -> Version:
    """Publish in the caller's transaction; what was set aside under the version before is tried again.

    Records of a mapping that has changed are read anew from then on.
    """
    said, remapped = _dated(said, playbook_versions.current(conn), now)
    if remapped:
        remapping.begin(conn, remapped, now)
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


def _dated(said: Texts, before: Version | None, now: Instant) -> tuple[Texts, tuple[str, ...]]:
    """What is to be in force with the time since when each file is; and the mappings that have changed.

    Of files that it says nothing of, it changes nothing.
    """
    files, fresh = [], []
    whole = {**(before.files if before is not None else {}), **dict(said.files)}
    for name, each in sorted(whole.items()):
        there = before.files.get(name) if before is not None else None
        since = running_mappings.UNTRACKED if there is None and each.by_start else now
        if there is not None and there.fingerprint == each.fingerprint:
            since = there.since
        elif since == now and running_mappings.is_mapping(name):
            fresh.append(name)
        files.append((name, replace(each, since=since)))
    return replace(said, files=tuple(files)), tuple(fresh)


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
