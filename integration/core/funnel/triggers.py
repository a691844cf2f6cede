"""Triggers: an activity completes a pattern, a play follows, and it does not repeat within the cooldown."""

from collections.abc import Iterable

from integration.core.compiled import dates
from integration.core.compiled.context import Context
from integration.core.compiled.plans import TriggerPlan
from integration.core.handoff import plays, sla_clocks
from integration.core.handoff.deeds import current_deed
from integration.core.handoff.plain_words import capital
from integration.core.nurture import tracks
from mappings.values.instant import DAY


def completed(context: Context, keys: Iterable[str]) -> None:
    """Fire the triggers whose patterns the activity completes."""
    for each in keys:
        plan = context.table.pattern_triggers.get(each)
        if plan is not None and plan.check(context):
            _fire(context, plan, f"{_label(plan)}: {_what(context)}")


def idle(context: Context) -> None:
    """Fire the triggers for which the lead has now been idle for exactly so long."""
    since = context.state.scored or context.state.born
    for plan in context.table.idle_triggers:
        if since is not None and since + plan.trigger.idle == context.now and plan.check(context):
            _fire(context, plan, f"{_label(plan)}: {plan.trigger.idle // DAY} days idle")


def dated(context: Context) -> None:
    """Fire the triggers whose instant before or after a date has come."""
    for when, plan in context.table.dated_triggers:
        if dates.falls(context, when) == context.now and plan.check(context):
            _fire(context, plan, f"{_label(plan)}: {dates.words(context, when)}")


def became_true(context: Context) -> bool:
    """Fire the triggers whose condition holds now and did not before; whether one did."""
    truths, fired = context.state.truths, False
    if context.deferred:
        return False  # looked at again when the hold ends
    for plan in context.table.condition_triggers:
        name, holds = plan.trigger.name, plan.check(context)
        if holds == (name in truths):
            continue
        if holds:
            truths.append(name)
            fired = _fire(context, plan, _label(plan)) or fired
        else:
            truths.remove(name)
    return fired


def _fire(context: Context, plan: TriggerPlan, because: str) -> bool:
    trigger, fired = plan.trigger, context.state.fired
    last = fired.get(trigger.name)
    if context.silent or context.deferred or (last is not None and context.now < last + trigger.cooldown):
        return False
    before = len(context.effects)
    deed = current_deed(context) if trigger.pattern is not None or trigger.condition is not None else ""
    why = f"{capital(_label(plan))}: {deed}" if deed else capital(because)
    if trigger.play and not plays.begin(context, trigger.play, because, trigger=_label(plan), why=why):
        return False
    fired[trigger.name] = context.now
    if trigger.track and context.state.stage in context.table.tracks[trigger.track].track.stages:
        tracks.go(context, trigger.track, because)
    sla_clocks.start(context, context.effects[before].key if context.effects[before:] else "", trigger=trigger.name)
    return True


def _label(plan: TriggerPlan) -> str:
    return plan.trigger.label or plan.trigger.name.replace("_", " ")


def _what(context: Context) -> str:
    return context.playbook.vocabulary.label(context.activity.type) if context.activity else ""
