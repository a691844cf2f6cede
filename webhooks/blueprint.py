"""The request handlers of the webhooks: verify over the raw bytes, store the raw delivery, answer. Nothing else.

A 2xx is given only after the delivery is durable; what it says is read later, by ingest. A delivery that was stored
and never answered (we died between the two) comes again, and changes nothing.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

import msgspec
import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, Forbidden, RequestEntityTooLarge, ServiceUnavailable, Unauthorized

from mappings.values.instant import Instant
from mappings.vocabulary.value import CANONICAL, Vocabulary
from webhooks import signatures
from webhooks.facts import Oversized, Unreadable
from webhooks.parsers import ACTIVITIES, HUBSPOT
from webhooks.signatures import Judgement
from webhooks.sources import activity_deliveries, hubspot, salesforce, salesforce_sessions

NAME = "webhooks"

_T = TypeVar("_T")

log = structlog.get_logger()

_KEPT = ("webhook-id", "webhook-timestamp", "X-HubSpot-Request-Timestamp", "Content-Type", "User-Agent")
_KEPT_LENGTH = 200
_RETRY_SECONDS = 5
_NOT_KEPT = "The delivery could not be stored. Send it again."
_NOT_CONNECTED = "No portal of this batch is connected here."
_SHOWN = 5
_FORGED = "The signature does not match."
_STALE = "The timestamp is more than five minutes from this service's clock."


class InboxUnavailableError(Exception):
    """The delivery could not be made durable in time; the sender has to send it again."""


class Inbox(Protocol):
    """Where deliveries wait to be read."""

    def put(self, source: str, headers: Mapping[str, str], body: bytes, received_at: Instant) -> int:
        """Keep a delivery and answer its id; durable when it returns. Raises InboxUnavailableError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose deliveries are taken. A source without secrets has no route.

    `public_url` is the address before `/webhooks/…` under which senders know us. `activity_keys` come from
    `signatures.standard_keys`.
    """

    public_url: str
    hubspot_secrets: tuple[str, ...] = ()
    """Secrets that sign for every portal."""
    portal_secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Portal -> the secrets of its own connection's app, by which no other portal with such secrets is signed for."""
    activity_keys: tuple[bytes, ...] = ()
    salesforce_organizations: tuple[str, ...] = ()
    outbound_secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """What both handlers have in common."""

    inbox: Inbox
    wake: Callable[[str], None]
    now: Callable[[], Instant]

    def admit(self, source: str, judgement: Judgement) -> None:
        """Turn away what is not genuine; a stale delivery is answered as stale, since its sender has the secret."""
        if judgement == "stale":
            log.warning("delivery with a stale timestamp refused: is a clock wrong?", source=source)
            raise Unauthorized(_STALE)
        if judgement == "forged":
            raise Unauthorized(_FORGED)

    def keep(self, source: str, body: bytes) -> int:
        """Make the delivery durable, then say that there is work."""
        headers = {name: request.headers[name][:_KEPT_LENGTH] for name in _KEPT if name in request.headers}
        try:
            delivery = self.inbox.put(source, headers, body, self.now())
        except InboxUnavailableError as error:
            raise ServiceUnavailable(_NOT_KEPT, retry_after=_RETRY_SECONDS) from error
        self.wake("ingest")
        return delivery


