"""Impact: what proposed rules would do to today's leads if they were published now. Reads only.

Every lead is derived anew in memory, by the same steps that derive it after the publication, and compared with where it
stands. Account signals are taken as they were derived under the rules in force.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Protocol

from sqlalchemy import Connection as Sql

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Unfoldable
from integration.core.model.effects import AlertRaised, Effect, Escalated, TaskWanted, TouchDue
from integration.core.model.state import FORMAT
from integration.core.rules.playbook_rules import Playbook
from integration.flows.base.history_or_live import STALE
from integration.flows.base.service import HasStore, changed
from integration.flows.deciding import decide_leads
from integration.flows.deciding.decision_plan import Outcome, Plan, Planning, plan
from integration.flows.history import load_events
from integration.store.crm import crm_users
from integration.store.events import decided_effects, live_since, playbook_versions
from integration.store.events.live_since import Live
from integration.store.events.playbook_versions import Terms, Version
from integration.store.people import leads
from integration.store.people.leads import LeadRow
from integration.store.progress import next_handover
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

BATCH = 200
"""Leads that one look at the store derives."""
COMPARED = ("band", "segment", "stage", "track")
"""What is compared of where a lead stands."""
NOBODY = "nobody"
"""Who owns a lead that has no owner."""
_NEVER = 0
"""A version that nobody was derived under."""


class Proposing(Planning, HasStore, Protocol):
    """What an impact takes: the store, and what states are computed and work is handed out with."""


@dataclass(slots=True, kw_only=True)
class Impact:
    """What would change. Keys of `moves` are (what, before, after); of `ended`, (`track`, `play` or `clock`, name)."""

    leads: int = 0
    moved: int = 0
    """Leads of which any of COMPARED would change."""
    rescored: int = 0
    """Leads whose score would change."""
    moves: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    """New tasks, by who owns the lead."""
    handovers: int = 0
    """Tasks among them of leads that pass the gate now."""
    last_handover: Instant | None = None
    """When the last of these would be made."""
    touches: Counter[str] = field(default_factory=Counter)
    """Touches that would go out, by track."""
    alerts: int = 0
    recorded: int = 0
    """Effects that would be recorded and never carried out, since they belong to the time before."""
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Leads on a track, with an open play or a running clock, that the proposed rules do not have."""
    failed: list[LeadId] = field(default_factory=list)
    """Leads that cannot be derived under the proposed rules."""


def impact(service: Proposing, proposed: CompiledPlaybook, terms: Terms, tell: Callable[[int, int], None]) -> Impact:
    """What publishing these rules by these terms would do now; `tell` is called with (leads derived, of how many)."""
    now = service.now()
    would = Version(**asdict(terms), number=_NEVER, fingerprint=proposed.playbook.fingerprint, format=FORMAT, at=now)
    then = changed(service, rules=replace(service.rules, compiled=proposed, version=would))
    found = Impact()
    with service.store.read() as conn:
        total = playbook_versions.derived_otherwise(conn, _NEVER)
        live = live_since.get(conn) or Live(since=now - STALE)
        free = next_handover.earliest(conn, now)
    after = ""
    tell(0, total)
    while True:
        with service.store.read() as conn:
            ids = playbook_versions.leads_after(conn, after, _NEVER, BATCH)
            if not ids:
                return found
            outcomes = _outcomes(conn, then, ids, found, now)
            made = plan(conn, then, outcomes, live, free, now)
            _count(conn, service, found, outcomes, made)
            _ended(conn, service.rules.number, outcomes, proposed.playbook, found)
        free = made.handed.pace.free
        after = ids[-1]
        tell(found.leads, total)


def _outcomes(conn: Sql, then: Proposing, ids: Sequence[LeadId], found: Impact, now: Instant) -> list[Outcome]:
    """Each lead as it would be decided about; one that cannot be is named, and the others go on."""
    rows = leads.get(conn, ids)
    past = decide_leads.histories(conn, then, rows, now)
    made = []
    for row in rows:
        found.leads += 1
        try:
            made.append(decide_leads.outcome(then, row, past[row.id], now))
        except Unfoldable:
            found.failed.append(row.id)
    return made


def _count(conn: Sql, service: Proposing, found: Impact, outcomes: Sequence[Outcome], made: Plan) -> None:
    for each in outcomes:
        before, after = each.row.standing or {}, each.fields
        moves = [
            (name, str(before.get(name) or "none"), str(after.get(name) or "none"))
            for name in COMPARED
            if (before.get(name) or None) != (after.get(name) or None)
        ]
        found.moves.update(moves)
        found.moved += bool(moves)
        found.rescored += any(before.get(name) != after.get(name) for name in ("fit", "engagement", "total"))
    known = decided_effects.known(conn, [effect.key for effect in made.decided])
    new = [effect for effect in made.decided if effect.key not in known]
    done = [effect for effect in new if effect.key not in made.withheld]
    found.recorded += len(new) - len(done)
    owners = _owners(conn, service, [each.row for each in outcomes], done)
    for effect in done:
        match effect:
            case TaskWanted() | Escalated():
                found.tasks[owners.get(effect.lead, NOBODY)] += 1
            case TouchDue():
                found.touches[effect.track] += 1
            case AlertRaised():
                found.alerts += 1
            case _:
                continue  # a stage or a track is among the moves
    handed = [made.handed.tasks[effect.key].at for effect in done if effect.key in made.handed.tasks]
    found.handovers += len(handed)
    found.last_handover = max([*handed, found.last_handover or 0]) or None


def _owners(conn: Sql, service: Proposing, rows: Sequence[LeadRow], done: Sequence[Effect]) -> dict[LeadId, str]:
    """By lead, who owns it, as people know them; only of leads that get a task."""
    wanted = {effect.lead for effect in done if isinstance(effect, TaskWanted | Escalated)}
    owned = {row.id: row.owner for row in rows if row.owner and row.id in wanted}
    users = crm_users.by_id(conn, [(name, owner) for name in service.connections for owner in set(owned.values())])
    names = {user_id: user.email or user.name or user_id for (_, user_id), user in users.items()}
    return {lead: names.get(owner, owner) for lead, owner in owned.items()}


def _ended(conn: Sql, number: int | None, outcomes: Sequence[Outcome], proposed: Playbook, found: Impact) -> None:
    """What is under way under the rules in force, and what the proposed ones do not have."""
    tracks, plays = {each.name for each in proposed.tracks}, {each.name for each in proposed.plays}
    clocks = {each.name for each in proposed.clocks}
    states = load_events.states(conn, [each.row.id for each in outcomes], number)
    for each in outcomes:
        track, state = str((each.row.standing or {}).get("track") or ""), states.get(each.row.id)
        if track and track not in tracks:
            found.ended["track", track] += 1
        if state is None:
            continue
        found.ended.update(("play", name) for name, play in state.plays.items() if play.open and name not in plays)
        running = (name for name, run in state.clocks.items() if run.stopped is None)
        found.ended.update(("clock", name) for name in running if name not in clocks)
