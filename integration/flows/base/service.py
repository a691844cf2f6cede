"""What every flow works with: the store, the playbook, the connected CRMs, and time as an argument."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_bytes

from connectors.base.port import Connector
from integration.alerting.alert_port import AlertWay
from integration.core.compiled.compiled_playbook import Playbook
from integration.flows.base.call_allowance import StoredAllowance
from integration.store.audit.sealing import Keyring
from integration.store.db.session import Store
from integration.store.events.playbook_versions import Version
from mappings.conflicts.field_conflicts import Ownership, ownership
from mappings.model.compiled_mapping import CrmMapping
from mappings.values.instant import Instant, Span
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.located_yaml import Located


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How to ask a CRM whose a token is (Unavailable where it does not say); `mark` tells the token from another."""

    mark: str
    ask: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connected CRM: how to reach it and how its fields read. Lanes and references go by its `name`.

    `located` says where the mapping says what. `allowance` is what its calls are counted by; without one they are as
    many as there are.
    """

    name: str
    connector: Connector
    mapping: CrmMapping
    located: Located | None = None
    account: str = ""
    """The portal's or organization's id, where it is known."""
    asking: Asking | None = None
    """For a token of the environment, which does not say whose it is."""
    allowance: StoredAllowance | None = None

    @property
    def system(self) -> str:
        """Which CRM it is: `hubspot` or `salesforce`. Several connections may be of one system."""
        return self.mapping.system

    def link(self, object_name: str, record_id: str) -> str:
        """The address at which people open a record; "" where it is not known."""
        return self.connector.link(object_name, record_id, account=self.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The parts a flow is given.

    `connections` is in the order in which they are preferred as the home of sales' tasks. `wake`
    is a hint to a lane and may be lost; the sweep finds what it forgot. `sleep` takes seconds. Nobody
    new is decided about for `grace`, unless every CRM has said before whether it knows them.
    """

    store: Store
    playbook: Playbook
    connections: Mapping[str, Connection]
    now: Callable[[], Instant]
    new_id: Callable[[], str]
    wake: Callable[[str], None]
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]
    holder: str
    lease: Span
    linger: Span
    grace: Span
    shadow: bool = False
    """Whether everything is computed and nothing written."""
    tasks_per_hour: int = 0
    """How many new tasks a connection gets in an hour while going live; 0 for any number."""
    writes_per_minute: int = 0
    """How many records of a connection are written in a minute while going live; 0 for any number."""
    keyring: Keyring = field(default_factory=lambda: Keyring(keys={}))
    """The secret key, and those before it: what opens what the store holds sealed."""
    alert_ways: Mapping[str, AlertWay] = field(default_factory=dict)
    """How alerts reach people, by name."""
    started: Instant | None = None
    """When this process was given its playbook; a version that was published later is followed. None for just now."""
    version: Version | None = None
    """The version of the playbook in force, where a flow has asked for it (see running_playbook.py)."""
    chance: Callable[[int], bytes] = token_bytes
    """So many bytes that nobody can guess."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of this installation: those that the playbook was compiled with."""
        return self.playbook.vocabulary

    @property
    def number(self) -> int | None:
        """The number of the playbook's version; None before a flow has asked which one is in force."""
        return self.version.number if self.version else None

    @property
    def ownership(self) -> Ownership:
        """Who owns which fields, by the connections' mappings."""
        return ownership(connection.mapping for connection in self.connections.values())
