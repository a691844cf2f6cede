"""`coldframe doctor` on lanes: what keeps a lane or a connection from its work."""

from collections.abc import Iterator

from connectors.answers.edges import MOVED
from connectors.base.port import Finding
from integration.core.model.state import FORMAT
from integration.core.rules.playbook_rules import Playbook
from integration.flows.base import write_access
from integration.flows.base.service import Connection, GoingLive
from integration.flows.delivering import ramp_up
from integration.settings.environment import Settings
from integration.store.crm import connection_pauses
from integration.store.db.session import Store
from integration.store.events import playbook_versions
from integration.store.outgoing import outbox_backlog
from integration.store.progress import unread_objects
from integration.store.queues import leases, suspects
from integration.wiring import connection_names
from mappings.values.instant import Instant, show_second

_GO_LIVE = "See coldframe shadow report, then coldframe live (docs/going-live.md)."
_UNSET = "Unset COLDFRAME_SHADOW and restart."


def writing(settings: Settings, store: Store, now: Instant) -> Iterator[Finding]:
    """What keeps writes from the CRMs on purpose: shadow mode, a person's pause, the limits of going live."""
    names = [each.name for each in connection_names.known(settings, store)]
    with store.read() as conn:
        stopped = connection_pauses.stopped(conn)
        waits = {name: outbox_backlog.sendable(conn, name) for name in stopped}
        given = GoingLive(tasks_per_hour=settings.tasks_per_hour, writes_per_minute=settings.live_rate)
        limits, mode = write_access.limits(conn, given), write_access.words(conn, forced=settings.shadow)
        held = ramp_up.waiting(conn, limits, names, now)
    remedy = {write_access.SHADOW: _GO_LIVE, write_access.FORCED: f"{_UNSET} {_GO_LIVE}"}.get(mode, "")
    yield Finding(subject="writing", ok=True, detail=mode, remedy=remedy)
    for name, pause in stopped.items():
        detail = f"{pause.reason}; {waits[name]} writes wait"
        yield Finding(subject=f"{name}: pause", ok=False, detail=detail, remedy=f"coldframe resume {name}")
    for each in held:
        what = "tasks" if each.what == "task" else "records"
        detail = f"{each.waiting} {what} wait for the limit of going live; the next may go at {show_second(each.until)}"
        remedy = "Nothing is lost. coldframe live --tasks-per-hour N (--records-per-minute N) sets another limit."
        yield Finding(subject=f"{each.connection}: going live", ok=True, detail=detail, remedy=remedy)


def playbook(store: Store, file: Playbook | None) -> Iterator[Finding]:
    """Which version of the playbook is in force, how far it has come, and whether the file says something else."""
    with store.read() as conn:
        found = playbook_versions.current(conn)
        left = playbook_versions.left(conn, found.number) if found else 0
    if found is None:
        return
    detail = f"version {found.number} ({found.fingerprint}) in force since {show_second(found.at)}"
    if left:
        detail += f"; {left:,} leads are still to be derived under it"
    differs = file is not None and (file.fingerprint, FORMAT) != (found.fingerprint, found.format)
    if differs and file is not None:
        detail += f"; the file means something else ({file.fingerprint})"
    remedy = "Restart the workers: the file is published when they start." if differs else ""
    yield Finding(subject="playbook in force", ok=not differs, detail=detail, remedy=remedy)


def examined(store: Store) -> Iterator[Finding]:
    """Each lane that has set something aside, and each whose lease is dated further ahead than a lease can last."""
    with store.read() as conn:
        ahead, aside = leases.dated_ahead(conn), suspects.set_aside(conn)
    for each in aside:
        yield Finding(
            subject=f"lane {each.lane}",
            ok=False,
            detail=f"{each.count} set aside, the others go on; sync error {each.letter}: {each.reason}",
            remedy="See coldframe letters list; correct what it says, then coldframe letters replay "
            f"{each.letter}. It is tried again by itself when something new arrives about it.",
        )
    for lane, holder, end in ahead:
        yield Finding(
            subject=f"lane {lane}",
            ok=False,
            detail=f"its lease of {holder} is dated ahead to {show_second(end)}: the clock was wrong when it was given",
            remedy="Correct the clock of the database's machine. The next worker takes the lane over by itself.",
        )


def waiting(store: Store, connection: Connection, now: Instant) -> Iterator[Finding]:
    """What a CRM has made a connection wait for, and the objects whose changes it will not show.

    What a person has paused is said elsewhere.
    """
    name, system = connection.name, connection.system
    with store.read() as conn:
        pause = connection_pauses.paused(conn, now).get(name)
        hidden = unread_objects.known(conn, name, connection.mapping.objects)
    if pause is not None and pause.until is not None:
        moved = f"set its new address, or sign in there: coldframe connect {system}"
        yield Finding(
            subject=f"{name}: waits",
            ok=False,
            detail=f"until {show_second(pause.until)}: {pause.reason}",
            remedy=moved if pause.code == MOVED else "Nothing is lost; it goes on by itself.",
        )
    for each in hidden:
        yield Finding(
            subject=f"{name}: {each.object}",
            ok=False,
            detail=f"its changes are not read since {show_second(each.since)}: {each.said}",
            remedy=f"It is asked for at every poll. Where a right is missing, give it to {name}'s user, "
            "or take the object out of the mapping.",
        )
