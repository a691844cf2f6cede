"""`coldframe connect` and `coldframe keys` as a person runs them: real processes, a real page, a real store."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import flows_signin
import pytest
import requests
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flows_connect import KEY, Run, store
from flows_run import Watch
from flows_senders import Program, programs, until

from integration.cli import main
from integration.settings.environment import load
from integration.store.audit.sealing import Keyring
from integration.store.crm import connections
from integration.store.crm.connections import unsealed
from integration.wiring import clock, connection_names
from sandbox.both.both_systems import PORTAL_ID
from sandbox.server import Sandbox
from sandbox.shared.issued_tokens import App

SYSTEMS = ("hubspot", "salesforce")

CANARY = "canary-client-secret-31"

USER = "integration.coldframe@fernhill-systems.example"

Coldframe = Callable[..., Program]


@pytest.fixture
def coldframe(tmp_path: Path, folder: Path) -> Iterator[Coldframe]:
    """`coldframe(words…, **variables)`: the command, started."""
    given = {"COLDFRAME_SECRET_KEY": KEY, "COLDFRAME_DATA_DIR": str(folder), "COLUMNS": "200"}
    given |= {"PYTHONUNBUFFERED": "1"}
    with programs(tmp_path) as start:
        yield lambda *words, **variables: start(["-m", "integration", *words], **given | variables)


def page(program: Program) -> str:
    """The address that the command prints."""

    def printed() -> re.Match[str] | None:
        return re.search(r"^\s+(http\S+)$", program.text(), re.MULTILINE)

    until(lambda: printed() or program.process.poll() is not None, "an address is printed")
    found = printed()
    assert found, program.text()
    return found[1]


def secret(system: str) -> dict[str, str]:
    if system == "salesforce":
        return {"SALESFORCE_CLIENT_SECRET": CANARY}
    return {"HUBSPOT_CLIENT_SECRET": CANARY, "COLDFRAME_PUBLIC_URL": "https://coldframe.example"}


def begun(coldframe: Coldframe, sandbox: Sandbox, system: str, *more: str) -> Program:
    words = ("connect", system, "--client-id", "client-1", "--port", "0", "--no-browser")
    return coldframe(*words, "--api-url", f"{sandbox.url}/{system}", *more, **secret(system))


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_person_says_yes_and_the_connection_is_kept_tried_and_listed(
    coldframe: Coldframe, run: Run, sandbox: Sandbox, folder: Path, system: str
) -> None:
    flows_signin.gate(sandbox, system).issuer.apps["client-1"] = App(secret=CANARY)
    program = begun(coldframe, sandbox, system)
    answer = flows_signin.say_yes(page(program))
    assert "Connected" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert program.wait() == 0, program.text()
    assert "One call worked" in program.text()
    assert f"coldframe provision {system}" in program.text()

    listed = run("connect", "list", "--json")
    assert listed.exit_code == 0, listed.output
    row = json.loads(listed.stdout.splitlines()[-1])
    assert (row["name"], row["system"], row["grant"], row["state"]) == (system, system, "authorization-code", "live")
    assert row["account"]

    opened = store(folder)
    held = flows_signin.stored(opened, system)
    secrets = unsealed(held, Keyring.of(KEY))
    opened.dispose()
    shown = program.text() + listed.output + run("connect", "list").output + run("doctor").output
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for canary in (secrets.access_token, secrets.refresh_token, CANARY):
        assert canary
        assert canary not in shown
        assert canary.encode() not in kept, "at rest, everything is sealed"
    with sqlite3.connect(folder / "coldframe.db") as conn:
        trail = conn.execute("SELECT action, subject FROM audit").fetchall()
    conn.close()
    assert ("connect", system) in trail


def test_a_no_on_the_page_is_told_and_nothing_is_kept(coldframe: Coldframe, sandbox: Sandbox, folder: Path) -> None:
    sandbox.hubspot.gate.issuer.set_up(deny=True)
    program = begun(coldframe, sandbox, "hubspot")
    assert "Not connected" in flows_signin.say_yes(page(program)).text
    assert program.wait() == 1
    assert "access_denied: end-user denied authorization" in program.text()
    assert "Traceback" not in program.text()
    opened = store(folder)
    with opened.read() as conn:
        assert connections.every(conn) == []
    opened.dispose()


def test_an_answer_with_another_state_is_turned_away_and_the_right_one_still_counts(
    coldframe: Coldframe, sandbox: Sandbox
) -> None:
    program = begun(coldframe, sandbox, "hubspot")
    address = page(program)
    back = parse_qs(urlsplit(address).query)["redirect_uri"][0]
    forged = requests.get(f"{back}?{urlencode({'code': 'stolen', 'state': 'guessed'})}", timeout=5)
    assert forged.status_code == 400
    assert requests.get(back.replace("/connected", "/favicon.ico"), timeout=5).status_code == 404
    flows_signin.say_yes(address)
    assert program.wait() == 0, program.text()


def test_nobody_at_the_page_ends_the_waiting(coldframe: Coldframe, sandbox: Sandbox) -> None:
    program = begun(coldframe, sandbox, "salesforce", "--wait", "0.5")
    assert program.wait() == 1
    assert "nobody answered on the vendor's page within 0.5 s" in program.text()


def test_salesforce_by_certificate_and_a_renewal_by_name_alone(
    run: Run, sandbox: Sandbox, at: Watch, tmp_path: Path
) -> None:
    at.now = clock.now()  # the assertion bears this machine's time
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = tmp_path / "cf.pem"
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    sandbox.salesforce.gate.issuer.apps["client-1"] = App(public_key=public)
    words = ["connect", "salesforce", "--grant", "jwt-bearer"]
    more = ["--client-id", "client-1", "--username", USER, "--key-file", str(pem)]
    first = run(*words, *more, "--api-url", f"{sandbox.url}/salesforce")
    assert first.exit_code == 0, first.output
    pem.unlink()
    again = run(*words)
    assert again.exit_code == 0, again.output
    assert flows_signin.token_calls(sandbox, "salesforce") == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("salesforce", "--grant", "jwt-bearer"), ("--client-id is missing", "--username is", "--key-file is")),
        (("salesforce", "--grant", "client-credentials", "--client-id", "c"), ("My Domain", "client secret is")),
        (("salesforce", "--client-id", "c", "--login-url", "https://evil.example"), ("not an address of Salesforce",)),
        (("salesforce", "--grant", "token"), ("access token is missing", "--instance-url must be")),
        (("hubspot", "--name", "salesforce", "--client-id", "c"), ("'salesforce' is the name of something else",)),
        (("hubspot", "--name", "Our Portal"), ("'Our Portal' is no name", "--client-id is missing")),
        (("hubspot", "--client-id", "c", "--api-url", "http://crm.example.com"), ("--api-url must be https",)),
        (("hubspot", "--client-secret", "s"), ("No such option",)),
    ],
)
def test_what_is_missing_is_told_all_at_once(run: Run, words: tuple[str, ...], told: tuple[str, ...]) -> None:
    found = run("connect", *words)
    assert found.exit_code == 2
    text = " ".join(found.output.split())
    assert [each for each in told if each not in text] == []


def test_a_plain_token_comes_by_standard_input_and_goes_before_the_environments(run: Run, sandbox: Sandbox) -> None:
    given = {"HUBSPOT_ACCESS_TOKEN": "old", **secret("hubspot"), "HUBSPOT_API_URL": f"{sandbox.url}/hubspot"}
    words = ("connect", "hubspot", "--grant", "token", "--secret-stdin", "--api-url", f"{sandbox.url}/hubspot")
    found = run(*words, typed="canary-service-key-5\n", **given)
    assert found.exit_code == 0, found.output
    assert "HUBSPOT_ACCESS_TOKEN is not used from now on" in found.output
    doctor = run("doctor", "--json", **given).stdout
    (line,) = [json.loads(each) for each in doctor.splitlines() if '"connection hubspot"' in each]
    assert "HUBSPOT_ACCESS_TOKEN is not used" in line["detail"]
    assert line["ok"]
    assert "canary-service-key-5" not in found.output + doctor


def test_a_connection_that_is_forgotten_has_no_queue_any_more(run: Run, sandbox: Sandbox) -> None:
    words = ("connect", "hubspot", "--grant", "token", "--secret-stdin", "--api-url", f"{sandbox.url}/hubspot")
    assert run(*words, "--name", "hubspot-emea", typed="t\n").exit_code == 0
    assert "hubspot-emea" in run("worker", "nobody").output, "each connection has a queue of its name"
    assert run("connect", "remove", "hubspot-emea", "--yes").exit_code == 0
    assert "hubspot-emea" not in run("worker", "nobody").output
    assert run("connect", "remove", "hubspot-emea", "--yes").exit_code == 1


def test_a_name_stays_with_its_account_and_its_system(run: Run, sandbox: Sandbox) -> None:
    words = ("connect", "hubspot", "--grant", "token", "--secret-stdin", "--api-url", f"{sandbox.url}/hubspot")
    assert run(*words, typed="t\n").exit_code == 0
    with Sandbox() as other:
        other.hubspot.portal.portal_id += 1
        found = run(*words[:-1], f"{other.url}/hubspot", typed="t\n")
    assert found.exit_code == 1
    assert f"'hubspot' is connected to account {PORTAL_ID}" in found.output
    sales = run("connect", "salesforce", "--name", "crm", "--grant", "token", "--secret-stdin", typed="t\n")
    assert "--instance-url must be" in sales.output
    twice = run(*words, "--name", "crm", typed="t\n")
    assert f"account {PORTAL_ID} is connected as 'hubspot' already" in twice.output
    sandbox.hubspot.portal.portal_id += 7
    named = run(*words, "--name", "crm", typed="t\n")
    assert named.exit_code == 0, named.output
    mixed = run("connect", "salesforce", "--name", "crm", "--client-id", "c", "--secret-stdin", typed="s\n")
    assert "'crm' is a connection to hubspot" in mixed.output


def test_provisioning_and_mappings_go_through_the_connection_that_is_named(run: Run, sandbox: Sandbox) -> None:
    words = ("connect", "hubspot", "--grant", "token", "--secret-stdin", "--api-url", f"{sandbox.url}/hubspot")
    for name in ("hubspot", "hubspot-emea"):
        assert run(*words, "--name", name, typed="t\n").exit_code == 0
        sandbox.hubspot.portal.portal_id += 1  # the other is another portal
    which = run("provision", "hubspot", "--dry-run")
    assert "add --connection hubspot or hubspot-emea" in which.output
    sandbox.hubspot.log.clear()
    found = run("provision", "hubspot", "--dry-run", "--connection", "hubspot-emea", "--json")
    assert found.exit_code == 0, found.output
    assert sandbox.hubspot.log.entries(path="/properties/")
    checked = run("mapping", "check")
    assert (checked.exit_code, checked.stdout.strip()) == (0, "1 fine")
    sandbox.hubspot.add("contacts", {"email": "ana@acme.example", "jobtitle": "Director of Sales"})
    seen = run("mapping", "preview", "ana@acme.example", "--connection", "hubspot-emea", "--json")
    assert seen.exit_code == 0, seen.output
    assert "Director of Sales" in seen.stdout


def test_a_rotation_leaves_the_new_key_in_the_key_file_of_the_data_folder(
    sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COLDFRAME_SECRET_KEY", "COLDFRAME_PREVIOUS_SECRET_KEYS", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    plain, new = {"COLDFRAME_DATA_DIR": str(folder), "COLUMNS": "200"}, "fedcba9876543210" * 2

    def coldframe(*words: str, **variables: str) -> Result:
        return CliRunner().invoke(main, list(words), env=plain | variables, catch_exceptions=False)

    assert coldframe("keys", "list").exit_code == 0  # makes the store and the key
    key = folder / "secret.key"
    old, opened = key.read_text(encoding="ascii"), store(folder)
    flows_signin.sign_in(opened, sandbox, "hubspot", 5, key=old)
    wrong = coldframe("keys", "rotate", COLDFRAME_SECRET_KEY=new)
    assert (wrong.exit_code, key.read_text(encoding="ascii")) == (1, old), "nothing is lost where a row does not open"
    done = coldframe("keys", "rotate", COLDFRAME_SECRET_KEY=new, COLDFRAME_PREVIOUS_SECRET_KEYS=old)
    assert done.exit_code == 0, done.output
    assert (key.read_text(encoding="ascii"), key.stat().st_mode & 0o777) == (new, 0o600)
    listed = coldframe("keys", "list", "--json")
    assert [json.loads(line)["is"] for line in listed.stdout.splitlines()] == ["current"]
    assert new not in done.output + listed.output
    again = coldframe("keys", "rotate")
    assert (again.exit_code, key.read_text(encoding="ascii")) == (0, new)
    opened.dispose()


def test_a_plain_token_brings_the_secret_of_the_app_that_sends_the_webhooks(
    run: Run, sandbox: Sandbox, folder: Path
) -> None:
    words = ("connect", "hubspot", "--grant", "token", "--secret-stdin", "--api-url", f"{sandbox.url}/hubspot")
    assert run(*words, typed="t\nsecret-of-the-app-0123\n").exit_code == 0
    assert run(*words, typed="t2\n").exit_code == 0, "and it is kept where only the token is new"
    settings = load({"COLDFRAME_SECRET_KEY": KEY})
    opened = store(folder)
    found = connection_names.webhook_secrets(settings, connection_names.known(settings, opened), "hubspot")
    opened.dispose()
    assert found == {str(PORTAL_ID): ("secret-of-the-app-0123",)}
