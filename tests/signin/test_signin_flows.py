"""Work goes on over tokens that expire, pauses where a CRM signs us out, and goes on after the next sign-in."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace

import flows_signin
import pytest
from flows_crms import SYSTEMS, TASKS, calls, person, tasks
from flows_run import Watch, activity, counts, dead, decided, drain_all, receive
from structlog.testing import capture_logs

from connectors.base.port import Unavailable, Verdict
from integration.examining import doctor_connections
from integration.flows.base.service import Connection
from integration.flows.reading.reconcile import poll
from integration.flows.upkeep.renew_tokens import LOOK_SECONDS, MARGIN, StoredTokens
from integration.flows.upkeep.sweep import sweep
from integration.settings.environment import load
from integration.store.audit import audit_trail
from integration.store.crm import connection_pauses
from integration.store.crm import connections as stored_connections
from integration.store.db.session import Store
from integration.store.queues import leases
from integration.web.metrics import Metrics
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

ANA = "ana@acme.example"


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def signed(store: Store, sandbox: Sandbox, at: Watch, system: str) -> Iterator[Mapping[str, Connection]]:
    """One CRM alone, signed in to."""
    flows_signin.sign_in(store, sandbox, system, at())
    found = flows_signin.connected(store, at, system)
    yield found
    for each in found.values():
        each.connector.close()


@pytest.fixture
def signed_service(service: Service, signed: Mapping[str, Connection]) -> Service:
    return replace(service, connections=signed)


def expire(sandbox: Sandbox, system: str, at: Watch) -> None:
    flows_signin.gate(sandbox, system).issuer.expire()
    if system == "hubspot":
        at.forward(HOUR)


def handoff(service: Service) -> dict[str, int]:
    (effect,) = [each for each in decided(service, ANA, "task") if each.payload["play"] == "handoff"]
    return {effect.key: 1}


def test_a_token_that_expired_over_night_is_renewed_and_the_task_stands_once(
    signed_service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    person(sandbox, system, ANA)
    expire(sandbox, system, at)
    receive(signed_service, activity(1, ANA, "demo_request", at()))
    drain_all(signed_service)
    assert tasks(sandbox, system) == handoff(signed_service)
    assert flows_signin.token_calls(sandbox, system) == 1
    assert flows_signin.stored(signed_service.store, system).version == 2
    assert lanes_paused(signed_service) == {}


def test_a_token_that_is_refused_in_the_middle_of_creating_tasks_makes_no_second_one(
    signed_service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    person(sandbox, system, ANA)
    sandbox.faults.add(Fault(kind="unauthorized", **TASKS[system]))
    receive(signed_service, activity(1, ANA, "demo_request", at()))
    drain_all(signed_service)
    assert tasks(sandbox, system) == handoff(signed_service)
    assert calls(sandbox, TASKS[system]) == 2, "refused once, carried out once, in the same turn"


def test_hubspots_token_is_renewed_before_it_expires(store: Store, sandbox: Sandbox, at: Watch) -> None:
    first = flows_signin.sign_in(store, sandbox, "hubspot", at())
    tokens = StoredTokens(flows_signin.means(store, at), "hubspot")
    assert tokens.current() == first.access_token
    at.forward(30 * MINUTE - MARGIN)
    following = tokens.current()
    assert following != first.access_token
    assert tokens.current() == following
    assert flows_signin.token_calls(sandbox, "hubspot") == 1


def test_a_door_out_of_order_before_expiry_leaves_the_token_that_is_still_good(
    store: Store, sandbox: Sandbox, at: Watch
) -> None:
    first = flows_signin.sign_in(store, sandbox, "hubspot", at())
    tokens = StoredTokens(flows_signin.means(store, at), "hubspot")
    sandbox.faults.add(Fault(kind="unavailable", system="hubspot", path="/oauth/*", times=0))
    at.forward(30 * MINUTE - MARGIN)
    assert tokens.current() == first.access_token
    at.forward(MARGIN)
    with pytest.raises(Unavailable) as caught:
        tokens.current()
    assert caught.value.receipt.verdict is Verdict.RETRY
    assert flows_signin.stored(store, "hubspot").state == "live"


def test_a_door_out_of_order_for_hours_drops_nothing(
    signed_service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    person(sandbox, system, ANA)
    expire(sandbox, system, at)
    sandbox.faults.add(Fault(kind="unavailable", system=system, path="*/token", times=0))
    receive(signed_service, activity(1, ANA, "demo_request", at()))
    for _ in range(8):
        drain_all(signed_service)
        at.forward(15 * MINUTE)
    assert dead(signed_service) == []
    sandbox.faults.clear()
    at.forward(MINUTE)
    drain_all(signed_service)
    assert tasks(sandbox, system) == handoff(signed_service)


def test_a_refresh_token_that_changes_is_kept(store: Store, sandbox: Sandbox, at: Watch, system: str) -> None:
    first = flows_signin.sign_in(store, sandbox, system, at())
    flows_signin.gate(sandbox, system).issuer.set_up(rotate=True)
    tokens = StoredTokens(flows_signin.means(store, at), system)
    for _ in range(1 if system == "hubspot" else 3):  # HubSpot's does not change
        tokens.renewed(tokens.current())
    kept = flows_signin.secrets_of(store, system)
    assert (kept.refresh_token != first.refresh_token) is (system == "salesforce")
    assert kept.client_secret == first.client_secret


def test_a_token_that_was_given_is_stored_however_long_another_writer_holds_the_store(
    store: Store, sandbox: Sandbox, at: Watch, database_file: str
) -> None:
    """Where refresh tokens change, losing the one in hand would sign us out."""
    flows_signin.sign_in(store, sandbox, "salesforce", at())
    sandbox.salesforce.gate.issuer.set_up(rotate=True)
    other = sqlite3.connect(database_file, isolation_level=None, check_same_thread=False)

    def hinder(*secrets: str) -> None:
        """Once the vendor's answer is there, somebody holds the database for longer than a writer waits."""
        if len(secrets) == 2:
            other.execute("BEGIN IMMEDIATE")
            threading.Timer(3.0, other.execute, ("COMMIT",)).start()

    tokens = StoredTokens(flows_signin.means(store, at, hide=hinder), "salesforce")
    following = tokens.renewed(tokens.current())
    other.close()
    assert flows_signin.secrets_of(store, "salesforce").access_token == following
    assert flows_signin.token_calls(sandbox, "salesforce") == 1


