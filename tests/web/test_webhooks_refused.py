"""Webhooks that are not let in are counted with the likely cause, at a bounded cost, and nothing of them is kept."""

import json
from collections.abc import Callable

import pytest
import webhooks_senders as senders
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, text
from structlog.testing import capture_logs
from webhooks_senders import Wall

from integration.examining import doctor_webhooks
from integration.store.db.session import Store
from integration.store.progress import refused_webhooks
from integration.store.progress.refused_webhooks import Refused
from integration.store.queues import inbox
from integration.web import refusal_counts as web
from integration.web.app import REFUSED
from mappings.values.instant import DAY, HOUR, MINUTE
from webhooks import refusal_causes
from webhooks.refusal_causes import Cause

BODY = b'[{"eventId":1,"portalId":62515,"subscriptionType":"contact.creation","objectId":4711,"occurredAt":1}]'
CANARY = b"canary-of-a-stranger"


def known(store: Store, wall: Wall) -> list[Refused]:
    with store.read() as conn:
        return refused_webhooks.known(conn, wall())


def figure(client: FlaskClient, source: str, cause: str) -> float:
    wanted = f'coldframe_webhooks_refused_total{{cause="{cause}",source="{source}"}} '
    lines = [line for line in client.get("/metrics").text.splitlines() if line.startswith(wanted)]
    return float(lines[0].removeprefix(wanted)) if lines else 0.0


def post(client: FlaskClient, body: bytes, headers: dict[str, str], path: str = "/webhooks/hubspot") -> int:
    return client.post(path, data=body, headers=headers).status_code


def signed(**how: object) -> dict[str, str]:
    return senders.hubspot(BODY, **how)  # type: ignore[arg-type]


CASES: dict[str, tuple[str, str, Callable[[], dict[str, str]]]] = {
    "no signature": ("hubspot", "unsigned", lambda: {"Content-Type": "application/json"}),
    "no time": ("hubspot", "unsigned", lambda: {"X-HubSpot-Signature-v3": "x"}),
    "the address it came by": (
        "hubspot",
        "public_url",
        lambda: signed(uri="https://new.example.com/webhooks/hubspot") | {"Host": "new.example.com"},
    ),
    "without TLS": (
        "hubspot",
        "public_url",
        lambda: signed(uri="http://crm.example.com/webhooks/hubspot") | {"Host": "crm.example.com"},
    ),
    "before a proxy": (
        "hubspot",
        "public_url",
        lambda: signed(uri="https://out.example.com/webhooks/hubspot") | {"X-Forwarded-Host": "out.example.com, in"},
    ),
    "another secret": ("hubspot", "secret", lambda: signed(secret="another")),
    "an old time": ("hubspot", "timestamp", lambda: signed(at=senders.NOW - 6 * MINUTE)),
    "an activity without a signature": ("activities", "unsigned", dict),
    "an activity under another secret": (
        "activities",
        "secret",
        lambda: senders.standard(BODY, secret="whsec_" + "QUJD" * 8),
    ),
    "an activity at another time": (
        "activities",
        "timestamp",
        lambda: senders.standard(BODY, at=senders.NOW + 6 * MINUTE),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_refused_webhook_is_counted_and_logged_with_the_likely_cause(
    case: str, client: FlaskClient, store: Store, wall: Wall
) -> None:
    source, cause, headers = CASES[case]
    with capture_logs() as lines:
        assert post(client, BODY, headers(), f"/webhooks/{source}") == 401
    assert figure(client, source, cause) == 1
    assert known(store, wall) == [Refused(source=source, cause=cause, count=1, first=wall(), last=wall())]
    (line,) = [each for each in lines if each["event"] == "webhooks refused"]
    assert (line["source"], line["cause"], line["count"]) == (source, cause, 1)
    (finding,) = doctor_webhooks.examined(store, wall())
    assert finding.subject == f"webhooks: {source}"
    assert refusal_causes.SAID[cause] in finding.detail  # type: ignore[index]
    assert finding.ok == (cause == "unsigned"), "what keeps a sender of ours out is amiss, a stranger is not"


def test_another_secret_is_amiss_until_something_genuine_comes(client: FlaskClient, store: Store, wall: Wall) -> None:
    assert post(client, BODY, signed(secret="another")) == 401
    assert [each.ok for each in doctor_webhooks.examined(store, wall())] == [False]
    wall.at += MINUTE
    assert post(client, BODY, signed(at=wall.at)) == 200
    assert [each.ok for each in doctor_webhooks.examined(store, wall())] == [True]
    wall.at += DAY
    assert list(doctor_webhooks.examined(store, wall())) == [], "yesterday's is over"


def test_a_flood_costs_a_look_a_second_and_a_write_in_ten(
    client: FlaskClient, app: Flask, store: Store, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, clock = [], [100.0]
    counting = web.RefusedWebhooks(store, app.extensions["coldframe.metrics"].not_let_in, wall, lambda: clock[0])

    def why() -> Cause:
        looks.append(1)
        return "secret"

    writes = []
    original = refused_webhooks.add
    monkeypatch.setattr(refused_webhooks, "add", lambda *given: (writes.append(1), original(*given)))
    for number in range(1_000):
        clock[0] = 100.0 + number / 50  # twenty seconds
        counting.note("hubspot", why)
    counting.keep()
    assert (len(looks), len(writes)) == (20, 3)
    found = {each.cause: each.count for each in known(store, wall)}
    assert sum(found.values()) == 1_000
    assert found["secret"] == 20
    assert figure(client, "hubspot", "not_examined") == 980
    counting.note("activities", why)
    assert len(looks) == 21, "a flood at one address hides no cause at another"


def test_nothing_that_a_stranger_sent_is_kept(client: FlaskClient, store: Store) -> None:
    headers = signed(secret="another") | {"Host": CANARY.decode(), "User-Agent": CANARY.decode()}
    with capture_logs() as lines:
        assert post(client, BODY + CANARY, headers) == 401
        assert post(client, CANARY, {}, f"/webhooks/activities?{CANARY.decode()}") == 401
    assert CANARY.decode() not in json.dumps(lines, default=str) + client.get("/metrics").text
    with store.read() as conn:
        assert inbox.counts(conn) == {"new": 0, "done": 0, "dead": 0}
        for table in inspect(conn).get_table_names():
            rows = conn.execute(text(f'SELECT * FROM "{table}"')).all()  # noqa: S608 - our own tables
            assert CANARY.decode() not in repr(rows)


def test_what_is_refused_is_refused_also_where_the_store_is_away(
    client: FlaskClient, app: Flask, store: Store, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integration.store.db.errors import StoreBusyError  # noqa: PLC0415 - for this test

    def busy(*_given: object) -> None:
        raise StoreBusyError

    with monkeypatch.context() as away:
        away.setattr(refused_webhooks, "add", busy)
        assert post(client, BODY, {}) == 401
    assert known(store, wall) == []
    wall.at += HOUR
    app.extensions[REFUSED].keep()
    assert [each.count for each in known(store, wall)] == [1], "it is stored the next time"
