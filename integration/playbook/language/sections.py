"""The schema of the scoring sections, and what all sections have in common."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from integration.playbook.language.shorthand import LISTED, gathered, short
from integration.playbook.language.texts import ChangedValue
from integration.playbook.language.words import (
    Condition,
    Days,
    HalfLifeDays,
    Hours,
    IdleStep,
    Length,
    Name,
    Pattern,
    Percent,
    Points,
    ScoreLimit,
)

Conditions = Annotated[list[Condition], Field(min_length=1), LISTED]
"""Any of these conditions."""
Patterns = Annotated[list[Pattern], Field(min_length=1), LISTED]
"""Any of these activities."""
Several = Annotated[list[Pattern], Field(min_length=1)]
"""Each of these activities."""
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A mapping whose keys are all known. Its validator is built when a playbook is read, not at every start."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Calendar(Section):
    """Working time: zone, weekdays, hours, and the country whose holidays are kept."""

    timezone: str = "UTC"
    days: Days = (0, 1, 2, 3, 4)
    hours: Hours = (9 * 60, 17 * 60)
    holidays: str | None = None


class Fit(Section):
    """Points by what lead and account are; in each group the first condition that holds gives them."""

    max: Points | None = None
    tiers: dict[Name, Points] = {}
    groups: dict[Name, dict[Condition, Points]]


class Rule(Section):
    """Points for what people do. `pricing: 15` is `pricing: {points: 15, when: pricing}`.

    `changes: seniority` gives them for a change of a field, `from` and `to` such values.
    `expires: 90d` ends what is left of each activity's points whole, 90 days after it.
    """

    points: Points
    changes: str | None = None
    from_: Annotated[ChangedValue | None, Field(alias="from")] = None
    to: ChangedValue | None = None
    when: Patterns | None = None
    all: Several | None = None
    in_order: Several | None = None
    nth: Count | None = None
    at_least: Count = 1
    distinct: Name | None = None
    by: Literal["lead", "account"] = "lead"
    within: Length = 0
    limit: ScoreLimit | None = None
    resets_idle: bool = True
    expires: Length = 0
    label: str = ""


class Decay(Section):
    """What idleness takes away: steps (`after 14d: 80%`), a half-life, or a share per month of each activity.

    It stops at `floor`: so many points stay, however long nothing happens.
    """

    steps: dict[IdleStep, Percent] = {}
    half_life: HalfLifeDays | None = None
    per_month: Percent | None = None
    floor: Points = 0


class Engagement(Section):
    """Points by what people do, up to `max`. `limit` holds for every rule without one of its own."""

    max: Points | None = None
    decay: Annotated[Decay, gathered("steps", lambda key: key.isidentifier())] | None = None
    limit: ScoreLimit | None = None
    points: dict[Name, Annotated[Rule, short("points")]]


class Bands(Section):
    """Tested from the top; what is neither hot nor warm is cold."""

    hot: Conditions
    warm: Conditions


class Segments(Section):
    """A to D: from where fit and engagement count as high."""

    high_fit: Points
    high_intent: Points


class Funnel(Section):
    """The signals of each stage of the buyer's way."""

    awareness: Patterns = []
    interest: Patterns = []
    evaluation: Patterns = []
    pre_deal: Patterns = []
