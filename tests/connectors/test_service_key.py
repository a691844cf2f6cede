"""A HubSpot service key: it carries no webhooks, so nobody is asked for a client secret, and changes are polled."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from integration.cli import main
from integration.settings.environment import SettingsError, load
from integration.store.db.session import Store
from integration.web.app import create_app
from sandbox.server import Sandbox

POLLED = {"COLDFRAME_POLLED": "hubspot"}


@pytest.fixture
def given(box: Sandbox, tmp_path: Path) -> dict[str, str]:
    store = Store.open(f"sqlite:///{tmp_path}/coldframe.db")
    store.migrate()
    store.dispose()
    return {
        "COLDFRAME_SECRET_KEY": "0123456789abcdef",
        "COLDFRAME_DATA_DIR": str(tmp_path),
        "HUBSPOT_ACCESS_TOKEN": "service-key",
        "HUBSPOT_API_URL": f"{box.url}/hubspot",
    }


def run(given: Mapping[str, str], *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, list(words), env=dict(given), input=typed, catch_exceptions=False)


def told(given: Mapping[str, str]) -> dict[str, Any]:
    lines = [json.loads(line) for line in run(given, "doctor", "--json").stdout.splitlines()]
    return {line["subject"]: line for line in lines}


def test_without_a_client_secret_the_settings_say_how_a_service_key_does_without(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as refused:
        load(given)
    assert [each.variable for each in refused.value.mistakes] == ["HUBSPOT_CLIENT_SECRET"]
    assert "COLDFRAME_POLLED=hubspot" in str(refused.value)
    assert load(given | POLLED).polled == ("hubspot",)


def test_doctor_says_that_changes_are_polled_and_asks_for_no_secret(given: dict[str, str]) -> None:
    found = told(given | POLLED)
    assert "HUBSPOT_CLIENT_SECRET" not in found
    line = found["connection hubspot"]
    assert line["ok"]
    assert "no webhooks: changes are read every 60 seconds" in line["detail"]


def test_the_web_process_starts_without_a_secret_and_lets_no_webhook_of_hubspots_in(given: dict[str, str]) -> None:
    store = Store.open(f"sqlite:///{given['COLDFRAME_DATA_DIR']}/coldframe.db")
    app = create_app(load(given | POLLED), store=store, wake=lambda _lane: None, queue=list)
    assert app.test_client().get("/healthz").status_code == 200
    assert app.test_client().post("/webhooks/hubspot", json=[]).status_code == 404
    store.dispose()


def test_a_key_that_somebody_signed_in_with_is_polled_as_well(given: dict[str, str], box: Sandbox) -> None:
    del given["HUBSPOT_ACCESS_TOKEN"], given["HUBSPOT_API_URL"]
    words = ("connect", "hubspot", "--grant", "token", "--secret-stdin", "--api-url", f"{box.url}/hubspot")
    signed_in = run(given, *words, typed="service-key\n")
    assert signed_in.exit_code == 0, signed_in.output
    asked = told(given)["HUBSPOT_CLIENT_SECRET"]
    assert not asked["ok"]
    assert "COLDFRAME_POLLED=hubspot" in asked["remedy"]
    found = told(given | POLLED)
    assert "HUBSPOT_CLIENT_SECRET" not in found
    assert "no webhooks" in found["connection hubspot"]["detail"]


def test_a_name_that_no_connection_has_is_said_with_the_nearest(given: dict[str, str]) -> None:
    line = told(given | {"COLDFRAME_POLLED": "hubspot hubspt"})["COLDFRAME_POLLED"]
    assert (line["ok"], "hubspt" in line["detail"], "hubspot" in line["detail"]) == (False, True, True)
