"""The schema of a playbook file: which keys and values may stand where. The compiler checks whether names exist.

Every mistake of shape is found at once by pydantic, and the same classes give the JSON Schema that editors use.
"""

# ruff: noqa: RUF012 - pydantic gives every model its own copy of a default
from typing import Annotated, Literal

from pydantic import Field

from integration.core.model.effects import Assignee, TouchChannel
from integration.core.rules.playbook_rules import Team
from integration.playbook.language.grammar import LONGEST
from integration.playbook.language.sections import (
    Bands,
    Calendar,
    Conditions,
    Count,
    Engagement,
    Fit,
    Funnel,
    Patterns,
    Section,
    Segments,
    Several,
)
from integration.playbook.language.shorthand import LISTED, by_day, gathered, short
from integration.playbook.language.words import (
    AfterUnopened,
    Before,
    ByDate,
    Cap,
    Cause,
    Condition,
    Days,
    DueTime,
    Every,
    Evidence,
    FromDay,
    Hours,
    Length,
    Name,
    Offset,
    Pace,
    Source,
    Start,
    TaskDue,
    Then,
    Wording,
)
from mappings.values.instant import DAY


class Handoff(Section):
    """When sales gets a lead, what must be known by then, and what the task says."""

    gate: Conditions
    exclude: Annotated[list[Condition], LISTED] = []
    requires: list[str] = []
    asks: list[str] = []
    play: str
    talk_track: dict[Condition, Wording] = {}


class Owns(Section):
    """Whose the leads of each stage are. "Everyone owns it" means that no one does."""

    inquiry: Team | None = None
    mql: Team | None = None
    sal: Team | None = None
    sql: Team | None = None
    customer: Team | None = None
    recycled: Team | None = None


class Return(Section):
    """Where a returned lead goes, and how long it cannot be handed over again."""

    track: str
    hold: Length = 0


class Unreached(Section):
    """So many attempts over so long a time without a connection: the lead comes back with `no_response`."""

    attempts: Count
    over: Length


class Recycle(Section):
    """The way back from sales: the first line that fits."""

    causes: dict[Cause, Annotated[Return, short("track")]] = {}
    unreached: Unreached | None = None


class Clock(Section):
    """A promise with a deadline."""

    starts: Start
    if_: Annotated[Conditions | None, Field(alias="if")] = None
    stops: Patterns
    within: DueTime
    remind: Before = 0
    escalate: Assignee | None = None
    say: Wording = ""
    was: Name | None = None


class Step(Section):
    """One step of a play: a task (call, email, task, review), a touch, or an alert."""

    call: Wording | None = None
    email: Wording | None = None
    task: Wording | None = None
    review: Wording | None = None
    touch: str | None = None
    alert: Wording | None = None
    note: Wording = ""
    due: TaskDue | None = None
    after: DueTime | None = None
    to: Assignee = "owner"
    priority: Literal["low", "normal", "high"] = "normal"


class Play(Section):
    """What sales does after a trigger, step by step. A list of steps is `{steps: [...]}`."""

    steps: list[Step]
    separate: bool = False
    was: Name | None = None


class FirstMove(Section):
    """What happens when a lead comes into being."""

    play: str | None = None
    touches: dict[Offset, str] = {}
    track: str | None = None
    then: str | None = None


class Enter(Section):
    """A way onto a track: a condition, an activity, a stage, idle time or a date; `from` says from which tracks."""

    if_: Annotated[Conditions | None, Field(alias="if")] = None
    when: Patterns | None = None
    stage: str | None = None
    left: Annotated[list[str], LISTED] = []
    reasons: Annotated[list[str], LISTED] = []
    idle: Length = 0
    date: ByDate | None = None
    from_: Annotated[list[str] | None, LISTED, Field(alias="from")] = None


