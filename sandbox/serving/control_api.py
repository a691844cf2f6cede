"""The control API: what the handles do, over HTTP: for tests and demos whose sandbox runs in another process.

| call | does |
|---|---|
| GET `/_sandbox/counts` | records by system and type, calls by shape, webhooks carried |
| GET `/_sandbox/state` | every record of both systems, and the alerts that arrived |
| GET `/_sandbox/tasks` | every task of both systems in one shape |
| GET `/_sandbox/log?system=&method=&path=` | the last calls |
| GET, POST, DELETE `/_sandbox/faults` | faults still to come; one more (a Fault's fields); none |
| GET, POST, DELETE `/_sandbox/rules` | validation rules: `system`, `object`, `field`, `pattern`, `message` |
| POST `/_sandbox/required` | HubSpot: `{"object", "field"}` is required; given another's value: `when`, `value` |
| POST `/_sandbox/records` | `{"system", "object", "records": [values]}` → `{"ids": […]}`, as a person |
| PATCH `/_sandbox/records` | `{"system", "object", "id", "values"}`, as a person |
| DELETE `/_sandbox/records` | `{"system", "object", "id"}`, as a person |
| POST `/_sandbox/links` | HubSpot: `{"object", "id", "to", "other"}` |
| POST `/_sandbox/merge` | HubSpot: `{"object", "survivor", "ended"}` |
| POST `/_sandbox/convert` | Salesforce: `{"lead", "account", "contact", "opportunity"}` |
| POST `/_sandbox/tasks/<system>/<id>/close` | `{"outcome", "reason"}`, as a person |
| POST `/_sandbox/webhooks` | `{"url", "secret", "sign_url"}` |
| POST `/_sandbox/drain?timeout=30` | wait for the webhooks → `{"drained": true}` |
| POST `/_sandbox/redeliver?batches=1` | send the last webhooks once more |
| POST `/_sandbox/limits` | `{"hubspot": {"ten_secondly", "daily", "searches", "window"}, "salesforce": {"daily"}}` |
| POST `/_sandbox/apps` | `{"system", "id", "secret", "redirect_uris", "public_key"}`: register an OAuth app |
| POST `/_sandbox/oauth` | `{"system", "expire", "revoke"}` or settings: `lifetime`, `refuse`, `words`, `deny` … |
| POST `/_sandbox/fill` | `{"leads": 300, "seed": 7, "activities": 0}` → what was made |
| POST `/_sandbox/bulk` | Salesforce's query jobs: `{"fail": 1, "message": "…", "looks": 1, "expire": true}` |
| POST `/_sandbox/org` | Salesforce: `{"hide": ["Lead"], "show": […], "encrypt": ["Lead.Email"], "remove": […]}` |
| POST `/_sandbox/reset` | both systems as at the start |
"""

from dataclasses import asdict
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from sandbox.both.both_systems import BothSystems
from sandbox.both.fill_systems import fill
from sandbox.desk import sales_desk
from sandbox.hubspot.state.refusals import Refused as HubSpotRefused
from sandbox.salesforce.state.refusals import Refused as SalesforceRefused
from sandbox.shared.http_call import encoded
from sandbox.shared.issued_tokens import App, Issuer


def _json(value: Any, status: int = 200) -> Response:
    return Response(encoded(value), status, mimetype="application/json")


def _body() -> dict[str, Any]:
    value = request.get_json(silent=True)
    return value if isinstance(value, dict) else {}


def control(sandbox: BothSystems) -> Blueprint:
    """The blueprint under `/_sandbox`."""
    rooms = Blueprint("control", __name__, url_prefix="/_sandbox")
    _reading(rooms, sandbox)
    _records(rooms, sandbox)
    _deeds(rooms, sandbox)
    _org(rooms, sandbox)
    _trouble(rooms, sandbox)
    _webhooks(rooms, sandbox)
    _oauth(rooms, sandbox)

    @rooms.errorhandler(KeyError)
    @rooms.errorhandler(HubSpotRefused)
    @rooms.errorhandler(SalesforceRefused)
    @rooms.errorhandler(msgspec.ValidationError)
    @rooms.errorhandler(TypeError)
    @rooms.errorhandler(AttributeError)
    def wrong(trouble: Exception) -> Response:
        message = getattr(trouble, "message", "") or f"{type(trouble).__name__}: {trouble}"
        return _json({"error": message}, 404 if isinstance(trouble, KeyError) else 400)

    return rooms


