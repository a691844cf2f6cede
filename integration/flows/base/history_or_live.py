"""History or live: which effects belong to the time before going live, and are not carried out.

A service is live since a day before its first decision, or since the last full reading of a CRM began. An effect that
fell due before is history, unless an activity led to it that a sender delivered since: that is live, whenever it
happened; what is read from a CRM is history where it is old. The clock of a historic handoff is historic for ever:
it escalates nothing. Everything is recorded all the same, under its key, so that nothing of it is ever carried out.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import structlog
from sqlalchemy import Connection as Sql

from integration.core.model.effects import AlertRaised, Effect, Escalated
from integration.core.model.state import LeadState
from integration.flows.base.service import HasCrms, HasGoingLive
from integration.store.audit import audit_trail
from integration.store.db.session import serialise
from integration.store.events import live_since
from integration.store.events.live_since import Live
from integration.store.overall import live_values
from integration.store.overall.live_values import LiveValues
from integration.store.progress import write_permission
from mappings.values.identifiers import LeadId
from mappings.values.instant import DAY, Instant, Span, show

log = structlog.get_logger()

STALE: Span = DAY
"""What fell due in shadow longer ago than this is history when shadow ends; so is what a first decision finds."""
GOING_LIVE: Span = 7 * DAY
"""How long after going live its limits apply."""


def since(conn: Sql, service: HasGoingLive, now: Instant, values: LiveValues | None = None) -> Live:
    """Since when the service is live, in the caller's write transaction; the first decision ever begins it.

    `values` are those that the same transaction has read already.
    """
    kept = values if values is not None else live_values.load(conn)
    shadow = service.going_live.shadow or kept.permission is None
    if kept.live is None or shadow != (kept.shadow_since is not None):
        serialise(conn, "live")  # only one of several shards begins it
        kept = live_values.load(conn)
        shadow = service.going_live.shadow or kept.permission is None
    found, began = kept.live or live_since.begin(conn, now - STALE, now, seq=0), kept.shadow_since
    if shadow and began is None:
        live_since.enter_shadow(conn, now)
        audit_trail.add(conn, [audit_trail.Entry(at=now, actor="service", action="shadow began", subject="service")])
    elif not shadow and began is not None:
        found, _ = leave_shadow(conn, found, began, now, actor="service")
    return found


def leave_shadow(conn: Sql, before: Live, began: Instant, now: Instant, *, actor: str) -> tuple[Live, int]:
    """Go from shadow to live: what fell due in the last day is carried out, what is older is history.

    Since when the service is live then, and how many tasks and touches lapsed.
    """
    until = overdue(now)
    lapsed = live_since.leave_shadow(conn, began, until)
    detail = {"since": show(until), "lapsed": lapsed}
    audit_trail.add(
        conn, [audit_trail.Entry(at=now, actor=actor, action="went live", subject="service", detail=detail)]
    )
    log.info("went live", lapsed=lapsed)
    return live_since.begin(conn, max(before.since, until), now), lapsed


def overdue(now: Instant) -> Instant:
    """What was decided in shadow mode and fell due before then is history if the service goes live now."""
    return now - STALE


def history(  # noqa: PLR0913, PLR0917 - what was decided, and what is known of when
    conn: Sql,
    service: HasCrms,
    at: Live,
    decided: Sequence[Effect],
    states: Mapping[LeadId, LeadState],
    anew: Mapping[LeadId, Instant] = MappingProxyType({}),
) -> set[str]:
    """The keys of those effects that are history; `states` are the leads' own after the decision.

    `anew` are the leads that were derived anew under a changed playbook, and the instant before which whatever is found
    of them belongs to the playbook of before.
    """
    old = [effect for effect in decided if effect.at < at.since]
    news = (
        live_since.earliest_delivered(conn, sorted({effect.lead for effect in old}), at.seq, list(service.connections))
        if old
        else {}
    )
    found = {effect.key for effect in old if effect.at < news.get(effect.lead, at.since)}
    found |= {effect.key for effect in decided if effect.lead in anew and effect.at < anew[effect.lead]}
    started = {
        effect.key: (effect.lead, begun)
        for effect in decided
        if effect.key not in found and (begun := _started(effect, states[effect.lead])) is not None
    }
    return found | _of_history(conn, at, decided, found, started) if started else found


def _of_history(
    conn: Sql,
    at: Live,
    decided: Sequence[Effect],
    found: Collection[str],
    started: Mapping[str, tuple[str, Instant]],
) -> set[str]:
    """Clocks whose start is history: all that was decided at that instant is."""
    permission = write_permission.given(conn)
    withheld = live_since.decided_at(conn, list(started.values()))
    if permission is not None:  # whoever was handed over late is not chased by the clock of then
        late = live_since.handed_over_late(conn, list(started.values()), permission.at, permission.live_from)
        withheld |= dict.fromkeys(late, True)
    for effect in decided:
        place = effect.lead, effect.at
        withheld[place] = withheld.get(place, True) and effect.key in found
    return {key for key, place in started.items() if withheld.get(place, place[1] < at.since)}


def _started(effect: Effect, state: LeadState) -> Instant | None:
    """When the clock began that an effect comes from; None for one that comes from none."""
    match effect:
        case Escalated():
            run = state.clocks.get(effect.clock)
            return run.started if run else None
        case AlertRaised():
            name = effect.alert.removesuffix("_reminder").removesuffix("_breach")
            run = state.clocks.get(name) if name != effect.alert else None
            return run.started if run else None
        case _:
            return None
