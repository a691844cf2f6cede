"""The ground of a season: a sandbox, a store, a web process and the whole service in this process, on one clock.

Everything is the product's own and works over real HTTP; only the clock is ours.
"""

import base64
import contextlib
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random  # noqa: TID251 - seeded: the same order every time
from typing import Any

from standardwebhooks import Webhook
from werkzeug.serving import WSGIRequestHandler, make_server

from connectors.base.credentials import Credential
from integration.alerting.signed_webhook import SignedWebhook
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.service import Connection, GoingLive, Keys, Lanes, NewLeads, Rules
from integration.rig.season.season_plan import Plan, SeasonClock
from integration.rig.season.season_team import Team, hire, routing, team
from integration.rig.stage.rig import (
    HUBSPOT_SECRET,
    HUBSPOT_TOKEN,
    SALESFORCE_INSTANCE,
    SALESFORCE_TOKEN,
    connected_to,
)
from integration.rig.stage.signed_delivery import PATH
from integration.routing import read_routing
from integration.settings.environment import Settings, load
from integration.store.audit.sealing import Keyring
from integration.store.db.session import Store
from integration.store.progress import write_permission
from integration.store.progress.write_permission import WritePermission
from integration.web.app import INTAKE, create_app
from integration.wiring import build, clock, write_guard
from integration.wiring.unusable import UnusableError
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName, System, first_of
from mappings.values.instant import to_datetime
from sandbox.server import Sandbox
from sandbox.serving.http_server import Listener
from sandbox.shared.http_call import Answer, Call
from webhooks.signatures import standard_keys

