"""Impact: what proposed rules would do to today's leads if they were published now. Reads only.

Every account and every lead is derived anew in memory, by the same steps that derive it after the publication, and
compared with where it stands.
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
from integration.core.rules.lineage import Kind, Successors, inherited, successors
from integration.flows.base.history_or_live import STALE
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import HasStore, changed
from integration.flows.base.stored_versions import earlier
from integration.flows.deciding import decide_leads
from integration.flows.deciding.decision_plan import Outcome, Plan, Planning, plan
from integration.flows.history import load_events
from integration.flows.publishing.proposed_signals import ProposedSignals
from integration.flows.publishing.proposed_signals import proposed as proposed_signals
from integration.flows.publishing.rereading import Reread
from integration.flows.publishing.rewritten_tasks import carried
from integration.store.crm import crm_users
from integration.store.events import decided_effects, live_since, playbook_versions
from integration.store.events.live_since import Live
from integration.store.events.playbook_versions import Terms, Version
from integration.store.outgoing import withdrawn_effects
from integration.store.people import leads
from integration.store.people.leads import LeadRow
from integration.store.progress import next_handover
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

BATCH = 200
"""Leads that one look at the store derives."""
COMPARED = ("band", "segment", "stage", "track")
"""What is compared of where a lead stands."""
SCORES: int = 10
"""So many points wide is a group of scores."""
NOBODY = "nobody"
"""Who owns a lead that has no owner."""
_NEVER = 0
"""A version that nobody was derived under."""


class Proposing(Planning, HasStore, HasRouting, Protocol):
    """What an impact takes: the store, and what states are computed and work is handed out with."""


@dataclass(slots=True, kw_only=True)
class Impact:
    """What would change. Keys of `moves` are (what, before, after); of `ended`, (`track`, `play` or `clock`, name).

    Those of `renamed` are (`track`, `play` or `clock`, before, after).
    """

    leads: int = 0
    moved: int = 0
    """Leads of which any of COMPARED would change."""
    rescored: int = 0
    """Leads whose score would change."""
    moves: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    scores: tuple[Counter[int], Counter[int]] = field(default_factory=lambda: (Counter(), Counter()))
    """How many leads have which score, in groups of SCORES points (rounded down), now and then."""
    tasks: Counter[str] = field(default_factory=Counter)
    """New tasks, by who owns the lead."""
    rewritten: int = 0
    """Further reasons that open tasks, or these, would say: no tasks of their own."""
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
    renamed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Leads on a track, with an open play or a running clock, that goes on under another name."""
    failed: list[LeadId] = field(default_factory=list)
    """Leads that cannot be derived under the proposed rules."""


def impact(
    service: Proposing,
    proposed: CompiledPlaybook,
    terms: Terms,
    tell: Callable[[int, int], None],
    read: Reread | None = None,
) -> Impact:
    """What publishing these rules by these terms would do now; `tell` is called with (leads derived, of how many).

    `read` is what changed mappings would read otherwise.
    """
    now = service.now()
    with service.store.read() as conn:
        proposed = proposed.rooted(inherited(proposed.playbook, earlier(conn, proposed.playbook.vocabulary)))
    goes_on = successors(service.rules.compiled.dispatch.roots, proposed.dispatch.roots)
    would = Version(**asdict(terms), number=_NEVER, fingerprint=proposed.playbook.fingerprint, format=FORMAT, at=now)
    then = changed(service, rules=replace(service.rules, compiled=proposed, version=would))
    found = Impact()
    with service.store.read() as conn:
        total = playbook_versions.derived_otherwise(conn, _NEVER)
        live = live_since.get(conn) or Live(since=now - STALE)
        free = next_handover.earliest(conn, now)
    after = ""
    tell(0, total)
    signals = proposed_signals(then, now)
    while True:
        with service.store.read() as conn:
            ids = playbook_versions.leads_after(conn, after, _NEVER, BATCH)
            if not ids:
                return found
            outcomes = _outcomes(conn, then, ids, signals, found, now, read)
            made = plan(conn, then, outcomes, live, free, now)
            _count(conn, service, found, outcomes, made, goes_on)
            _under_way(conn, service.rules.number, outcomes, goes_on, found)
        free = made.handed.pace.free
        after = ids[-1]
        tell(found.leads, total)


def _outcomes(  # noqa: PLR0913, PLR0917 - who, by which rules, and where it is counted
    conn: Sql,
    then: Proposing,
    ids: Sequence[LeadId],
    signals: ProposedSignals,
    found: Impact,
    now: Instant,
    read: Reread | None,
) -> list[Outcome]:
    """Each lead as it would be decided about; one that cannot be is named, and the others go on."""
    rows = leads.get(conn, ids)
    past = decide_leads.histories(conn, then, rows, now)
    made = []
    for row in rows:
        found.leads += 1
        try:
            mine = signals.of(row.id, past[row.id])
            if read is not None:
                mine = replace(mine, events=read.events(row, mine.events, now))
            made.append(decide_leads.outcome(then, row, mine, now))
        except Unfoldable:
            found.failed.append(row.id)
    return made


def _count(  # noqa: PLR0913, PLR0917 - what was decided, what becomes of it, and where it is counted
    conn: Sql, service: Proposing, found: Impact, outcomes: Sequence[Outcome], made: Plan, goes_on: Successors
) -> None:
    for each in outcomes:
        before, after = dict(each.row.standing or {}), each.fields
        if track := before.get("track"):  # a track that is renamed is no other track
            before["track"] = goes_on.get(("track", str(track))) or track
        moves = [
            (name, str(before.get(name) or "none"), str(after.get(name) or "none"))
            for name in COMPARED
            if (before.get(name) or None) != (after.get(name) or None)
        ]
        found.moves.update(moves)
        found.moved += bool(moves)
        for counted, where in zip(found.scores, (before, after), strict=True):
            counted[int(str(where.get("total") or 0)) // SCORES * SCORES] += 1
        found.rescored += any(before.get(name) != after.get(name) for name in ("fit", "engagement", "total"))
    known = decided_effects.known(conn, [effect.key for effect in made.decided])
    new = [effect for effect in made.decided if effect.key not in known]
    again = withdrawn_effects.considered(
        conn, {each.row.id: withdrawn_effects.Led([one.key for one in each.decision.effects]) for each in outcomes}
    )
    back = set[str]().union(*again.back.values())
    found.recorded += sum(effect.key in made.withheld for effect in new)
    done = [effect for effect in new if effect.key not in made.withheld]
    done += [effect for effect in made.decided if effect.key in back]
    rewriting = carried(conn, done, {each.row.id: each.decision.state for each in outcomes})
    owners = _owners(conn, service, [each.row for each in outcomes], done)
    for effect in done:
        match effect:
            case TaskWanted() | Escalated() if effect.key in rewriting:
                found.rewritten += 1
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


def _under_way(conn: Sql, number: int | None, outcomes: Sequence[Outcome], goes_on: Successors, found: Impact) -> None:
    """What is under way under the rules in force, and ends or has another name under the proposed ones."""
    states = load_events.states(conn, [each.row.id for each in outcomes], number)
    for each in outcomes:
        track, state = str((each.row.standing or {}).get("track") or ""), states.get(each.row.id)
        open_: list[tuple[Kind, str]] = [("track", track)] if track else []
        if state is not None:
            open_ += [("play", name) for name, play in state.plays.items() if play.open]
            open_ += [("clock", name) for name, run in state.clocks.items() if run.stopped is None]
        for what, name in open_:
            after = goes_on.get((what, name))
            if after is None:
                found.ended[what, name] += 1
            elif after != name:
                found.renamed[what, name, after] += 1
