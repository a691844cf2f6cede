"""Secrets, tokens and personal data as canaries through a whole run: none stands in a log, in Redis or on a page.

The service runs as it does in production: web, clock and a worker for each queue, on a Valkey with a password. What
goes well and what goes wrong both happen. The commands show an admin personal data, by design; secrets not even they.
"""

import base64
import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import redis
import requests
from flows_canaries import SECRETS, forms, locked, logged, redis_values, woken_until
from flows_crms import FIELDS, person
from flows_run import activity, write_freely
from flows_senders import Program, answers, free_port, programs, until
from pydantic import SecretStr
from sqlalchemy import update
from standardwebhooks import Webhook
from valkeys import valkey_server

from integration.store.db import kept_values
from integration.store.db.session import Store
from integration.store.outgoing import outbox
from integration.store.overall import store_figures
from integration.store.overall.store_figures import Numbers
from integration.store.people import leads
from integration.store.queues import dead_letters as letters
from integration.store.schema import tables
from integration.wiring import clock
from integration.wiring.wake_ups import Wakeups
from mappings.values.instant import MINUTE, to_datetime
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

ANA = "ana.canary@canaria.example"
BAD, FORGED = "bad.canary@canaria.example", "forged.canary@canaria.example"
PERSONAL = (ANA, BAD, FORGED, "ana.canary", "Anacanaria", "Silvacanaria", "7700 900123", "canary-note")
REDIS_PASSWORD, DATABASE_PASSWORD = "redis-password-canary-01", "database-password-canary-01"
SESSION = "00D5g000004AbCd!session-canary-0123456789"
ORG = "00D5g000004AbCdEAK"

Start: TypeAlias = Callable[..., Program]


@dataclass(slots=True)
class Run:
    """The running service, and all that it has shown so far."""

    url: str
    store: Store
    sandbox: Sandbox
    valkey: redis.Redis
    variables: Mapping[str, str]
    programs: list[Program]
    wakeups: Wakeups
    pages: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> requests.Response:
        """One request; what is answered is kept for the search."""
        answer = requests.request(method, f"{self.url}{path}", data=body, headers=headers, timeout=15)
        self.pages.append(f"{answer.status_code} {answer.headers} {answer.text}")
        return answer

    def send(self, *items: Any, delivery: str, secret: str = SECRETS["COLDFRAME_ACTIVITY_SECRET"]) -> int:
        """A delivery of activities, signed with this secret."""
        body, moment = json.dumps({"activities": items}), to_datetime(clock.now())
        signature = Webhook(secret).sign(delivery, moment, body)
        stamp = str(int(moment.timestamp()))
        signed = {"webhook-id": delivery, "webhook-timestamp": stamp, "webhook-signature": signature}
        return self.ask("POST", "/webhooks/activities", body.encode(), **signed).status_code

    def seen(self) -> Iterator[tuple[str, str]]:
        """(where, text) of everything that the service has shown: output, Redis, pages."""
        for program in self.programs:
            yield program.output.name, program.text()
        for number, page in enumerate(self.pages):
            yield f"page {number}", page
        for key in self.valkey.scan_iter("*"):
            yield "a key of Redis", str(key)
            for value in redis_values(self.valkey, key):
                yield f"Redis {key!r}", value


def leaks(run: Run, canaries: tuple[str, ...]) -> set[tuple[str, str]]:
    wanted = {form: canary for canary in canaries for form in forms(canary)}
    return {(where, wanted[form]) for where, text in run.seen() for form in wanted if form in text.casefold()}


@pytest.fixture(params=["sqlite", "postgresql"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Run]:
    """The whole service on one machine."""
    if request.param == "postgresql":
        plain = request.getfixturevalue("fragile_cluster").url("template")
        url = plain.replace("coldframe@", f"coldframe:{DATABASE_PASSWORD}@")
    else:
        url = f"sqlite:///{tmp_path}/coldframe.db"
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox())
        server = stack.enter_context(valkey_server())
        valkey = stack.enter_context(contextlib.closing(redis.Redis(port=server.port)))
        valkey.config_set("requirepass", REDIS_PASSWORD)
        valkey.execute_command("AUTH", REDIS_PASSWORD)
        store = Store.open(url)
        stack.callback(store.dispose)
        store.migrate()
        write_freely(store)
        port = free_port()
        variables = {
            **SECRETS,
            "COLDFRAME_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "COLDFRAME_DATA_DIR": str(tmp_path),
            "COLDFRAME_LINGER_SECONDS": "0",
            "COLDFRAME_LOG_LEVEL": "debug",
            "HUBSPOT_API_URL": f"{sandbox.url}/hubspot",
            "HUBSPOT_APP_ID": "1",
            "SALESFORCE_INSTANCE_URL": "https://sandbox.my.salesforce.com",
            "SALESFORCE_API_URL": f"{sandbox.url}/salesforce",
            "SALESFORCE_ORGANIZATION_ID": ORG,
            "DATABASE_URL": url,
            "REDIS_URL": f"redis://:{REDIS_PASSWORD}@127.0.0.1:{server.port}/0",
            "PORT": str(port),
        }
        start = stack.enter_context(programs(tmp_path))
        workers = [("worker", queue) for queue in ("ingest", "advance", "alerts", "hubspot", "salesforce")]
        started = [start(["-m", "integration", *words], **variables) for words in (("web",), *workers, ("clock",))]
        wakeups = Wakeups(SecretStr(variables["REDIS_URL"]), clock.monotonic)
        stack.callback(wakeups.close)
        running = Run(f"http://127.0.0.1:{port}", store, sandbox, valkey, variables, started, wakeups)
        until(lambda: answers(running.url), "the web process answers", 60)
        yield running