_SECRET = "whsec_" + base64.b64encode(b"season" * 5).decode()
_KEY = "k" * 32
_PUBLIC = "http://127.0.0.1:8000"
"""What webhooks are signed over; the web process listens on any port that is free."""
_IN_TURN: tuple[System, ...] = (System("salesforce"), System("hubspot"))
"""The connections, in the order in which they are preferred as the home of tasks."""


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Not a line for each request."""


@dataclass(slots=True)
class AlertSink:
    """Where alerts arrive: how often each, and how many whose signature was wrong."""

    times: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    forged: int = 0

    def serve(self, call: Call) -> Answer:
        """Take one alert in, as a receiver that checks signatures does."""
        name, at = call.headers["webhook-id"], datetime.fromtimestamp(int(call.headers["webhook-timestamp"]), UTC)
        if Webhook(_SECRET).sign(name, at, call.body.decode()) not in call.headers["webhook-signature"].split():
            self.forged += 1
            return Answer(status=401)
        told = json.loads(call.body)
        self.times[call.headers["webhook-id"]] += 1
        self.kinds[str(told["data"]["alert"])] += 1
        return Answer(status=204)


@dataclass(slots=True, kw_only=True)
class Ground:
    """What a season takes place on; `woken` are the lanes that have work, in the order in which they were woken."""

    plan: Plan
    clock: SeasonClock
    box: Sandbox
    store: Store
    service: Service
    settings: Settings
    team: Team
    sink: AlertSink
    app: Any
    woken: dict[str, None]
    chance: Random
    delivered: int = 0

    def post(self, items: Sequence[Mapping[str, Any]]) -> None:
        """Send one signed delivery of activities to the web process; it must be taken."""
        self.delivered += 1
        name, moment = f"season-{self.delivered}", to_datetime(self.clock())
        body = json.dumps({"activities": list(items)}, separators=(",", ":"))
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(_SECRET).sign(name, moment, body),
        }
        answer = self.app.test_client().post(PATH, data=body, headers=headers, content_type="application/json")
        if answer.status_code != 202:  # noqa: PLR2004 - taken, and not read yet
            msg = f"the web process answered {answer.status}: {answer.get_data(as_text=True)[:200]}"
            raise RuntimeError(msg)


@contextlib.contextmanager
def ground(plan: Plan, data: Path, database: Mapping[str, Any]) -> Iterator[Ground]:
    """Everything that a season needs, in `data`, or in the database that `database` names."""
    now = SeasonClock()
    with contextlib.ExitStack() as stack:
        box = stack.enter_context(Sandbox(now=now.milliseconds, seed=plan.seed, log_size=100))
        box.hubspot.limits.searches = 0  # on a clock that stands still a second never ends
        found = team(plan)
        hire(found, box, plan.seed)
        sink = AlertSink()
        listener = Listener(0, sink.serve)
        listener.start()
        stack.callback(listener.stop)
        variables = {
            **connected_to(box.url),
            "COLDFRAME_DATA_DIR": str(data),
            "COLDFRAME_SECRET_KEY": _KEY,
            "COLDFRAME_PUBLIC_URL": _PUBLIC,
            "COLDFRAME_ACTIVITY_SECRET": _SECRET,
            "COLDFRAME_PLAYBOOK": plan.playbook,
            **database,
        }
        settings = load(variables)
        store = Store.open(settings.database_url.get_secret_value())
        stack.callback(store.dispose)
        store.migrate()
        with store.write() as conn:  # nobody was here before: everything is live
            write_permission.give(conn, WritePermission(at=now(), live_from=0))
        woken: dict[str, None] = {}
        service = _service(
            plan, settings, store, now, box, woken, found, f"http://127.0.0.1:{listener.server_address[1]}/"
        )
        for each in service.connections.values():
            stack.callback(each.connector.close)
        app = create_app(settings, store=store, wake=service.wake, queue=list, now=now)
        stack.callback(app.extensions[INTAKE].close)
        _webhooks(stack, box, service, app)
        yield Ground(
            plan=plan,
            clock=now,
            box=box,
            store=store,
            service=service,
            settings=settings,
            team=found,
            sink=sink,
            app=app,
            woken=woken,
            chance=Random(f"season {plan.seed}"),  # noqa: S311 - not cryptography
        )


def _service(  # noqa: PLR0913, PLR0917 - the parts of a service
    plan: Plan,
    settings: Settings,
    store: Store,
    now: SeasonClock,
    box: Sandbox,
    woken: dict[str, None],
    people: Team,
    alerts_to: str,
) -> Service:
    rules = build.playbook(plan.playbook)
    who, problems = read_routing.parse(routing(people), "routing.yaml", rules)
    if who is None:
        raise UnusableError(problems)
    return Service(
        store=store,
        rules=Rules(compiled=CompiledPlaybook.of(rules), of_file=False),
        connections=_connections(settings, store, box),
        now=now,
        wake=woken.setdefault,
        lanes=Lanes(holder="season", lease=settings.lease, linger=0, sleep=now.sleep, monotonic=now.monotonic),
        new_leads=NewLeads(new_id=clock.new_id, grace=build.GRACE),
        keys=Keys(keyring=Keyring.of(_KEY)),
        going_live=GoingLive(),
        alert_ways={"webhook": SignedWebhook(alerts_to, standard_keys(_SECRET))},
        routing=who,
    )


def _connections(settings: Settings, store: Store, box: Sandbox) -> dict[ConnectionName, Connection]:
    """Both CRMs, with no allowance: what all workers may call together is tried elsewhere."""
    reached = {
        _IN_TURN[0]: Credential(
            token=SALESFORCE_TOKEN, api_url=f"{box.url}/salesforce", instance_url=SALESFORCE_INSTANCE
        ),
        _IN_TURN[1]: Credential(token=HUBSPOT_TOKEN, api_url=f"{box.url}/hubspot"),
    }
    made = {first_of(name): build.connect(name, reached[name]) for name in _IN_TURN}
    return {name: write_guard.guarded(each, settings, store) for name, each in made.items()}


def _webhooks(stack: contextlib.ExitStack, box: Sandbox, service: Service, app: Any) -> None:
    """HubSpot sends to the web process what its app subscribes to: changes of what the mapping reads."""
    mapping = next(each.mapping for each in service.connections.values() if each.system == "hubspot")
    kinds = {"contact": "contacts", "company": "companies", "deal": "deals", "task": "tasks"}
    box.hubspot.portal.events.subscribed = {kinds[name]: frozenset(mapping.reads(name)) for name in kinds}
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="season-web")
    thread.start()

    def stop() -> None:
        box.send_webhooks("")
        server.shutdown()
        thread.join()
        server.server_close()

    stack.callback(stop)
    address = f"http://127.0.0.1:{server.server_port}/webhooks/hubspot"
    box.send_webhooks(address, HUBSPOT_SECRET, sign_url=f"{_PUBLIC}/webhooks/hubspot")
