"""Decide: a lead's state and one event (or the passing of time) give a new state and effects.

Pure and of constant cost in the length of the history. Order within one instant: what falls due by itself comes
before the events of that instant; events by kind (account, lead, activity, derived activity), then by id. Within one
activity: patterns and scores, first move, what sales said, triggers, then stage and tracks until nothing moves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Fold, Unfoldable
from integration.core.compiled.plans import Meaning, RulePlan
from integration.core.funnel import gate, sales_answers, stages, suppression, triggers
from integration.core.handoff import plays, sla_clocks
from integration.core.model.effects import Effect
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.ledger import Line
from integration.core.model.state import LeadState, Mark, copied
from integration.core.nurture import first_moves, profiling, touches, track_routing
from integration.core.rules.automation_rules import SUPPRESSED
from integration.core.rules.patterns import DERIVED
from integration.core.run import due_work
from integration.core.scoring import pattern_progress, scores
from integration.core.scoring.mail_rules import IN_MAIL
from mappings.model.canonical import Activity
from mappings.values.identifiers import AccountId
from mappings.values.instant import Instant

__all__ = ["Decision", "Line", "decide", "order", "settle", "take"]

_ROUNDS = 8
"""Stage, tracks and triggers may move each other; playbooks whose moves never end are stopped here."""
_CONTENTS = 5
_COLLEAGUES = 5
_KINDS: dict[type[Event], int] = {AccountChanged: 0, LeadChanged: 1, Activity: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be done, and where the lead stands then. `lines` are the ledger's new ones, in order."""

    state: LeadState
    effects: tuple[Effect, ...]
    lines: tuple[Line, ...]


def order(event: Event) -> Mark:
    """Where an event stands: by time, then account before lead before activity, then id [rules: time and order]."""
    kind = 3 if event.id.startswith(DERIVED) else _KINDS[type(event)]
    return (event.at, kind, event.id)


def decide(compiled: CompiledPlaybook, state: LeadState, event: Event | None, now: Instant) -> Decision:
    """Apply one event (None: only let time pass) and whatever falls due until `now`. The given state is not changed.

    An event that comes before the state's watermark is late: ValueError; the caller derives from the beginning.
    """
    fold = Fold(compiled, copied(state))
    if event is not None:
        take(fold, event)
    due_work.pass_time(fold, now, settle)
    return closed(fold)


def closed(fold: Fold) -> Decision:
    """The decision that a working copy has come to; the working copy is given away."""
    fold.state.due = due_work.next_due(fold)
    return Decision(state=fold.state, effects=tuple(fold.effects), lines=tuple(fold.lines))


def take(fold: Fold, event: Event, place: Mark | None = None) -> None:
    """Apply one event to the working copy, after what fell due before it; a duplicate changes nothing.

    `place` is `order(event)`, where the caller knows it already. Raises Unfoldable where the lead cannot be carried
    over the event, and ValueError where the event is late.
    """
    if place is None:
        place = order(event)
    before = fold.state.watermark
    if before is not None and place <= before:
        if place == before:
            return
        msg = f"event {event.id!r} is late: derive the state from the beginning"
        raise ValueError(msg)
    try:
        if fold.horizon <= event.at:
            due_work.pass_time(fold, event.at, settle)
        fold.state.watermark = place
        fold.now = event.at
        fold.cause = event.id
        if isinstance(event, Activity):
            if event.type in IN_MAIL:
                fold.state.mailed = event.at
            if event.machine:
                fold.forget()  # what no person did is kept, and nothing follows from it [rules: scores]
            else:
                _activity(fold, event)
        else:
            _changed(fold, event)
    except Exception as error:
        raise Unfoldable(fold.state.lead, event.id, error) from error


def _changed(fold: Fold, event: LeadChanged | AccountChanged) -> None:
    """Fields of the lead or of its account took new values."""
    fold.forget()
    fold.cause, fold.event = event.id, True
    if isinstance(event, LeadChanged):
        _lead_changed(fold, event)
    else:
        _account_changed(fold, event)


def _activity(fold: Fold, activity: Activity) -> None:
    """Points, first move, sales' word, patterns, then what follows."""
    state, table, kind = fold.state, fold.table, activity.type
    meaning = table.meaning(kind, activity.properties)
    fold.activity, fold.arms, fold.event, fold.what = activity, meaning.arms, True, None
    fold.engaging, fold.demo, fold.leads_on = meaning.engaging, meaning.demo, meaning.leads_on
    fold.scoring = fold.exited = False
    if kind in _TOLD_AT_ONCE:
        _TOLD_AT_ONCE[kind](fold, activity)
    if meaning.funnel or meaning.jobs:
        _infer(fold, activity, meaning)
    done = pattern_progress.completes(fold, activity, meaning.feeds) if meaning.feeds else ()
    rules = meaning.rules if not done else _with_patterns(fold, meaning.rules, done)
    if rules:
        scores.accrue(fold, activity, rules)
    if fold.scoring:
        _note_scoring(fold, activity)
    elif fold.engaging:
        state.engaged = activity.at
    if state.born is None:
        first_moves.welcome(fold)
    _take_word(fold, activity, meaning)
    if done:
        triggers.completed(fold, done)
    settle(fold)