def _reading(rooms: Blueprint, sandbox: BothSystems) -> None:
    @rooms.get("/counts")
    def counts() -> Response:
        sender = sandbox.hubspot.sender
        webhooks = {"delivered": sender.delivered, "failed": sender.failed, "given_up": sender.given_up}
        webhooks["pending"] = sender.pending()
        calls = {"hubspot": sandbox.hubspot.log.counts(), "salesforce": sandbox.salesforce.log.counts()}
        records = {"hubspot": sandbox.hubspot.counts(), "salesforce": sandbox.salesforce.counts()}
        return _json({"records": records, "calls": calls, "webhooks": webhooks})

    @rooms.get("/state")
    def state() -> Response:
        both = {"hubspot": sandbox.hubspot.state(), "salesforce": sandbox.salesforce.state()}
        return _json(both | {"alerts": sandbox.sinks.shown()})

    @rooms.get("/tasks")
    def tasks() -> Response:
        return _json({"tasks": [asdict(one) for one in sales_desk.tasks(sandbox)]})

    @rooms.get("/log")
    def log() -> Response:
        wanted = request.args.get("system", "")
        logs = {"hubspot": sandbox.hubspot.log, "salesforce": sandbox.salesforce.log}
        method, path = request.args.get("method", ""), request.args.get("path", "")
        found = [
            entry.shown()
            for name, one in logs.items()
            if wanted in {"", name}
            for entry in one.entries(method=method, path=path)
        ]
        return _json({"log": found})

    @rooms.delete("/log")
    def forget() -> Response:
        sandbox.hubspot.log.clear()
        sandbox.salesforce.log.clear()
        return _json({})


def _records(rooms: Blueprint, sandbox: BothSystems) -> None:
    def system(wish: dict[str, Any]) -> Any:
        return {"hubspot": sandbox.hubspot, "salesforce": sandbox.salesforce}[str(wish.get("system"))]

    @rooms.post("/records")
    def add() -> Response:
        wish = _body()
        return _json({"ids": [system(wish).add(wish["object"], one) for one in wish["records"]]}, 201)

    @rooms.patch("/records")
    def change() -> Response:
        wish = _body()
        system(wish).set(wish["object"], wish["id"], wish["values"])
        return _json({})

    @rooms.delete("/records")
    def remove() -> Response:
        wish = _body()
        system(wish).delete(wish["object"], wish["id"])
        return _json({})


def _deeds(rooms: Blueprint, sandbox: BothSystems) -> None:
    @rooms.post("/links")
    def link() -> Response:
        wish = _body()
        sandbox.hubspot.link(wish["object"], wish["id"], wish["to"], wish["other"])
        return _json({})

    @rooms.post("/merge")
    def merge() -> Response:
        wish = _body()
        sandbox.hubspot.merge(wish["object"], wish["survivor"], wish["ended"])
        return _json({})

    @rooms.post("/convert")
    def convert() -> Response:
        wish = _body()
        wanted = {name: wish[name] for name in ("account", "contact", "opportunity") if wish.get(name)}
        return _json(sandbox.salesforce.convert(wish["lead"], **wanted))

    @rooms.post("/tasks/<vendor>/<id_>/close")
    def close(vendor: str, id_: str) -> Response:
        wish = _body()
        sales_desk.close(sandbox, vendor, id_, outcome=str(wish.get("outcome")), reason=str(wish.get("reason") or ""))
        return _json({})

    @rooms.post("/fill")
    def filled() -> Response:
        wish = _body()
        made = fill(
            sandbox.hubspot,
            sandbox.salesforce,
            leads=int(wish.get("leads", 300)),
            seed=int(wish.get("seed", sandbox.seed)),
            activities=int(wish.get("activities", 0)),
        )
        return _json(asdict(made), 201)

    @rooms.post("/bulk")
    def bulk() -> Response:
        wish = _body()
        jobs = sandbox.salesforce.gate.bulk
        jobs.failing, jobs.message = int(wish.get("fail", 0)), str(wish.get("message") or "")
        jobs.looks = int(wish.get("looks", jobs.looks))
        if wish.get("expire"):
            jobs.expire()
        return _json({})

    @rooms.post("/reset")
    def reset() -> Response:
        sandbox.reset()
        return _json({})


