"""Pattern progress: how much of a pattern a lead's activities have completed, in bounded windows."""

from collections.abc import Sequence

from integration.core.compiled.context import Context
from integration.core.compiled.plans import Feed, PatternPlan, RulePlan
from integration.core.rules.calendar import day_number
from integration.core.scoring.scores import named
from mappings.model.canonical import Activity

_OPEN = -1
"""In an ordered pattern: a place that nothing has reached yet."""


def completes(context: Context, activity: Activity, feeds: tuple[Feed, ...]) -> list[str]:
    """The keys of the patterns that this activity completes, having noted it in all that it belongs to."""
    return [feed.plan.key for feed in feeds if _feed(context, activity, feed.plan, feed.parts)]


def with_patterns(context: Context, rules: Sequence[RulePlan], done: Sequence[str]) -> Sequence[RulePlan]:
    """The rules of an activity itself and those whose patterns (keys) it completes, in the playbook's order."""
    by_pattern = context.table.pattern_rules
    more = [by_pattern[each] for each in done if each in by_pattern]
    return sorted([*rules, *more], key=lambda rule: rule.place) if more else rules


def _feed(context: Context, activity: Activity, plan: PatternPlan, parts: tuple[int, ...]) -> bool:
    evidence = context.state.evidence
    if plan.units:
        reached = evidence.setdefault(plan.key, [[("", _OPEN)] for _ in plan.units])
        done = _in_order(reached, plan, parts, activity.at)
    elif len(plan.needs) == 1 and plan.needs[0][0] <= 1:
        return True
    else:
        marks = evidence.setdefault(plan.key, [[] for _ in plan.needs])
        done = _together(context, activity, marks, plan, parts)
    if done and plan.used_up:
        del evidence[plan.key]
    return done


def _in_order(reached: list[list[tuple[str, int]]], plan: PatternPlan, parts: tuple[int, ...], at: int) -> bool:
    """`reached[n]` holds the latest beginning of the first n+1 units in order; one activity serves one unit."""
    last = len(plan.units) - 1
    advanced = False
    for unit in range(last, -1, -1):
        if plan.units[unit] not in parts:
            continue
        start = at if unit == 0 else reached[unit - 1][0][1]
        if start == _OPEN or (plan.within and at - start > plan.within):
            continue
        reached[unit][0] = ("", start)
        advanced = advanced or unit == last
    return advanced


def _together(
    context: Context, activity: Activity, marks: list[list[tuple[str, int]]], plan: PatternPlan, parts: tuple[int, ...]
) -> bool:
    """Every part has its last so many (distinct) activities, the oldest of them within the window."""
    for number in parts:
        needed, distinct = plan.needs[number]
        value = _value(context, activity, distinct)
        if distinct and not value:
            continue
        kept = [mark for mark in marks[number] if not distinct or mark[0] != value]
        kept.append((value, activity.at))
        marks[number] = kept[-needed:]
    oldest = activity.at - plan.within if plan.within else None
    return all(
        len(kept) >= needed and (oldest is None or kept[0][1] >= oldest)
        for kept, (needed, _) in zip(marks, plan.needs, strict=True)
    )


def _value(context: Context, activity: Activity, distinct: str) -> str:
    match distinct:
        case "":
            return ""
        case "day":
            return str(day_number(activity.at, context.playbook.calendar.timezone))
        case _:
            return named(activity.properties, distinct)
