"""What every flow works with: the store, the playbook, the connected CRMs, and time as an argument."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_bytes

from connectors.base import Connector
from integration.core.playbook import Playbook
from integration.store.session import Store
from mappings.crm import CrmMapping
from mappings.instant import Instant, Span
from mappings.located import Located


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connected CRM: how to reach it and how its fields read; `located` says where the mapping says what."""

    name: str
    connector: Connector
    mapping: CrmMapping
    located: Located | None = None


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
    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    """The secret key, and those before it: what opens what the store holds sealed."""
    chance: Callable[[int], bytes] = token_bytes
    """So many bytes that nobody can guess."""
