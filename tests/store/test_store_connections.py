"""Connections in the store: sealed, versioned, and renewed by one at a time."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from integration.store.audit.sealing import Keyring, SealError
from integration.store.crm import connection_pauses, connections
from integration.store.crm.connections import Details, Secrets, StaleError
from integration.store.db.session import Store
from integration.store.queues import leases
from integration.store.schema.tables import connections as table
from mappings.values.instant import SECOND

OLD, NEW = Keyring.of("o" * 32), Keyring.of("n" * 32, "o" * 32)
CANARY = Secrets(access_token="canary-a", refresh_token="canary-r", client_secret="canary-s", private_key="canary-p")
DETAILS = Details(client_id="c", instance_url="https://acme.my.salesforce.com", account="00D1", scopes=("api", "id"))


def put(store: Store, name: str = "salesforce", keyring: Keyring = OLD) -> int:
    with store.write() as conn:
        return connections.put(
            conn,
            name,
            system="salesforce",
            grant="jwt_bearer",
            details=DETAILS,
            secrets=CANARY,
            expires_at=None,
            keyring=keyring,
            now=5,
        )


def got(store: Store, name: str = "salesforce") -> connections.Row:
    with store.read() as conn:
        row = connections.get(conn, name)
    assert row is not None
    return row


def renewed(store: Store, row: connections.Row, token: str) -> None:
    with store.write() as conn:
        secrets = replace(CANARY, access_token=token)
        connections.renew(conn, row, details=DETAILS, secrets=secrets, expires_at=9, keyring=OLD, now=7)


def test_a_connection_comes_back_as_it_was_put(store: Store) -> None:
    assert put(store) == 1
    row = got(store)
    assert (row.system, row.grant, row.details, row.state) == ("salesforce", "jwt_bearer", DETAILS, "live")
    assert connections.unsealed(row, OLD) == CANARY


def test_no_secret_stands_in_the_row_or_its_representation(store: Store) -> None:
    put(store)
    with store.read() as conn:
        told = repr(conn.execute(select(table)).all())
    assert "canary" not in told + repr(got(store)) + repr(connections.unsealed(got(store), OLD))


def test_a_new_sign_in_replaces_the_old_one_under_a_higher_version(store: Store) -> None:
    put(store)
    with store.write() as conn:
        connections.refuse(conn, got(store), "invalid_grant: expired", 6)
    assert (got(store).state, got(store).reason) == ("refused", "invalid_grant: expired")
    assert put(store) == 2
    assert (got(store).state, got(store).reason, got(store).created_at) == ("live", "", 5)


def test_of_two_who_renew_the_same_version_one_is_told_that_it_is_late(store: Store) -> None:
    put(store)
    row = got(store)
    renewed(store, row, "first")
    with pytest.raises(StaleError):
        renewed(store, row, "second")
    with pytest.raises(StaleError), store.write() as conn:
        connections.refuse(conn, row, "too late", 8)
    assert connections.unsealed(got(store), OLD).access_token == "first"
    assert (got(store).version, got(store).expires_at, got(store).state) == (2, 9, "live")


def test_sealed_bytes_swapped_between_two_connections_open_in_neither(store: Store) -> None:
    put(store, "salesforce")
    put(store, "salesforce-emea")
    one, other = got(store, "salesforce"), got(store, "salesforce-emea")
    for row, bytes_ in ((one, other.sealed), (other, one.sealed)):
        with pytest.raises(SealError):
            connections.unsealed(replace(row, sealed=bytes_), OLD)


def test_resealing_changes_the_key_and_neither_secret_nor_version(store: Store) -> None:
    put(store)
    with store.write() as conn:
        assert connections.reseal(conn, "salesforce", NEW)
    row = got(store)
    assert (row.sealed.key_id, row.version) == (NEW.current, 1)
    assert connections.unsealed(row, NEW) == CANARY
    with store.write() as conn:
        assert not connections.reseal(conn, "salesforce", NEW), "once is enough"
        assert not connections.reseal(conn, "nobody", NEW)
    with store.read() as conn:
        assert connections.sealed_by(conn) == {NEW.current: 1}


def test_a_connection_that_is_dropped_is_gone(store: Store) -> None:
    put(store)
    with store.write() as conn:
        assert connections.drop(conn, "salesforce")
        assert not connections.drop(conn, "salesforce")
    with store.read() as conn:
        assert connections.every(conn) == []


def test_a_pause_until_somebody_signs_in_is_not_shortened_and_ends_with_the_sign_in(store: Store) -> None:
    with store.write() as conn:
        connection_pauses.pause(conn, "hubspot", 50, "503")
        connection_pauses.sign_out(conn, "hubspot", "invalid_grant")
        connection_pauses.pause(conn, "hubspot", 60, "401")
        assert connection_pauses.paused(conn, 10**9)["hubspot"].until is None
        connection_pauses.signed_in(conn, "hubspot")
        assert connection_pauses.paused(conn, 60) == {}


def test_a_sign_in_does_not_end_a_pause_that_a_person_made(store: Store) -> None:
    with store.write() as conn:
        connection_pauses.stop(conn, "hubspot", "we move house")
        connection_pauses.signed_in(conn, "hubspot")
        assert connection_pauses.paused(conn, 0)["hubspot"].reason == "we move house"


def test_whether_a_lease_is_free_can_be_asked_without_writing(store: Store) -> None:
    def free() -> bool:
        with store.read() as conn:
            return leases.free(conn, "connection:hubspot")

    assert free()
    with store.write() as conn:
        lease = leases.take(conn, "connection:hubspot", "me", 30 * SECOND)
    assert lease is not None
    assert not free()
    with store.write() as conn:
        leases.release(conn, lease)
    assert free()