def test_no_canary_stands_in_a_log_in_redis_or_on_a_page(run: Run, request: pytest.FixtureRequest) -> None:
    goes_well(run)
    knocks_in_vain(run)
    crms_refuse(run)
    store_is_away(run, request)
    job_crashes(run)
    for path in ("/", "/healthz", "/readyz", "/metrics", "/nowhere", f"/webhooks/activities?email={ANA}"):
        run.ask("GET", path, **{"X-Token": SECRETS["HUBSPOT_ACCESS_TOKEN"]})
    words = "\n".join(text for _, text in run.seen())
    assert "[value]" in words, "a traceback was told, without its values"
    assert "JobFailedError" in words, "and Redis knows that a job failed"
    secrets = (*SECRETS.values(), REDIS_PASSWORD, DATABASE_PASSWORD, SESSION)
    assert leaks(run, (*secrets, *PERSONAL)) == set()
    with run.store.read() as conn:
        kept = letters.waiting(conn, 100)
    assert any(ANA in each.reason for each in kept), "the CRM's own words are kept for a person, in the store"
    commands_show_no_secret(run, secrets)


def goes_well(run: Run) -> None:
    contact, record = person(run.sandbox, "hubspot", ANA), person(run.sandbox, "salesforce", ANA)
    named = {"firstname": "Anacanaria", "lastname": "Silvacanaria", "phone": "+44 7700 900123"}
    run.sandbox.hubspot.set("contacts", contact, named)
    run.sandbox.salesforce.set("Lead", record, {"FirstName": "Anacanaria", "LastName": "Silvacanaria"})
    what = [activity(n, ANA, "email_click", clock.now() - n * MINUTE, note="canary-note") for n in range(1, 4)]
    assert run.send(*what, delivery="msg_1") == 202
    xml = (
        '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>'
        f'<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>{ORG}</OrganizationId>'
        f"<SessionId>{SESSION}</SessionId><Notification><Id>04l5g0000000001</Id>"
        f'<sObject xsi:type="s:Lead" xmlns:s="urn:s"><s:Id>{record}</s:Id><s:Email>{ANA}</s:Email></sObject>'
        "</Notification></notifications></e:Body></e:Envelope>"
    )
    door = f"/webhooks/salesforce/{SECRETS['COLDFRAME_OUTBOUND_SECRET']}/outbound"
    assert run.ask("POST", door, xml.encode()).status_code == 200

    def scored() -> bool:
        with run.store.read() as conn:
            rows = leads.get(conn, leads.by_email(conn, [ANA]).values())
        return any(row.total for row in rows)

    woken_until(run.wakeups, scored, "she is scored", "refresh:hubspot", "refresh:salesforce", "advance")
    written = partial(run.sandbox.hubspot.values, "contacts", contact)
    woken_until(run.wakeups, lambda: written().get("coldframe_score"), "and written", "deliver:hubspot")


def knocks_in_vain(run: Run) -> None:
    poison = {"id": "bad", "type": "x", "at": f"never, {BAD}", "email": BAD, "properties": {"phone": "7700 900123"}}
    assert run.send(poison, delivery="msg_2") == 202
    other = "whsec_" + base64.b64encode(b"another-secret-0123456789abcdef").decode()
    assert run.send(activity(9, FORGED, "email_click", clock.now()), delivery="msg_3", secret=other) == 401
    for body in (f'{{"activities": "{BAD}', f'[{{"email": "{BAD}"', f"<x>{BAD}</x>"):
        for door in ("activities", "hubspot", f"salesforce/{SECRETS['COLDFRAME_OUTBOUND_SECRET']}/outbound"):
            run.ask(
                "POST", f"/webhooks/{door}", body.encode(), Authorization=f"Bearer {SECRETS['HUBSPOT_ACCESS_TOKEN']}"
            )
    run.ask("PUT", f"/webhooks/salesforce/{SECRETS['COLDFRAME_OUTBOUND_SECRET']}/outbound")
    run.ask("POST", f"/webhooks/salesforce/{'x' * 30}/outbound", ANA.encode())

    def set_aside() -> int:
        with run.store.read() as conn:
            return sum(store_figures.counts(conn).dead_letters.values())

    until(set_aside, "the bad item is a letter", 60)


