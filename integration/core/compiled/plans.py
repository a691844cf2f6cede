"""The parts of a playbook as the engine uses them: signals numbered and conditions compiled."""

from collections.abc import Callable
from dataclasses import dataclass, field

from integration.core.compiled.condition_checks import Check, Tests
from integration.core.rules.automation_rules import AlertStep, Entry, Exit, Play, TaskStep, TouchStep, Track, Trigger
from integration.core.rules.patterns import Signal
from integration.core.rules.scoring_rules import Limit
from mappings.model.canonical import Value
from mappings.values.instant import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternPlan:
    """A pattern as it is tracked: per part how many and distinct by what, or the ordered units."""

    key: str
    needs: tuple[tuple[int, str], ...]
    units: tuple[int, ...]
    within: Span
    used_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The parts of a pattern (their numbers) that a signal contributes to."""

    plan: PatternPlan
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePlan:
    """An engagement rule with its place among the rules; `simple` ones are neither n-th nor limited."""

    place: int
    name: str
    points: int
    nth: int
    limit: Limit | None
    resets: bool
    expires: Span
    simple: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePlan:
    """A rule that gives points for a field's change: tests of the value before and after, None for no such test."""

    rule: RulePlan
    before: Callable[[Value], bool] | None
    after: Callable[[Value], bool] | None


@dataclass(slots=True, kw_only=True)
class Arm:
    """A signal, its number, and everything that waits for it."""

    number: int
    signal: Signal
    rules: tuple[RulePlan, ...] = ()
    feeds: tuple[Feed, ...] = ()
    funnel: tuple[tuple[str, Check | None], ...] = ()
    jobs: tuple[tuple[str, Check | None], ...] = ()
    engaging: bool = False
    demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """All that an activity of one kind means: what its arms have in common, in the playbook's order."""

    arms: frozenset[int]
    rules: tuple[RulePlan, ...]
    feeds: tuple[Feed, ...]
    """One for each pattern."""
    funnel: tuple[tuple[str, Check | None], ...]
    jobs: tuple[tuple[str, Check | None], ...]
    engaging: bool
    demo: bool
    stops: bool
    """Some clock may be stopped by it."""
    leads_on: bool
    """Some track may be entered by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypePlan:
    """What activities of one type are tested for, and the properties that these tests look at."""

    arms: tuple[tuple[Tests, Arm], ...]
    looks_at: tuple[str, ...]
    known: "dict[tuple[Value, ...] | Value, Meaning]" = field(default_factory=dict, compare=False, repr=False)
    """What was worked out before, by the values of these properties."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPlan:
    """An entry with its condition compiled and its signal's number."""

    entry: Entry
    check: Check
    arm: int | None
    plain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitPlan:
    """An exit with its condition compiled and its signal's number."""

    exit: Exit
    check: Check
    arm: int | None
    timed: bool
    """Needs an instant to come."""
    eventful: bool
    """Needs an activity of its own kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackPlan:
    """A track with its ways in and out."""

    track: Track
    entries: tuple[EntryPlan, ...]
    exits: tuple[ExitPlan, ...]
    plain: tuple[EntryPlan, ...]
    unopened: int
    """The most unopened touches that an exit asks for."""
    judged: tuple[ExitPlan, ...]
    """Exits that are not judged by unopened touches."""
    timed: tuple[ExitPlan, ...]
    """Those of them that come up by time alone."""
    name_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayPlan:
    """A play by the kinds of its steps; tasks with their numbers and the checklist that follows each."""

    play: Play
    tasks: tuple[tuple[int, TaskStep, tuple[str, ...]], ...]
    alerts: tuple[AlertStep, ...]
    touches: tuple[TouchStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerPlan:
    """A trigger with its condition compiled."""

    trigger: Trigger
    check: Check


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """A fit group: (rule name, points, condition) in order."""

    name: str
    rules: tuple[tuple[str, int, Check], ...]
