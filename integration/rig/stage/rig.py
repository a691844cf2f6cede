"""The rig of one machine: Valkey, the sandbox, web, workers and clock, and the senders that talk to it."""

import base64
import contextlib
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from standardwebhooks import Webhook

from integration.flows.going_live.go_live import permit
from integration.processes.local_stack import embedded, environment, members
from integration.processes.supervisor import Member, Programs
from integration.rig.stage.signed_delivery import PATH, signed
from integration.settings.environment import Settings, load
from integration.store.db.session import Store
from integration.store.outgoing import outbox
from integration.store.overall import store_figures
from integration.store.queues import dirty, inbox, look_ups
from integration.wiring import clock
from mappings.model import catalogue
from mappings.values.identifiers import first_of
from mappings.values.instant import DAY, Instant, show, to_datetime

HUBSPOT_TOKEN = "sandbox-hubspot-token"  # noqa: S105 - opens nothing but the sandbox
HUBSPOT_SECRET = "sandbox-hubspot-client-secret"  # noqa: S105 - as above
SALESFORCE_TOKEN = "sandbox-salesforce-token"  # noqa: S105 - as above
_OURS = ("COLDFRAME_", "HUBSPOT_", "SALESFORCE_", "DATABASE_URL", "REDIS_URL", "PORT")
SALESFORCE_INSTANCE = "https://sandbox.my.salesforce.com"
START_SECONDS = 120.0
SYSTEMS = ("hubspot", "salesforce")
_MANY = 10_000


