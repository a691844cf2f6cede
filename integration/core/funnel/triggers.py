"""Triggers: an activity completes a pattern, a play follows, and it does not repeat within the cooldown."""

from collections.abc import Iterable

from integration.core.compiled.context import Fold
from integration.core.compiled.plans import TriggerPlan
from integration.core.handoff import plays, sla_clocks
from integration.core.nurture import tracks
from mappings.values.instant import DAY


def completed(fold: Fold, keys: Iterable[str]) -> None:
    """Fire the triggers whose patterns the activity completes."""
    for each in keys:
        plan = fold.table.pattern_triggers.get(each)
        if plan is not None and plan.check(fold):
            _fire(fold, plan, f"{_label(plan)}: {_what(fold)}")


def idle(fold: Fold) -> None:
    """Fire the triggers for which the lead has now been idle for exactly so long."""
    since = fold.state.scored or fold.state.born
    for plan in fold.table.idle_triggers:
        if since is not None and since + plan.trigger.idle == fold.now and plan.check(fold):
            _fire(fold, plan, f"{_label(plan)}: {plan.trigger.idle // DAY} days idle")


def became_true(fold: Fold) -> bool:
    """Fire the triggers whose condition holds now and did not before; whether one did."""
    truths, fired = fold.state.truths, False
    for plan in fold.table.condition_triggers:
        name, holds = plan.trigger.name, plan.check(fold)
        if holds == (name in truths):
            continue
        if holds:
            truths.append(name)
            fired = _fire(fold, plan, _label(plan)) or fired
        else:
            truths.remove(name)
    return fired


def _fire(fold: Fold, plan: TriggerPlan, because: str) -> bool:
    trigger, fired = plan.trigger, fold.state.fired
    last = fired.get(trigger.name)
    if fold.silent or (last is not None and fold.now < last + trigger.cooldown):
        return False
    before = len(fold.effects)
    if trigger.play and not plays.begin(fold, trigger.play, because, trigger=_label(plan)):
        return False
    fired[trigger.name] = fold.now
    if trigger.track and fold.state.stage in fold.table.tracks[trigger.track].track.stages:
        tracks.go(fold, trigger.track, because)
    sla_clocks.start(fold, fold.effects[before].key if fold.effects[before:] else "", trigger=trigger.name)
    return True


def _label(plan: TriggerPlan) -> str:
    return plan.trigger.label or plan.trigger.name.replace("_", " ")


def _what(fold: Fold) -> str:
    return fold.playbook.vocabulary.label(fold.activity.type) if fold.activity else ""
