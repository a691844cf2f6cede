"""A process of the service that dies or dawdles where a test wants it to; run as a program, see `main`.

It is built from the service's own parts. Where it dies is said by what those parts are given: a clock, an
id maker, a wake-up or a connector, each of which does its work and then kills its process with SIGKILL.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import flows_sinks
from werkzeug.serving import make_server

from connectors.base.credentials import Credential
from connectors.base.port import Connector, Receipt, Write
from integration.alerting.alert_port import Alert, AlertWay
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.service import Connection, Keys, Lanes, NewLeads, Rules
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.people_in_sales.send_alerts import send_alerts
from integration.settings.environment import load
from integration.store.audit.sealing import Keyring
from integration.store.db.session import Store
from integration.web.app import create_app
from integration.wiring import build, clock, logs
from integration.wiring.whole_service import Service
from mappings.values.instant import SECOND, Instant


def die(*_: object, **__: object) -> NoReturn:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


@dataclass(frozen=True, slots=True)
class DiesAfter:
    """A connector whose process dies when the CRM has answered, before anybody reads the answer."""

    inner: Connector

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def apply(self, writes: Sequence[Write]) -> Sequence[Receipt]:
        self.inner.apply(writes)
        die()


@dataclass(frozen=True, slots=True)
class DiesAfterSending:
    """A way of alerts whose process dies when the receiver has answered, before anybody reads the answer."""

    inner: AlertWay

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def send(self, alert: Alert, now: Instant) -> Receipt:
        self.inner.send(alert, now)
        die()


def main(wish: dict[str, Any]) -> None:
    """`wish`: `do` ("web" or a lane), `store`, `sandbox`, `at`, `dies`, `lease` in seconds, `port`, `secret`."""
    if wish["do"] == "web":
        serve(wish)
        return
    service = built(wish)
    kind, _, connection = str(wish["do"]).partition(":")
    if kind == "deliver":
        deliver(service, connection)
    elif kind == "alerts":
        way = flows_sinks.way(wish["kind"], wish["sandbox"], wish["mail"])
        routed = flows_sinks.alerting_by(service, wish["kind"], DiesAfterSending(way))
        send_alerts(routed, way.name)
    else:
        {"ingest": ingest, "advance": advance}[kind](service)
    service.store.dispose()


def built(wish: dict[str, Any]) -> Service:
    """The service of this process, on the store and the sandbox of the test."""
    at: Instant = wish["at"]
    started = time.monotonic()
    credentials = {
        "salesforce": Credential(
            token="s", api_url=f"{wish['sandbox']}/salesforce", instance_url="https://sandbox.my.salesforce.com"
        ),
        "hubspot": Credential(token="h", api_url=f"{wish['sandbox']}/hubspot"),
    }
    connections = {name: build.connect(name, credential) for name, credential in credentials.items()}
    if wish.get("dies") == "after the CRM's answer":
        connections = {name: _fragile(connection) for name, connection in connections.items()}
    return Service(
        store=Store.open(wish["store"]),
        rules=Rules(compiled=CompiledPlaybook.of(build.playbook("two-axis"))),
        connections=connections,
        now=lambda: at + round((time.monotonic() - started) * SECOND),
        wake=lambda _lane: None,
        lanes=Lanes(
            holder=f"test:{os.getpid()}",
            lease=round(wish.get("lease", 20) * SECOND),
            linger=0,
            sleep=time.sleep,
            monotonic=clock.monotonic,
        ),
        new_leads=NewLeads(new_id=die if wish.get("dies") == "making a lead" else clock.new_id, grace=0),
        keys=Keys(keyring=Keyring.of("k" * 32)),
    )


def _fragile(connection: Connection) -> Connection:
    return replace(connection, connector=DiesAfter(connection.connector))


def serve(wish: dict[str, Any]) -> None:
    """The web application over the test's store, dying before its first commit or after it, or with a wrong clock."""
    settings = load({"COLDFRAME_SECRET_KEY": "k" * 32, "COLDFRAME_ACTIVITY_SECRET": wish["secret"]})
    logs.configure(settings)
    store = Store.open(wish["store"])
    dies = wish.get("dies")
    wake: Callable[[str], None] = die if dies == "after the commit" else lambda _lane: None
    skew = wish.get("skew", 0)
    now: Callable[[], Instant] = die if dies == "before the commit" else lambda: clock.now() + skew
    app = create_app(settings, store=store, wake=wake, queue=list, now=now)
    make_server("127.0.0.1", wish["port"], app, threaded=True).serve_forever()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
