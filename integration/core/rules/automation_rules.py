"""The automation rules of a playbook: plays, triggers, clocks, tracks and first moves."""

from dataclasses import dataclass
from typing import Literal

from integration.core.model.effects import Assignee, Channel, TouchChannel
from integration.core.rules.conditions import Condition
from integration.core.rules.patterns import Dated, Pattern, Signal
from mappings.values.instant import Span

NURTURED = ("inquiry", "mql", "recycled")
"""Stages in which marketing owns the lead, or still may touch it [rules: stages]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A length of time: plain, or `working` time of the playbook's calendar.

    `working_days` adds so many working days (1: the next working day at its opening hour, after `span`). A task falls
    due in working time, unless it may be due at `any_time`.
    """

    span: Span = 0
    working: bool = False
    working_days: int = 0
    any_time: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStep:
    """Something an SDR does: with `due` a task of its own, without one a line in the checklist of the task before.

    `due` counts from the beginning of the play; a due time outside working hours is put off to the next opening. A
    checklist shows the step's subject.
    `subject` and `note` are wording templates (see wording.py). The assignee `owner` falls back to the account's
    owner, then to the pool; `account_owner` to the owner, then to the pool; `worked_by` likewise to the owner.
    """

    channel: Channel
    subject: str
    note: str = ""
    due: Due | None = None
    assignee: Assignee = "owner"
    priority: Literal["low", "normal", "high"] = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a touch brings, where it is no plain e-mail. `task` says who does what, where a person delivers it.

    `first_unseen` names other contents, of which the touch brings the first that the person has not seen, else
    `otherwise`. `assets` are the pages, files and names by which it is known that somebody has seen this one.
    """

    name: str
    channel: TouchChannel = "email"
    task: TaskStep | None = None
    assets: tuple[str, ...] = ()
    first_unseen: tuple[str, ...] = ()
    otherwise: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchStep:
    """A touch that goes `after` the play began (then as the send window and the frequency cap allow)."""

    content: str
    after: Due = Due()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStep:
    """An alert goes to somebody at once; `text` is a wording template."""

    alert: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """What follows a trigger: ordered steps.

    Its tasks are open until sales answers the lead (call_attempt, meeting_booked, sales_accepted, sales_rejected,
    sales_qualified) or the last of them has been due for `grace`; while open, the play is not played again.
    A call or an e-mail joins the one that is open with the same person, unless the play is `separate`: then none of its
    tasks joins another, or is joined.
    """

    name: str
    steps: tuple[TaskStep | TouchStep | AlertStep, ...]
    grace: Span = 0
    label: str = ""
    was: str = ""
    """The name that it had before, where it was renamed: see lineage.py. So have clocks and tracks."""
    separate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """When something shows, a play (or a move to another track) follows; not again within the cooldown.

    Exactly one of: `pattern` (an activity completes it, while `condition` holds), `idle` (so long without a scoring
    activity that resets idle, counted from that activity or from the lead's birth; once per stretch), `dated`, or none:
    then it fires when `condition` becomes true. The compiler fills `cooldown` (default: the window, else 7 days;
    for idle 0). `track` moves the lead there ("" = no move).
    """

    name: str
    pattern: Pattern | None = None
    idle: Span = 0
    dated: Dated | None = None
    condition: Condition | None = None
    cooldown: Span = 0
    play: str = ""
    track: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A promise with a deadline (SLA) [two-axis: handoff] [operating-model: service levels].

    Starts when the lead comes to `stage`, or when the trigger named `trigger` fires, if `condition` holds then (after
    the event was taken in). Stops at an activity of `stops`, or when the lead leaves marketing and sales for good.
    `remind_before` raises an alert that long (plain time) before the deadline; at the deadline an escalation task for
    `escalate_to` and an alert, once, unless `escalate_to` is None (then only the alert).
    """

    name: str
    within: Due
    stage: str = ""
    trigger: str = ""
    condition: Condition | None = None
    stops: Signal
    remind_before: Span = 0
    escalate_to: Assignee | None = "manager"
    subject: str = ""
    note: str = ""
    label: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """After so many calls without connection, the first at least `over` ago, a lead is recycled with `no_response`.

    Counted since the lead became an MQL; a connection starts the count anew. [operating-model: service levels]
    """

    attempts: int
    over: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One touch of a track; with `task`, it is a task for a person instead of an automated message.

    A task's due defaults to one day. Tasks know neither send window nor frequency cap.
    """

    content: str
    task: TaskStep | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """A touch that falls due this long after the lead came on the track."""

    after: Span
    touch: Touch


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """A touch every so often, counted from the last one before; the very first of a track goes at entry.

    `until` ends the rhythm that long after entry (a touch at exactly that time still goes; 0: never). `touches` are
    taken in turn; when they are used up they start again if `repeat`, else the rhythm ends.
    """

    every: Span
    touches: tuple[Touch, ...]
    until: Span = 0
    repeat: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Slower:
    """From so many e-mails of a stay since the last open or click of any on, touches come so far apart at the least.

    `ends`: the one that would go then does not go any more, and the track's touches are done. Judged when the next one
    would go; an open or click brings the plan back. [five-tracks: frequency]
    """

    unopened: int
    every: Span = 0
    ends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A way onto a track.

    - `created`: the lead comes into being (or its source becomes known).
    - `stage`: the lead comes to this stage (from one of `left`, with one of `reasons`, where given).
    - `signal`: an activity of this kind.
    - `idle`: so long without a scoring activity that resets idle, since that or since the lead's birth.
    - `dated`: so long before or after a date.
    - none of them: as soon as `condition` holds.
    In every case `condition` must be true, and the present track must be in `origin` (None: any; "" stands for none).
    `engaged`: only at an activity that scores and resets idle.
    """

    created: bool = False
    stage: str = ""
    left: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    signal: Signal = ()
    idle: Span = 0
    dated: Dated | None = None
    condition: Condition | None = None
    origin: tuple[str, ...] | None = None
    engaged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """A way off a track; tried in order. All that is given must come together.

    - `signal`: an activity of this kind. `engaged`: any engagement (Playbook.engaging, or what scores and resets idle).
    - `condition`: holds. - `idle`: so long without engagement, since the last one or since entry.
    - `after`: so long on the track; with `completed`, so long since the last touch instead.
    - `unopened`: the last so many touches of this stay are all unopened; judged when the next one would go.
    - `completed`: the last touch has gone (at once, unless `after`).
    `to` is a track, "" for none, BELONGS for where the lead belongs (the first track with an entry whose plain
    condition holds, else none), or SUPPRESSED.
    """

    signal: Signal = ()
    engaged: bool = False
    condition: Condition | None = None
    idle: Span = 0
    after: Span = 0
    unopened: int = 0
    completed: bool = False
    to: str = ""


BELONGS = "*"
SUPPRESSED = "!suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A nurture track; the order of tracks in the playbook is their precedence.

    A lead is taken onto it only in one of `stages`. Entries by plain condition: a lead belongs to the first track one
    of whose plain entries holds; it is moved there at once, except from a `firm` track, from where sales returned it
    until it does something new, and except to a later track from one that has no plain entries or whose own still
    hold. `once`: nobody comes onto it a second time. A track left by an exit takes the lead again by plain condition
    only after a new scoring activity that resets idle.
    """

    name: str
    entries: tuple[Entry, ...] = ()
    exits: tuple[Exit, ...] = ()
    offsets: tuple[Offset, ...] = ()
    rhythms: tuple[Rhythm, ...] = ()
    slower: tuple[Slower, ...] = ()
    """From the fewest unopened on; tasks of a track keep to its plan."""
    stages: tuple[str, ...] = NURTURED
    firm: bool = False
    once: bool = False
    label: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstMove:
    """What happens when a lead of one of these sources comes into being (empty: of any other, or unknown).

    `play`, `touches` and `track` all begin at once. `then` is the track entered afterwards: when the touches are out
    and the tasks of `play` are closed, provided that the lead is on no track by then.
    """

    sources: tuple[str, ...] = ()
    play: str = ""
    touches: tuple[TouchStep, ...] = ()
    track: str = ""
    then: str = ""
