"""Decide: a lead's state and one event (or the passing of time) give a new state and effects.

Pure and of constant cost in the length of the history. Order within one instant: what falls due by itself comes
before the events of that instant; events by kind (account, lead, activity, derived activity), then by id. Within one
activity: patterns and scores, first move, what sales said, triggers, then stage and tracks until nothing moves.
"""

from dataclasses import dataclass

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context, Unfoldable
from integration.core.compiled.plans import Meaning
from integration.core.funnel import by_hand, gate, sales_answers, stages, suppression, triggers
from integration.core.handoff import sla_clocks
from integration.core.model.effects import Effect
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.ledger import Line
from integration.core.model.state import LeadState, Mark, Running, copied
from integration.core.nurture import first_moves, profiling, touches, track_routing, unseen_first
from integration.core.rules.automation_rules import SUPPRESSED
from integration.core.run import due_work
from integration.core.run.noted_at_once import NOTED_AT_ONCE, note_found_out
from integration.core.scoring import changed_fields, pattern_progress, scores
from integration.core.scoring.mail_rules import IN_MAIL
from mappings.model.canonical import Activity
from mappings.values.instant import Instant

__all__ = ["Decision", "Line", "decide", "order", "settle", "take"]

_ROUNDS = 8
"""Stage, tracks and triggers may move each other; playbooks whose moves never end are stopped here."""
_CONTENTS = 5
_ACCOUNT, _LEAD, _ACTIVITY, _DERIVED = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be done, and where the lead stands then. `lines` are the ledger's new ones, in order.

    `runs` are the runs of clocks that changed or began, as they stand now, by the clock's name.
    """

    state: LeadState
    effects: tuple[Effect, ...]
    lines: tuple[Line, ...]
    runs: tuple[tuple[str, Running], ...] = ()


def order(event: Event) -> Mark:
    """Where an event stands: by time, then account, lead, activity, derived activity, id [rules: time and order]."""
    if isinstance(event, Activity):
        return (event.at, _DERIVED if event.derived else _ACTIVITY, event.id)
    return (event.at, _ACCOUNT if isinstance(event, AccountChanged) else _LEAD, event.id)


def decide(compiled: CompiledPlaybook, state: LeadState, event: Event | None, now: Instant) -> Decision:
    """Apply one event (None: only let time pass) and whatever falls due until `now`. The given state is not changed.

    An event that comes before the state's watermark is late: ValueError; the caller derives from the beginning.
    """
    context = Context(compiled, copied(state))
    if event is not None:
        take(context, event)
    due_work.pass_time(context, now, settle)
    return closed(context)


def closed(context: Context) -> Decision:
    """The decision that a working copy has come to; the working copy is given away."""
    context.state.due = due_work.next_due(context)
    return Decision(
        state=context.state,
        effects=tuple(context.effects),
        lines=tuple(context.lines),
        runs=tuple((name, run) for (name, _), run in context.runs.items()),
    )


def take(context: Context, event: Event, place: Mark | None = None) -> None:
    """Apply one event to the working copy, after what fell due before it; a duplicate changes nothing.

    `place` is `order(event)`, where the caller knows it already. Raises Unfoldable where the lead cannot be carried
    over the event, and ValueError where the event is late.
    """
    if place is None:
        place = order(event)
    before = context.state.watermark
    if before is not None and place <= before:
        if place == before:
            return
        msg = f"event {event.id!r} is late: derive the state from the beginning"
        raise ValueError(msg)
    try:
        if context.horizon <= event.at:
            due_work.pass_time(context, event.at, settle)
        context.state.watermark = place
        context.now = event.at
        context.cause = event.id
        if isinstance(event, Activity):
            if event.type in IN_MAIL:
                context.state.mailed = event.at
            if event.machine:
                context.forget()  # what no person did is kept, and nothing follows from it [rules: scores]
            else:
                _activity(context, event)
        else:
            _changed(context, event)
    except Exception as error:
        raise Unfoldable(context.state.lead, event.id, error) from error


def _changed(context: Context, event: LeadChanged | AccountChanged) -> None:
    """Fields of the lead or of its account took new values."""
    context.forget()
    context.cause, context.event = event.id, True
    if isinstance(event, LeadChanged):
        _lead_changed(context, event)
    else:
        _account_changed(context, event)


def _activity(context: Context, activity: Activity) -> None:
    """Points, first move, sales' word, patterns, then what follows."""
    state, table, kind = context.state, context.table, activity.type
    meaning = table.meaning(kind, activity.properties)
    context.activity, context.arms, context.event, context.what = activity, meaning.arms, True, None
    context.engaging, context.demo, context.leads_on = meaning.engaging, meaning.demo, meaning.leads_on
    context.scoring = context.exited = False
    if kind in NOTED_AT_ONCE:
        NOTED_AT_ONCE[kind](context, activity)
    if table.assets:
        unseen_first.saw(context, activity)
    if meaning.funnel or meaning.jobs:
        _infer(context, activity, meaning)
    done = pattern_progress.completes(context, activity, meaning.feeds) if meaning.feeds else ()
    rules = meaning.rules if not done else pattern_progress.with_patterns(context, meaning.rules, done)
    if rules:
        scores.accrue(context, activity, rules)
    if context.scoring:
        _note_scoring(context, activity)
    elif context.engaging:
        state.engaged = activity.at
    if state.born is None:
        first_moves.welcome(context)
    _take_word(context, activity, meaning)
    if done:
        triggers.completed(context, done)
    settle(context)


