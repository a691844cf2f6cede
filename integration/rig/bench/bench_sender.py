"""A lean sender of deliveries: signed beforehand, over kept-alive connections, so that it is not what is measured."""

import http.client
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import msgspec
from standardwebhooks import Webhook

from integration.wiring import clock
from mappings.values.instant import SECOND, Instant

PATH = "/webhooks/activities"
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One delivery of so many activities, ready to be sent."""

    activities: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Burst:
    """What became of a number of parcels: seconds until each answer and until the last, and what was refused.

    `activities` are those of the parcels that were taken, `refused` the status of each one that was not. `begun` is
    when each was due, by its delivery's name.
    """

    taken: list[float] = field(default_factory=list)
    begun: dict[str, Instant] = field(default_factory=dict)
    activities: int = 0
    seconds: float = 0.0
    refused: list[int] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """The seconds within which this share (0 to 1) of the answers came; 0 where there was none."""
        ordered = sorted(self.taken)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def signed(signer: Webhook, activities: Sequence[Mapping[str, Any]], *, delivery: str) -> Parcel:
    """A delivery of activities under Standard Webhooks' signature; good for five minutes."""
    body = msgspec.json.encode({"activities": activities})
    moment = datetime.now(UTC)  # noqa: TID251 - signatures are about the sender's own wall clock
    headers = {
        "Content-Type": "application/json",
        "webhook-id": delivery,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signer.sign(delivery, moment, body.decode()),
    }
    return Parcel(activities=len(activities), body=body, headers=headers)


def send(url: str, parcels: Sequence[Parcel], *, lines: int, every: float = 0.0) -> Burst:
    """Send all parcels over `lines` connections at once and wait for every answer.

    Each line sends as soon as it has its answer or, where `every` is given, one parcel starts each
    `every` seconds over all lines; an answer's time then counts from when its parcel was due, so that
    a stall is felt by everyone who would have come meanwhile.
    """
    burst = Burst()
    started = time.monotonic()
    waiting = iter(list(enumerate(parcels)))
    lock = threading.Lock()

    def line() -> None:
        connection = _connect(url)
        try:
            while True:
                with lock:
                    number, parcel = next(waiting, (0, None))
                if parcel is None:
                    return
                due = started + number * every if every else time.monotonic()
                if (ahead := due - time.monotonic()) > 0:
                    time.sleep(ahead)
                begun = clock.now() - round((time.monotonic() - due) * SECOND)
                status = _post(connection, parcel)
                took = time.monotonic() - due
                with lock:
                    if status == HTTPStatus.ACCEPTED:
                        burst.taken.append(took)
                        burst.begun[parcel.headers["webhook-id"]] = begun
                        burst.activities += parcel.activities
                    else:
                        burst.refused.append(status)
        finally:
            connection.close()

    threads = [threading.Thread(target=line, name=f"sender {number}") for number in range(lines)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    burst.seconds = time.monotonic() - started
    return burst


def _connect(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=_PATIENCE)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _post(connection: http.client.HTTPConnection, parcel: Parcel) -> int:
    connection.request("POST", PATH, body=parcel.body, headers=dict(parcel.headers))
    answer = connection.getresponse()
    answer.read()
    return answer.status
