"""Our Salesforce reads against simple-mockforce, which somebody else wrote: run by its own environment's Python.

Prints the name of every read that went well. It answers SOQL in this process, through `responses`; it has no describe
(answered here with the names of the fields), no collections (so no `read` by id) and no locators.
"""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import responses
from simple_mockforce import mock_salesforce
from simple_mockforce.callbacks import query_all_callback, query_callback
from simple_mockforce.constants import BASE_URL, DETAIL_URL, SF_VERSION
from simple_mockforce.virtual import virtual_salesforce

from connectors import vendors
from connectors.base.credentials import Credential
from connectors.base.port import TaskWrite
from connectors.salesforce.connector import SalesforceConnector
from mappings.model.task_text import of_plain
from mappings.values.instant import parse

INSTANCE = "https://mock.my.salesforce.com"
LONG_AGO, TO_COME = parse("2020-01-01T00:00:00Z"), parse("2100-01-01T00:00:00Z")
FIELDS = ("Id", "CreatedDate", "SystemModstamp", "IsDeleted", "Email", "Title", "IsConverted", "StageName", "IsActive")


def describe(_request: Any) -> tuple[int, dict[str, str], str]:
    listed = [{"name": name, "label": name, "type": "string", "updateable": True} for name in FIELDS]
    return 200, {}, json.dumps({"name": "Lead", "fields": listed})


def open_the_doors() -> None:
    """Its own answers under the addresses without a trailing slash too, which Salesforce takes as well.

    Its answer to one record by id, which we never ask, would take describe for an id and gives way.
    """
    responses.remove(responses.GET, re.compile(DETAIL_URL))
    base = f"{BASE_URL}/services/data/v{SF_VERSION}"
    responses.add_callback(responses.GET, re.compile(rf"{base}/query\?"), callback=query_callback)
    responses.add_callback(responses.GET, re.compile(rf"{base}/queryAll\?"), callback=query_all_callback)
    responses.add_callback(responses.GET, re.compile(rf"{base}/sobjects/\w+/describe$"), callback=describe)


def lead(email: str, **values: Any) -> str:
    return str(virtual_salesforce.create("Lead", {"Email": email, "Title": None, "IsConverted": False, **values}))


def reads(crm: SalesforceConnector) -> Iterator[str]:
    ana, bo = lead("ana@acme.example", Title="Director"), lead("bo@acme.example")
    lead("gone@acme.example", IsConverted=True)
    contact = str(virtual_salesforce.create("Contact", {"Email": "cy@acme.example"}))
    wanted = {"Lead": ["Email", "Title", "Nowhere__c"], "Contact": ["Email"]}
    people = crm.find([" ANA@acme.example", "cy@acme.example", "gone@acme.example", "o'x@acme.example"], wanted)
    assert {(one.object, one.id) for one in people} == {("Lead", ana), ("Contact", contact)}, people
    assert people[0].fields == {"Email": "ana@acme.example", "Title": "Director"}
    yield "find: people by e-mail, converted leads left out, quotes escaped"
    virtual_salesforce.delete("Lead", bo)
    page = crm.changes("Lead", ["Email"], since=LONG_AGO)
    assert [one.id for one in page.records] == sorted(one.id for one in page.records)
    assert {one.id: one.deleted for one in page.records}[bo]
    assert len(page.records) == 3
    yield "changes: by rising id, with the recycle bin"
    first = page.records[0].id
    assert [one.id for one in crm.changes("Lead", ["Email"], since=LONG_AGO, after=first).records] == [
        one.id for one in page.records[1:]
    ]
    yield "changes: the page behind an id"
    assert crm.changes("Lead", ["Email"], since=TO_COME).records == ()
    yield "changes: only what was modified since"
    assert [one.id for one in crm.changes("Lead", ["Email"], since=LONG_AGO, having="Title").records] == [ana]
    yield "changes: only where a field is filled"
    deal = str(virtual_salesforce.create("Opportunity", {"StageName": "Open"}))
    virtual_salesforce.create("OpportunityContactRole", {"OpportunityId": deal, "ContactId": contact})
    (opportunity,) = crm.changes("Opportunity", ["StageName"], since=LONG_AGO).records
    assert opportunity.people == (("Contact", contact),)
    yield "changes: an opportunity with its people"
    user, left = "0057Q000001AAAAQA4", "0057Q000001BBBBQA4"
    virtual_salesforce.create("User", {"Email": "owner@acme.example", "IsActive": True})
    virtual_salesforce.create("User", {"Email": "left@acme.example", "IsActive": False})
    for id_, row in zip((user, left), virtual_salesforce.data["User"], strict=True):
        row["Id"] = id_
    there = {each.id: (each.email, each.active) for each in crm.users([user, left])}
    assert there == {user: ("owner@acme.example", True), left: ("left@acme.example", False)}
    yield "users: by id, and who has left"
    task = str(virtual_salesforce.create("Task", {"Coldframe_Key__c": "t:1"}))
    write = TaskWrite(key="t:1", object="Lead", id=ana, subject="s", body=of_plain("b"), due_at=TO_COME, attempted=True)
    (receipt,) = crm.apply([write])
    assert (receipt.verdict, receipt.id) == ("done", task), receipt
    yield "look before creating: a task is found by its key"
    assert {one.name for one in crm.describe("Lead")} == set(FIELDS)


@mock_salesforce  # type: ignore[untyped-decorator, unused-ignore]
def main() -> None:
    vendors.declare()
    open_the_doors()
    crm = SalesforceConnector(Credential(token="t", instance_url=INSTANCE))
    for said in reads(crm):
        sys.stdout.write(f"{said}\n")
    crm.close()


if __name__ == "__main__":
    main()