def _org(rooms: Blueprint, sandbox: BothSystems) -> None:
    @rooms.post("/org")
    def org() -> Response:
        wish = _body()
        for name in wish.get("hide", ()):
            sandbox.salesforce.hide(name)
        for name in wish.get("show", ()):
            sandbox.salesforce.show(name)
        for name, field in (one.split(".") for one in wish.get("encrypt", ())):
            sandbox.salesforce.encrypt(name, field)
        for name, field in (one.split(".") for one in wish.get("remove", ())):
            sandbox.salesforce.org.remove_field(name, field)
        return _json({})


def _trouble(rooms: Blueprint, sandbox: BothSystems) -> None:
    @rooms.get("/faults")
    def faults() -> Response:
        return _json({"faults": [asdict(fault) for fault in sandbox.faults.waiting()]})

    @rooms.post("/faults")
    def fault() -> Response:
        return _json(asdict(sandbox.faults.add_from(_body())), 201)

    @rooms.delete("/faults")
    def no_faults() -> Response:
        sandbox.faults.clear()
        return _json({})

    @rooms.get("/rules")
    def rules() -> Response:
        return _json({"hubspot": sandbox.hubspot.rules(), "salesforce": sandbox.salesforce.rules()})

    @rooms.post("/rules")
    def rule() -> Response:
        wish = _body()
        held = sandbox.hubspot if wish.pop("system") == "hubspot" else sandbox.salesforce
        held.rule(**wish)
        return _json({}, 201)

    @rooms.post("/required")
    def required() -> Response:
        sandbox.hubspot.require(**_body())
        return _json({}, 201)

    @rooms.delete("/rules")
    def no_rules() -> Response:
        sandbox.hubspot.portal.rules.clear()
        sandbox.hubspot.portal.requirements.clear()
        sandbox.salesforce.org.rules.clear()
        return _json({})

    @rooms.post("/limits")
    def limits() -> Response:
        wish = _body()
        held = sandbox.hubspot.limits
        for name in ("ten_secondly", "daily", "searches", "window"):
            setattr(held, name, int(wish.get("hubspot", {}).get(name, getattr(held, name))))
        door = sandbox.salesforce.gate
        door.daily = int(wish.get("salesforce", {}).get("daily", door.daily))
        return _json({})


def _webhooks(rooms: Blueprint, sandbox: BothSystems) -> None:
    @rooms.post("/webhooks")
    def webhooks() -> Response:
        wish = _body()
        sandbox.send_webhooks(
            str(wish.get("url") or ""), str(wish.get("secret") or ""), sign_url=str(wish.get("sign_url") or "")
        )
        return _json({})

    @rooms.post("/drain")
    def drain() -> Response:
        return _json({"drained": sandbox.drain(float(request.args.get("timeout", "30")))})

    @rooms.post("/redeliver")
    def redeliver() -> Response:
        return _json({"batches": sandbox.hubspot.sender.redeliver(int(request.args.get("batches", "1")))})


def _oauth(rooms: Blueprint, sandbox: BothSystems) -> None:
    def issuer(wish: dict[str, Any]) -> Issuer:
        return {"hubspot": sandbox.hubspot.gate, "salesforce": sandbox.salesforce.gate}[str(wish.pop("system"))].issuer

    @rooms.post("/apps")
    def app() -> Response:
        wish = _body()
        held = issuer(wish)
        name = str(wish.pop("id"))
        held.apps[name] = App(**wish)
        return _json({}, 201)

    @rooms.post("/oauth")
    def oauth() -> Response:
        wish = _body()
        held = issuer(wish)
        if wish.pop("expire", False):
            held.expire()
        if wish.pop("revoke", False):
            held.revoke()
        held.set_up(**wish)
        return _json({})
