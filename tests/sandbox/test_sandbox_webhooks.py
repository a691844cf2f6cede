import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from places import SAMPLES
from sandbox_calls import Api

from sandbox.both.both_systems import APP_ID, PORTAL_ID
from sandbox.hubspot.state.webhook_sender import signature
from sandbox.server import Sandbox

SECRET = "shared-client-secret"


class Ear:
    """An app that hears webhooks; `statuses` are its next answers, then 200."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ear.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(ear.statuses.pop(0) if ear.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/webhooks/hubspot?src=%40x"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def batches(self) -> list[list[dict[str, Any]]]:
        return [json.loads(body) for _, body in self.heard]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for batch in self.batches for event in batch]


@pytest.fixture
def ear(box: Sandbox) -> Iterator[Ear]:
    ear = Ear()
    ear.thread.start()
    box.hubspot.sender.linger = 0.05
    box.send_webhooks(ear.url, SECRET)
    yield ear
    box.send_webhooks("")
    ear.server.shutdown()
    ear.thread.join()
    ear.server.server_close()


def test_a_creation_is_told_among_its_property_changes_at_one_instant(box: Sandbox, ear: Ear) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example", "firstname": "Ana", "lastname": "Silva"})
    assert box.drain()
    (batch,) = ear.batches
    kinds = [event["subscriptionType"] for event in batch]
    assert sorted(kinds) == ["contact.creation"] + ["contact.propertyChange"] * 4
    assert kinds[0] != "contact.creation"
    assert {event["objectId"] for event in batch} == {int(ana)}
    assert len({event["occurredAt"] for event in batch}) == 1
    assert {event["changeSource"] for event in batch} == {"CRM_UI"}
    assert all(event["sourceId"].startswith("userId:") for event in batch)


def test_events_have_the_fields_of_the_recorded_ones(box: Sandbox, ear: Ear) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the samples are not here")
    box.hubspot.add("contacts", {"email": "ana@acme.example", "phone": "+32 470"})
    assert box.drain()
    recorded = json.loads((SAMPLES / "hubspot_webhooks/contact_create_batch.json").read_text())
    shapes = {event["subscriptionType"]: {k: type(v) for k, v in event.items()} for event in recorded}
    assert {event["subscriptionType"]: {k: type(v) for k, v in event.items()} for event in ear.events} == shapes


def test_a_write_through_the_api_comes_back_as_an_echo_of_the_app(box: Sandbox, ear: Ear, api: Api) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
    assert box.drain()
    ear.heard.clear()
    values = {"coldframe_score": "70", "coldframe_scored_at": "2026-01-05T09:00:00Z"}
    body = {"inputs": [{"id": ana, "properties": values}]}
    api.post("/hubspot/crm/objects/2026-09/contacts/batch/update", json=body)
    assert box.drain()
    told = {event["propertyName"]: event["propertyValue"] for event in ear.events}
    assert told == {"coldframe_score": "70", "coldframe_scored_at": "1767603600000"}
    assert {(one["changeSource"], one["sourceId"], one["portalId"]) for one in ear.events} == {
        ("INTEGRATION", str(APP_ID), PORTAL_ID)
    }
    ear.heard.clear()
    api.post("/hubspot/crm/objects/2026-09/contacts/batch/update", json=body)
    assert box.drain()
    assert ear.events == []


def test_every_batch_is_signed_over_its_raw_body(box: Sandbox, ear: Ear) -> None:
    box.hubspot.add("contacts", {"email": "ana@acme.example"})
    assert box.drain()
    headers, body = ear.heard[0]
    source = b"POST" + ear.url.encode() + body + headers["x-hubspot-request-timestamp"].encode()
    expected = base64.b64encode(hmac.new(SECRET.encode(), source, hashlib.sha256).digest()).decode()
    assert headers["x-hubspot-signature-v3"] == expected
    assert headers["x-hubspot-request-timestamp"] == str(box.now())


def test_the_signature_is_the_one_of_hubspots_own_vectors() -> None:
    path = SAMPLES / "hubspot_signature_vectors.json"
    if not path.is_file():
        pytest.skip("the samples are not here")
    vectors = [one for one in json.loads(path.read_text()) if one["version"] == "v3"]
    assert vectors
    for one in vectors:
        made = signature(one["secret"], one["method"], one["uri"], one["body"].encode(), one["timestamp"])
        assert made == one["signature"]


def test_a_batch_holds_at_most_100_events(box: Sandbox, ear: Ear) -> None:
    for number in range(60):
        box.hubspot.add("contacts", {"email": f"p{number}@acme.example", "city": "Lyon"})
    assert box.drain()
    assert max(map(len, ear.batches)) <= 100
    assert len(ear.events) == 60 * 4
    assert sum(event["subscriptionType"] == "contact.creation" for event in ear.events) == 60


def test_a_refused_batch_comes_again_with_a_higher_attempt_number(box: Sandbox, ear: Ear) -> None:
    ear.statuses = [500, 503]
    box.hubspot.add("contacts", {"email": "ana@acme.example"})
    assert box.drain()
    assert [batch[0]["attemptNumber"] for batch in ear.batches] == [0, 1, 2]
    first, _, last = ([{**event, "attemptNumber": 0} for event in batch] for batch in ear.batches)
    assert first == last


def test_after_ten_repetitions_hubspot_gives_up(box: Sandbox, ear: Ear) -> None:
    box.hubspot.sender.pause = 0.0
    ear.statuses = [500] * 50
    box.hubspot.add("contacts", {"email": "ana@acme.example"})
    assert box.drain()
    assert [batch[0]["attemptNumber"] for batch in ear.batches] == list(range(11))
    assert box.hubspot.sender.given_up == 3


def test_what_was_delivered_can_come_once_more(box: Sandbox, ear: Ear) -> None:
    box.hubspot.add("contacts", {"email": "ana@acme.example"})
    assert box.drain()
    assert box.hubspot.sender.redeliver() == 1
    assert box.drain()
    assert ear.batches[0] == ear.batches[1]


def test_tasks_are_told_as_generic_objects(box: Sandbox, ear: Ear) -> None:
    task = box.hubspot.add("tasks", {"hs_timestamp": "2026-03-03T09:00:00Z"})
    box.hubspot.set("tasks", task, {"hs_task_status": "COMPLETED"})
    assert box.drain()
    told = [event for event in ear.events if event.get("propertyName") == "hs_task_status"]
    assert [(one["subscriptionType"], one["objectTypeId"], one["propertyValue"]) for one in told] == [
        ("object.propertyChange", "0-27", "COMPLETED")
    ]


def test_deletions_merges_restores_and_privacy_deletions_are_told(box: Sandbox, ear: Ear) -> None:
    ana, old, bo = (box.hubspot.add("contacts", {"email": f"{name}@acme.example"}) for name in ("ana", "old", "bo"))
    assert box.drain()
    ear.heard.clear()
    box.hubspot.merge("contacts", ana, old)
    box.hubspot.delete("contacts", bo)
    box.hubspot.restore("contacts", bo)
    box.hubspot.erase("contacts", bo)
    assert box.drain()
    kinds = [event["subscriptionType"] for event in ear.events]
    assert kinds == ["contact.merge", "contact.deletion", "contact.restore", "contact.privacyDeletion"]
    assert ear.events[0]["mergedObjectIds"] == [int(old)]


def test_without_an_address_no_events_are_kept(box: Sandbox) -> None:
    box.hubspot.add("contacts", {"email": "ana@acme.example"})
    assert box.hubspot.sender.pending() == 0
    assert box.drain(0.1)


def test_associations_are_told_to_an_app_that_asks_for_them(box: Sandbox, ear: Ear, api: Api) -> None:
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
    acme = box.hubspot.add("companies", {"name": "Acme"})
    box.hubspot.link("contacts", ana, "companies", acme)
    assert box.drain()
    assert not [event for event in ear.events if event["subscriptionType"].endswith("associationChange")]
    box.hubspot.portal.events.silent.clear()
    ear.heard.clear()
    assert api.delete(f"/hubspot/crm/objects/2026-09/contacts/{ana}/associations/companies/{acme}").status_code == 204
    assert box.drain()
    told = {event["associationType"]: event for event in ear.events}
    assert set(told) == {"CONTACT_TO_COMPANY", "COMPANY_TO_CONTACT"}
    assert told["CONTACT_TO_COMPANY"]["associationRemoved"] is True
    assert (told["CONTACT_TO_COMPANY"]["fromObjectId"], told["CONTACT_TO_COMPANY"]["changeSource"]) == (
        int(ana),
        "INTEGRATION",
    )