class Leave(Section):
    """A way off a track: all that is given must come together. Without `to`, to where the lead belongs."""

    when: Patterns | None = None
    if_: Annotated[Conditions | None, Field(alias="if")] = None
    idle: Length = 0
    stayed: Length = 0
    unopened: Annotated[int, Field(ge=0)] = 0
    done: bool = False
    to: str | None = None


class Track(Section):
    """Touches at offsets or in a rhythm, ways on and off it, and what follows the last touch."""

    enter: Annotated[list[Annotated[Enter, short("if")]], LISTED] = []
    touches: dict[Offset, str] = {}
    days: list[Annotated[int, Field(ge=0, le=LONGEST // DAY)]] = []
    every: Every | None = None
    content: Annotated[dict[FromDay, str], by_day("from day 0")] = {}
    task: Step | None = None
    for_: Annotated[Length, Field(alias="for")] = 0
    slower: dict[AfterUnopened, Pace] | None = None
    then: Then | None = None
    leave: Annotated[list[Leave], LISTED] = []
    firm: bool = False
    once: bool = False
    was: Name | None = None


class Trigger(Section):
    """Something shows; a play, a touch or another track follows."""

    when: Patterns | None = None
    all: Several | None = None
    in_order: Several | None = None
    at_least: Count = 1
    distinct: Name | None = None
    by: Literal["lead", "account"] = "lead"
    within: Length = 0
    for_: Annotated[Literal["most_engaged", "actor", "participants"], Field(alias="for")] = "most_engaged"
    idle: Length = 0
    date: ByDate | None = None
    enters: Conditions | None = None
    if_: Annotated[Conditions | None, Field(alias="if")] = None
    cooldown: Length | None = None
    play: str | None = None
    touch: str | None = None
    after: DueTime | None = None
    track: str | None = None
    was: Name | None = None


class Content(Section):
    """What marketing has ready for a touch, by which channel it goes, and what a person does where one delivers it.

    Or `first_unseen`: the first of several contents that the person has not seen, by their assets.
    """

    about: str = ""
    channel: TouchChannel = "email"
    asset: Annotated[list[str], LISTED] = []
    first_unseen: Annotated[list[str], LISTED] = []
    otherwise: str | None = None
    say: Wording = ""
    note: Wording = ""
    due: TaskDue | None = None
    to: Assignee = "owner"
    priority: Literal["low", "normal", "high"] = "normal"


class SendWindow(Section):
    """When e-mails may go: these hours of these days, in the lead's own time zone, or this one where it is unknown."""

    days: Days
    hours: Annotated[list[Hours], Field(min_length=1), LISTED]
    timezone: str | None = None


class Touches(Section):
    """How many e-mails are too many, when they may go, and how tracks slow down where nobody opens any."""

    at_most: Cap | None = None
    slower: dict[AfterUnopened, Pace] = {}
    send: Annotated[list[SendWindow], LISTED] = []


class PlaybookFile(Section):
    """A playbook: an operating system for leads, in one file."""

    language: Literal[1]
    name: Name
    title: str = ""
    about: str = ""
    calendar: Calendar = Calendar()
    lists: dict[Name, list[str]] = {}
    signals: dict[Name, Patterns] = {}
    fit: Fit | None = None
    engagement: Engagement | None = None
    bands: Bands
    segments: Segments | None = None
    personas: dict[Name, Conditions] = {}
    buying_jobs: dict[Name, Annotated[list[Evidence], LISTED]] = {}
    funnel: Funnel = Funnel()
    owns: Owns | None = None
    handoff: Handoff
    recycle: Annotated[Recycle, gathered("causes", lambda key: key == "unreached")] = Recycle()
    clocks: dict[Name, Clock] = {}
    first_moves: dict[Source, FirstMove] = {}
    tracks: dict[Name, Track] = {}
    triggers: dict[Name, Trigger] = {}
    plays: dict[Name, Annotated[Play, short("steps")]]
    touches: Touches = Touches()
    contents: dict[Name, Annotated[Content, short("about")]] = {}
