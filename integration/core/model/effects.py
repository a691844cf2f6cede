"""Effects: what a decision asks for (tasks, touches, stages, alerts). Each has a key derived from its cause."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

TouchChannel: TypeAlias = Literal["email", "retargeting", "linkedin", "direct_mail"]
"""By which way a touch reaches a person: the marketing system delivers the first two, somebody in sales the others."""
Channel: TypeAlias = Literal["call", "email", "task", "review", "linkedin", "direct_mail"]
Assignee: TypeAlias = Literal["owner", "account_owner", "manager", "pool", "worked_by"]
Priority: TypeAlias = Literal["low", "normal", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChanged:
    """The lead moved from one stage to another."""

    key: str
    lead: LeadId
    at: Instant
    because: tuple[str, ...] = ()
    before: str | None
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a task says before its lead's values are filled in: templates, and what set the task off.

    A task is worded when it is decided, for those who read decisions, and again when it is delivered, from what is
    known of its lead by then: see task_wording.py.
    """

    subject: str = ""
    notes: tuple[str, ...] = ()
    """What to do, line by line."""
    play: str = ""
    trigger: str = ""
    clock: str = ""
    why: str = ""
    """The reason in words, and since when it holds."""
    since: Instant | None = None
    before: str = ""
    """What sales said of the lead the last time, in words."""
    activity: str = ""
    asset: str = ""
    page: str = ""
    also: tuple["Wording", ...] = ()
    """What the same task is for besides, the newest first: the reasons that it said before this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWanted:
    """An SDR task, with the packet in its body. `step` counts from 1 within the play.

    `play` is the track's name where it is a touch of a track, and "" where it is one of no track. One that `joins`
    another (its key) is carried out by rewriting that, which has the earlier `due_at` and the higher `priority` of both
    from then on; its own are those of the task that it is where the other turns out to be closed.
    """

    key: str
    lead: LeadId
    at: Instant
    because: tuple[str, ...] = ()
    play: str
    step: int
    channel: Channel
    due_at: Instant
    assignee: Assignee
    priority: Priority = "normal"
    subject: str
    body: str
    wording: Wording = Wording()
    joins: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackChanged:
    """The lead moved from one nurture track (or none) to another (or none)."""

    key: str
    lead: LeadId
    at: Instant
    because: tuple[str, ...] = ()
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchDue:
    """A touch for the marketing system to deliver; `track` is "" for a first move or a trigger's touch.

    One that a person delivers (`linkedin`, `direct_mail`) is a TaskWanted.
    """

    key: str
    lead: LeadId
    at: Instant
    because: tuple[str, ...] = ()
    track: str
    step: int
    content: str
    channel: TouchChannel = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised:
    """Somebody should know, now. A clock's says what started it (the key of an effect) and its deadline."""

    key: str
    lead: LeadId
    at: Instant
    because: tuple[str, ...] = ()
    alert: str
    text: str
    cause: str = ""
    deadline: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """A clock ran out: a task for the manager, once. `cause` is the key of the effect with which the clock started.

    One for whoever has the open task `joins` that (its key), as a TaskWanted does.
    """

    key: str
    lead: LeadId
    at: Instant
    because: tuple[str, ...] = ()
    clock: str
    due_at: Instant
    assignee: Assignee
    subject: str
    body: str
    cause: str = ""
    deadline: Instant | None = None
    wording: Wording = Wording()
    joins: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffDelayed:
    """The gate holds but the playbook requires fields that nobody has supplied yet."""

    key: str
    lead: LeadId
    at: Instant
    because: tuple[str, ...] = ()
    missing: tuple[str, ...]


Effect: TypeAlias = StageChanged | TaskWanted | TrackChanged | TouchDue | AlertRaised | Escalated | HandoffDelayed

KINDS: Mapping[type[Effect], str] = MappingProxyType(
    {
        StageChanged: "stage",
        TaskWanted: "task",
        TrackChanged: "track",
        TouchDue: "touch",
        AlertRaised: "alert",
        Escalated: "escalation",
        HandoffDelayed: "handoff_held",
    }
)
"""What each effect is called where it is stored or printed."""
