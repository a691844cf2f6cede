"""Parts of the service: what a flow is given, one value for each concern.

A flow names the parts that it touches in its signature. `integration/wiring` joins them; no flow sees the whole.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from secrets import token_bytes
from typing import Any, Protocol, TypeVar, cast

from connectors.base.port import Connector
from integration.alerting.alert_port import AlertWay
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.rules.playbook_rules import Playbook
from integration.flows.base.call_allowance import LastCalls, StoredAllowance
from integration.flows.base.running_routing import HasRouting
from integration.store.audit.sealing import Keyring
from integration.store.db.session import Store
from integration.store.events.playbook_versions import Version
from mappings.conflicts.field_conflicts import Ownership
from mappings.model.compiled_mapping import CrmMapping
from mappings.values.identifiers import ConnectionName, System
from mappings.values.instant import DAY, Instant, Span
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.located_yaml import Located

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How to ask a CRM whose a token is (Unavailable where it does not say); `mark` identifies the token."""

    mark: str
    ask: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connected CRM: how to reach it and how its fields read. Lanes and references go by its `name`.

    `located`: where the mapping says what; `allowance`: what counts its calls, None for nothing; `text`: the mapping's;
    `of_file`: settings name its file; `alone`: it is this connection's alone; `mapped`: since when it is in force.
    """

    name: ConnectionName
    connector: Connector
    mapping: CrmMapping
    located: Located | None = None
    account: str = ""  # the portal's or organization's id, where it is known
    asking: Asking | None = None
    """For a token of the environment, which does not say whose it is."""
    allowance: StoredAllowance | None = None
    text: str = ""
    of_file: bool = False
    alone: bool = False
    mapped: Instant = 0

    @property
    def system(self) -> System:
        """Which CRM it is. Several connections may be of one system."""
        return self.mapping.system

    def link(self, object_name: str, record_id: str) -> str:
        """The address at which people open a record; "" where it is not known."""
        return self.connector.link(object_name, record_id, account=self.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What decides: the compiled playbook, with the words and the calendar that it was compiled with."""

    compiled: CompiledPlaybook
    started: Instant | None = None
    """When this process was given its playbook; later versions are followed. None for just now."""
    of_file: bool = True
    """Whether somebody named a file, which is put in force where it differs; a shipped one gives way to commands."""
    version: Version | None = None
    """The version of the playbook in force, where a flow has asked for it (see running_playbook.py)."""

    @property
    def playbook(self) -> Playbook:
        """What the playbook says, without the tables that the engine decides by."""
        return self.compiled.playbook

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of this installation: those that the playbook was compiled with."""
        return self.playbook.vocabulary

    @property
    def words(self) -> str:
        """The playbook and its version, as people read them: `standard, version 3`."""
        name = self.playbook.name
        return name if self.version is None else f"{name}, version {self.version.number}"

    @property
    def number(self) -> int | None:
        """The number of the playbook's version; None before a flow has asked which one is in force."""
        return self.version.number if self.version else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """How a lane is worked: who holds its lease for how long, and how long to wait for more (see lane.py)."""

    holder: str
    lease: Span
    linger: Span
    sleep: Callable[[float], None]  # seconds
    monotonic: Callable[[], float]
    wait: Callable[[str, float], str] | None = None  # as `lane.wait`; None: by sleeping
    last_calls: dict[ConnectionName, LastCalls] = field(default_factory=dict)
    shards: dict[str, tuple[int, int]] = field(default_factory=dict)  # by lane: how many, and which is next


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLeads:
    """How leads are made. Nobody new is decided about for `grace`, unless every CRM has said whether it knows them."""

    new_id: Callable[[], str]
    grace: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What hides and opens what is kept in secret, such as the names of erased people."""

    keyring: Keyring = field(default_factory=lambda: Keyring(keys={}))
    """The secret key, and those before it."""
    chance: Callable[[int], bytes] = token_bytes  # so many bytes that nobody can guess


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingLive:
    """How much may be written by this process's settings; write_access.py asks what the store says besides."""

    shadow: bool = False
    """Whether this process stays in shadow mode whatever the store says: nothing is written."""
    tasks_per_hour: int = 0
    """How many new tasks a connection gets in an hour while going live; 0 for any number."""
    writes_per_minute: int = 0
    """How many records of a connection are written in a minute while going live; 0 for any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what is over is kept. What still waits for somebody is kept however old it is."""

    deliveries: Span = 7 * DAY
    """Raw deliveries that were read, so that one can look at what a source really sent."""
    sync_errors: Span = 30 * DAY
    """Sync errors, from when they were replayed, discarded, or succeeded by themselves."""
    audit: Span | None = None
    """Lines of the audit trail; None for ever."""