def crms_refuse(run: Run) -> None:
    words = f"A contact with the email {ANA} and the phone 7700 900123 exists"
    denied = f"{words}, and {SECRETS['SALESFORCE_ACCESS_TOKEN']} may not see it"
    run.sandbox.faults.add(
        Fault(kind="record_error", times=0, code="INVALID_EMAIL", message=words, **FIELDS["hubspot"])
    )
    run.sandbox.faults.add(Fault(kind="status", system="salesforce", status=500, code="X", message=denied))
    assert run.send(activity(20, ANA, "demo_request", clock.now()), delivery="msg_4") == 202

    def refused() -> bool:
        with run.store.read() as conn:
            return any(each.stage == "deliver" for each in letters.waiting(conn, 100))

    woken_until(run.wakeups, refused, "the CRM's refusal is a letter", "advance", "deliver:hubspot")
    run.sandbox.faults.clear()


def store_is_away(run: Run, request: pytest.FixtureRequest) -> None:
    late = activity(30, ANA, "email_click", clock.now())
    if "postgresql" in run.variables["DATABASE_URL"]:
        cluster = request.getfixturevalue("fragile_cluster")
        cluster.crash()
        assert run.send(late, delivery="msg_5") == 503
        run.ask("GET", "/readyz")
        run.ask("GET", "/metrics")
        woken_until(run.wakeups, lambda: logged(run.programs, "StoreDownError"), "a job meets the outage", "ingest")
        cluster.start()
        run.store.dispose()
    else:
        file = run.variables["DATABASE_URL"].removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
            until(lambda: not locked(other), "the lock is free")
            assert run.send(late, delivery="msg_5") == 503
            woken_until(run.wakeups, lambda: logged(run.programs, "StoreBusyError"), "a job meets the lock", "ingest")
            other.execute("ROLLBACK")
    until(lambda: run.send(late, delivery="msg_6") == 202, "it is taken again", 60)


def job_crashes(run: Run) -> None:
    """A task whose time is no number becomes a letter, an instant that is none fails the job; both repeat it."""
    with run.store.write() as conn:
        (lead,) = leads.by_email(conn, [ANA]).values()
        payload = {"subject": "s", "body": "b", "due_at": " ".join(PERSONAL), "channel": "call", "priority": "low"}
        outbox.want_once(
            conn, "hubspot", "task", [outbox.NewOnce(key="crash", lead_id=lead, payload=payload)], clock.now()
        )
    woken_until(run.wakeups, lambda: set_aside_soon(run), "the task is set aside", "deliver:hubspot")
    with run.store.write() as conn:
        kept_values.put_of_service(conn, "shadow_since", " ".join(PERSONAL), clock.now())
        later = outbox.NewOnce(key="later", lead_id=lead, payload=payload)
        outbox.want_once(conn, "hubspot", "task", [later], clock.now())  # without work no job looks at the instant
    woken_until(run.wakeups, lambda: failed_soon(run), "a job fails for good", "deliver:hubspot")
    with run.store.write() as conn:
        kept_values.drop_of_service(conn, "shadow_since")


def set_aside_soon(run: Run) -> object:
    """What is set aside of the lane; what waits for its next attempt need not wait any longer."""
    with run.store.write() as conn:
        conn.execute(update(tables.outbox).values(not_before=0))
    return counts_of(run).set_aside.get("deliver:hubspot")


def failed_soon(run: Run) -> object:
    """Whether a job has failed for good; one that had begun before may have put the work off, which need not wait."""
    set_aside_soon(run)
    return run.valkey.zcard("rq:failed:hubspot")


def counts_of(run: Run) -> Numbers:
    with run.store.read() as conn:
        return store_figures.counts(conn)


def commands_show_no_secret(run: Run, secrets: tuple[str, ...]) -> None:
    folder = run.programs[0].output.parent / "commands"
    folder.mkdir()
    with programs(folder) as start:
        for words in (["doctor"], ["letters", "list", "--json"], ["export", ANA], ["explain", ANA]):
            program = start(["-m", "integration", *words], **run.variables)
            program.wait(60)
            run.pages.append(program.text())
            assert len(program.text()) > 100
    text = run.pages[-2] + run.pages[-1]
    assert ANA in text, "an admin may see who it is about"
    assert leaks(run, secrets) == set()


def test_every_secret_setting_is_a_canary() -> None:
    from integration.settings.environment import load  # noqa: PLC0415 - beside what it checks

    secret = {
        field.alias
        for field in type(load({"COLDFRAME_SECRET_KEY": "k" * 32})).model_fields.values()
        if "Secret" in str(field.annotation) and field.alias not in {"DATABASE_URL", "REDIS_URL"}
    }
    assert secret == set(SECRETS)
