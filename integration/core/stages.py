"""Stages: inquiry, mql, sal, sql, customer, recycled, suppressed; what sales does moves a lead through them.

What a person sets in the CRM wins; otherwise no stage moves backward. [semantics 6]
"""

from collections.abc import Mapping

from integration.core import packet, plays, sla, tracks, ways
from integration.core.effects import AlertRaised, StageChanged
from integration.core.fold import NEVER, Fold
from integration.core.keys import key
from mappings.canonical import REJECTION_REASONS, STAGES, Activity, Value
from mappings.instant import Instant

_ACCEPTING = frozenset({"sales_accepted", "meeting_booked"})
_QUALIFYING = frozenset({"sales_qualified", "opportunity_created"})
_WORKED = ("mql", "sal", "sql")
_SILENCING = frozenset({"unsubscribe", "decline", "spam_complaint"})

SALES: frozenset[str] = frozenset(
    {
        "call_attempt",
        "meeting_booked",
        "sales_accepted",
        "sales_qualified",
        "sales_rejected",
        "opportunity_created",
        "opportunity_won",
        "opportunity_lost",
        "unsubscribe",
        "decline",
        "spam_complaint",
        "resubscribe",
    }
)
"""Activity types that may move a stage whatever the score."""


def hear(fold: Fold, activity: Activity) -> None:
    """Take in what sales or the person decided. A rejection without a reason is refused, with an alert."""
    kind = activity.type
    if kind in _SILENCING:
        silence(fold, "asked", kind.replace("_", " "))
        return
    if kind == "resubscribe":
        for why in ("asked", "flag", "hand", "track"):
            speak(fold, why, "resubscribed")
        return
    if kind in plays.ANSWERS and plays.answered(fold) and not fold.silent:
        fold.state.paused = max(fold.state.paused or fold.now, fold.now + fold.playbook.answer_pause)
    if kind == "call_attempt":
        _called(fold, activity)
    reason = activity.properties.get("reason")
    if kind == "sales_rejected" and reason not in REJECTION_REASONS:
        _refused(fold, activity)
        return
    now = fold.state.shadow if fold.silent else fold.state.stage
    to = _next(now, kind, activity)
    if to and fold.silent:
        fold.state.shadow = to
    elif to == "recycled":
        recycle(
            fold,
            str(reason) if reason in REJECTION_REASONS else None,
            _words(activity),
            lost=kind == "opportunity_lost",
        )
    elif to:
        come_to(fold, to, _words(activity))


def _next(stage: str, kind: str, activity: Activity) -> str:
    """The stage that follows, "" if none: the table of semantics 6."""
    connected = kind == "call_attempt" and activity.properties.get("outcome") == "connected"
    if stage == "mql" and (kind in _ACCEPTING or connected):
        return "sal"
    if stage in ("mql", "sal") and kind in _QUALIFYING:
        return "sql"
    if stage in _WORKED and kind in ("sales_rejected", "opportunity_lost"):
        return "recycled"
    return "customer" if stage == "sql" and kind == "opportunity_won" else ""


def _words(activity: Activity) -> str:
    detail = activity.properties.get("reason") or activity.properties.get("outcome")
    what = activity.type.replace("_", " ")
    return f"{what}: {str(detail).replace('_', ' ')}" if detail else what


def _called(fold: Fold, activity: Activity) -> None:
    state = fold.state
    if activity.properties.get("outcome") == "connected":
        state.attempts, state.first_attempt = 0, None
    elif state.stage in _WORKED[:2]:
        state.attempts += 1
        state.first_attempt = state.first_attempt if state.first_attempt is not None else fold.now
        fold.wake(unreached_due(fold))


def unreached_due(fold: Fold) -> Instant:
    """When a lead that nobody reaches goes back to nurturing; NEVER if there is no such rule or reason."""
    rule, state = fold.playbook.unreached, fold.state
    if rule is None or state.first_attempt is None or state.stage not in _WORKED[:2] or state.attempts < rule.attempts:
        return NEVER
    return state.first_attempt + rule.over


def give_up(fold: Fold) -> None:
    """Recycle a lead that nobody reached."""
    recycle(fold, "no_response", f"{fold.state.attempts} attempts without connection")


def _refused(fold: Fold, activity: Activity) -> None:
    state = fold.state
    if state.stage not in _WORKED:
        return
    state.alerts["rejection"] = number = state.alerts.get("rejection", 0) + 1
    fold.effects.append(
        AlertRaised(
            key=key(state.lead, "alert", "rejection_without_reason", number),
            lead=state.lead,
            at=fold.now,
            because=(f"sales rejected with reason {activity.properties.get('reason') or 'none'!s}",),
            alert="rejection_without_reason",
            text=f"{packet.who(fold)} was rejected without a known reason; give one of {', '.join(REJECTION_REASONS)}",
        )
    )