class HasStore(Protocol):
    """What has the store and its clock."""

    @property
    def store(self) -> Store:
        """Where everything is kept."""

    @property
    def now(self) -> Callable[[], Instant]:
        """The time it is."""


class HasCrms(Protocol):
    """What has the connected CRMs, in the order in which they are preferred as the home of sales' tasks."""

    @property
    def connections(self) -> Mapping[ConnectionName, Connection]:
        """The connections by name."""

    @property
    def ownership(self) -> Ownership:
        """Who owns which fields, by the connections' mappings."""


class HasRules(Protocol):
    """What has the rules that decide."""

    @property
    def rules(self) -> Rules:
        """The playbook, and which version of it is in force."""


class HasNewLeads(Protocol):
    """What can make leads."""

    @property
    def new_leads(self) -> NewLeads:
        """How leads are made."""


class HasKeys(Protocol):
    """What can hide and open what is kept in secret."""

    @property
    def keys(self) -> Keys:
        """The secret keys."""


class HasGoingLive(Protocol):
    """What knows how much may be written."""

    @property
    def going_live(self) -> GoingLive:
        """Whether and how much is written."""


class HasRetention(Protocol):
    """What knows how long what is over is kept."""

    @property
    def retention(self) -> Retention:
        """How long what is over is kept."""


class HasAlerts(Protocol):
    """What can reach people with alerts."""

    @property
    def alert_ways(self) -> Mapping[str, AlertWay]:
        """How alerts reach people, by name."""


class HasWake(Protocol):
    """What can wake a lane."""

    @property
    def wake(self) -> Callable[[str], None]:
        """A hint to a lane, which may be lost; the sweep finds what it forgot."""


class HasLanes(Protocol):
    """What works lanes."""

    @property
    def lanes(self) -> Lanes:
        """How a lane is worked."""


class Connected(HasStore, HasCrms, Protocol):
    """The store and the CRMs."""


class Versioned(HasStore, HasRules, Protocol):
    """The store and the playbook."""


class Deriving(HasCrms, HasRules, Protocol):
    """What a state is computed with: the playbook, and who owns which fields."""


class Derived(HasStore, HasCrms, HasRules, HasRouting, Protocol):
    """The store, and what the states in it are computed with."""


class NewPeople(HasStore, HasCrms, HasNewLeads, Protocol):
    """What it takes to store people and companies, those who are not known yet among them."""


class Intake(HasStore, HasCrms, HasRules, HasRouting, HasNewLeads, Protocol):
    """What it takes to store what senders say."""


class Alerting(HasStore, HasAlerts, HasRouting, Protocol):
    """What it takes to raise an alert."""


class LimitedWrites(HasStore, HasGoingLive, Protocol):
    """The store, and how much may be written."""


class WrittenCrms(HasCrms, HasGoingLive, Protocol):
    """The CRMs, and how much is written to them."""


class PacedRules(HasRules, HasGoingLive, Protocol):
    """The rules, and how fast the work that they make may be handed out."""


class Waking(HasStore, HasWake, Protocol):
    """The store, and the lanes that work on what is stored."""


class LaneAtWork(HasStore, HasLanes, Protocol):
    """The store, and how a lane of it is worked."""


class LaneOfCrms(HasStore, HasCrms, HasWake, HasLanes, Protocol):
    """What draining a lane takes: its lease, and the allowances of the connections that it calls."""


def changed(service: S, **parts: object) -> S:
    """The same service with other parts."""
    return cast("S", replace(cast("Any", service), **parts))
