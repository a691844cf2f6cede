"""The scoring rules of a playbook: fit, engagement, decay, bands and segments.

Points are integers of one thousandth of a point throughout: 15 points are 15_000.
"""

from dataclasses import dataclass
from typing import TypeAlias

from integration.core.rules.conditions import ALWAYS, Condition
from integration.core.rules.patterns import Pattern, Signal
from mappings.values.instant import DAY, Span

POINT = 1_000
"""Thousandths in a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRule:
    """So many points if the condition holds. `label` is how a person reads it (`50-300 employees`)."""

    name: str
    points: int
    condition: Condition
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitGroup:
    """One thing that fit looks at (size, role, industry): the first rule that holds counts."""

    name: str
    rules: tuple[FitRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well somebody matches whom we sell to; never decays."""

    groups: tuple[FitGroup, ...]
    cap: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `times` scores per window: rolling `within`, or the playbook's calendar day if that is 0.

    `by` counts separately for each value of a property, or of `asset` (see Part).
    """

    times: int
    within: Span = 0
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field of the lead (`seniority`) or its account (`account.employees`) that goes from one value to another.

    `before` and `after` are conditions on the value (their subject is VALUE). Without either, both values are known;
    with one alone, the other value does not meet it, and is known as well.
    """

    field: str
    before: Condition | None = None
    after: Condition | None = None


VALUE = "value"
"""What the conditions of a field's change read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementRule:
    """Points for an activity, or for a `change` of a field (which ends no idleness).

    Of an activity: either `signal` (each matching activity scores; with `nth`, only the n-th ever) or `pattern` (scores
    when an activity completes it; its evidence is then used up). `resets_idle` only takes effect when points are given.
    `expires`: after so long what decay has left of an activity's points ends whole (0: never), Marketo's way.
    """

    name: str
    points: int
    signal: Signal = ()
    nth: int = 0
    pattern: Pattern | None = None
    limit: Limit | None = None
    resets_idle: bool = True
    expires: Span = 0
    change: FieldChange | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From `after` on (exactly that long counts), `keep` thousandths of the score remain."""

    after: Span
    keep: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleSteps:
    """What is kept after so long without a scoring activity; steps do not compound [two-axis: decay].

    Never less than `floor`, where as much stood before; so with every kind of decay.
    """

    steps: tuple[Step, ...]
    floor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfLife:
    """Half is left after so many days.

    Taken in whole days since the score was last zero (or no more than `floor`); rounding does not compound.
    """

    days: int
    floor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    """Each month of 30 days takes this share (thousandths) of what an activity's points were (HubSpot's way)."""

    share: int
    month: Span = 30 * DAY
    floor: int = 0


Decay: TypeAlias = IdleSteps | HalfLife | Monthly


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """The engagement rules. Their points may sum to more than the cap, where the score stops.

    Source: [two-axis: engagement points].
    """

    rules: tuple[EngagementRule, ...]
    cap: int | None = None
    decay: Decay | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A name (`hot`, `warm`, `cold`) for a condition on the scores; tested from the top, the last one always holds."""

    name: str
    condition: Condition = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A value of a segment dimension (a persona), tested from the top."""

    name: str
    condition: Condition
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """What a signal or a condition on fields says about the buying job or the funnel stage.

    Either may be empty: a signal alone, a condition alone, or a signal while the condition holds.
    """

    name: str
    signal: Signal = ()
    condition: Condition | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """Fit and intent (A, B, C, D), persona, buying job and funnel stage.

    Source: [operating-model: buying jobs] [operating-model: segments].

    A None threshold leaves that side out (everybody is high on it); without both, there is no segment.
    Buying job: a condition alone beats signals (the first that holds); among signals the latest seen wins, and
    `jobs` of one activity are tried from the top. Funnel stage: the furthest one whose signal was seen within
    `funnel_memory`; `funnel` is ordered from awareness to pre_deal, and the same name may stand several times.
    """

    fit_high: int | None = None
    intent_high: int | None = None
    personas: tuple[Named, ...] = ()
    jobs: tuple[Inference, ...] = ()
    funnel: tuple[Inference, ...] = ()
    funnel_memory: Span = 90 * DAY

    def of(self, fit: int, engagement: int) -> str | None:
        """`A` high fit and intent, `B` high fit, `C` high intent, `D` neither; None without thresholds.

        Source: [operating-model: segments].
        """
        if self.fit_high is None and self.intent_high is None:
            return None
        high_fit = self.fit_high is None or fit >= self.fit_high
        intent = self.intent_high is None or engagement >= self.intent_high
        return ("A" if intent else "B") if high_fit else ("C" if intent else "D")
