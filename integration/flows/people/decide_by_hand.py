"""Decide by hand: what a person decides about one lead is stored as an activity of its history, with an audit line.

One transaction: whether it is possible is worked out from the whole history as it stands in it, so that two people who
decide at once are not both let through. Deciding what follows is the lane's work; a crash before it loses nothing. The
reason stands in the lead's history, which an erasure removes, and not in the audit trail, which nothing removes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from sqlalchemy import Connection as Sql

from integration.core.compiled.context import Context
from integration.core.funnel import by_hand
from integration.core.model import effect_keys
from integration.core.model.state import newborn
from integration.core.run import lateness
from integration.core.run.apply_events import advance
from integration.core.run.decide import order
from integration.core.scoring.machines import marked
from integration.flows.base.service import Derived, Waking
from integration.flows.history import load_events
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.events import activities, decided_effects
from integration.store.events.activities import NewActivity
from integration.store.events.live_since import CHANGED, HISTORY
from integration.store.people.leads import LeadRow
from integration.store.queues import dirty
from mappings.model.canonical import Activity, Fields
from mappings.values.instant import DAY, Instant, Span, show

Action: TypeAlias = Literal["hold", "end_hold", "hand_over", "suppress", "resubscribe"]
TYPES: dict[Action, str] = {
    "hold": by_hand.HOLD,
    "end_hold": by_hand.END_HOLD,
    "hand_over": by_hand.HAND_OVER,
    "suppress": by_hand.SUPPRESS,
    "resubscribe": "resubscribe",
}
LONGEST: Span = 366 * DAY
"""For which a lead is held at most: a mistyped year must not hold somebody for ever."""
MOST = 300
"""Characters of a reason."""
_SOURCE = "coldframe"
_UNMADE = frozenset({HISTORY, CHANGED, lateness.TOO_LATE})
_OWN_WISH = frozenset({"asked", "flag"})


class DecidingByHand(Waking, Derived, Protocol):
    """What deciding by hand takes: the rules in force, and the lane that carries on."""


class RefusedError(ValueError):
    """What a person decided is not possible; the text is the end of a sentence about the lead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a person decides: what, who it is, why, and until when (where the lead is put on hold)."""

    action: Action
    by: str
    reason: str
    until: Instant | None = None


def decide(service: DecidingByHand, row: LeadRow, decided: Decided, actor: str) -> None:
    """Store the decision, with an audit line of who made it, and wake the lane. Raises RefusedError."""
    now = service.now()
    detail = {} if decided.until is None else {"until": show(decided.until)}  # without the reason: it may name people
    action = f"lead {decided.action.replace('_', ' ')}"
    noted = Entry(at=now, actor=actor, action=action, subject=f"lead {row.id}", detail=detail)
    with service.store.write() as conn:
        dirty.mark(conn, [row.id], now)
        unmade = _never_made(conn, row, now) if decided.action == "hand_over" else []
        refusal = _refusal(_as_of(conn, service, row, unmade, now), decided)
        if refusal:
            raise RefusedError(refusal)
        activities.add(conn, [*unmade, _fact(row, decided, now)])
        audit_trail.add(conn, [noted])
    service.wake("advance")


def obstacle(service: DecidingByHand, row: LeadRow, decided: Decided) -> str:
    """Why this is not possible now, as the end of a sentence about the lead; "" where it is. Reads only."""
    now = service.now()
    with service.store.read() as conn:
        unmade = _never_made(conn, row, now) if decided.action == "hand_over" else []
        return _refusal(_as_of(conn, service, row, unmade, now), decided)


def _as_of(conn: Sql, service: Derived, row: LeadRow, unmade: Sequence[NewActivity], now: Instant) -> Context:
    """The lead by everything that is stored of it now, and by these facts."""
    vocabulary, compiled = service.rules.vocabulary, service.rules.compiled
    events = load_events.whole(conn, [row], service.ownership, vocabulary)[row.id]
    facts = [
        Activity(id=each.key, lead=row.id, at=each.at, type=each.type, properties=each.properties) for each in unmade
    ]
    known = sorted([*(each for each in events if each.at <= now), *facts], key=order)
    state = advance(compiled, newborn(row.id), [*marked(vocabulary.machine, known)], now, owned=True).state
    context = Context(compiled, state)
    context.now = now
    return context


def _refusal(context: Context, decided: Decided) -> str:
    match decided.action:
        case "hand_over":
            return by_hand.obstacle(context)
        case "hold":
            return _not_deferred(context, decided.until or 0)
        case "end_hold":
            return "" if context.deferred else "is not on hold"
        case "suppress":
            return "is suppressed already" if context.silent else ""
        case "resubscribe":
            return _not_lifted(context)


def _not_deferred(context: Context, until: Instant) -> str:
    if context.silent:
        return "is suppressed: nothing reaches them anyway"
    if until <= context.now:
        return "cannot be held until a time that is over"
    return "cannot be held for longer than a year" if until > context.now + LONGEST else ""


def _not_lifted(context: Context) -> str:
    if not context.silent:
        return "is not suppressed"
    if _OWN_WISH.isdisjoint(context.state.silenced):
        return ""
    return "asked to be left alone: only they can subscribe again, with a form or in the CRM"


def _fact(row: LeadRow, decided: Decided, now: Instant) -> NewActivity:
    told: Fields = {"by": decided.by, "reason": decided.reason}
    if decided.action == "hold" and decided.until is not None:
        told = {"until": show(decided.until), **told}
    kind = TYPES[decided.action]
    return NewActivity(
        key=f"{_SOURCE}:{kind}:{row.id}:{now}", lead_id=row.id, at=now, type=kind, properties=told, source=_SOURCE
    )


def _never_made(conn: Sql, row: LeadRow, now: Instant) -> list[NewActivity]:
    """Tasks that were only recorded, as those of history are: in nobody's list, so that no conversation is open."""
    return [
        NewActivity(
            key=f"unmade:{each.key}",
            lead_id=row.id,
            at=now - 1,
            type="task_closed",
            properties={"task": effect_keys.cause(each.key)},
            source=_SOURCE,
        )
        for each in decided_effects.history(conn, [row.id])
        if each.kind == "task" and each.withheld in _UNMADE
    ]
