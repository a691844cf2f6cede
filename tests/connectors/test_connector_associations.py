"""HubSpot lists a hundred associations at a time: whoever has more is read page by page, everywhere."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from connector_ground import DUE

from connectors.base.credentials import Credential
from connectors.base.port import Record, TaskWrite, Unavailable, Verdict
from connectors.hubspot.connector import HubSpotConnector
from mappings.model.task_text import of_plain
from sandbox.desk import sales_desk
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

MANY = 250


@pytest.fixture
def crm(box: Sandbox) -> Iterator[HubSpotConnector]:
    crm = HubSpotConnector(Credential(token="t", api_url=f"{box.url}/hubspot"))
    yield crm
    crm.close()


def everything(crm: HubSpotConnector, name: str) -> list[Record]:
    found: list[Record] = []
    after, more = "", True
    while more:
        page = crm.everything(name, ["hs_object_id"], after=after)
        found += page.records
        after, more = page.after, bool(page.after)
    return found


READINGS: Mapping[str, Callable[[HubSpotConnector, str, str], list[Record]]] = {
    "by id": lambda crm, name, one: list(crm.read(name, [one], ["hs_object_id"])),
    "what has changed": lambda crm, name, _one: list(crm.changes(name, ["hs_object_id"], since=0).records),
    "whole": lambda crm, name, _one: everything(crm, name),
}
OBJECTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "deal": ("deals", {"dealname": "Acme"}),
    "call": ("calls", {"hs_timestamp": "2026-01-05T09:00:00Z"}),
    "meeting": ("meetings", {"hs_timestamp": "2026-01-05T09:00:00Z"}),
    "email": ("emails", {"hs_timestamp": "2026-01-05T09:00:00Z"}),
}


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("name", OBJECTS)
def test_all_contacts_of_a_record_are_its_people_however_many(
    box: Sandbox, crm: HubSpotConnector, name: str, reading: str
) -> None:
    kind, values = OBJECTS[name]
    crowded, lonely, nobodys = (box.hubspot.add(kind, values) for _ in range(3))
    contacts = [box.hubspot.add("contacts", {"email": f"p{number}@acme.example"}) for number in range(MANY)]
    for one in contacts:
        box.hubspot.link(kind, crowded, "contacts", one)
    box.hubspot.link(kind, lonely, "contacts", contacts[7])
    found = {record.id: record for record in READINGS[reading](crm, name, crowded)}
    assert sorted(found[crowded].people) == sorted(("contact", one) for one in contacts)
    if reading != "by id":
        assert found[lonely].people == (("contact", contacts[7]),)
        assert found[nobodys].people == ()


@pytest.mark.parametrize("reading", READINGS)
def test_a_page_that_is_refused_leaves_nobody_out_in_silence(box: Sandbox, crm: HubSpotConnector, reading: str) -> None:
    deal = box.hubspot.add("deals", {"dealname": "Acme"})
    for number in range(MANY):
        one = box.hubspot.add("contacts", {"email": f"p{number}@acme.example"})
        box.hubspot.link("deals", deal, "contacts", one)
    box.faults.add(Fault(kind="page", system="hubspot", path="*/associations/*", skip=1, times=1, status=502))
    with pytest.raises(Unavailable) as caught:
        READINGS[reading](crm, "deal", deal)
    assert caught.value.receipt.outage


def test_a_task_is_found_again_among_hundreds_of_its_person(crm: HubSpotConnector) -> None:
    del crm
    with Sandbox(unique_task_key=False) as box:
        connector: Any = HubSpotConnector(Credential(token="t", api_url=f"{box.url}/hubspot"))
        ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
        tasks = [
            TaskWrite(key=f"t{number}", object="contact", id=ana, subject="s", body=of_plain("b"), due_at=DUE)
            for number in range(MANY)
        ]
        for start in range(0, MANY, 50):
            connector.apply(tasks[start : start + 50])
        (receipt,) = connector.apply([replace(tasks[-1], attempted=True)])
        connector.close()
        assert receipt.verdict is Verdict.DONE
        assert len(sales_desk.tasks(box)) == MANY


def test_a_search_is_sorted_as_hubspots_description_has_it(box: Sandbox, crm: HubSpotConnector) -> None:
    for number in range(3):
        box.hubspot.add("contacts", {"email": f"p{number}@acme.example"})
    crm.changes("contact", ["email"], since=0)
    (entry,) = box.hubspot.log.entries(path="/search")
    assert entry.body["sorts"] == ["hs_object_id"]


def test_a_search_that_does_not_come_by_rising_id_is_not_paged_on(box: Sandbox, crm: HubSpotConnector) -> None:
    body = '{"total": 2, "results": [{"id": "12", "properties": {}}, {"id": "9", "properties": {}}]}'
    box.faults.add(
        Fault(kind="page", system="hubspot", path="*/search", status=200, body=body, content_type="application/json")
    )
    with pytest.raises(Unavailable, match="NOT_SORTED"):
        crm.changes("contact", ["email"], since=0)
