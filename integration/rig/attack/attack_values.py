"""Attacks by values: contents of a delivery, a CRM's reply or a lease for which no lane may stand still."""

import base64
import contextlib
import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import requests
from sqlalchemy import insert

from integration.rig.attack.attack_ground import Attack, Ground
from integration.rig.stage.rig import HUBSPOT_SECRET, SYSTEMS, activity
from integration.store.schema.tables import leases
from integration.wiring import clock
from mappings.values.instant import DAY

_HUBSPOT_PATH = "/webhooks/hubspot"
_ANA = "ana@attack.example"
_ERASED = "erased@attack.example"
_NUMBERS = count()
_LANES = ("ingest", "advance", *(f"{kind}:{crm}" for kind in ("refresh", "deliver") for crm in SYSTEMS))
_LONG = 65_536
_VALUE = 10_000
"""Characters of a property's value that are taken."""

_ITEMS: Mapping[str, Mapping[str, Any]] = {
    "an id of 4,000 digits": {"id": "7" * 4_000},
    "an id of 200 digits": {"id": "7" * 200},
    "an id with NUL and half an emoji": {"id": "a\x00\ud83d"},
    "an e-mail of 6,000 characters": {"email": "a" * 6_000 + "@attack.example"},
    "a domain of 6,000 characters": {"email": "ana@" + "a" * 6_000 + ".example"},
    "a lead of 4,000 digits": {"email": None, "lead": "7" * 4_000},
    "an account of 4,000 digits": {"account": "7" * 4_000},
    "a type of 4,000 characters": {"type": "x" * 4_000},
    "half an emoji and NUL in every text": {"properties": {"a\ud83d": "b\ud83d\x00", "\x00": "\udfff"}},
    "a number of 4,000 digits": {"properties": {"amount": int("7" * 4_000)}},
    "a number beyond every exponent": {"properties": {"amount": 1e308, "other": -1e308, "small": 5e-324}},
    "the year 9999 and the year 1": {"at": "9999-12-31T23:59:59Z"},
    "a time that is none": {"at": "0001-01-01T00:00:00+23:59"},
    "lists in lists": {"properties": json.loads('{"a":' + "[" * 400 + "]" * 400 + "}")},
    "ten thousand properties": {"properties": {f"p{number}": number for number in range(10_000)}},
}
_EVENTS: Mapping[str, Mapping[str, Any]] = {
    "HubSpot: a record's id of 4,000 digits": {"objectId": int("7" * 4_000)},
    "HubSpot: a portal's id of 4,000 digits": {"portalId": int("7" * 4_000)},
    "HubSpot: half an emoji in every text": {"propertyName": "a\ud83d", "propertyValue": "\udfff\x00"},
    "HubSpot: a time of 4,000 digits": {"occurredAt": int("7" * 4_000)},
}
_WORST: Mapping[str, str] = {
    "one letter": "a",
    "digits": "1",
    "digits and commas": "1,",
    "words without an end": "Ana ",
    "at signs": "a@",
    "dots": "a.",
    "dots and at signs": "@a.",
    "spaces": " ",
    "signs": "-",
    "brackets": "<",
    "addresses": "http://a",
    "capitals": "aA",
}


def _number() -> str:
    """A name that nothing else has."""
    return f"attack-{next(_NUMBERS)}"


def _delivery(wrong: Mapping[str, Any]) -> Callable[[Ground], None]:
    def run(ground: Ground) -> None:
        item = {**activity(_number(), _ANA, "page_view", clock.now(), {}), **wrong}
        ground.answer("the attack", lambda: ground.post([item], _number()).status_code)
        ground.probe(0)

    return run


def _event(wrong: Mapping[str, Any]) -> Callable[[Ground], None]:
    def run(ground: Ground) -> None:
        event = {
            "eventId": 1,
            "subscriptionType": "contact.propertyChange",
            "portalId": 1,
            "objectId": 1,
            "propertyName": "email",
            "propertyValue": _ANA,
            "occurredAt": clock.now() // 1_000,
            "attemptNumber": 0,
            **wrong,
        }
        ground.answer("the attack", lambda: _signed(ground, json.dumps([event])).status_code)
        ground.probe(0)

    return run


