"""The state of a lead: all that is needed to go on, of bounded size for any length of history.

Plain values throughout, so that any serialiser for dataclasses can write and read them. The core
treats a given state as a value: it works on a copy.
"""

from copy import copy
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from integration.core.model.conversation import Conversation
from integration.core.model.deferral import Deferral
from integration.core.model.given_back import GivenBack, Unexplained
from integration.core.model.score import Score
from mappings.model.canonical import Value
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant

FORMAT = 16
"""The number of the shape and meaning of a stored state. Raise it whenever a field of LeadState changes, or whenever
the engine makes something else of the same events: every lead is then derived anew, instead of going on from a state
that means something else. A test compares the shape with the number."""

Mark: TypeAlias = tuple[int, int, str]
"""A place in the order of events: (instant, kind, id); kind -1 stands for time that passed."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """The last time a rule gave points, for the packet and the reasons."""

    points: int
    at: Instant
    times: int
    activity: str
    about: str


@dataclass(slots=True, kw_only=True)
class Sent:
    """An e-mail that went out, and whether anybody opened it. `stay` is the track's stay it belongs to, or ""."""

    key: str
    content: str
    at: Instant
    stay: str
    opened: bool = False


@dataclass(slots=True, kw_only=True)
class Waiting:
    """A touch of no track that has yet to go."""

    key: str
    at: Instant
    step: int
    content: str
    because: str
    first: bool = False
    asks: str = ""
    """The (first) field that it asks for; it does not go once sales has its answer."""


@dataclass(slots=True, kw_only=True)
class Opening:
    """How often a play was opened and when last, until when it counts as open, whether sales has yet to answer."""

    times: int
    until: Instant
    open: bool
    began: Instant = 0
    shut: list[int] = field(default_factory=list)
    """Its tasks that were closed without a word while it was open, by their numbers."""


@dataclass(slots=True, kw_only=True)
class Running:
    """A clock: its n-th run, its deadline, and what has come of it. It runs on after its deadline, until stopped.

    `cause` is the key of the effect with which it started, "" where there was nothing to announce.
    """

    times: int
    started: Instant
    due: Instant
    cause: str = ""
    reminded: bool = False
    breached: bool = False
    stopped: Instant | None = None
    answer: str = ""
    """The type of the activity that answered it; "" while it runs, and where it ended without an answer."""
    closed: bool = False
    """Nobody has a task of its escalation: it was closed without a word, or is a reason in another task, or none."""
    hours: list[tuple[int, str]] = field(default_factory=list)
    """By whose working hours it counts, and from when on: see working_hours.py. Before the first, the playbook's."""


@dataclass(slots=True, kw_only=True)
class Stay:
    """Where a lead is on its track: since when, its n-th stay, the touches so far and the next one's plan."""

    track: str
    since: Instant
    times: int
    step: int = 0
    rhythm: int = -1
    """Which rhythm is running; -1 while the offsets last."""
    turn: int = 0
    planned: Instant | None = None
    """None once the last touch has gone."""
    last: Instant | None = None
    """When the last touch fell due (by plan)."""
    sent: Instant | None = None
    unopened: int = 0
    """E-mails of this stay since the person last opened or clicked any."""