def _take_word(context: Context, activity: Activity, meaning: Meaning) -> None:
    """What sales or the lead itself decided: clocks stop, stages move, an MQL that asks again is handed over anew."""
    if meaning.stops and context.state.clocks:
        sla_clocks.stop(context)
    if activity.type in sales_answers.HEARD:
        sales_answers.hear(context, activity)
    elif activity.type in by_hand.DECIDED:
        by_hand.hear(context, activity)
    if context.demo and context.state.stage == "mql":
        gate.ask_again(context)


def _infer(context: Context, activity: Activity, meaning: Meaning) -> None:
    """What the activity says about the funnel stage and the buying job."""
    state = context.state
    for name, check in meaning.funnel:
        if check is None or check(context):
            state.funnel[name] = activity.at
    for name, check in meaning.jobs:
        if check is None or check(context):
            state.job = name
            return


def _note_scoring(context: Context, activity: Activity) -> None:
    """The lead is awake again: its idleness, its key action and its contents."""
    state, at = context.state, activity.at
    state.engaged = at
    if state.barred:
        state.barred.clear()
    kind, what = activity.type, context.what or ""
    state.key_action = (kind, what, at)
    if what:
        consumed, deed = state.consumed, (kind, what, at, scores.named(activity.properties, "url"))
        if consumed and consumed[-1][1] == what and consumed[-1][0] == kind:
            consumed[-1] = deed
        else:
            consumed[:] = [each for each in consumed if each[1] != what or each[0] != kind][1 - _CONTENTS :]
            consumed.append(deed)
    idle = context.table.idle_least
    if idle and at + idle < context.horizon:
        context.horizon = at + idle


def _lead_changed(context: Context, event: LeadChanged) -> None:
    """Fields took new values: fit, first move, what a person set, then what follows."""
    state = context.state
    if state.bounced is not None and "email" in event.fields:
        touches.readdress(context, event.fields["email"])
    note_found_out(state, event.fields, answer=event.answer)
    context.wake(context.now)
    changed_fields.of_lead(context, event)
    profiling.go_on(context)
    sales_answers.set_in_crm(context, event.fields)
    first_moves.welcome(context)
    said = sales_answers.said_by_status(context, event)
    if said is None:
        settle(context)
    else:
        _activity(context, said)


def _account_changed(context: Context, event: AccountChanged) -> None:
    """Fields of the account took new values; of another account than before, all of them."""
    if context.table.dates:
        context.wake(context.now)
    changed_fields.of_account(context, event)
    profiling.go_on(context)
    if context.state.born is not None:
        settle(context)


def settle(context: Context) -> None:
    """Let stage, tracks and triggers follow from where the lead stands now, until nothing moves any more."""
    state, table = context.state, context.table
    for _ in range(_ROUNDS):
        if state.stage == "suppressed":
            return
        stay = state.stay
        moved = stay is not None and bool(table.tracks[stay.track].judged) and _off_track(context)
        if context.event and state.stage in gate.GATED and gate.consider(context):
            moved = True
        if not moved and (context.leads_on or table.plain_tracks):
            move = track_routing.way_on(context)
            moved = move is not None and track_routing.follow(context, move)
        if state.then and first_moves.afterwards(context):
            moved = True
        if table.condition_triggers and triggers.became_true(context):
            moved = True
        if state.first_attempt is not None and stages.unreached_due(context) <= context.now:
            stages.give_up(context)
            moved = True
        if not moved:
            return


def _off_track(context: Context) -> bool:
    move = track_routing.way_off(context)
    if move is None:
        return False
    if move.to == SUPPRESSED:
        suppression.silence(context, "track", move.because)
        return True
    return track_routing.follow(context, move)