def _signed(ground: Ground, body: str) -> requests.Response:
    """HubSpot's signature v3."""
    moment, url = str(clock.now() // 1_000), ground.running.url + _HUBSPOT_PATH
    digest = hmac.new(HUBSPOT_SECRET.encode(), f"POST{url}{body}{moment}".encode(), hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
        "X-HubSpot-Request-Timestamp": moment,
    }
    return requests.post(url, data=body, headers=headers, timeout=ground.latest)


def _in_a_crm(values: Mapping[str, Any]) -> Callable[[Ground], None]:
    """A person in HubSpot who is called so: its webhook has the record read."""

    def run(ground: Ground) -> None:
        record = {"email": f"{_number()}@attack.example"} | dict(values)
        ground.running.tell("records", {"system": "hubspot", "object": "contacts", "records": [record]})
        ground.running.tell("drain?timeout=10", {})
        ground.probe()

    return run


def _lease_ahead(ground: Ground) -> None:
    """Nobody has every lane's lease for a day: a clock that jumped."""
    store = ground.running.store
    with store.write() as conn:
        ahead = store.now(conn) + DAY
        conn.execute(leases.delete())
        rows = [{"name": name, "token": 1_000_000, "holder": "jumped", "expires_at": ahead} for name in _LANES]
        conn.execute(insert(leases), rows)
    ground.probe()


def _never_answers(ground: Ground) -> None:
    """HubSpot takes a call and says nothing for a while: nobody but its own lanes waits."""
    fault = {"kind": "hang", "system": "hubspot", "seconds": 6.0, "times": 2}
    ground.running.tell("faults", fault)
    _in_a_crm({"firstname": "Ana"})(ground)
    with contextlib.suppress(requests.RequestException):
        requests.delete(f"{ground.running.sandbox}/_sandbox/faults", timeout=ground.latest)


def _erase(ground: Ground) -> None:
    """From the first erasure on every name that comes in is compared with those of the erased."""
    ground.post([activity(_number(), _ERASED, "page_view", clock.now(), {})], _number())
    ground.running.wait(lambda: ground.running.waiting() == 0, seconds=10)
    command = [sys.executable, "-m", "integration", "erase", _ERASED, "--yes", "--no-vacuum"]
    found = subprocess.run(  # noqa: S603 - our own command
        command, env=dict(ground.running.programs.environment), check=False, capture_output=True, text=True, timeout=180
    )
    if found.returncode:
        ground.faults.append(f"nobody was erased: {found.stdout} {found.stderr}")


def _worst(text: str) -> Callable[[Ground], None]:
    def run(ground: Ground) -> None:
        long = (text * _LONG)[:_LONG]
        properties = {"path": long[:_VALUE], "title": long[:_VALUE]}
        item = activity(_number(), _ANA, "page_view", clock.now(), properties)
        ground.answer("the attack", lambda: ground.post([item], _number()).status_code)
        names = ("jobtitle", "firstname", "phone", "annualrevenue", "company")
        _in_a_crm(dict.fromkeys(names, long))(ground)

    return run


def attacks() -> list[Attack]:
    """Those that stopped a lane, then those that kept a processor busy."""
    deliveries = [(name, _delivery(item)) for name, item in _ITEMS.items()]
    events = [(name, _event(event)) for name, event in _EVENTS.items()]
    crms = [
        ("half an emoji in a CRM's reply", _in_a_crm({"firstname": "Ana\ud83d", "lastname": "\udfff\x00"})),
        ("leases dated a day ahead", _lease_ahead),
    ]
    short = {"an id of 4,000 digits", "half an emoji in a CRM's reply"}
    patterns = [
        Attack(point=3, name="somebody is erased", run=_erase, short=True),
        *(
            Attack(point=3, name=f"65,536 characters: {name}", run=_worst(text), short=name == "one letter")
            for name, text in _WORST.items()
        ),
    ]
    return [
        *(Attack(point=2, name=name, run=run, short=name in short) for name, run in (*deliveries, *events, *crms)),
        *patterns,
        Attack(point=6, name="a CRM that takes a call and says nothing", run=_never_answers),
    ]
