"""Outlook: what would raise a lead to the next band, tried out with the engine itself.

Nothing is estimated: an offer is an activity that the engine applies to a copy of the lead's state, so caps,
limits, decay and rules that score together are all in the number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from integration.core.compiled.context import Context
from integration.core.model.state import LeadState, copied
from integration.core.rules.conditions import Compare, Condition, Every, Not, Some, alternatives
from integration.core.rules.patterns import Match
from integration.core.rules.scoring_rules import EngagementRule, FitGroup
from integration.core.run.apply_events import advance
from integration.playbook.explaining.gaps import Gap, gaps, subject
from mappings.model.canonical import Activity, Value
from mappings.values.instant import Instant

_MOST = 8
"""So many activities in a row are tried before the next band counts as out of reach by engagement alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that would give points now (thousandths); `enough` if it alone leads to the next band."""

    axis: str
    rule: str
    words: str
    points: int
    enough: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The way to the next band: what is missing, what would give points, and a shortest path of offers to it.

    `band` is None for who stands in the highest one. `path` is empty where engagement alone does not reach it.
    """

    band: str | None
    missing: tuple[Gap, ...]
    offers: tuple[Offer, ...]
    path: tuple[Offer, ...]


def outlook(context: Context) -> Outlook:
    """What would raise the lead of this working copy to the band above its own; the copy is not changed."""
    bands = context.playbook.bands
    place = [band.name for band in bands].index(context.band())
    if place == 0:
        return Outlook(band=None, missing=(), offers=(), path=())
    target = bands[place - 1]
    trial = _Trial(context, target.name)
    offers = sorted(
        (*trial.deeds(context.state), *trial.facts(context.playbook.fit.groups if context.playbook.fit else ())),
        key=lambda offer: (-offer.points, offer.words),
    )
    return Outlook(
        band=target.name, missing=gaps(target.condition, context), offers=tuple(offers), path=tuple(trial.path())
    )


class _Trial:
    """Tries activities and facts on copies of one lead's state."""

    def __init__(self, context: Context, target: str) -> None:
        self.compiled, self.playbook = context.compiled, context.playbook
        self.context = context
        self.at: Instant = context.now
        self.target = target
        self.above = [band.name for band in context.playbook.bands]
        self.above = self.above[: self.above.index(target) + 1]

    def deeds(self, state: LeadState, step: int = 0) -> Iterator[Offer]:
        """Every engagement rule's offer, as far as it would give points now."""
        for rule in self.playbook.engagement.rules if self.playbook.engagement else ():
            after = self._after(state, rule, step)
            points = after.score.value - state.score.value if after is not None else 0
            if after is not None and points > 0:
                label = self.compiled.dispatch.rule_labels[rule.name]
                enough = self._band(after) in self.above
                yield Offer(axis="engagement", rule=rule.name, words=label, points=points, enough=enough)

    def _after(self, state: LeadState, rule: EngagementRule, step: int) -> LeadState | None:
        """The state after one activity that the rule looks for; None where no single activity can be made up."""
        properties = _properties(rule.signal[0]) if rule.signal else None
        if properties is None:
            return None
        at = self.at + step + 1
        made_up = Activity(
            id=f"what-if/{step}", lead=state.lead, at=at, type=rule.signal[0].types[0], properties=properties
        )
        return advance(self.compiled, state, [made_up], at).state

    def _band(self, state: LeadState) -> str:
        context = Context(self.compiled, state)
        context.now = self.at
        return context.band()

    def path(self) -> list[Offer]:
        """The greatest offers, one after the other, until the target is reached; [] if they do not lead there."""
        state, taken = self.context.state, list[Offer]()
        rules = {rule.name: rule for rule in (self.playbook.engagement.rules if self.playbook.engagement else ())}
        for step in range(_MOST):
            best = max(self.deeds(state, step), key=lambda offer: (offer.enough, offer.points), default=None)
            after = self._after(state, rules[best.rule], step) if best is not None else None
            if best is None or after is None:
                return []
            taken.append(best)
            if best.enough:
                return taken
            state = after
        return []

    def facts(self, groups: Sequence[FitGroup]) -> Iterator[Offer]:
        """What an unknown field would give at best; what is known is not made up."""
        fit, state = self.playbook.fit, self.context.state
        for group in groups:
            asked = dict.fromkeys(name for rule in group.rules for name in _subjects(rule.condition))
            unknown = [name for name in asked if not any(self._known(each) for each in alternatives(name))]
            present = state.fit_rules.get(group.name, -1)
            has = group.rules[present].points if present >= 0 else 0
            best = max(group.rules, key=lambda rule: rule.points)
            raw = state.fit_raw + best.points - has
            gain = max(0, raw if fit is None or fit.cap is None else min(fit.cap, raw)) - state.fit
            if unknown and gain > 0:
                names = " and ".join(subject(name, self.playbook.vocabulary) for name in unknown)
                what = f"{names} is not known; {best.label or best.name}"
                yield Offer(axis="fit", rule=best.name, words=what, points=gain, enough=self._enough(gain))

    def _known(self, name: str) -> bool:
        return self.context.read(name) not in (None, "", ())

    def _enough(self, gain: int) -> bool:
        state = copied(self.context.state)
        state.fit += gain
        return self._band(state) in self.above


def _subjects(condition: Condition) -> Iterator[str]:
    """The subjects as they are written: `country|account.country` is one."""
    match condition:
        case Compare():
            yield condition.subject
        case Every(conditions=parts) | Some(conditions=parts):
            for part in parts:
                yield from _subjects(part)
        case Not(condition=inner):
            yield from _subjects(inner)


def _properties(match: Match) -> dict[str, Value] | None:
    """Properties that pass the tests of a match; None if they cannot be made up."""
    made_up: dict[str, Value] = {}
    for test in match.where:
        value = _passing(test)
        if value is None:
            return None
        made_up[alternatives(test.subject)[0]] = value
    return made_up


def _passing(test: Compare) -> Value:
    match test.op:
        case "is" | "at_least" | "at_most" | "contains":
            return test.values[0]
        case "above" | "below":
            return float(str(test.values[0])) + (1 if test.op == "above" else -1)
        case "includes":
            return (str(test.values[0]),)
        case "known":
            return "something"
        case _:
            return None