def blueprint(  # noqa: PLR0913 - what the handlers need
    inbox: Inbox,
    trust: Trust,
    *,
    wake: Callable[[str], None],
    now: Callable[[], Instant],
    max_body: int,
    vocabulary: Vocabulary = CANONICAL,
    portals: Callable[[], Collection[str]] = tuple,
) -> Blueprint:
    """The routes `/webhooks/hubspot`, `/webhooks/activities` and `/webhooks/salesforce/<secret>/outbound`.

    Each is there as far as there are secrets for it.

    `wake("ingest")` follows every stored delivery and must neither raise nor wait. `max_body` is in bytes. Senders of
    activities learn which words `vocabulary` does not have. `portals` are those of HubSpot that are connected;
    none where not all of them are known.
    Refusals are raised as werkzeug's HTTP exceptions, for the application to render.
    """
    routes = Blueprint(NAME, __name__, url_prefix="/webhooks")
    desk = _Desk(inbox=inbox, wake=wake, now=now)

    if trust.hubspot_secrets or trust.portal_secrets:

        @routes.post("/hubspot")
        def receive_hubspot() -> Response:
            """A batch of HubSpot's events."""
            body = _body(max_body)
            judgement, secret = _judge_hubspot(body, trust, now())
            desk.admit(HUBSPOT, judgement)
            _checked(hubspot.check, body)
            desk.admit(HUBSPOT, _judge_portals(body, trust, secret, now()))
            _refuse_strangers(hubspot.portals(body), portals())
            return _answer(200, {"delivery": desk.keep(HUBSPOT, body)})

    if trust.activity_keys:

        @routes.post("/activities")
        def receive_activities() -> Response:
            """A batch of activities from any system.

            A bad item is named in the answer and kept for a person. So is a word that no vocabulary has; its activity
            is taken.
            """
            body = _body(max_body)
            given = {name: request.headers.get(name, "") for name in signatures.STANDARD_HEADERS}
            desk.admit(ACTIVITIES, signatures.standard(given, body, keys=trust.activity_keys, now=now()))
            found = _checked(partial(activity_deliveries.check, now=now(), vocabulary=vocabulary), body)
            delivery = desk.keep(ACTIVITIES, body)
            rejected = [{"index": each.index, "reason": each.reason} for each in found.rejected]
            warnings = [{"index": each.index, "reason": each.reason} for each in found.warnings]
            told = {"delivery": delivery, "accepted": found.accepted, "rejected": rejected, "warnings": warnings}
            return _answer(202, told)

    if trust.outbound_secrets and trust.salesforce_organizations:

        @routes.post("/salesforce/<secret>/outbound")
        def receive_outbound(secret: str) -> Response:
            """A message of Salesforce's, unsigned: the secret in the address and the organization's id vouch for it."""
            body = _body(max_body)
            known = signatures.among(secret, trust.outbound_secrets)
            ours = known and _checked(partial(salesforce.check, organizations=trust.salesforce_organizations), body)
            desk.admit(salesforce.SOURCE, "genuine" if ours else "forged")
            desk.keep(salesforce.SOURCE, salesforce_sessions.stored(body))
            return Response(salesforce.ACK, content_type=salesforce.CONTENT_TYPE)

    return routes


def _judge_hubspot(body: bytes, trust: Trust, now: Instant) -> tuple[Judgement, str]:
    """Whether a secret has signed, and which."""
    query = request.query_string.decode("latin-1")
    uri = f"{trust.public_url}{request.path}{'?' if query else ''}{query}"
    given = {name: request.headers.get(name, "") for name in signatures.HUBSPOT_HEADERS}
    known = dict.fromkeys(
        (*trust.hubspot_secrets, *(each for those in trust.portal_secrets.values() for each in those))
    )
    found: tuple[Judgement, str] = ("forged", "")
    for secret in known:
        judgement = signatures.hubspot(given, body, uri=uri, secrets=(secret,), now=now)
        if judgement != "forged":
            found = (judgement, secret)
    return found


def _judge_portals(body: bytes, trust: Trust, secret: str, now: Instant) -> Judgement:
    """Whether the secret may sign for the portals that the events name: not for one whose app has another secret."""
    if secret in trust.hubspot_secrets or not trust.portal_secrets:
        return "genuine"
    named = {each.account for each in hubspot.parse(body, now).noticed}
    others = {portal for portal, secrets in trust.portal_secrets.items() if secret not in secrets}
    return "forged" if named & others else "genuine"


def _refuse_strangers(named: Collection[str], connected: Collection[str]) -> None:
    """Turn away a batch in which every event is of a portal that is not connected here.

    Whoever installs a public app has HubSpot sign webhooks of their own portal with the app's secret. Of a batch of
    several portals, ingest reads ours alone.
    """
    if connected and named and set(named).isdisjoint(connected):
        log.warning("webhooks of portals that are not connected refused", portals=sorted(named)[:_SHOWN])
        raise Forbidden(_NOT_CONNECTED)


def _body(most: int) -> bytes:
    """The raw bytes of the request; 413 beyond `most`, whether their number was announced or not."""
    request.max_content_length = most + 1  # a chunked body is silently cut at the limit
    body = request.get_data(cache=False)
    if len(body) > most:
        raise RequestEntityTooLarge
    return body


def _checked(check: Callable[[bytes], _T], body: bytes) -> _T:
    """What `check` finds in the body; 413 where there is too much of it, 400 where it cannot be read at all."""
    try:
        return check(body)
    except Oversized as error:
        raise RequestEntityTooLarge(str(error)) from error
    except Unreadable as error:
        raise BadRequest(str(error)) from error


def _answer(status: int, content: Mapping[str, object]) -> Response:
    return Response(msgspec.json.encode(content), status=status, content_type="application/json")