@dataclass(slots=True, kw_only=True)
class LeadState:
    """Where one lead stands. Bounded; see the fields.

    `watermark` is the place of the last event applied, comparable with `order(event)`: whatever comes at or before
    it is late (or a duplicate). `due` is when something will next happen by itself.
    """

    lead: LeadId
    watermark: Mark | None = None
    due: Instant | None = None
    born: Instant | None = None
    sourced: bool = False
    fields: dict[str, Value] = field(default_factory=dict)
    found_out: list[str] = field(default_factory=list)
    """Fields (FOUND_OUT) of which an answer of sales is the last word, and not a CRM's record."""
    account: AccountId = AccountId("")
    company: dict[str, Value] = field(default_factory=dict)
    fit: int = 0
    fit_rules: dict[str, int] = field(default_factory=dict)
    """Group -> the place of the rule that counts in it, -1 for none."""
    fit_raw: int = 0
    score: Score = field(default_factory=Score)
    scored: Instant | None = None
    """The last scoring activity that resets idle."""
    mailed: Instant | None = None
    """The last sending, open, click or unsubscribe (also a machine's): what follows soon may be a machine's too."""
    engaged: Instant | None = None
    """The last engagement of any kind."""
    counts: dict[str, int] = field(default_factory=dict)
    limits: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    evidence: dict[str, list[list[tuple[str, int]]]] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    consumed: list[tuple[str, str, int, str]] = field(default_factory=list)
    """The last contents: (activity type, asset, when, the page's address without its scheme)."""
    key_action: tuple[str, str, int] | None = None
    """The last scoring activity that resets idle: (type, asset, when)."""
    colleagues: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Document -> (how many people viewed it, when that was noticed)."""
    job: str = ""
    funnel: dict[str, int] = field(default_factory=dict)
    stage: str = "inquiry"
    chosen: str = ""
    """While suppressed: the stage that a person chose in the CRM meanwhile."""
    silenced: list[str] = field(default_factory=list)
    """Why no touch may go: `asked`, `flag`, `hand`, `here`, `track`."""
    deferral: Deferral | None = None
    """A person keeps the lead from sales and from touches: see funnel/by_hand.py."""
    cycle: int = 0
    """How often the lead became an MQL."""
    stages: dict[str, int] = field(default_factory=dict)
    """Stage -> how often the lead came to it."""
    handed: Instant | None = None
    """When the lead last became an MQL."""
    recycle_reason: str | None = None
    given_back: GivenBack | None = None
    unexplained: Unexplained | None = None
    reason_tasks: int = 0
    """How often sales was asked for a reason."""
    quiet_until: Instant | None = None
    """Of an MQL: how long an answer is waited for since the last task was closed without a word."""
    returned: Instant | None = None
    """Since when only what is new opens the gate: sales returned the lead, or it subscribed anew."""
    returned_by: str = ""
    """The event by which; "" for the passing of time."""
    hold: Instant | None = None
    holds: int = 0
    """How often the handoff waited: more than once where a lead unsubscribed, or was returned, in between."""
    held: list[str] | None = None
    """Fields the handoff is waiting for."""
    qualified: bool = False
    """A lead that came back has done what it takes; only fields are missing."""
    asking: str = ""
    """The field that a `profile` touch asks for now."""
    asked: list[str] = field(default_factory=list)
    """Fields asked for since the handoff, of those that do not delay it."""
    deals: dict[str, int] = field(default_factory=dict)
    """When the latest deal was `created_at` and `closed_at`."""
    attempts: int = 0
    first_attempt: Instant | None = None
    attempted: tuple[int, bool] | None = None
    """The last attempt: when, and whether the status of the lead's record said so."""
    stay: Stay | None = None
    stays: dict[str, int] = field(default_factory=dict)
    barred: list[str] = field(default_factory=list)
    then: str = ""
    """The track after the first move."""
    then_play: str = ""
    touches: list[Sent] = field(default_factory=list)
    """The last e-mails."""
    touched: Instant | None = None
    """When the last touch went to the marketing system, whatever its channel."""
    met: dict[str, int] = field(default_factory=dict)
    """Contents that a touch chooses among: when the person last saw one, or was sent it."""
    sendings: list[int] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    paused: Instant | None = None
    """Touches wait until then: sales has answered."""
    bounced: str | None = None
    """The address from which mail came back for good, "" where none was known; None: touches may go."""
    plays: dict[str, Opening] = field(default_factory=dict)
    fired: dict[str, int] = field(default_factory=dict)
    alerts: dict[str, int] = field(default_factory=dict)
    truths: list[str] = field(default_factory=list)
    """Triggers by condition whose condition holds."""
    clocks: dict[str, Running] = field(default_factory=dict)
    hours: str = ""
    """The working hours of whoever was given the last task; "" stands for the playbook's calendar."""
    conversations: list[Conversation] = field(default_factory=list)
    """Calls and e-mails that are open, in the order in which others join them: see handoff/conversations.py."""


def newborn(lead: LeadId) -> LeadState:
    """A lead to whom nothing has happened yet."""
    return LeadState(lead=lead)


_FLAT_DICTS = (
    "fields",
    "company",
    "fit_rules",
    "counts",
    "colleagues",
    "funnel",
    "stages",
    "stays",
    "fired",
    "alerts",
    "deals",
    "met",
)
_FLAT_LISTS = ("found_out", "consumed", "silenced", "asked", "barred", "sendings", "truths")


def copied(state: LeadState) -> LeadState:
    """A working copy that shares nothing changeable with the given state. By hand: deepcopy takes ten times as long."""
    new = copy(state)
    for name in _FLAT_DICTS:
        setattr(new, name, dict(getattr(state, name)))
    for name in _FLAT_LISTS:
        setattr(new, name, list(getattr(state, name)))
    new.score = copy(state.score)
    new.score.buckets = [copy(each) for each in state.score.buckets]
    new.score.endings = [copy(each) for each in state.score.endings]
    new.limits = {rule: {key: list(marks) for key, marks in kept.items()} for rule, kept in state.limits.items()}
    new.evidence = {key: [list(marks) for marks in parts] for key, parts in state.evidence.items()}
    new.seen = {name: copy(each) for name, each in state.seen.items()}
    new.held = None if state.held is None else list(state.held)
    new.stay = None if state.stay is None else copy(state.stay)
    new.unexplained = None if state.unexplained is None else copy(state.unexplained)
    new.given_back = None if state.given_back is None else copy(state.given_back)
    new.deferral = None if state.deferral is None else copy(state.deferral)
    new.touches = [copy(each) for each in state.touches]
    new.waiting = [copy(each) for each in state.waiting]
    new.plays = {name: replace(each, shut=list(each.shut)) for name, each in state.plays.items()}
    new.clocks = {name: replace(each, hours=list(each.hours)) for name, each in state.clocks.items()}
    new.conversations = [replace(each, joined=list(each.joined)) for each in state.conversations]
    return new
