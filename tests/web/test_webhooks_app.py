"""The web process around the webhooks: health, readiness, metrics, headers, and errors that give nothing away."""

import re
import time
from pathlib import Path

import pytest
import webhooks_senders as senders
from flask import Flask
from flask.testing import FlaskClient
from webhooks_senders import Wall

from integration.settings.environment import Settings, load, variables
from integration.store.db.session import Store
from integration.store.overall import figure_snapshots
from integration.web.app import INTAKE, create_app
from integration.web.served import application
from integration.wiring import clock

EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound


def test_the_first_page_says_what_this_is_and_where_to_look(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "Coldframe" in page.text
    for link in re.findall(r'href="([^"]+)"', page.text):
        assert client.get(f"/{link}").status_code == 200


def test_alive_asks_nobody(settings: Settings, tmp_path: Path) -> None:
    gone = Store.open(f"sqlite:///{tmp_path / 'no.db'}")
    app = create_app(settings, store=gone, wake=print, queue=lambda: ["down"])
    assert app.test_client().get("/healthz").json == {"status": "alive"}
    gone.dispose()


def test_ready_when_the_store_is_migrated_and_redis_answers(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {"status": "ready", "store": "ok", "redis": "ok", "lanes": "ok", "writing": "live since 1970-01-01T00:00:00Z"},
    )


def test_not_ready_says_why(settings: Settings, tmp_path: Path) -> None:
    empty = Store.open(f"sqlite:///{tmp_path / 'empty.db'}")
    app = create_app(settings, store=empty, wake=print, queue=lambda: ["Redis does not answer."])
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json["redis"] == ["Redis does not answer."]
    assert "coldframe migrate" in answer.json["store"][0]
    empty.dispose()


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/nowhere", "/webhooks/hubspot"])
def test_every_answer_carries_the_safe_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Strict-Transport-Security"].startswith("max-age=")


def test_a_fault_of_ours_is_500_without_a_traceback(settings: Settings, store: Store) -> None:
    def broken() -> None:
        raise RuntimeError("the inner life of the service")  # noqa: EM101, TRY003 - the very text is the subject

    app = create_app(settings, store=store, wake=print, queue=broken)
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["error"]) == (500, "Internal Server Error")
    assert "inner life" not in answer.text
    assert "Traceback" not in answer.text


def test_metrics_count_what_was_answered_and_what_waits(client: FlaskClient, store: Store, wall: Wall) -> None:
    body = senders.activities(senders.activity())
    client.post("/webhooks/activities", data=body, headers=senders.standard(body))
    client.post("/webhooks/activities", data=body)
    client.post("/webhooks/anything-a-sender-likes", data=body)
    assert "coldframe_inbox" not in client.get("/metrics").text, "nobody has counted"
    figure_snapshots.count(store, wall())
    wall.at += 30 * senders.SECOND
    text = client.get("/metrics").text
    for line in (
        'coldframe_webhook_deliveries_total{source="activities",status="202"} 1.0',
        'coldframe_webhook_deliveries_total{source="activities",status="401"} 1.0',
        'coldframe_webhook_seconds_count{source="activities"} 2.0',
        "coldframe_store_up 1.0",
        'coldframe_inbox{state="new"} 1.0',
        'coldframe_oldest_seconds{queue="inbox"} 30.0',
        "coldframe_counted_seconds 30.0",
    ):
        assert line in text
    assert "anything" not in text


@pytest.mark.parametrize(
    ("settings_of", "headers", "status"),
    [
        ({}, {}, 200),
        ({"COLDFRAME_BIND": "::1"}, {}, 200),
        ({"COLDFRAME_BIND": EVERYWHERE}, {}, 401),
        ({"COLDFRAME_BIND": "10.0.0.7"}, {}, 401),
        ({}, {"X-Forwarded-For": "203.0.113.9"}, 401),
        ({"COLDFRAME_METRICS_TOKEN": "t" * 32}, {}, 401),
        ({"COLDFRAME_METRICS_TOKEN": "t" * 32}, {"Authorization": "Bearer " + "t" * 31}, 401),
        ({"COLDFRAME_METRICS_TOKEN": "t" * 32}, {"Authorization": "t" * 32}, 401),
        ({"COLDFRAME_METRICS_TOKEN": "t" * 32}, {"Authorization": "Bearer é"}, 401),
        ({"COLDFRAME_METRICS_TOKEN": "t" * 32}, {"Authorization": "Bearer " + "t" * 32}, 200),
        (
            {"COLDFRAME_METRICS_TOKEN": "t" * 32, "COLDFRAME_BIND": EVERYWHERE},
            {"Authorization": "Bearer " + "t" * 32, "X-Forwarded-For": "203.0.113.9"},
            200,
        ),
    ],
)
def test_figures_are_for_this_machine_or_for_whoever_has_the_token(
    store: Store, settings_of: dict[str, str], headers: dict[str, str], status: int
) -> None:
    settings = load({"COLDFRAME_SECRET_KEY": "k" * 32, **settings_of})
    app = create_app(settings, store=store, wake=print, queue=list)
    answer = app.test_client().get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("coldframe_store_up" in answer.text) == (status == 200)
    app.extensions[INTAKE].close()


def test_metrics_without_a_store_still_tell_the_rest(settings: Settings, tmp_path: Path) -> None:
    lost = Store.open(f"sqlite:///{tmp_path / 'lost.db'}")
    (tmp_path / "lost.db").mkdir()
    app = create_app(settings, store=lost, wake=print, queue=list)
    text = app.test_client().get("/metrics").text
    assert "coldframe_store_up 0.0" in text
    assert "coldframe_inbox" not in text
    lost.dispose()


def test_a_source_without_secrets_has_no_door(store: Store) -> None:
    app = create_app(load({"COLDFRAME_SECRET_KEY": "k" * 32}), store=store, wake=print, queue=list)
    body = senders.events(senders.event())
    for door, sign in (("hubspot", senders.hubspot), ("activities", senders.standard)):
        answer = app.test_client().post(f"/webhooks/{door}", data=body, headers=sign(body))
        assert answer.status_code == 404


def test_a_wrong_environment_stops_the_process_and_says_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORT", "x")
    with pytest.raises(SystemExit, match=r"(?s)COLDFRAME_SECRET_KEY.*PORT|PORT.*COLDFRAME_SECRET_KEY"):
        application()


def test_ids_sort_by_the_time_they_were_made_and_never_repeat() -> None:
    made = []
    for _ in range(200):
        made.append(clock.new_id())
        time.sleep(0.00001)
    assert made == sorted(made)
    assert len({*made, *(clock.new_id() for _ in range(20_000))}) == 20_200
    assert all(re.fullmatch(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}", each) for each in made)


def test_the_clock_counts_microseconds_of_utc() -> None:
    assert abs(clock.now() - time.time() * 1_000_000) < 1_000_000  # noqa: TID251 - compared with the machine's own
    assert 0 <= clock.monotonic() - clock.monotonic() + 1 <= 1


def test_closing_the_intake_twice_is_no_matter(app: Flask) -> None:
    app.extensions[INTAKE].close()
    app.extensions[INTAKE].close()
