"""Playbook rules: everything that a playbook decides, as values.

The rules of every playbook are in docs/rules.md. Knows nothing of YAML.

Names refer by text (a trigger names its play); the compiler has checked that they exist. Points are thousandths,
times microseconds. Conditions, patterns, points, automation and the calendar are values of their own, in this room.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal, TypeAlias

from integration.core.rules.automation_rules import Clock, Content, FirstMove, Play, Track, Trigger, Unreached
from integration.core.rules.calendar import Calendar
from integration.core.rules.conditions import Condition
from integration.core.rules.patterns import ENGAGING, INTERNAL_SHARING, AccountSignal, Signal
from integration.core.rules.playbook_fingerprint import fingerprint
from integration.core.rules.scoring_rules import Band, Engagement, Fit, Segments
from mappings.values.instant import DAY, Span
from mappings.vocabulary.value import CANONICAL, Vocabulary

PROFILE = "profile"
"""The content of a touch that asks for what sales wants to know."""


Team: TypeAlias = Literal["marketing", "sales"]

OWNERS: Mapping[str, Team] = MappingProxyType(
    {
        "inquiry": "marketing",
        "mql": "marketing",
        "sal": "sales",
        "sql": "sales",
        "customer": "sales",
        "recycled": "marketing",
    }
)
"""Whose the leads of each stage are, unless a playbook says otherwise [rules: stages]; nobody's where suppressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWindow:
    """Hours of the week in which e-mails may go: the lead's own, or of `timezone` where those are unknown.

    Source: [five-tracks: timing].
    """

    weekdays: tuple[int, ...]
    opens: int
    closes: int
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyCap:
    """At most so many e-mails in any span of this length [two-axis: failures]."""

    touches: int
    within: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What makes an inquiry (or a recycled lead) an MQL.

    `condition` holds, or the activity is one of `signals` (a demo request; always also of type `demo_request`).
    Somebody for whom `barred` holds is never let through, demo request or not; nor are excluded people.
    """

    condition: Condition | None = None
    signals: Signal = ()
    barred: Condition | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A field that sales must have: `field` as in Compare.subject, `label` for people, `name` as the playbook says."""

    field: str
    label: str
    name: str = ""

    @property
    def called(self) -> str:
        """What effects call it."""
        return self.name or self.field


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkTrack:
    """One sentence for the call, the first whose condition holds; `text` is a wording template."""

    text: str
    condition: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """What follows `mql`: a play whose tasks carry the packet; what must be known before [rules: handoff].

    `asks` holds nothing: what is unknown of it is named as missing and asked for, one question at a time.
    """

    play: str
    required: tuple[Requirement, ...] = ()
    asks: tuple[Requirement, ...] = ()
    profile_touch: str = PROFILE
    talk_tracks: tuple[TalkTrack, ...] = ()
    answer_within: str = ""
    """The clock whose deadline the packet names; "" for the play's first due date."""
    fit_tiers: tuple[tuple[int, str], ...] = ()
    """(at least so much fit, name), from the top; the last one at 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recycle:
    """What becomes of a lead that comes back: its track, and for how long it cannot become `mql` again.

    The first that matches counts: `reasons` empty means any (also none), `left` empty any stage it came from,
    `lost` only after `opportunity_lost` (False: whatever the cause).
    """

    track: str
    reasons: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    lost: bool = False
    hold: Span = 0


@dataclass(frozen=True, kw_only=True)
class Playbook:
    """An operating system for leads."""

    name: str
    title: str = ""
    description: str = ""
    vocabulary: Vocabulary = CANONICAL
    """The words that it was compiled with: what conditions, reasons and activities may say."""
    fit: Fit | None = None
    engagement: Engagement | None = None
    bands: tuple[Band, ...]
    segments: Segments = Segments()  # noqa: RUF009 - frozen
    owners: tuple[tuple[str, Team], ...] = tuple(OWNERS.items())
    """(stage, whose its leads are); it decides nothing, people read it [operating-model: owners]."""
    exclusions: tuple[Condition, ...] = ()
    """Whoever matches one is scored, never handed to sales [two-axis: persona]."""
    gate: Gate
    handoff: Handoff
    recycle: tuple[Recycle, ...] = ()
    unreached: Unreached | None = None
    clocks: tuple[Clock, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    plays: tuple[Play, ...]
    tracks: tuple[Track, ...] = ()
    first_moves: tuple[FirstMove, ...] = ()
    contents: tuple[Content, ...] = ()
    """Contents that are no plain e-mails; whatever else a touch names is one."""
    account_signals: tuple[AccountSignal, ...] = (INTERNAL_SHARING,)
    calendar: Calendar = Calendar()  # noqa: RUF009 - frozen
    send_windows: tuple[SendWindow, ...] = ()
    """E-mails go in any of these; at any time where there is none."""
    frequency_cap: FrequencyCap | None = None
    engaging: Signal = ENGAGING
    """What counts as engagement for the exits of tracks (`idle`, `engaged`), besides what scores and resets idle."""
    answer_pause: Span = 7 * DAY
    """For how long touches wait after sales has answered an open task; in `sal` and `sql` they wait anyway."""
    key_action_memory: Span = 30 * DAY
    """How far back the packet looks for the strongest signals."""

    text: str = field(default="", compare=False, repr=False)
    """As its author wrote it, so that it can be kept and compiled again; "" where nobody wrote it."""

    @property
    def channels(self) -> bool:
        """Whether any touch goes by another channel than e-mail."""
        return any(each.channel != "email" for each in self.contents)

    def owner(self, stage: str) -> Team | None:
        """Whose a lead of this stage is; nobody's where it is suppressed."""
        return dict(self.owners).get(stage)

    @cached_property
    def fingerprint(self) -> str:
        """Which playbook this is, by what it means: the same text gives the same one in every process."""
        return fingerprint(self)
