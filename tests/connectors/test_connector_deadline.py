"""A CRM that answers a byte at a time meets every timeout for a single wait, and holds no call beyond its deadline."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest
from connector_ground import TOKEN

from connectors.answers.replies import TIMEOUT, Lost, Reply
from connectors.base.credentials import Credential
from connectors.base.port import Unavailable, Verdict
from connectors.base.sign_in_port import Client
from connectors.hubspot.api_session import HubSpotSession
from connectors.hubspot.setup.oauth import HubSpotSignIn
from connectors.hubspot.setup.property_definitions import Definitions
from connectors.hubspot.setup.public_app import App, AppSession
from connectors.salesforce.api_session import SalesforceSession
from connectors.salesforce.setup.oauth import SalesforceSignIn
from connectors.shared import call_deadline
from connectors.shared.oauth_flow import described
from integration.alerting.alert_port import Alert
from integration.alerting.signed_webhook import SignedWebhook

INSTANCE = "https://sandbox.my.salesforce.example"
SOON = 0.05
"""The deadline of these tests, in seconds; each byte comes well within it, and the whole does not."""
PACE = 0.01
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SLOW: Mapping[str, tuple[bytes, bytes]] = {
    "a status line": (b"HTTP/1.1 ", b"2"),
    "a header": (HEAD + b"X-Slow: ", b"x"),
    "headers": (HEAD, b"X-Slow: x\r\n"),
    "a body": (HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
    "a body without a length": (HEAD + b"Connection: close\r\n\r\n", b" "),
    "a body in chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "the size of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "replies that announce another": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a refusal": (b"HTTP/1.1 503 Busy\r\nContent-Length: 1000000\r\n\r\n", b" "),
    "a redirect": (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 1000000\r\n\r\n", b" "),
}
"""What comes at once, and what comes again and again."""


@contextlib.contextmanager
def answering(at_once: bytes, again: bytes, times: int = 10_000) -> Iterator[str]:
    """The address of a server that answers every request like this, on connections that it keeps open."""
    over = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while connection.recv(65_536):
                connection.sendall(at_once)
                for _ in range(times):
                    if over.wait(PACE):
                        return
                    connection.sendall(again)

    def serve(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)


def hubspot(url: str) -> HubSpotSession:
    return HubSpotSession(Credential(token=TOKEN, api_url=url))


def salesforce(url: str) -> SalesforceSession:
    return SalesforceSession(Credential(token=TOKEN, api_url=url, instance_url=INSTANCE))


def of(session: Any, ask: Callable[[Any], Any]) -> Any:
    with closing(session):
        return ask(session)


CALLS: Mapping[str, Callable[[str], Any]] = {
    "hubspot": lambda url: of(hubspot(url), lambda each: each.read("contacts", {"inputs": []})),
    "hubspot's raw call": lambda url: of(hubspot(url), lambda each: each.unsubscribe(["ana@acme.example"])),
    "hubspot definitions": lambda url: of(
        Definitions(Credential(token=TOKEN, api_url=url)), lambda each: each.groups("contacts")
    ),
    "hubspot app": lambda url: of(AppSession(App(number="7", key="k" * 20), url), lambda each: each.subscribed()),
    "salesforce": lambda url: of(salesforce(url), lambda each: each.get("sobjects")),
    "hubspot's tokens": lambda url: of(
        HubSpotSignIn(Client(id="a", secret="b", api_url=url)), lambda each: each.refreshed("c")
    ),
    "salesforce's tokens": lambda url: of(
        SalesforceSignIn(Client(id="a", secret="b", api_url=url)), lambda each: each.refreshed("c")
    ),
    "whose a token is": lambda url: described(f"{url}/me", TOKEN, TIMEOUT),
}


@pytest.mark.parametrize("slow", SLOW)
def test_a_call_ends_at_its_deadline_however_slowly_the_reply_comes(monkeypatch: pytest.MonkeyPatch, slow: str) -> None:
    monkeypatch.setattr(call_deadline, "SECONDS", SOON)
    with answering(*SLOW[slow]) as url:
        for name, call in CALLS.items():
            began = time.monotonic()
            try:
                outcome = call(url)
            except Unavailable as away:
                assert away.receipt.outage, name  # noqa: PT017 -- tokens raise, others answer
            else:
                assert isinstance(outcome, Lost), (name, outcome)
                assert outcome.sent, name
            assert SOON <= time.monotonic() - began < SOON + 2, name


@pytest.mark.parametrize("session", [hubspot, salesforce])
def test_a_slow_reply_that_is_whole_in_time_is_read_and_its_connection_serves_again(
    monkeypatch: pytest.MonkeyPatch, session: Callable[[str], Any]
) -> None:
    monkeypatch.setattr(call_deadline, "SECONDS", 8 * SOON)
    whole = b'{"results":[]}'
    head = HEAD + f"Content-Length: {len(whole) + 5}\r\n\r\n".encode()
    with answering(head + whole, b" ", 5) as url, closing(session(url)) as held:
        for _ in range(2):
            outcome = held.owners("") if isinstance(held, HubSpotSession) else held.get("sobjects")
            assert isinstance(outcome, Reply)
            assert outcome.body == {"results": []}
            time.sleep(9 * SOON)  # each call has a deadline of its own


def test_an_alerts_receiver_that_answers_a_byte_at_a_time_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_deadline, "SECONDS", SOON)
    alert = Alert(key="k", alert="connection_paused", text="It waits.", at=0, raised_at=0)
    with answering(*SLOW["a header"]) as url, closing(SignedWebhook(url, [b"k" * 32])) as way:
        began = time.monotonic()
        receipt = way.send(alert, 0)
    assert (receipt.verdict, receipt.outage) == (Verdict.RETRY, True)
    assert time.monotonic() - began < SOON + 2


def test_a_call_may_take_thirty_seconds() -> None:
    assert call_deadline.SECONDS == 30
