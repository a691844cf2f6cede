"""The front of the web process: a request arrives whole, within a deadline, before a thread is taken for it.

Threads are few, and a thread that waits for a body is lost to everybody else. So the event loop reads bodies, thousands
at once if need be, and hands what has arrived to the threads that run the application. What does not arrive in time is
answered 408; what finds no free thread in time, or no room for its body, 503. `/healthz` is answered by the event loop
itself, whatever the threads are doing.
"""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol, TypeAlias

import msgspec
import structlog
from granian.rsgi import HTTPProtocol, ProtocolClosed, ProtocolError, Scope

from integration.web.arriving.body_budget import NoRoomError, Place, Room
from integration.web.arriving.wsgi_environ import environ, inward
from integration.wiring import clock

log = structlog.get_logger()

Headers: TypeAlias = list[tuple[str, str]]
Answer: TypeAlias = tuple[int, Headers, bytes]

HEALTH = "/healthz"
_STUCK_SECONDS = 30.0
"""When no thread has finished anything for so long, the process no longer counts as alive."""
_TICK_SECONDS = 0.25
_RETRY_SECONDS = "5"
_BEYOND = 1
"""A webhook's route reads one byte more than it takes, to know what is too long; what was not read is longer still."""
_ABOUT_THE_BODY = frozenset({"content-type", "content-length"})
_LATE = ("late", HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time.")
_FULL = ("full", HTTPStatus.SERVICE_UNAVAILABLE, "Too much arrives at once. Send it again.")
_BUSY = ("busy", HTTPStatus.SERVICE_UNAVAILABLE, "All threads are busy. Send it again.")
_STUCK = ("stuck", HTTPStatus.SERVICE_UNAVAILABLE, "No thread has finished anything for too long.")
_BROKEN: Answer = (int(HTTPStatus.INTERNAL_SERVER_ERROR), [], b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a request may take to arrive, and how many bytes may be in memory at once.

    A body has `seconds` to arrive, and then `patience` to find one of the `threads`. `body` and `bodies` are bytes: of
    one request, and of all together.
    """

    seconds: float = 10.0
    patience: float = 2.0
    threads: int = 16
    body: int = 4_194_304
    bodies: int = 67_108_864


class Start:
    """WSGI's `start_response`: what the application says of its answer."""

    __slots__ = ("headers", "status")

    def __init__(self) -> None:
        self.status = 0
        self.headers: Headers = []

    def __call__(self, status: str, headers: Headers, _exc_info: object = None, /) -> Callable[[bytes], object]:
        """Note status and headers; what it answers is WSGI's `write`, which nobody uses any more."""
        self.status, self.headers = int(status[:3]), headers
        return lambda _data: None


class Application(Protocol):
    """A WSGI application."""

    def __call__(self, environ: dict[str, Any], start_response: Start, /) -> Iterable[bytes]:
        """Answer one request."""


@dataclass(slots=True, eq=False)
class _Job:
    """A request that has arrived and waits for a thread. `length` is more than the body's where that was cut off."""

    scope: Scope
    proto: HTTPProtocol
    body: bytes
    length: int
    done: "asyncio.Future[None]"

    def finish(self) -> None:
        """Let the request's task go on; only on the event loop."""
        if not self.done.done():
            self.done.set_result(None)


class Front:
    """A WSGI application behind granian's RSGI interface.

    `close` is called when the process ends, `refused` with a word for each request that does not reach the application.
    """

    def __init__(
        self, app: Application, limits: Limits, *, close: Callable[[], None], refused: Callable[[str], None]
    ) -> None:
        self._app = app
        self._limits = limits
        self._close = close
        self._refused = refused
        self._room = Room(limits.bodies)
        self._line: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._working: dict[int, float] = {}
        """When each thread that is at work began."""
        self._answered: deque[_Job] = deque()
        self._waiting: dict[_Job, float] = {}
        """Until when each job waits for a thread; whoever takes it out, a thread or the event loop, answers it."""

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._health = self._run(inward(HEALTH))
        self._headers = [each for each in self._health[1] if each[0].lower() not in _ABOUT_THE_BODY]
        for number in range(self._limits.threads):
            threading.Thread(target=self._work, args=(number,), name=f"request {number}", daemon=True).start()
        self._tick()

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        self._close()

    async def __rsgi__(self, scope: Scope, proto: HTTPProtocol) -> None:
        """Answer one request."""
        self._clear()
        if scope.path == HEALTH and scope.method in {"GET", "HEAD"}:
            self._answer_health(proto)
            return
        task = asyncio.current_task(self._loop)
        assert task is not None  # noqa: S101 - for mypy: this is a coroutine
        place = Place(task, 0, self._loop.time() + self._limits.seconds)
        try:
            body, length = await self._read(scope, proto, place)
            await self._handle(_Job(scope, proto, body, length, self._loop.create_future()))
        except asyncio.CancelledError:
            self._refuse(proto, *(_LATE if place.late else _FULL))
        except NoRoomError:
            self._refuse(proto, *_FULL)
        except (ProtocolError, ProtocolClosed):
            pass  # the sender is gone
        finally:
            self._room.leave(place)

    async def _read(self, scope: Scope, proto: HTTPProtocol, place: Place) -> tuple[bytes, int]:
        """The body and its length; one that is too long is not read to its end, and the application says so."""
        declared = scope.headers.get("content-length")
        if declared is not None:
            length = int(declared)  # the server refuses what is no number
            if not length:
                return b"", 0
            if length > self._limits.body:
                return b"", length + _BEYOND
            place.size = length
            self._room.enter(place)
            body = await proto()
        elif "transfer-encoding" in scope.headers:
            self._room.enter(place)
            body, length = await self._gathered(proto, place)
        else:
            return b"", 0
        self._room.arrived(place)
        return body, length

    async def _gathered(self, proto: HTTPProtocol, place: Place) -> tuple[bytes, int]:
        """A body in chunks, up to the first that makes it too long."""
        chunks, length = [], 0
        async for chunk in proto:
            chunks.append(chunk)
            length += len(chunk)
            self._room.grow(place, len(chunk))
            if length > self._limits.body:
                break
        return b"".join(chunks), length

    async def _handle(self, job: _Job) -> None:
        """Wait until a thread has answered, or the request has waited for one for too long."""
        self._waiting[job] = self._loop.time() + self._limits.patience
        self._line.put(job)
        await job.done

    def _clear(self) -> None:
        """End the tasks of what was answered. Nobody waits for it, and to wake the event loop each time costs more."""
        while self._answered:
            self._answered.popleft().finish()

    def _tick(self) -> None:
        """Now and then, give up what is late."""
        self._clear()
        now = self._loop.time()
        self._room.cancel_late(now)
        for job, due in list(self._waiting.items()):  # a list at once: threads take jobs out meanwhile
            if due > now:
                break
            if self._waiting.pop(job, None) is not None:
                self._refuse(job.proto, *_BUSY)
                job.finish()
        self._loop.call_later(_TICK_SECONDS, self._tick)

    def _work(self, number: int) -> None:
        """What each thread does."""
        while True:
            job = self._line.get()
            if self._waiting.pop(job, None) is None:
                continue  # given up
            self._working[number] = clock.monotonic()
            job.proto.response_bytes(*self._run(environ(job.scope, job.body, job.length)))
            del self._working[number]
            self._answered.append(job)

    def _run(self, given: dict[str, Any]) -> Answer:
        start = Start()
        try:
            parts = self._app(given, start)
            try:
                return start.status, start.headers, b"".join(parts)
            finally:
                if (close := getattr(parts, "close", None)) is not None:
                    close()
        except Exception:
            log.exception("the application failed")
            return _BROKEN

    def _answer_health(self, proto: HTTPProtocol) -> None:
        """Alive, unless all threads have been at the same work for too long."""
        since = list(self._working.values())
        if len(since) == self._limits.threads and clock.monotonic() - max(since) > _STUCK_SECONDS:
            self._refuse(proto, *_STUCK)
            return
        proto.response_bytes(*self._health)

    def _refuse(self, proto: HTTPProtocol, reason: str, status: HTTPStatus, detail: str) -> None:
        """Answer in the application's own shape, and close the connection: the remaining request is not wanted."""
        self._refused(reason)
        more = [("Connection", "close"), ("Content-Type", "application/json"), ("Retry-After", _RETRY_SECONDS)]
        body = msgspec.json.encode({"error": status.phrase, "detail": detail})
        proto.response_bytes(int(status), [*self._headers, *more], body)