@dataclass(slots=True)
class Rig:
    """A running product. `url` is the service, `sandbox` the CRMs; `store` reads what the service stored."""

    url: str
    sandbox: str
    settings: Settings
    store: Store
    programs: Programs
    signer: Webhook
    session: requests.Session
    log: Path

    def post(
        self, activities: Sequence[Mapping[str, Any]], *, delivery: str, timeout: float = 10.0
    ) -> requests.Response:
        """Send one signed delivery of activities."""
        body, headers = signed(self.signer, activities, delivery)
        return self.session.post(f"{self.url}{PATH}", data=body, headers=headers, timeout=timeout)

    def ask(self, path: str) -> Any:
        """What the sandbox says of itself under `/_sandbox/…`."""
        answer = self.session.get(f"{self.sandbox}/_sandbox/{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def tell(self, path: str, what: Mapping[str, Any]) -> Any:
        """Ask the sandbox to do something under `/_sandbox/…`."""
        answer = self.session.post(f"{self.sandbox}/_sandbox/{path}", json=what, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def people(self) -> list[str]:
        """The e-mails of everybody in the sandbox's CRMs."""
        state = self.ask("state")
        contacts = (one["values"].get("email") for one in state["hubspot"]["contacts"])
        others = (one.get("Email") for kind in ("Lead", "Contact") for one in state["salesforce"].get(kind, ()))
        return sorted({email.casefold() for email in (*contacts, *others) if email})

    def tasks(self) -> list[dict[str, Any]]:
        """Every task in the sandbox's CRMs."""
        return list(self.ask("tasks")["tasks"])

    def alerts(self) -> list[dict[str, Any]]:
        """Every message of an alert that has arrived in the sandbox: where, in which channel, and its lines."""
        return list(self.ask("state")["alerts"])

    def waiting(self) -> int:
        """How many pieces of work are under way between the inbox and the CRMs.

        Writes for leads that a CRM has no record of wait for one, and are not counted.
        """
        with self.store.read() as conn:
            found = store_figures.counts(conn)
            now = clock.now()
            kinds: tuple[outbox.Kind, ...] = ("task", "touch", "fields")
            sendable = sum(
                len(outbox.pending(conn, name, kind, now, _MANY))
                for name in map(first_of, catalogue.systems())
                for kind in kinds
            )
        return found.inbox["new"] + found.dirty + found.refresh + sendable

    def settled(self) -> bool:
        """Whether every score stands: nothing waits anywhere, but for touches that were put off to a time of their own.

        Asks for the earliest station first, and for one row each.
        """
        now, names = clock.now(), list(map(first_of, catalogue.systems()))
        whenever = now + DAY
        with self.store.read() as conn:
            return not (
                inbox.pending(conn, 1)
                or dirty.take(conn, whenever, 1)
                or dirty.take_accounts(conn, whenever, 1)
                or any(look_ups.take(conn, name, whenever, 1) for name in names)
                or any((outbox.oldest(conn, name) or whenever) <= now for name in names)
            )

    def wait(self, until: Callable[[], bool], *, seconds: float, every: float = 0.25) -> bool:
        """Keep the processes alive until something holds; false when it does not in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.programs.watch()
            if until():
                return True
            time.sleep(every)
        return False


def activity(number: str, email: str, kind: str, at: Instant, properties: Mapping[str, Any]) -> dict[str, Any]:
    """One item of the activities webhook."""
    return {"id": number, "type": kind, "at": show(at), "email": email, "properties": dict(properties)}


def connected_to(crm: str) -> dict[str, str]:
    """This process's environment without what is ours in it, and with the sandbox at that address as both CRMs."""
    others = {name: value for name, value in environment().items() if not name.startswith(_OURS)}
    return others | {
        "HUBSPOT_ACCESS_TOKEN": HUBSPOT_TOKEN,
        "HUBSPOT_CLIENT_SECRET": HUBSPOT_SECRET,
        "HUBSPOT_API_URL": f"{crm}/hubspot",
        "SALESFORCE_INSTANCE_URL": SALESFORCE_INSTANCE,
        "SALESFORCE_ACCESS_TOKEN": SALESFORCE_TOKEN,
        "SALESFORCE_API_URL": f"{crm}/salesforce",
    }


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def rig(
    data: Path, *, leads: int = 0, port: int = 0, sandbox_port: int = 0, workers: bool = True, **extra: str
) -> Iterator[Rig]:
    """Start everything in `data` with a sandbox of `leads` people, and stop it all at the end.

    `extra` are further environment variables, such as COLDFRAME_PLAYBOOK. Without `workers`, others bring those.
    """
    port, sandbox_port = port or free_port(), sandbox_port or free_port()
    service, crm = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}"
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    variables = {
        **connected_to(crm),
        "COLDFRAME_DATA_DIR": str(data),
        "COLDFRAME_PUBLIC_URL": service,
        "COLDFRAME_ACTIVITY_SECRET": secret,
        "PORT": str(port),
        "COLDFRAME_TASKS_PER_HOUR": "0",
        "COLDFRAME_LIVE_RATE": "0",
        "COLDFRAME_PLAYBOOK": "two-axis",
        **extra,
    }
    with contextlib.ExitStack() as stack:
        ready = stack.enter_context(embedded(variables))
        settings = load(ready)
        log = data / "processes.log"
        arguments = (
            "sandbox",
            "--port",
            str(sandbox_port),
            "--leads",
            str(leads),
            "--webhook-url",
            f"{service}/webhooks/hubspot",
            "--webhook-secret",
            HUBSPOT_SECRET,
        )
        ours = members(workers=workers)
        programs = Programs((Member(name="sandbox", arguments=arguments), *ours), ready, log)
        store = Store.open(settings.database_url.get_secret_value())
        stack.callback(store.dispose)
        with store.write() as conn:  # a new store is in shadow mode
            permit(conn, clock.now())
        stack.enter_context(programs)
        session = stack.enter_context(requests.Session())
        found = Rig(service, crm, settings, store, programs, Webhook(secret), session, log)
        if not found.wait(lambda: _answers(found), seconds=START_SECONDS):
            msg = f"the processes did not start within {START_SECONDS:.0f} s; see {log}"
            raise RuntimeError(msg)
        yield found


def _answers(found: Rig) -> bool:
    try:
        ready = found.session.get(f"{found.url}/readyz", timeout=2).ok
        return ready and found.session.get(f"{found.sandbox}/_sandbox/counts", timeout=2).ok
    except requests.RequestException:
        return False


def today(instant: Instant) -> str:
    """A day as people write it."""
    return f"{to_datetime(instant):%a %d %b}"
