"""Standpoint: why a lead is in its stage, segment and track, and what keeps it from sales."""

from collections.abc import Iterator, Sequence

from integration.core.compiled.condition_checks import checker
from integration.core.compiled.context import Context
from integration.core.funnel.gate import GATED
from integration.core.model.effects import Effect, StageChanged, TrackChanged
from integration.core.nurture import tracks
from integration.core.rules.calendar import day_words, wall_clock
from integration.core.rules.playbook_rules import Playbook
from integration.core.rules.scoring_rules import POINT
from integration.playbook.explaining.gaps import gaps, words
from integration.playbook.language.amounts import amount


def stage(playbook: Playbook, effects: Sequence[Effect]) -> tuple[str, ...]:
    """Every stage the lead came to, and why; the last one is where it is."""
    zone = playbook.calendar.timezone
    moves = [effect for effect in effects if isinstance(effect, StageChanged)]
    if not moves:
        return ("inquiry from the beginning: nothing has moved it yet",)
    return tuple(f"{each.after} since {day_words(each.at, zone)}: {', '.join(each.because)}" for each in moves)


def segment(context: Context) -> str:
    """`B: fit 40 is high (from 20), engagement 15 is not high (from 30)`; "" where the playbook has no segments."""
    name, segments, state = context.segment(), context.playbook.segments, context.state
    if name is None:
        return ""
    sides = [
        _side(axis, value, high)
        for axis, value, high in (
            ("fit", state.fit, segments.fit_high),
            ("engagement", state.score.value, segments.intent_high),
        )
        if high is not None
    ]
    return f"{name}: {', '.join(sides)}"


def _side(axis: str, value: int, high: int) -> str:
    return f"{axis} {value // POINT} is {'high' if value >= high else 'not high'} (from {amount(high)})"


def track(context: Context, effects: Sequence[Effect]) -> str:
    """`drip since 6 January 2026: a new lead; its next touch is planned for …`."""
    moves = [effect for effect in effects if isinstance(effect, TrackChanged)]
    stay, zone = context.state.stay, context.playbook.calendar.timezone
    if not moves:
        return "on no track: nothing has led onto one"
    last = moves[-1]
    since = f"since {day_words(last.at, zone)}: {', '.join(last.because)}"
    if stay is None:
        return f"on no track {since}"
    slower = tracks.pace(context)
    silent = f" ({slower.unopened} e-mails in a row were left unopened)" if slower else ""
    if stay.planned is None:
        return f"{stay.track} {since}; its touches {'ended' if slower and slower.ends else 'are done'}{silent}"
    coming = wall_clock(tracks.planned(context), zone)
    return f"{stay.track} {since}; touch {stay.step + 1} is planned for {coming}{silent}"


def deferral(context: Context) -> str:
    """`on hold until Mon 2 Mar 2026, 09:00 (UTC), by bo@us.example: waits for the tender`; "" on no hold."""
    held = context.state.deferral
    if held is None or not context.deferred:
        return ""
    until = wall_clock(held.until, context.playbook.calendar.timezone)
    return f"on hold until {until}, by {held.by or 'a person'}: {held.reason}"


def gate(context: Context) -> tuple[str, ...]:
    """What keeps a lead from becoming an MQL now; empty where it is with sales already."""
    return tuple(_obstacles(context)) if context.state.stage in GATED else ()


def _obstacles(context: Context) -> Iterator[str]:
    playbook, state = context.playbook, context.state
    if waits := deferral(context):
        yield waits
    for exclusion in playbook.exclusions:
        if checker(exclusion)(context):
            yield f"never handed to sales: {words(exclusion, playbook.vocabulary)}"
    if playbook.gate.barred is not None and checker(playbook.gate.barred)(context):
        yield f"barred by the playbook: {words(playbook.gate.barred, playbook.vocabulary)}"
    if state.stage == "recycled" and state.hold is not None and state.hold > context.now:
        yield f"sales gets it back not before {day_words(state.hold, playbook.calendar.timezone)}"
    if state.stage == "recycled" and not state.qualified:
        yield "since it came back from sales: a new activity that scores"
    if state.stage == "inquiry" and state.returned is not None and not state.qualified:
        yield "since it subscribed anew, or a person set it back: a new activity that scores"
    if state.held:
        labels = {each.field: each.label for each in playbook.handoff.required}
        yield f"the handoff waits, missing: {', '.join(labels.get(field, field) for field in state.held)}"
    missing = gaps(playbook.gate.condition, context) if playbook.gate.condition is not None else ()
    yield from (gap.words for gap in missing)
    if missing or playbook.gate.condition is None:
        yield "a demo request would do without" if missing else "only a demo request leads there"