@pytest.fixture
def database_file(store_url: str) -> str:
    return store_url.removeprefix("sqlite:///")


def test_a_crm_that_signs_us_out_rests_is_told_loudly_and_drops_nothing(
    signed_service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    person(sandbox, system, ANA)
    receive(signed_service, activity(1, ANA, "demo_request", at()))
    expire(sandbox, system, at)
    flows_signin.gate(sandbox, system).issuer.set_up(refuse="invalid_grant", words="the app was removed")
    with capture_logs() as logged:
        for _ in range(6):
            drain_all(signed_service)
            poll(signed_service, system)
            assert not {each for each in sweep(signed_service) if each.endswith(system)}
            at.forward(6 * HOUR)
    assert flows_signin.token_calls(sandbox, system) == 1, "a CRM that has said no is not asked again"
    loud = [each for each in logged if each["log_level"] == "error"]
    assert [(each["connection"], "the app was removed" in each["said"]) for each in loud] == [(system, True)]
    assert loud[0]["remedy"] == f"run coldframe connect {system}"
    assert lanes_paused(signed_service)[system].until is None
    metrics = Metrics(lambda: counts(signed_service), at).render().decode()
    assert f'coldframe_signed_in{{connection="{system}"}} 0.0' in metrics
    with signed_service.store.read() as conn:
        entries = [each for each in audit_trail.recent(conn, 9) if each.action != "publish playbook"]
    assert [each.action for each in entries][:1] == ["signed out"]
    assert dead(signed_service) == []

    (line,) = [each for each in doctor(signed_service.store) if each.subject == f"connection {system}"]
    assert not line.ok
    assert "the app was removed" in line.detail
    assert line.remedy == f"run coldframe connect {system}"

    # Somebody signs in anew: everything goes where it was to go.
    flows_signin.gate(sandbox, system).issuer.set_up(refuse="")
    flows_signin.sign_in(signed_service.store, sandbox, system, at())
    with signed_service.store.write() as conn:
        connection_pauses.signed_in(conn, system)
    at.forward(MINUTE)
    drain_all(signed_service)
    found = tasks(sandbox, system)  # the handoff, and what its clock has asked for in the meantime
    assert found.items() >= handoff(signed_service).items()
    assert set(found.values()) == {1}
    assert dead(signed_service) == []
    left = counts(signed_service).outbox.get((system, "task", "new"), 0)
    assert left == {"salesforce": 0, "hubspot": 1}[system], "HubSpot alone names no manager: the escalation waits"


def test_a_pause_that_a_person_made_outlasts_being_signed_out_and_in_again(
    store: Store, sandbox: Sandbox, at: Watch
) -> None:
    flows_signin.sign_in(store, sandbox, "salesforce", at())
    with store.write() as conn:
        connection_pauses.stop(conn, "salesforce", "we move house")
    sandbox.salesforce.gate.issuer.revoke()
    tokens = StoredTokens(flows_signin.means(store, at), "salesforce")
    with capture_logs(), pytest.raises(Unavailable):
        tokens.renewed(tokens.current())
    with store.write() as conn:
        connection_pauses.signed_in(conn, "salesforce")
        assert connection_pauses.paused(conn, at())["salesforce"].reason == "we move house"


def test_a_worker_takes_up_a_token_that_another_process_has_renewed_without_being_built_anew(
    store: Store, sandbox: Sandbox, at: Watch, system: str, signed: Mapping[str, Connection]
) -> None:
    connection = signed[system]
    connection.connector.describe(connection.mapping.people[0])
    expire(sandbox, system, at)
    other = StoredTokens(flows_signin.means(store, at, holder="another"), system)
    other.renewed(other.current())
    asked = flows_signin.token_calls(sandbox, system)
    connection.connector.describe(connection.mapping.people[0])
    assert flows_signin.token_calls(sandbox, system) == asked


def test_while_another_process_renews_a_token_nobody_else_asks_for_one(
    store: Store, sandbox: Sandbox, at: Watch
) -> None:
    flows_signin.sign_in(store, sandbox, "hubspot", at())
    expire(sandbox, "hubspot", at)
    with store.write() as conn:
        assert leases.take(conn, "connection:hubspot", "another", MINUTE)
    asked = flows_signin.token_calls(sandbox, "hubspot")
    seconds = [0.0]

    def wait(_seconds: float) -> None:
        seconds[0] += 5

    means = flows_signin.means(store, at, monotonic=lambda: seconds[0], sleep=wait)
    with pytest.raises(Unavailable) as caught:
        StoredTokens(means, "hubspot").current()
    assert caught.value.receipt.code == "RENEWING"
    assert flows_signin.token_calls(sandbox, "hubspot") == asked


def test_a_connection_that_was_removed_is_used_no_longer(store: Store, sandbox: Sandbox, at: Watch) -> None:
    flows_signin.sign_in(store, sandbox, "hubspot", at())
    seconds = [0.0]
    tokens = StoredTokens(flows_signin.means(store, at, monotonic=lambda: seconds[0]), "hubspot")
    tokens.current()
    with store.write() as conn:
        stored_connections.drop(conn, "hubspot")
    seconds[0] += LOOK_SECONDS + 1
    with pytest.raises(Unavailable, match="run coldframe connect"):
        tokens.current()


def test_a_stored_plain_token_that_is_refused_is_renewed_by_nobody_and_waits(
    store: Store, sandbox: Sandbox, at: Watch, system: str
) -> None:
    flows_signin.sign_in(store, sandbox, system, at(), grant="token")
    flows_signin.gate(sandbox, system).issuer.expire()
    connection = flows_signin.connected(store, at, system)[system]
    with capture_logs() as logged, pytest.raises(Unavailable) as caught:
        connection.connector.describe(connection.mapping.people[0])
    connection.connector.close()
    assert caught.value.receipt.verdict is Verdict.RELOGIN
    assert caught.value.receipt.code == ("EXPIRED_AUTHENTICATION" if system == "hubspot" else "INVALID_SESSION_ID")
    assert flows_signin.token_calls(sandbox, system) == 0
    assert [each["remedy"] for each in logged] == [f"run coldframe connect {system} --grant token"]


def test_a_process_with_another_key_says_which_it_wants_and_what_to_set(
    store: Store, sandbox: Sandbox, at: Watch
) -> None:
    flows_signin.sign_in(store, sandbox, "hubspot", at())
    wanted = flows_signin.stored(store, "hubspot").sealed.key_id
    tokens = StoredTokens(flows_signin.means(store, at, key="z" * 32), "hubspot")
    with capture_logs(), pytest.raises(Unavailable, match="COLDFRAME_PREVIOUS_SECRET_KEYS") as caught:
        tokens.current()
    assert wanted in caught.value.receipt.message
    (line,) = [each for each in doctor(store, key="z" * 32) if each.subject == "connection hubspot"]
    assert wanted in line.detail
    assert not line.ok


def lanes_paused(service: Service) -> dict[str, connection_pauses.Pause]:
    with service.store.read() as conn:
        return connection_pauses.paused(conn, service.now())


def doctor(store: Store, key: str = flows_signin.KEY) -> list[doctor_connections.Finding]:
    return list(doctor_connections.examined(load({"COLDFRAME_SECRET_KEY": key}), store))
