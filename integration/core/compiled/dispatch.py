"""Tables from an activity's type to the rules and triggers that it concerns, built once per playbook.

Equal signals are one `Arm`, tested once for an activity; what a kind of activity means is remembered.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from integration.core.compiled.condition_checks import Check, Tests
from integration.core.compiled.plans import (
    ChangePlan,
    EntryPlan,
    Feed,
    FitPlan,
    Meaning,
    PlayPlan,
    RulePlan,
    TrackPlan,
    TriggerPlan,
    TypePlan,
)
from integration.core.rules.automation_rules import Content
from integration.core.rules.lineage import NO_ROOTS, Kind, Roots
from integration.core.rules.patterns import Dated
from mappings.model.canonical import Fields, Value
from mappings.values.instant import Span

ASSET = ("asset", "document", "webinar", "form", "event", "url", "page", "campaign")
"""What an activity was about: the first of these properties that it names."""

_KINDS = 4_096
"""So many kinds of activity (type and tested properties) are remembered; more are worked out each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """The tables of one playbook."""

    types: dict[str, TypePlan]
    account_arms: dict[str, tuple[tuple[int, Tests], ...]]
    """Activity type -> the account signals (their numbers) that it may belong to."""
    rules: dict[str, RulePlan]
    rule_labels: dict[str, str]
    pattern_rules: dict[str, RulePlan]
    """By the key of their pattern."""
    lead_changes: dict[str, tuple[ChangePlan, ...]]
    """Field of the lead -> the rules that give points for its change."""
    account_changes: dict[str, tuple[ChangePlan, ...]]
    expires: bool
    """Some rule's points end by themselves."""
    pattern_triggers: dict[str, TriggerPlan]
    condition_triggers: tuple[TriggerPlan, ...]
    idle_triggers: tuple[TriggerPlan, ...]
    idle_entries: tuple[tuple[TrackPlan, EntryPlan], ...]
    dated_triggers: tuple[tuple[Dated, TriggerPlan], ...]
    dated_entries: tuple[tuple[Dated, TrackPlan, EntryPlan], ...]
    dates: tuple[Dated, ...]
    """What triggers and tracks wait for of dates."""
    fit: tuple[FitPlan, ...]
    bands: tuple[tuple[str, Check], ...]
    personas: tuple[tuple[str, Check], ...]
    job_conditions: tuple[tuple[str, Check], ...]
    funnel_conditions: tuple[tuple[str, Check], ...]
    funnel_order: tuple[str, ...]
    exclusions: tuple[Check, ...]
    gate: Check
    barred: Check
    tracks: dict[str, TrackPlan]
    in_order: tuple[TrackPlan, ...]
    plain_tracks: bool
    signal_entries: frozenset[int]
    plays: dict[str, PlayPlan]
    contents: dict[str, Content]
    """Contents that are no plain e-mails."""
    choices: frozenset[str]
    """Contents that others choose among."""
    assets: dict[str, tuple[str, ...]]
    """The identity of a page, file or name -> the contents of which it shows that somebody has seen them."""
    clock_checks: dict[str, Check]
    clock_stops: dict[str, int]
    stopping: frozenset[int]
    talk: tuple[tuple[Check, str], ...]
    kept_touches: int
    slows: bool
    """Whether an open may bring a touch forward."""
    idle_spans: tuple[Span, ...]
    idle_least: Span
    """The shortest idleness that a trigger or a track asks for; 0 if none does."""
    roots: Roots = field(default_factory=lambda: NO_ROOTS)
    """By what keys of effects name tracks, plays and clocks: see lineage.py."""

    def root(self, kind: Kind, name: str) -> str:
        """What keys of effects call a track, play or clock; of one that the playbook does not have, its name."""
        return self.roots.get(kind, {}).get(name, name)

    def play_of(self, root: str) -> str | None:
        """The present name of the play that keys of effects call so; None where the playbook does not have it."""
        return next((name for name in self.plays if self.root("play", name) == root), None)

    def meaning(self, kind: str, properties: Fields) -> Meaning:
        """All that an activity of this type with these properties means."""
        plan = self.types.get(kind)
        if plan is None:
            return NOTHING_MEANT
        looks_at = plan.looks_at
        if len(looks_at) == 1:
            told: tuple[Value, ...] | Value = properties.get(looks_at[0])
            plain = told is None or isinstance(told, str)
        else:
            told, plain = _signature(looks_at, properties)
        if not plain:
            return self._work_out(plan, properties)
        known = plan.known.get(told)
        if known is None:
            known = self._work_out(plan, properties)
            if len(plan.known) < _KINDS:
                plan.known[told] = known
        return known

    def _work_out(self, plan: TypePlan, properties: Fields) -> Meaning:
        arms = [arm for test, arm in plan.arms if test is None or test(properties)]
        numbers = frozenset(arm.number for arm in arms)
        return Meaning(
            arms=numbers,
            rules=tuple(sorted((rule for arm in arms for rule in arm.rules), key=lambda rule: rule.place)),
            feeds=_merged(feed for arm in arms for feed in arm.feeds),
            funnel=tuple(each for arm in arms for each in arm.funnel),
            jobs=tuple(each for arm in arms for each in arm.jobs),
            engaging=any(arm.engaging for arm in arms),
            demo=any(arm.demo for arm in arms),
            stops=not self.stopping.isdisjoint(numbers),
            leads_on=not self.signal_entries.isdisjoint(numbers),
        )


NOTHING_MEANT = Meaning(
    arms=frozenset(), rules=(), feeds=(), funnel=(), jobs=(), engaging=False, demo=False, stops=False, leads_on=False
)


def _signature(looks_at: tuple[str, ...], properties: Fields) -> tuple[tuple[Value, ...], bool]:
    """What can be remembered of some properties; False if one of them cannot be looked up.

    Numbers go with the name of their kind, because 1 equals True and is not the same.
    """
    told: list[Value] = []
    for name in looks_at:
        value = properties.get(name)
        if value is None or isinstance(value, str):
            told.append(value)
        elif isinstance(value, int | float):
            told += (type(value).__name__, value)
        else:
            return (), False
    return tuple(told), True


def _merged(feeds: Iterable[Feed]) -> tuple[Feed, ...]:
    """One feed for each pattern, with all its parts."""
    merged: dict[str, Feed] = {}
    for feed in feeds:
        before = merged.get(feed.plan.key)
        parts = (*before.parts, *feed.parts) if before else feed.parts
        merged[feed.plan.key] = Feed(plan=feed.plan, parts=parts)
    return tuple(merged.values())