def _take_word(fold: Fold, activity: Activity, meaning: Meaning) -> None:
    """What sales or the lead itself decided: clocks stop, stages move, an MQL that asks again is handed over anew."""
    if meaning.stops and fold.state.clocks:
        sla_clocks.stop(fold)
    if activity.type in sales_answers.HEARD:
        sales_answers.hear(fold, activity)
    if fold.demo and fold.state.stage == "mql":
        gate.ask_again(fold)


def _with_patterns(fold: Fold, rules: Sequence[RulePlan], done: Sequence[str]) -> Sequence[RulePlan]:
    """The rules of the activity itself and those whose patterns it completes, in the playbook's order."""
    by_pattern = fold.table.pattern_rules
    more = [by_pattern[each] for each in done if each in by_pattern]
    return sorted([*rules, *more], key=lambda rule: rule.place) if more else rules


def _infer(fold: Fold, activity: Activity, meaning: Meaning) -> None:
    """What the activity says about the funnel stage and the buying job."""
    state = fold.state
    for name, check in meaning.funnel:
        if check is None or check(fold):
            state.funnel[name] = activity.at
    for name, check in meaning.jobs:
        if check is None or check(fold):
            state.job = name
            return


def _note_scoring(fold: Fold, activity: Activity) -> None:
    """The lead is awake again: its idleness, its key action and its contents."""
    state, at = fold.state, activity.at
    state.engaged = at
    if state.barred:
        state.barred.clear()
    kind, what = activity.type, fold.what or ""
    state.key_action = deed = (kind, what, at)
    if what:
        consumed = state.consumed
        if consumed and consumed[-1][1] == what and consumed[-1][0] == kind:
            consumed[-1] = deed
        else:
            consumed[:] = [each for each in consumed if each[1] != what or each[0] != kind][1 - _CONTENTS :]
            consumed.append(deed)
    idle = fold.table.idle_least
    if idle and at + idle < fold.horizon:
        fold.horizon = at + idle


def _note_colleagues(fold: Fold, activity: Activity) -> None:
    colleagues, people = fold.state.colleagues, activity.properties.get("people")
    document = str(activity.properties.get("document") or "a document")
    colleagues.pop(document, None)
    colleagues[document] = (people if isinstance(people, int) else 2, activity.at)
    while len(colleagues) > _COLLEAGUES:
        del colleagues[next(iter(colleagues))]


_TOLD_AT_ONCE: dict[str, Callable[[Fold, Activity], None]] = {
    "email_open": touches.opened,
    "email_click": touches.opened,
    "email_bounce": touches.came_back,
    "internal_sharing": _note_colleagues,
    "task_closed": plays.shut,
}
"""What is noted of an activity before anything else follows from it."""


def _lead_changed(fold: Fold, event: LeadChanged) -> None:
    """Fields took new values: fit, first move, what a person set, then what follows."""
    state = fold.state
    if state.bounced is not None and "email" in event.fields:
        touches.readdress(fold, event.fields["email"])
    account = event.fields.get("account", state.account)
    if account != state.account:
        state.company = {}
        state.account = AccountId(str(account or ""))
    for name, value in event.fields.items():
        if value is None:
            state.fields.pop(name, None)
        else:
            state.fields[name] = value
    fold.wake(fold.now)
    scores.refit(fold)
    profiling.go_on(fold)
    sales_answers.told(fold, event.fields)
    first_moves.welcome(fold)
    settle(fold)


def _account_changed(fold: Fold, event: AccountChanged) -> None:
    """Fields of the account took new values; of another account than before, all of them."""
    state = fold.state
    if event.account != state.account:
        state.account, state.company = event.account, {}
    for name, value in event.fields.items():
        if value is None:
            state.company.pop(name, None)
        else:
            state.company[name] = value
    scores.refit(fold)
    profiling.go_on(fold)
    if state.born is not None:
        settle(fold)


def settle(fold: Fold) -> None:
    """Let stage, tracks and triggers follow from where the lead stands now, until nothing moves any more."""
    state, table = fold.state, fold.table
    for _ in range(_ROUNDS):
        if state.stage == "suppressed":
            return
        stay = state.stay
        moved = stay is not None and bool(table.tracks[stay.track].judged) and _off_track(fold)
        if fold.event and state.stage in gate.GATED and gate.consider(fold):
            moved = True
        if not moved and (fold.leads_on or table.plain_tracks):
            move = track_routing.way_on(fold)
            moved = move is not None and track_routing.follow(fold, move)
        if state.then and first_moves.afterwards(fold):
            moved = True
        if table.condition_triggers and triggers.became_true(fold):
            moved = True
        if state.first_attempt is not None and stages.unreached_due(fold) <= fold.now:
            stages.give_up(fold)
            moved = True
        if not moved:
            return


def _off_track(fold: Fold) -> bool:
    move = track_routing.way_off(fold)
    if move is None:
        return False
    if move.to == SUPPRESSED:
        suppression.silence(fold, "track", move.because)
        return True
    return track_routing.follow(fold, move)
