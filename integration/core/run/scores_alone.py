"""Scores alone: what a whole history comes to in points, without stages, tracks, tasks and their texts.

Scores follow from fields, activities and the passing of time, and from nothing else that is decided: so this says what
`apply_events.advance` says of `fit` and `engagement`, to the thousandth of a point, in a fraction of the time. A
test compares them. What `alone` refuses is left to `advance`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal, NamedTuple, TypeAlias

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import NEVER, Context, Unfoldable
from integration.core.compiled.dispatch import Dispatch
from integration.core.compiled.plans import Feed, RulePlan
from integration.core.funnel.sales_answers import said_by_status
from integration.core.model.events import AccountChanged, LeadChanged
from integration.core.model.state import newborn
from integration.core.rules.conditions import STANDING, subjects
from integration.core.rules.scoring_rules import Engagement, IdleSteps
from integration.core.run.noted_at_once import TEACHING, learn
from integration.core.scoring import changed_fields, decay, expiry, pattern_progress, scores
from integration.core.scoring.machines import Sight, judged
from integration.core.scoring.mail_rules import IN_MAIL, JUDGED, TOLD_BY
from integration.core.scoring.scores import counts
from mappings.model.canonical import Activity, Fields
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant, Span
from mappings.vocabulary.machine_rules import MachineRules

Rank: TypeAlias = Literal[0, 1, 2, 3]
"""Where an event stands within its instant, as `decide.order` has it: account, lead, activity, derived activity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What activities of one type and these properties are worth, whoever does them and whenever."""

    type: str
    properties: Fields
    rules: tuple[RulePlan, ...] = ()
    feeds: tuple[Feed, ...] = ()
    """Of patterns that give points; those of triggers give none."""
    teaches: bool = False
    """It may say what sales found out, which the fit goes by."""
    in_mail: bool = False
    """Others of the same mail may make it a machine's, or it them."""
    judged: bool = False
    """It may be a machine's by itself."""
    tells: bool = False
    """It says something of the program or person that made it."""
    plain: bool = False
    """Its rules count each time, and it says and completes nothing."""

    counts: bool = True
    """Scores may be others with it than without."""


Deed: TypeAlias = tuple[Instant, Rank, str, Worth | LeadChanged | AccountChanged]
"""Something a person did, or a change of fields, with its place in the order of events: (instant, rank, id, what)."""


class Scores(NamedTuple):
    """Thousandths of a point."""

    fit: int
    engagement: int


def alone(compiled: CompiledPlaybook) -> bool:
    """Whether scores follow from fields, activities and time alone: a fit that asks for a stage or a band does not."""
    fit = compiled.playbook.fit
    asked = (name for group in (fit.groups if fit else ()) for rule in group.rules for name in subjects(rule.condition))
    return not any(name in STANDING or name.startswith("opportunity.") for name in asked)


def worth(table: Dispatch, kind: str, properties: Fields) -> Worth:
    """What an activity is worth; type and properties as the vocabulary recognises them."""
    meaning = table.meaning(kind, properties)
    feeds = tuple(each for each in meaning.feeds if each.plan.key in table.pattern_rules)
    teaches, in_mail = kind in TEACHING, kind in IN_MAIL
    return Worth(
        type=kind,
        properties=properties,
        rules=meaning.rules,
        feeds=feeds,
        teaches=teaches,
        in_mail=in_mail,
        judged=kind in JUDGED,
        tells=kind in JUDGED and not TOLD_BY.isdisjoint(properties),
        plain=not feeds and not teaches and all(rule.simple for rule in meaning.rules),
        counts=bool(meaning.rules or feeds) or teaches or in_mail,
    )


def scored(compiled: CompiledPlaybook, lead: LeadId, deeds: Iterable[Deed], until: Instant) -> Scores:
    """A lead's scores at `until`, by everything that happened to it, in order, without what machines did.

    Raises Unfoldable where the lead cannot be carried over an event.
    """
    context = Context(compiled, newborn(lead))
    engagement, waiting = compiled.playbook.engagement, list[Deed]()
    steps = engagement is not None and (engagement.decay is None or isinstance(engagement.decay, IdleSteps))
    fold = _by_steps if steps and not compiled.dispatch.expires else _by_any
    event = ""
    try:
        for deed in deeds:
            if deed[1] > 1:
                waiting.append(deed)
                continue
            event = deed[2]
            if waiting:
                fold(context, engagement, waiting)
                waiting = []
            waiting += _changed(context, engagement, deed)
        fold(context, engagement, waiting)
        _pass(context, engagement, until)
    except Exception as error:
        raise Unfoldable(lead, event, error) from error
    return Scores(context.state.fit, context.state.score.value)