def recycle(fold: Fold, reason: str | None, because: str, *, lost: bool = False) -> None:
    """Back to nurturing, with a reason that names the track and the hold [000:22, 001:229-230]."""
    state, left = fold.state, fold.state.stage
    state.recycle_reason = reason
    state.returned, state.hold = fold.now, fold.now
    enter(fold, "recycled", because)
    for route in fold.playbook.recycle:
        if (
            (not route.reasons or reason in route.reasons)
            and (not route.left or left in route.left)
            and (lost or not route.lost)
        ):
            state.hold = fold.now + route.hold
            if route.track:
                tracks.go(fold, route.track, because)
                return
            break
    if move := ways.on_stage(fold, "recycled", left):
        ways.follow(fold, move)


def come_to(fold: Fold, stage: str, because: str) -> None:
    """Come to a stage, with all that follows from it."""
    left = fold.state.stage
    enter(fold, stage, because)
    if move := ways.on_stage(fold, stage, left):
        ways.follow(fold, move)


def enter(fold: Fold, stage: str, because: str) -> None:
    """Take on a stage, with the clocks that start or stop with it."""
    state = fold.state
    before, state.stage = state.stage, stage
    state.stages[stage] = state.stages.get(stage, 0) + 1
    fold.wake(fold.now)
    fold.effects.append(
        StageChanged(
            key=key(state.lead, "stage", stage, state.stages[stage]),
            lead=state.lead,
            at=fold.now,
            because=(because,),
            before=before,
            after=stage,
        )
    )
    if stage not in ("mql", "sal"):
        state.attempts, state.first_attempt = 0, None
    if stage in ("recycled", "customer", "suppressed"):
        sla.stop_all(fold)
        plays.answered(fold)
        state.held, state.qualified = None, False
    if stage == "recycled":
        state.paused = None
    else:
        state.recycle_reason = None if stage != "suppressed" else state.recycle_reason
    if stage != "suppressed":
        sla.start(fold, stage=stage)


def silence(fold: Fold, why: str, because: str) -> None:
    """No touch and no task ever again, until the person resubscribes."""
    state = fold.state
    if why not in state.silenced:
        state.silenced.append(why)
    if fold.silent:
        return
    state.shadow = state.stage
    tracks.go(fold, "", because)
    state.waiting.clear()
    state.then = state.then_play = ""
    enter(fold, "suppressed", because)


def speak(fold: Fold, why: str, because: str) -> None:
    """One reason for silence has gone; with the last one the lead has its stage again."""
    state = fold.state
    if why in state.silenced:
        state.silenced.remove(why)
    if fold.silent and not state.silenced:
        back, state.shadow = state.shadow or "inquiry", ""
        state.returned = state.returned if back != "recycled" else fold.now
        come_to_again(fold, back, because)
        default = next((move for move in fold.playbook.first_moves if not move.sources), None)
        state.then = (default.then or default.track) if default else ""


def come_to_again(fold: Fold, stage: str, because: str) -> None:
    """Have a stage back: as it was, without a second handoff."""
    state = fold.state
    state.stage = stage
    state.stages[stage] = state.stages.get(stage, 0) + 1
    fold.wake(fold.now)
    fold.effects.append(
        StageChanged(
            key=key(state.lead, "stage", stage, state.stages[stage]),
            lead=state.lead,
            at=fold.now,
            because=(because,),
            before="suppressed",
            after=stage,
        )
    )


def told(fold: Fold, fields: Mapping[str, Value]) -> None:
    """What a person set in the CRM: the stage, and whether the lead has opted out."""
    if "opted_out" in fields:
        if fields["opted_out"] is True:
            silence(fold, "flag", "opted out in the CRM")
        else:
            speak(fold, "flag", "opted in again in the CRM")
    stage = fields.get("stage")
    if stage in STAGES and isinstance(stage, str):
        _set_by_hand(fold, stage)


def _set_by_hand(fold: Fold, stage: str) -> None:
    state, because = fold.state, "set by a person in the CRM"
    if stage == "suppressed":
        silence(fold, "hand", because)
        return
    if fold.silent:
        state.shadow = stage
        speak(fold, "hand", because)
        return
    if stage == state.stage:
        return
    if stage == "recycled":
        recycle(fold, None, because)
    elif stage == "mql":
        announce(fold, because)
    else:
        come_to(fold, stage, because)


def announce(fold: Fold, because: str) -> None:
    """Become an MQL: the stage, its clocks, the handoff [semantics 7, 10]."""
    state = fold.state
    state.cycle += 1
    state.held, state.qualified = None, False
    state.attempts, state.first_attempt = 0, None
    left = state.stage
    enter(fold, "mql", because)
    plays.begin(fold, fold.playbook.handoff.play, because)
    if move := ways.on_stage(fold, "mql", left):
        ways.follow(fold, move)
