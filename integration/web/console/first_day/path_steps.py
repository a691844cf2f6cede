"""The steps of the first day: which are done, as the store has it, and what each found. Asks no CRM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import Connection as Sql

from connectors import vendors
from integration.flows.base import write_access
from integration.flows.base.running_playbook import AUTHOR
from integration.flows.base.write_access import Mode
from integration.flows.reading import first_sync
from integration.store.console import long_works
from integration.store.console.long_works import Kind, Work
from integration.store.events import playbook_versions
from integration.store.progress import drift_looks
from integration.web.console.shell.console_parts import ConsoleParts
from integration.web.console.shell.page_words import connection_name
from integration.wiring import connection_names
from integration.wiring.connection_names import Known
from mappings.values.instant import Instant

State: TypeAlias = Literal["done", "next", "waits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStep:
    """One step. `said` is what is known of it; `name` is what the template shows it by."""

    name: str
    title: str
    done: bool
    said: str
    state: State = "waits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The steps in order; the first that is not done is next. `crms` are the connections, by name and label."""

    steps: Sequence[PathStep]
    crms: Sequence[tuple[Known, str]]
    works: Mapping[str, Work]
    live: bool
    forced: bool
    """Settings hold the service in shadow mode whatever the store says."""

    @property
    def left(self) -> int:
        """How many steps are still to be done."""
        return sum(not each.done for each in self.steps)


def path(own: ConsoleParts) -> Path:
    """Where this installation is on its first day. Raises StoreError, UnusableError."""
    now, known = own.now(), connection_names.known(own.settings, own.store)
    with own.store.read() as conn:
        works = _works(conn, known)
        mode = write_access.mode(conn, forced=own.settings.shadow)
        live = mode.live_since is not None
        found = [
            _connected(known),
            _provisioned(conn, known, works, now),
            _rules(conn, works),
            _synced(conn, own, known, works, now),
            _reported(works, now),
            PathStep(name="live", title="Go live", done=live, said=_live_words(mode)),
        ]
    following = next((each.name for each in found if not each.done), "")
    steps = [_placed(each, following) for each in found]
    crms = [(each, vendors.vendor(each.system).label) for each in known]
    return Path(steps=steps, crms=crms, works=works, live=live, forced=own.settings.shadow)


def _placed(each: PathStep, following: str) -> PathStep:
    state: State = "done" if each.done else "next" if each.name == following else "waits"
    return PathStep(name=each.name, title=each.title, done=each.done, said=each.said, state=state)


def _works(conn: Sql, known: Sequence[Known]) -> Mapping[str, Work]:
    """The last works by kind; `provision:NAME` for each connection."""
    alone: tuple[Kind, ...] = ("sync", "report", "live")
    each_own: tuple[Kind, ...] = ("provision", "preview")
    found: dict[str, Work | None] = {kind: long_works.last(conn, kind) for kind in alone}
    for kind in each_own:
        found |= {f"{kind}:{each.name}": long_works.last(conn, kind, each.name) for each in known}
    return {name: work for name, work in found.items() if work is not None}


def _connected(known: Sequence[Known]) -> PathStep:
    refused = [connection_name(each.name) for each in known if each.row is not None and each.row.state == "refused"]
    if refused:
        said = f"{' and '.join(refused)} has to be signed in to anew."
    elif known:
        said = " and ".join(connection_name(each.name) for each in known) + (
            " is connected." if len(known) == 1 else " are connected."
        )
    else:
        said = "No CRM is connected yet."
    return PathStep(name="connect", title="Connect your CRM", done=bool(known) and not refused, said=said)


def _provisioned(conn: Sql, known: Sequence[Known], works: Mapping[str, Work], now: Instant) -> PathStep:
    said, done = [], bool(known)
    for each in known:
        work, look = works.get(f"provision:{each.name}"), drift_looks.last(conn, each.name)
        lines = work.result.get("lines", []) if work is not None and work.state == "ready" else []
        bad = [line for line in lines if line["outcome"] in {"failed", "blocked"}]
        made = work is not None and bool(work.result.get("acted")) and not bad
        if work is not None and work.under_way(now):
            text = "is being looked at"
        elif bad:
            text = f"{len(bad)} things stand in the way"
        elif made or (look is not None and not look.troubles):
            text, made = "has every field", True
        elif lines:
            text = f"{sum(line['outcome'] in {'create', 'change'} for line in lines)} things are to be made"
        else:
            text = "has not been looked at"
        done = done and made
        said.append(f"{connection_name(each.name)} {text}.")
    return PathStep(name="provision", title="Make Coldframe's fields in the CRM", done=done, said=" ".join(said))


def _rules(conn: Sql, works: Mapping[str, Work]) -> PathStep:
    published = next((each for each in playbook_versions.every(conn) if each.author != AUTHOR), None)
    previewed = [connection_name(name.partition(":")[2]) for name in works if name.startswith("preview:")]
    said = []
    if previewed:
        said.append(f"A record of {' and '.join(previewed)} was previewed.")
    if published is not None:
        said.append(f"Version {published.number} was published by {published.author}: {published.reason}.")
    if not said:
        said = ["See what becomes of a real record, and whether the playbook fits you."]
    return PathStep(
        name="rules", title="Check mapping and playbook", done=bool(previewed or published), said=" ".join(said)
    )


def _synced(conn: Sql, own: ConsoleParts, known: Sequence[Known], works: Mapping[str, Work], now: Instant) -> PathStep:
    title, work = "Read everything once", works.get("sync")
    served = own.service().connections
    whole = bool(known)
    for each in known:
        connection = served.get(each.name)
        standing = first_sync.standing(conn, connection) if connection is not None else {}
        objects = first_sync.objects(connection) if connection is not None else ["?"]
        whole = whole and all(name in standing and standing[name].done for name in objects)
    if work is not None and work.under_way(now):
        return PathStep(name="sync", title=title, done=False, said="The CRMs are being read.")
    if work is not None and work.state == "failed":
        return PathStep(name="sync", title=title, done=False, said=str(work.result.get("message", "")))
    said = "Everything was read, and everybody has a score." if whole else "Not read yet. It writes nothing."
    return PathStep(name="sync", title=title, done=whole, said=said)


def _reported(works: Mapping[str, Work], now: Instant) -> PathStep:
    title, work = "Look at what would be written", works.get("report")
    if work is None:
        return PathStep(name="report", title=title, done=False, said="Nobody has looked yet. It writes nothing.")
    if work.under_way(now):
        return PathStep(name="report", title=title, done=False, said="The CRMs are being compared.")
    done = work.state == "ready"
    records = work.result.get("records", 0)
    said = f"{records:,} records would change." if done else str(work.result.get("message", "It did not end."))
    return PathStep(name="report", title=title, done=done, said=said)


def _live_words(mode: Mode) -> str:
    if mode.forced:
        return "COLDFRAME_SHADOW is set: unset it for every process, then start them again."
    live = mode.live_since is not None
    return "The CRMs are written to." if live else "Shadow mode: everything is computed, nothing is written."
