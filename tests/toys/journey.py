"""One lead's way through a CRM and a source that no file of the product knows, installed as a package would be.

It runs in a process of its own, which finds the toys as it starts: see tests/wiring/test_installed_packages.py.
"""

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from flows_run import drain_all
from flows_senders import free_port
from sqlalchemy import select
from toybox.house import HOUSES, House
from toybox.source import HEADER, signature

from integration.cli import main
from integration.commands.connecting import connect_here as connecting
from integration.flows.going_live.go_live import go_live
from integration.processes import local_stack
from integration.settings.environment import Settings, SettingsError, load
from integration.settings.local_key import with_kept_key
from integration.store.crm import connections
from integration.store.db.session import Store
from integration.store.schema.tables import inbox
from integration.web.app import create_app
from integration.wiring import build, clock, connection_names
from integration.wiring.whole_service import Service
from mappings.values.instant import show

KEY, SECRET, WHERE = "0123456789abcdef" * 2, "toyline-secret-0001", "http://127.0.0.1:9"
ANA, BEN = "ana@club.example", "ben@club.example"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLDFRAME_SECRET_KEY", KEY)
        patch.setenv("COLDFRAME_DATA_DIR", str(tmp_path_factory.mktemp("toys")))
        patch.setenv("COLDFRAME_LINGER_SECONDS", "0")
        patch.setenv("TOYLINE_SECRET", SECRET)
        patch.setenv("TOYBOX_CLIENT_SECRET", House().secret)
        yield patch


@pytest.fixture(scope="module")
def house() -> House:
    """The toy CRM with two people of one club."""
    found = HOUSES[WHERE] = House()
    club = found.put("club", {"title": "The Club", "site": "club.example"})
    for mail, given in ((ANA, "Ana"), (BEN, "Ben")):
        found.put("member", {"mail": mail, "given": given, "post": "VP Marketing", "club": club, "owner": "U-1"})
    return found


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), catch_exceptions=False)


@pytest.fixture(scope="module")
def signed_in(environment: pytest.MonkeyPatch, house: House) -> Result:
    """What `coldframe connect toybox` said, whose page a browser opened."""
    assert HOUSES[WHERE] is house
    environment.setattr(connecting, "_graphical", lambda: True)
    environment.setattr(connecting.webbrowser, "open", _opened)
    words = ("--client-id", "c-1", "--api-url", WHERE, "--port", str(free_port()), "--redirect-host", "127.0.0.1")
    return run("connect", "toybox", *words)


def _opened(address: str) -> None:
    threading.Thread(target=requests.get, args=(address,), kwargs={"timeout": 10}).start()


@pytest.fixture(scope="module")
def settings(signed_in: Result) -> Settings:
    del signed_in
    given = local_stack.environment()
    return load(with_kept_key(given))


@pytest.fixture(scope="module")
def service(settings: Settings) -> Service:
    """The service as a worker builds it."""
    del settings
    found = build.service()
    go_live(found)
    return found


@pytest.fixture(scope="module")
def client(settings: Settings, service: Service) -> Iterator[FlaskClient]:
    app = create_app(settings, store=service.store, wake=lambda _lane: None, queue=list, now=clock.now)
    with contextlib.closing(app.extensions["coldframe.intake"]):
        yield app.test_client()


@pytest.fixture(scope="module")
def handed_over(client: FlaskClient, service: Service, house: House) -> House:
    """The house, once a demo was asked for by both people in one delivery and the service has done its work."""
    house.token = "one that nobody has"
    assert send(client, line("1", ANA), line("2", BEN)).status_code == 200
    drain_all(service)
    return house


def line(number: str, mail: str) -> str:
    return f"{number}|demo_request|{show(clock.now())}|{mail}"


def send(client: FlaskClient, *lines: str, secret: str = SECRET) -> Any:
    body = "\n".join(lines).encode()
    return client.post("/webhooks/toyline", data=body, headers={HEADER: signature(body, secret)})


def bodies(store: Store) -> bytes:
    with store.read() as conn:
        return b"\n".join(bytes(row.body) for row in conn.execute(select(inbox.c.body)).all())


