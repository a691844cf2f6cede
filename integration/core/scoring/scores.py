"""Scores: points for fields (fit) and activities (engagement), each with its line in the ledger."""

from collections.abc import Sequence

from integration.core.compiled.context import Context
from integration.core.compiled.dispatch import ASSET
from integration.core.compiled.plans import FitPlan, RulePlan
from integration.core.model.ledger import Kind, Line
from integration.core.model.score import Ending, Score
from integration.core.model.state import Seen
from integration.core.rules.calendar import day_number
from integration.core.rules.scoring_rules import Decay, Engagement, HalfLife, IdleSteps, Limit, Monthly
from integration.core.scoring import decay, expiry
from mappings.model.canonical import Activity, Fields
from mappings.values.instant import DAY, Instant
from mappings.vocabulary.assets import identity

_RANKS = {name: rank for rank, name in enumerate(ASSET)}
_line = tuple.__new__
"""What a line's own constructor does as well, a call later."""
_KEYS = 256
"""How many assets a rule's limit distinguishes; beyond it the oldest are forgotten."""


def accrue(context: Context, activity: Activity, rules: Sequence[RulePlan]) -> None:
    """Give the points of the rules that an activity fulfils; the idle clock is reset first where one of them does.

    What decayed becomes the new base, then the points are added; an activity that does not reset the idle clock adds
    its points to the base that stood when idleness began. [rules: scores]
    """
    given = [rule for rule in rules if rule.simple or counts(context, activity, rule)]
    engagement = context.playbook.engagement
    if not given or engagement is None:
        return
    state = context.state
    for rule in given:
        if rule.resets:
            context.scoring = True
            state.scored = activity.at
            break
    score, how = state.score, engagement.decay
    _rebase(score, how, activity.at, resets=context.scoring)
    what = context.what = about(activity.properties)
    for rule in given:
        _add(context, activity, rule, engagement)
        _remember(state.seen, activity, rule, what)
    falls = decay.due(score, how)
    if falls is not None and falls < context.horizon:
        context.horizon = falls
    if context.table.expires and (ends := expiry.due(score)) is not None and ends < context.horizon:
        context.horizon = ends


def _rebase(score: Score, how: Decay | None, at: Instant, *, resets: bool) -> None:
    """Make what is left the new base, where new points start from it; what ends of it keeps its share."""
    before = score.base
    if isinstance(how, IdleSteps):
        if resets or score.since is None:
            score.base, score.since, score.step = score.value, at, 0
    elif isinstance(how, HalfLife):
        if score.value <= how.floor or score.since is None:
            score.since, score.step = at, 0
        score.base, score.anchor = score.value, score.step
    else:
        if score.since is None:
            score.since = at
        if how is not None and score.value <= how.floor:
            decay.go_on(score.buckets, how, at)
    if score.endings:
        expiry.rescale(score.endings, before, score.base)


def _add(context: Context, activity: Activity, rule: RulePlan, engagement: Engagement) -> None:
    score, lines = context.state.score, context.lines
    cap, how, at, before = engagement.cap, engagement.decay, activity.at, score.value
    stepped = score.step > 0 and isinstance(how, IdleSteps)
    stood = score.base if stepped else before
    new = stood + rule.points
    lines.append(_line(Line, (at, "engagement", "points", rule.name, activity.id, rule.points)))
    if cap is not None and new > cap:
        lines.append(Line(at, "engagement", "cap", rule.name, activity.id, cap - new))
        new = cap
    elif new < 0:
        lines.append(Line(at, "engagement", "floor", rule.name, activity.id, -new))
        new = 0
    score.base = score.value = new
    if stepped and isinstance(how, IdleSteps):
        score.value = decay.standing(score, how)
        lost = score.value - before - (new - stood)
        if lost:
            lines.append(Line(at, "engagement", "decay", _step_name(how, score.step - 1), activity.id, lost))
    elif isinstance(how, Monthly):
        decay.put(score.buckets, how, at, new - stood)
    if rule.expires and new > stood:
        ending = Ending(at=at + rule.expires, rule=rule.name, activity=activity.id, points=new - stood)
        expiry.note(score, how, ending)


def _remember(kept: dict[str, Seen], activity: Activity, rule: RulePlan, what: str) -> None:
    seen = kept.get(rule.name)
    if seen is None:
        kept[rule.name] = Seen(points=rule.points, at=activity.at, times=1, activity=activity.id, about=what)
        return
    seen.at, seen.activity, seen.about = activity.at, activity.id, what
    seen.times += 1


