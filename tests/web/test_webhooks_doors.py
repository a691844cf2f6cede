"""The webhooks over HTTP, with a real store behind them: what comes in, what is kept, what is answered."""

import io
import json
import sqlite3
import time
from typing import Any

import pytest
import webhooks_senders as senders
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Pool, event
from webhooks_senders import Headers, Kept
from werkzeug.test import TestResponse

from integration.settings.environment import Settings
from integration.store.db.session import Store
from integration.store.queues import inbox
from integration.web.app import INTAKE, create_app

HUBSPOT = "/webhooks/hubspot"
ACTIVITIES = "/webhooks/activities"


def send_hubspot(client: FlaskClient, body: bytes, *, path: str = HUBSPOT, **signing: Any) -> TestResponse:
    headers = senders.hubspot(body, **signing) | {"User-Agent": "HubSpot Connect 2.0"}
    return client.post(path, data=body, headers=headers)


def send_activities(client: FlaskClient, body: bytes, **signing: Any) -> TestResponse:
    return client.post(ACTIVITIES, data=body, headers=senders.standard(body, **signing))


def test_a_genuine_batch_is_kept_raw_as_one_row_before_the_answer(
    client: FlaskClient, kept: Kept, woken: list[str]
) -> None:
    body = senders.events(*(senders.event(number) for number in range(100)))
    answer = send_hubspot(client, body)
    assert answer.status_code == 200
    (delivery,) = kept()
    assert answer.json == {"delivery": delivery.id}
    assert (delivery.source, delivery.body, delivery.received_at) == ("hubspot", body, senders.NOW)
    assert delivery.headers == {
        "X-HubSpot-Request-Timestamp": str(senders.NOW // 1_000),
        "Content-Type": "application/json",
        "User-Agent": "HubSpot Connect 2.0",
    }
    assert woken == ["ingest"]


def test_activities_are_kept_raw_and_counted(client: FlaskClient, kept: Kept, woken: list[str]) -> None:
    body = senders.activities(*(senders.activity(number) for number in range(1_000)))
    answer = send_activities(client, body)
    assert answer.status_code == 202
    (delivery,) = kept()
    assert answer.json == {"delivery": delivery.id, "accepted": 1_000, "rejected": [], "warnings": []}
    assert (delivery.source, delivery.body) == ("activities", body)
    assert woken == ["ingest"]


def test_one_bad_activity_of_a_hundred_is_named_and_nothing_is_lost(client: FlaskClient, kept: Kept) -> None:
    items = [senders.activity(number) for number in range(100)]
    items[57]["at"] = "soon"
    body = senders.activities(*items)
    answer = send_activities(client, body)
    assert answer.status_code == 202
    assert answer.json["accepted"] == 99
    assert answer.json["rejected"] == [{"index": 57, "reason": "`at`: Invalid RFC3339 encoded datetime"}]
    assert [delivery.body for delivery in kept()] == [body]


def test_an_authentic_batch_with_one_bad_event_is_not_refused(client: FlaskClient, kept: Kept) -> None:
    body = senders.events(*(senders.event(number) for number in range(99)), {"bad": True})
    assert send_hubspot(client, body).status_code == 200
    assert [delivery.body for delivery in kept()] == [body]


def test_the_query_is_part_of_what_hubspot_signs(client: FlaskClient) -> None:
    body = senders.events(senders.event())
    signed = f"{senders.URL}{HUBSPOT}?from=a:b"
    assert send_hubspot(client, body, path=f"{HUBSPOT}?from=a%3Ab", uri=signed).status_code == 200
    assert send_hubspot(client, body, path=f"{HUBSPOT}?from=c", uri=signed).status_code == 401


def test_the_public_address_is_what_counts_whatever_host_a_proxy_shows(client: FlaskClient) -> None:
    body = senders.events(senders.event())
    answer = client.post(HUBSPOT, data=body, headers=senders.hubspot(body), base_url="http://10.0.0.7:8000")
    assert answer.status_code == 200


def _flipped(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    return headers, body[:-1] + bytes([body[-1] ^ 1])


_TAMPERING = {
    "a flipped byte": _flipped,
    "no signature": lambda headers, body: (
        {name: value for name, value in headers.items() if "ignature" not in name},
        body,
    ),
    "no timestamp": lambda headers, body: (
        {name: value for name, value in headers.items() if "imestamp" not in name},
        body,
    ),
    "no headers": lambda _headers, body: ({}, body),
    "a signature that is not base64": lambda headers, body: (
        {name: "v1,%%%" if "ignature" in name else value for name, value in headers.items()},
        body,
    ),
    "a signature that is not ascii": lambda headers, body: (
        {name: "v1,\xe9\xe8" if "ignature" in name else value for name, value in headers.items()},
        body,
    ),
    "a timestamp that is not ascii": lambda headers, body: (
        {name: "\xb2\xb3" if "imestamp" in name else value for name, value in headers.items()},
        body,
    ),
    "a timestamp that is no number": lambda headers, body: (
        {name: "soon" if "imestamp" in name else value for name, value in headers.items()},
        body,
    ),
    "a timestamp without end": lambda headers, body: (
        {name: "9" * 5_000 if "imestamp" in name else value for name, value in headers.items()},
        body,
    ),
}


@pytest.mark.parametrize("tampered", _TAMPERING)
@pytest.mark.parametrize("door", [HUBSPOT, ACTIVITIES])
def test_what_is_tampered_with_is_401_and_stores_nothing(
    client: FlaskClient, kept: Kept, woken: list[str], door: str, tampered: str
) -> None:
    body = senders.events(senders.event()) if door == HUBSPOT else senders.activities(senders.activity())
    sign = senders.hubspot if door == HUBSPOT else senders.standard
    headers, sent = _TAMPERING[tampered](sign(body), body)
    answer = client.post(door, data=sent, headers=headers)
    assert answer.status_code == 401
    assert answer.json["error"] == "Unauthorized"
    assert (kept(), woken) == ([], [])


@pytest.mark.parametrize("seconds", [-301, 301])
@pytest.mark.parametrize("door", [HUBSPOT, ACTIVITIES])
def test_a_stale_or_future_timestamp_is_401_and_says_so(
    client: FlaskClient, kept: Kept, door: str, seconds: int
) -> None:
    body = senders.events(senders.event()) if door == HUBSPOT else senders.activities(senders.activity())
    sign = senders.hubspot if door == HUBSPOT else senders.standard
    answer = client.post(door, data=body, headers=sign(body, at=senders.NOW + seconds * senders.SECOND))
    assert answer.status_code == 401
    assert "five minutes" in answer.json["detail"]
    assert kept() == []


def test_a_genuine_body_that_is_no_json_is_400(client: FlaskClient, kept: Kept) -> None:
    for send in (send_hubspot, send_activities):
        answer = send(client, b"{'example_field':'example_value'}")
        assert (answer.status_code, answer.json["error"]) == (400, "Bad Request")
    assert send_activities(client, b'{"activity": []}').status_code == 400
    assert kept() == []


def test_too_many_items_or_levels_are_413(client: FlaskClient, kept: Kept) -> None:
    deep = b"[" * 5_000 + b"]" * 5_000
    assert send_hubspot(client, senders.events(*[senders.event()] * 101)).status_code == 413
    assert send_activities(client, senders.activities(*[senders.activity()] * 1_001)).status_code == 413
    assert send_hubspot(client, deep).status_code == 413
    assert send_activities(client, b'{"activities": ' + deep + b"}").status_code == 413
    assert kept() == []


@pytest.mark.parametrize("door", [HUBSPOT, ACTIVITIES])
def test_a_body_beyond_the_cap_is_413_and_signed_or_not_makes_no_difference(
    client: FlaskClient, kept: Kept, door: str
) -> None:
    answer = client.post(door, data=b" " * 200_001)
    assert (answer.status_code, answer.json["error"]) == (413, "Request Entity Too Large")
    assert kept() == []


@pytest.mark.parametrize(("size", "status"), [(200_000, 401), (200_001, 413), (1_000_000, 413)])
def test_the_cap_holds_for_a_body_of_unknown_length_too(client: FlaskClient, size: int, status: int) -> None:
    answer = client.post(
        ACTIVITIES, input_stream=io.BytesIO(b" " * size), environ_overrides={"wsgi.input_terminated": True}
    )
    assert answer.status_code == status


def test_a_chunked_body_is_read_whole(client: FlaskClient, kept: Kept) -> None:
    body = senders.activities(*(senders.activity(number) for number in range(500)))
    answer = client.post(
        ACTIVITIES,
        input_stream=io.BytesIO(body),
        headers=senders.standard(body),
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == 202
    assert [delivery.body for delivery in kept()] == [body]


def test_a_locked_store_is_503_within_the_time_hubspot_waits(
    client: FlaskClient, store: Store, woken: list[str]
) -> None:
    body = senders.events(senders.event())
    other = sqlite3.connect(store.url.database, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        answer = send_hubspot(client, body)
        waited = time.monotonic() - started
        other.execute("ROLLBACK")
    finally:
        other.close()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert waited < 3
    assert woken == []
    assert send_hubspot(client, body).status_code == 200


def test_a_full_disk_is_503_and_everything_answered_is_there(settings: Settings, store: Store) -> None:
    with store.read() as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()

    def cap(driver: Any, _record: object) -> None:
        driver.execute(f"PRAGMA max_page_count = {pages + 40}")

    event.listen(Pool, "connect", cap)
    try:
        full = Store.open(str(store.url))
        built = create_app(settings, store=full, wake=lambda _lane: None, queue=list, now=lambda: senders.NOW)
        body = senders.activities(*(senders.activity(number, properties={"x": "y" * 100}) for number in range(100)))
        answers = [send_activities(built.test_client(), body, name=f"msg_{number}") for number in range(40)]
        ready = built.test_client().get("/readyz")
        built.extensions[INTAKE].close()
        full.dispose()
    finally:
        event.remove(Pool, "connect", cap)
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {202, 503}
    assert (ready.status_code, "takes nothing that is written" in ready.text) == (503, True)
    with store.read() as conn:
        assert len(inbox.pending(conn, 100)) == statuses.count(202)
        assert conn.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_other_methods_and_paths_are_json_too(client: FlaskClient) -> None:
    assert (client.get(HUBSPOT).status_code, client.get(HUBSPOT).json["error"]) == (405, "Method Not Allowed")
    assert "POST" in client.get(HUBSPOT).headers["Allow"]
    assert client.post("/webhooks/elsewhere").json["error"] == "Not Found"


_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
_BODIES = st.one_of(
    st.binary(max_size=200),
    _VALUES.map(lambda value: json.dumps(value).encode()),
    st.lists(_VALUES, max_size=4).map(lambda items: senders.activities(*items)),
    st.dictionaries(st.sampled_from(sorted(senders.event())), _VALUES).map(
        lambda changed: senders.events(senders.event() | changed)
    ),
    st.dictionaries(st.sampled_from(sorted(senders.activity())), _VALUES).map(
        lambda changed: senders.activities(senders.activity() | changed)
    ),
)


@given(body=_BODIES)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_genuine_body_whatever_it_holds_is_a_5xx(client: FlaskClient, body: bytes) -> None:
    for send in (send_hubspot, send_activities):
        assert send(client, body).status_code in {200, 202, 400, 413}


@given(
    names=st.dictionaries(
        st.sampled_from(
            [
                "webhook-id",
                "webhook-timestamp",
                "webhook-signature",
                "X-HubSpot-Signature-v3",
                "X-HubSpot-Request-Timestamp",
                "Content-Type",
                "User-Agent",
            ]
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
    ),
    body=_BODIES,
    door=st.sampled_from([HUBSPOT, ACTIVITIES]),
)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_headers_whatever_they_hold_get_an_unsigned_body_in(
    client: FlaskClient, names: Headers, body: bytes, door: str
) -> None:
    assert client.post(door, data=body, headers=names).status_code == 401
