"""Source: one value by which a sender of webhooks declares itself, once. `webhooks.registry` knows all of them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from mappings.declared.variables import Given, Need, Variable
from mappings.values.identifiers import System
from mappings.values.instant import Instant
from mappings.vocabulary.value import Vocabulary
from webhooks.facts import Parsed
from webhooks.person_removal import Erasure
from webhooks.refusal_causes import Cause
from webhooks.signatures import Headers, Judgement


class Forged(Exception):
    """Nothing vouches for the delivery; `why` finds the likely cause, at the cost of some more signatures."""

    def __init__(self, why: Callable[[], Cause]) -> None:
        super().__init__()
        self.why = why


class Stale(Exception):
    """The delivery is rightly signed, but its time is too far from ours."""


class Stranger(Exception):
    """The delivery is genuine, and of nobody who is connected here; says so to the sender."""

    def __init__(self, text: str, cause: Cause = "not_connected") -> None:
        super().__init__(text)
        self.cause: Cause = cause


class TooMany(Exception):
    """More came than this sender may send; it has to wait for a minute."""


def admit(judgement: Judgement, why: Callable[[], Cause] = lambda: "secret") -> None:
    """Turn away what is not genuine; `why` finds the likely cause of a forgery. Raises Forged or Stale."""
    if judgement == "stale":
        raise Stale
    if judgement == "forged":
        raise Forged(why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """What may vouch for deliveries of one source.

    `public_url` is the address before `/webhooks/…` under which senders know us, or "". Of a source that is of a CRM,
    `accounts` are those that somebody has connected or the environment names, `secrets` the client secrets of the apps
    through which they were signed in to, by account, and `connected` asks which accounts are connected at the moment
    (none where not all of them are known).
    """

    given: Given
    public_url: str = ""
    accounts: tuple[str, ...] = ()
    secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    connected: Callable[[], Collection[str]] = tuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A request as it came: raw body, headers (spelled in any case), the parts of its path that the route names.

    `address` is where the sender has sent it to, by the public address. `vocabulary` has the words of this
    installation.
    """

    body: bytes
    headers: Headers
    path: Mapping[str, str]
    address: str
    now: Instant
    vocabulary: Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a sender is answered, once its delivery is stored."""

    status: int
    body: bytes
    type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A delivery that is let in: what is stored, and the answer by the delivery's id; without one, 200 and the id."""

    body: bytes
    answer: Callable[[int], Answer] | None = None


class Receiver(Protocol):
    """What judges each request of a source."""

    def __call__(self, arrived: Arrived) -> Taken:
        """Let it in. Raises Forged, Stale, Stranger, TooMany, Unreadable or Oversized."""


SCHEMA = "#/components/schemas/{name}"
"""How an OpenAPI document refers to one of its schemas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """How a source is sent, for programs: OpenAPI's operation with its good answers, and the schemas that it names.

    `extra` stands at the top of the document; its names begin with `x-`.
    """

    operation: Mapping[str, Any]
    schemas: Mapping[str, Any]
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source's declaration. `name` stands in the inbox, `route` follows `/webhooks` (Flask's spelling).

    `system` is the CRM whose record changes it reports, if any. `secret` is the variable that lets it in.
    """

    name: str
    route: str
    receiver: Callable[[Trusted], Receiver | None]
    """What judges its requests; None where nothing vouches for any, and the route is not there."""
    parse: Callable[[bytes, Instant], Parsed]
    """What a stored delivery says. Raises Unreadable or Oversized."""
    erasure: Erasure
    secret: str
    variables: tuple[Variable, ...]
    needs: tuple[Need, ...] = ()
    system: System | None = None
    missed: str = ""
    """What to do where a connection of its system has no secret for it; "" where one can do without."""
    headers: tuple[str, ...] = ()
    """Headers that are stored with the body, beside the type and the sender's name."""
    described: Callable[[], Described] | None = None
    """How it is sent, for `/openapi.json`; None for a sender that knows by itself."""
    origins: Callable[[Given], Collection[str]] | None = None
    """The origins whose pages send from a browser, in small letters; None where no browser sends."""
    named_by: str = ""
    """The signed header that distinguishes its deliveries: the same body under the same name is stored once."""
