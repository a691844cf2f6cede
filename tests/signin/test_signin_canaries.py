"""No token, refresh token, client secret or key stands where somebody may see it."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import flows_signin
import pytest
import structlog
from click.testing import CliRunner
from flows_crms import person
from flows_run import Watch, activity, drain_all, receive
from pydantic import SecretStr
from redis import Redis
from valkeys import valkey_server

from connectors.base.credentials import Credential
from integration.cli import main
from integration.flows.reading.reconcile import poll
from integration.flows.upkeep.renew_tokens import StoredTokens
from integration.flows.upkeep.sweep import sweep
from integration.settings.environment import load
from integration.store.crm.connections import Secrets
from integration.store.db.session import Store
from integration.wiring import clock, logs
from integration.wiring.wake_ups import Wakeups
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

ANA = "ana@acme.example"
SYSTEMS = ("salesforce", "hubspot")


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged, by the libraries too, as a service logs it that was told to log all it can."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    structlog.reset_defaults()
    logs.configure(load({"COLDFRAME_SECRET_KEY": flows_signin.KEY, "COLDFRAME_LOG_LEVEL": "debug"}), stream)
    structlog.configure(cache_logger_on_first_use=False)  # other tests of this process listen to the same loggers
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def everything(secrets: Secrets) -> list[str]:
    return [secrets.access_token, secrets.refresh_token, secrets.client_secret]


def test_a_full_run_with_renewals_refusals_and_outages_shows_no_secret_in_log_or_redis(  # noqa: PLR0917 - its world
    service: Service, store: Store, sandbox: Sandbox, at: Watch, logged: io.StringIO, tmp_path: Path
) -> None:
    canaries: list[str] = []
    with valkey_server(tmp_path / "valkey") as server:
        url = f"redis://127.0.0.1:{server.port}/0"
        wakeups = Wakeups(SecretStr(url), clock.monotonic)
        for system in SYSTEMS:
            person(sandbox, system, ANA)
            canaries += everything(flows_signin.sign_in(store, sandbox, system, at()))
        running = _running(service, store, at, wakeups.wake)
        for number, trouble in enumerate(("unauthorized", "unavailable", "drop", "none", "refused")):
            receive(running, activity(number, ANA, "demo_request", at()))
            at.forward(HOUR)
            if trouble == "refused":
                for system in SYSTEMS:
                    flows_signin.gate(sandbox, system).issuer.set_up(refuse="invalid_grant")
                    flows_signin.gate(sandbox, system).issuer.expire()
            elif trouble != "none":
                sandbox.faults.add(Fault(kind=trouble, times=3))  # type: ignore[arg-type]
            for _ in range(4):
                drain_all(running)
                for system in SYSTEMS:
                    poll(running, system)
                    canaries += everything(flows_signin.secrets_of(store, system))
                sweep(running)
                at.forward(15 * MINUTE)
        with Redis.from_url(url) as redis:
            held = "".join(f"{key!r}{_value(redis, key)!r}" for key in redis.keys("*"))
        wakeups.close()
        for each in running.connections.values():
            each.connector.close()
    text = logged.getvalue()
    assert "renewed a token" in text
    assert "a CRM has signed us out" in text
    assert "rq.queue" in text, "the libraries' lines are there too"
    assert "deliver:hubspot" in held
    assert len(set(canaries)) > 5
    assert [each for each in set(canaries) if each in text] == []
    assert [each for each in set(canaries) if each in held] == []


def test_a_token_that_gets_into_a_message_is_blacked_out_as_soon_as_it_is_known(
    store: Store, sandbox: Sandbox, at: Watch, logged: io.StringIO
) -> None:
    secrets = flows_signin.sign_in(store, sandbox, "hubspot", at())
    tokens = StoredTokens(flows_signin.means(store, at, hide=logs.hide), "hubspot")
    token = tokens.current()
    try:
        {}[f"a library shows {token}"]
    except KeyError:
        structlog.get_logger().exception(f"with {secrets.refresh_token}")
    text = logged.getvalue()
    assert "a library shows" in text
    assert token not in text
    assert secrets.refresh_token not in text


def test_no_representation_shows_a_secret(store: Store, sandbox: Sandbox, at: Watch) -> None:
    secrets = flows_signin.sign_in(store, sandbox, "hubspot", at())
    tokens = StoredTokens(flows_signin.means(store, at), "hubspot")
    tokens.current()
    shown = repr(tokens) + repr(Credential(tokens=tokens)) + repr(flows_signin.stored(store, "hubspot")) + repr(secrets)
    assert [each for each in everything(secrets) if each in shown] == []
    assert flows_signin.KEY not in repr(flows_signin.means(store, at))


def test_listing_and_doctor_show_no_secret(store: Store, store_url: str, sandbox: Sandbox) -> None:
    canaries = []
    for system in SYSTEMS:
        canaries += everything(flows_signin.sign_in(store, sandbox, system, clock.now()))
    given = {"COLDFRAME_SECRET_KEY": flows_signin.KEY, "DATABASE_URL": store_url, "COLUMNS": "240"}
    shown = ""
    for words in (["connect", "list"], ["connect", "list", "--json"], ["doctor"], ["keys", "list"], ["keys", "rotate"]):
        found = CliRunner().invoke(main, words, env=given, catch_exceptions=False)
        shown += found.output
    assert "salesforce" in shown
    assert [each for each in canaries if each in shown] == []


def _running(service: Service, store: Store, at: Watch, wake: Callable[[str], None]) -> Service:
    found = flows_signin.connected(store, at, *SYSTEMS, hide=logs.hide)
    return replace(service, connections=found, wake=wake)


def _value(redis: Redis, key: bytes) -> object:
    kind = redis.type(key).decode()
    if kind == "string":
        return redis.get(key)
    if kind == "list":
        return redis.lrange(key, 0, -1)
    if kind == "hash":
        return json.dumps({repr(name): repr(value) for name, value in redis.hgetall(key).items()})
    return redis.smembers(key) if kind == "set" else redis.zrange(key, 0, -1)