def test_a_person_signs_in_and_the_token_is_stored_sealed(signed_in: Result, settings: Settings, house: House) -> None:
    assert signed_in.exit_code == 0, signed_in.output
    assert "Signed in to toybox (account box-1)" in signed_in.output
    assert "member was described" in signed_in.output
    held = Path(settings.data_dir, "coldframe.db").read_bytes()
    assert not any(each in held for each in (b"toy-access", house.refresh.encode(), house.secret.encode()))
    with connection_names.opened(settings) as store:
        assert store
        (row,) = (each.row for each in connection_names.known(settings, store))
        assert row
        secrets = connections.unsealed(row, connection_names.keyring(settings))
    assert (secrets.access_token, secrets.refresh_token) == ("toy-access-1", house.refresh)


def test_a_delivery_that_nobody_signed_is_turned_away(client: FlaskClient) -> None:
    assert send(client, line("9", ANA), secret="somebody else's secret").status_code == 401


def test_a_signed_delivery_becomes_a_task_and_fields_in_the_crm(handed_over: House) -> None:
    tasks = [each["member"] for each in handed_over.records["chore"].values() if each["state"] == "open"]
    assert sorted(tasks) == sorted(handed_over.records["member"])
    for each in handed_over.records["member"].values():
        assert each["coldframe_score"] > 0
        assert each["coldframe_stage"] == "mql"
        assert "demo" in each["coldframe_reasons"].casefold()


def test_a_token_that_is_refused_is_renewed_and_stored(handed_over: House, settings: Settings) -> None:
    assert handed_over.renewed == 2
    with connection_names.opened(settings) as store:
        assert store
        (row,) = (each.row for each in connection_names.known(settings, store))
        assert row
        assert connections.unsealed(row, connection_names.keyring(settings)).access_token == handed_over.token


def test_a_link_leads_to_the_record(service: Service, handed_over: House) -> None:
    key = next(iter(handed_over.records["member"]))
    assert service.connections["toybox"].link("member", key) == f"https://toybox.example/box-1/member/{key}"


def test_doctor_provision_and_mapping_know_the_crm(handed_over: House) -> None:
    del handed_over
    found = {each["subject"]: each for each in map(json.loads, run("doctor", "--json").output.splitlines())}
    assert found["toybox: Toybox"]["ok"], list(found)
    assert found["toybox: member"]["ok"], list(found)
    steps = list(map(json.loads, run("provision", "toybox", "--dry-run", "--json").output.splitlines()))
    assert steps
    assert {each["outcome"] for each in steps} == {"keep"}
    assert "toybox" in run("connect", "--help").output


def test_mistakes_in_declared_variables_are_told_with_all_others(environment: pytest.MonkeyPatch) -> None:
    del environment
    given = {"COLDFRAME_SECRET_KEY": "short", "TOYLINE_SECRET": "short", "TOYBOX_API_URL": "x"}
    with pytest.raises(SettingsError) as caught:
        load(given)
    told = {each.variable: each.remedy for each in caught.value.mistakes}
    assert told.keys() == given.keys()
    assert told["TOYLINE_SECRET"] == "Set 16 or more characters."


def test_who_is_erased_leaves_raw_deliveries_and_the_crm_and_the_others_stay(
    handed_over: House, service: Service
) -> None:
    assert ANA.encode() in bodies(service.store)
    erased = run("erase", ANA, "--crm", "--yes", "--no-vacuum", "--json")
    assert erased.exit_code == 0, erased.output
    left = bodies(service.store)
    assert ANA.encode() not in left
    assert BEN.encode() in left
    members = {each["mail"]: (key, each) for key, each in handed_over.records["member"].items()}
    ana, cleared = members[ANA]
    assert {name: value for name, value in cleared.items() if name.startswith("coldframe_") and value} == {}
    assert members[BEN][1]["coldframe_score"] > 0
    states = {each["member"]: each["state"] for each in handed_over.records["chore"].values()}
    assert states == {ana: "done", members[BEN][0]: "open"}