def _changed(context: Context, engagement: Engagement | None, deed: Deed) -> Sequence[Deed]:
    """Take a change of fields; what sales says by it counts as an activity."""
    at, _, _, event = deed
    _pass(context, engagement, at)
    context.forget()
    context.now = at
    if isinstance(event, AccountChanged):
        changed_fields.of_account(context, event)
    elif isinstance(event, LeadChanged):
        changed_fields.of_lead(context, event)
        said = said_by_status(context, event)
        if said is not None:
            return ((at, 2, said.id, worth(context.table, said.type, said.properties)),)
    return ()


def _pass(context: Context, engagement: Engagement | None, until: Instant) -> None:
    """Let points decay and end as time passes, each at its own instant."""
    if engagement is None:
        return
    score, how, ends = context.state.score, engagement.decay, context.table.expires
    while True:
        at, expires = decay.due(score, how), expiry.due(score) if ends else None
        if expires is not None and (at is None or expires < at):
            if expires > until:
                return
            context.now = expires
            scores.expire(context)
        elif at is not None and at <= until:
            context.now = at
            scores.step(context)
        else:
            return


def _by_any(context: Context, engagement: Engagement | None, deeds: Sequence[Deed]) -> None:
    """Apply activities by the very steps that decide."""
    for deed in deeds:
        _pass(context, engagement, deed[0])
        rules, activity = _rules_of(context, deed)
        if rules:
            context.forget()
            context.now = activity.at
            scores.accrue(context, activity, rules)


def _rules_of(context: Context, deed: Deed) -> tuple[Sequence[RulePlan], Activity]:
    """An activity, and the rules that it may fulfil, once what it says of the lead is known."""
    at, _, name, what = deed
    if not isinstance(what, Worth):
        msg = f"{name!r} is no activity"
        raise TypeError(msg)
    activity = Activity(name, context.state.lead, at, what.type, what.properties)
    if what.teaches:
        context.now = at
        learn(context, activity)
    done = pattern_progress.completes(context, activity, what.feeds) if what.feeds else ()
    return pattern_progress.with_patterns(context, what.rules, done) if done else what.rules, activity


def _by_steps(context: Context, engagement: Engagement | None, deeds: Sequence[Any]) -> None:
    """Apply activities where what is kept goes by idleness, and no points end: `scores.accrue` without its ledger."""
    if engagement is None:
        return
    score, how = context.state.score, engagement.decay
    cap = NEVER if engagement.cap is None else engagement.cap
    steps = how.steps if isinstance(how, IdleSteps) else ()
    after, keep, last = [each.after for each in steps], [each.keep for each in steps], len(steps)
    floor = how.floor if isinstance(how, IdleSteps) else 0
    value, base, since, step = score.value, score.base, score.since, score.step
    for at, _, name, what in deeds:
        while base and step < last and since is not None and since + after[step] <= at:
            value, step = _kept(base, keep[step], floor), step + 1
        given = what.rules if what.plain else _counting(context, (at, 2, name, what))
        if not given:
            continue
        for rule in given:
            if rule.resets or since is None:
                base, since, step = value, at, 0
                break
        for rule in given:
            new = (base if step else value) + rule.points
            base = value = cap if new > cap else max(new, 0)
            if step:
                value = _kept(base, keep[step - 1], floor)
    score.value, score.base, score.since, score.step = value, base, since, step


def _kept(base: int, keep: int, floor: int) -> int:
    left = decay.kept(base, keep)
    return max(left, min(base, floor)) if floor else left


def _counting(context: Context, deed: Deed) -> Sequence[RulePlan]:
    """The rules of an activity that count this time, where that takes a look at those before."""
    rules, activity = _rules_of(context, deed)
    return [rule for rule in rules if rule.simple or counts(context, activity, rule)]


def by_people(rules: MachineRules, apart: Span, lead: LeadId, deeds: Sequence[Deed]) -> Sequence[Deed]:
    """The history of one lead, which is in order, without what machines did.

    `apart` is how far from each other two activities in mails lie at most that may have to do with each other: the
    first that `machines.reach` gives. Most mail is opened once, and nothing comes near it: only the rest is judged.
    """
    doubtful, alone_, before, near = list[Deed](), list[Deed](), None, False
    for deed in deeds:
        what = deed[3]
        if not isinstance(what, Worth) or not what.judged:
            continue
        if not what.in_mail:
            if what.tells:
                alone_.append(deed)
            continue
        if before is not None and deed[0] - before[0] <= apart:
            doubtful += [deed] if near else [before, deed]
            near = True
        else:
            near = what.tells
            doubtful += [deed] if near else []
        before = deed
    found = {id(deed) for those in (doubtful, alone_) for deed, rule in judged(rules, those, _at, _sight(lead)) if rule}
    return [deed for deed in deeds if id(deed) not in found] if found else deeds


_at = itemgetter(0)


def _sight(lead: LeadId) -> Callable[[Deed], Sight | None]:
    def sight(deed: Deed) -> Sight | None:
        what = deed[3]
        return (lead, what.type, what.properties) if isinstance(what, Worth) else None

    return sight
