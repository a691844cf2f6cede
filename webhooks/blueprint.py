"""The request handlers of the webhooks: verify over the raw bytes, store the raw delivery, answer. Nothing else.

A 2xx is given only after the delivery is durable; what it says is read later, by ingest. A delivery that was stored
and never answered (we died between the two) comes again, and changes nothing.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import msgspec
from flask import Blueprint, Response, request
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    RequestEntityTooLarge,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
)

from mappings.values.instant import Instant
from mappings.vocabulary.value import CANONICAL, Vocabulary
from webhooks import browsers
from webhooks.declaration import Answer, Arrived, Forged, Receiver, Source, Stale, Stranger, Taken, TooMany
from webhooks.facts import Oversized, Unreadable
from webhooks.refusal_causes import Refused

NAME = "webhooks"

_KEPT = ("Content-Type", "User-Agent")
_KEPT_LENGTH = 200
_RETRY_SECONDS = 5
_TOO_MANY_SECONDS = 60
_TOO_MANY = "More came than this sender may send in a minute."
_NOT_KEPT = "The delivery could not be stored. Send it again."
_FORGED = "The signature does not match."
_STALE = "The timestamp is more than five minutes from this service's clock."


NO_ORIGINS: Mapping[str, Collection[str]] = MappingProxyType({})


class InboxUnavailableError(Exception):
    """The delivery could not be made durable in time; the sender has to send it again."""


class Inbox(Protocol):
    """Where deliveries wait to be read."""

    def put(self, source: str, headers: Mapping[str, str], body: bytes, received_at: Instant) -> int:
        """Keep a delivery and answer its id; durable when it returns. Raises InboxUnavailableError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """What all handlers have in common."""

    inbox: Inbox
    wake: Callable[[str], None]
    now: Callable[[], Instant]
    max_body: int
    public_url: str
    vocabulary: Vocabulary
    refused: Refused

    def receive(self, source: Source, receiver: Receiver, path: Mapping[str, str]) -> Response:
        """Judge a request, keep what it brings, and answer."""
        taken = self._judged(source, receiver, path)
        delivery = self._kept(source, taken.body)
        answer = taken.answer(delivery) if taken.answer else _stored(delivery)
        return Response(answer.body, status=answer.status, content_type=answer.type)

    def _judged(self, source: Source, receiver: Receiver, path: Mapping[str, str]) -> Taken:
        """What a receiver lets in; a stale delivery is answered as stale, since its sender has the secret."""
        arrived = Arrived(
            body=_body(self.max_body),
            headers=request.headers,
            path=path,
            address=self._address(),
            now=self.now(),
            vocabulary=self.vocabulary,
        )
        try:
            return receiver(arrived)
        except Stale as error:
            self.refused(source.name, lambda: "timestamp")
            raise Unauthorized(_STALE) from error
        except Forged as error:
            self.refused(source.name, error.why)
            raise Unauthorized(_FORGED) from error
        except Stranger as error:
            cause = error.cause
            self.refused(source.name, lambda: cause)
            raise Forbidden(str(error)) from error
        except TooMany as error:
            self.refused(source.name, lambda: "too_many")
            raise TooManyRequests(_TOO_MANY, retry_after=_TOO_MANY_SECONDS) from error
        except Oversized as error:
            raise RequestEntityTooLarge(str(error)) from error
        except Unreadable as error:
            raise BadRequest(str(error)) from error

    def _kept(self, source: Source, body: bytes) -> int:
        """Make the delivery durable, then say that there is work."""
        names = (*source.headers, *_KEPT)
        headers = {name: request.headers[name][:_KEPT_LENGTH] for name in names if name in request.headers}
        try:
            delivery = self.inbox.put(source.name, headers, body, self.now())
        except InboxUnavailableError as error:
            raise ServiceUnavailable(_NOT_KEPT, retry_after=_RETRY_SECONDS) from error
        self.wake("ingest")
        return delivery

    def _address(self) -> str:
        """The address that the request was sent to, as senders know it: proxies change what it shows itself."""
        query = request.query_string.decode("latin-1")
        return f"{self.public_url}{request.path}{'?' if query else ''}{query}"


def blueprint(  # noqa: PLR0913 - what the handlers need
    inbox: Inbox,
    receivers: Sequence[tuple[Source, Receiver]],
    *,
    wake: Callable[[str], None],
    now: Callable[[], Instant],
    max_body: int,
    public_url: str = "",
    vocabulary: Vocabulary = CANONICAL,
    refused: Refused = lambda _source, _why: None,
    origins: Mapping[str, Collection[str]] = NO_ORIGINS,
) -> Blueprint:
    """The route of each source for whose deliveries something vouches, under `/webhooks`.

    `wake("ingest")` follows every stored delivery and must neither raise nor wait. `max_body` is in bytes. Senders may
    learn which words `vocabulary` does not have. `public_url` is the address under which senders know us.
    `refused` gets every webhook that is not let in, and what finds out why. `origins` are those whose pages may send
    and read the answers, by the source's name.
    Refusals are raised as werkzeug's HTTP exceptions, for the application to render.
    """
    routes = Blueprint(NAME, __name__, url_prefix="/webhooks")
    desk = _Desk(
        inbox=inbox,
        wake=wake,
        now=now,
        max_body=max_body,
        public_url=public_url,
        vocabulary=vocabulary,
        refused=refused,
    )
    for source, receiver in receivers:
        if source.name in origins:
            view = _asked_first(_view(desk, source, receiver), origins[source.name])
            routes.add_url_rule(
                source.route, source.name, view, methods=["POST", "OPTIONS"], provide_automatic_options=False
            )
        else:
            routes.add_url_rule(source.route, source.name, _view(desk, source, receiver), methods=["POST"])

    @routes.after_request
    def answered(response: Response) -> Response:
        listed = origins.get((request.endpoint or "").partition(".")[2])
        if listed is not None:
            browsers.let_read(response, listed)
        return response

    return routes


def _asked_first(view: Callable[..., Response], origins: Collection[str]) -> Callable[..., Response]:
    """The view for browsers, which may ask before they send."""

    def receive(**path: str) -> Response:
        return browsers.preflight(origins) if request.method == "OPTIONS" else view(**path)

    return receive


def _view(desk: _Desk, source: Source, receiver: Receiver) -> Callable[..., Response]:
    def receive(**path: str) -> Response:
        return desk.receive(source, receiver, path)

    return receive


def _body(most: int) -> bytes:
    """The raw bytes of the request; 413 beyond `most`, whether their number was announced or not."""
    request.max_content_length = most + 1  # a chunked body is silently cut at the limit
    body = request.get_data(cache=False)
    if len(body) > most:
        raise RequestEntityTooLarge
    return body


def _stored(delivery: int) -> Answer:
    return Answer(status=200, body=msgspec.json.encode({"delivery": delivery}))