def about(properties: Fields) -> str:
    """What an activity was about, by its identity: the first of ASSET that its properties name, or ""."""
    best, found, wanted = len(_RANKS), None, ""
    for name, value in properties.items():
        if name in _RANKS and value and (rank := _RANKS[name]) < best:
            best, found, wanted = rank, value, name
    return "" if found is None else identity(found, address=wanted == "url")


def named(properties: Fields, name: str) -> str:
    """What a property, or `asset`, names, by its identity; "" for nothing."""
    return about(properties) if name == "asset" else identity(properties.get(name), address=name == "url")


def counts(context: Context, activity: Activity, rule: RulePlan) -> bool:
    """Whether a rule with `nth` or a limit gives points this time."""
    if rule.nth:
        told = context.state.counts
        times = told.get(rule.name, 0)
        if times >= rule.nth:
            return False
        told[rule.name] = times + 1
        if times + 1 != rule.nth:
            return False
    return rule.limit is None or _within_limit(context, activity, rule.name, rule.limit)


def _within_limit(context: Context, activity: Activity, name: str, limit: Limit) -> bool:
    kept = context.state.limits.setdefault(name, {})
    value = named(activity.properties, limit.by) if limit.by else ""
    if limit.within:
        oldest = activity.at - limit.within
        times = [at for at in kept.get(value, ()) if at > oldest]
        if len(times) >= limit.times:
            return False
        kept[value] = [*times, activity.at]
    else:
        today = day_number(activity.at, context.playbook.calendar.timezone)
        day, times_today = kept.get(value, (today, 0))
        if day == today and times_today >= limit.times:
            return False
        kept[value] = [today, times_today + 1 if day == today else 1]
        oldest = today - 1
    if len(kept) > _KEYS:
        for key in [
            key for key, marks in kept.items() if key != value and marks[0 if not limit.within else -1] <= oldest
        ]:
            del kept[key]
        while len(kept) > _KEYS:
            del kept[next(iter(kept))]
    return True


def step(context: Context) -> None:
    """Let the decay step that is due now take its share."""
    engagement, score = context.playbook.engagement, context.state.score
    if engagement is None or engagement.decay is None:
        return
    before, name = score.value, _decay_name(context)
    lost = decay.decayed(score, engagement.decay, context.now) - before
    if lost:
        context.lines.append(Line(context.now, "engagement", "decay", name, "", lost))


def expire(context: Context) -> None:
    """Let the points end whose time is now; a line of the ledger for each activity."""
    engagement, score = context.playbook.engagement, context.state.score
    if engagement is None:
        return
    for rule, activity, lost in expiry.end(score, engagement.decay, context.now):
        if lost:
            context.lines.append(Line(context.now, "engagement", "expiry", rule, activity, -lost))


def _decay_name(context: Context) -> str:
    how = context.playbook.engagement.decay if context.playbook.engagement else None
    match how:
        case IdleSteps():
            return _step_name(how, context.state.score.step)
        case HalfLife(days=days):
            return f"half-life {days} d"
        case _:
            return "monthly"


def _step_name(how: IdleSteps, number: int) -> str:
    return f"idle {how.steps[number].after // DAY} d"


def refit(context: Context) -> None:
    """Take the first rule that holds of every fit group; ledger lines for what changed."""
    state, fit = context.state, context.playbook.fit
    if fit is None:
        return
    raw = state.fit_raw
    for group in context.table.fit:
        _regroup(context, group)
    shown = max(0, state.fit_raw if fit.cap is None else min(fit.cap, state.fit_raw))
    clipped = (shown - state.fit) - (state.fit_raw - raw)
    if clipped:
        kind: Kind = "floor" if min(raw, state.fit_raw) < 0 else "cap"
        context.lines.append(Line(context.now, "fit", kind, "fit", context.cause, clipped))
    state.fit = shown


def _regroup(context: Context, group: FitPlan) -> None:
    """Compare the rule that counts now with the one that did; rules of a group may share their name."""
    state, lines, now = context.state, context.lines, context.now
    before = state.fit_rules.get(group.name, -1)
    number = next((place for place, (_, _, check) in enumerate(group.rules) if check(context)), -1)
    if number == before:
        return
    if before >= 0:
        name, points, _ = group.rules[before]
        lines.append(Line(now, "fit", "points", name, context.cause, -points))
        state.fit_raw -= points
    if number >= 0:
        name, points, _ = group.rules[number]
        lines.append(Line(now, "fit", "points", name, context.cause, points))
        state.fit_raw += points
    state.fit_rules[group.name] = number
