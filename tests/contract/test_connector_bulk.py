"""Salesforce's query jobs: what becomes of a reading when its job is not complete, fails, or is gone."""

from collections.abc import Iterator

import pytest

from connectors.base import Credential, Unavailable, Verdict
from connectors.salesforce.bulk import rows
from connectors.salesforce.connector import SalesforceConnector
from sandbox.server import Sandbox

FIELDS = ["Email", "Description"]


@pytest.fixture
def crm(box: Sandbox) -> Iterator[SalesforceConnector]:
    instance = "https://sandbox.my.salesforce.example"
    crm = SalesforceConnector(Credential(token="t", api_url=f"{box.url}/salesforce", instance_url=instance))
    yield crm
    crm.close()


def add(box: Sandbox, count: int) -> list[str]:
    values = {"LastName": "Silva", "Company": "Acme", "Description": 'says "no",\nand\n\nhangs up'}
    return [box.salesforce.add("Lead", {**values, "Email": f"p{number}@acme.example"}) for number in range(count)]


def read(crm: SalesforceConnector, after: str = "") -> list[str]:
    found: list[str] = []
    while True:
        page = crm.everything("Lead", FIELDS, after=after)
        found += [record.id for record in page.records]
        after = page.after
        if not after:
            return found


def test_a_job_is_told_before_it_is_waited_for(box: Sandbox, crm: SalesforceConnector) -> None:
    add(box, 1)
    box.salesforce.gate.bulk.looks = 2
    made = crm.everything("Lead", FIELDS)
    waiting = crm.everything("Lead", FIELDS, after=made.after)
    assert (made.records, waiting.records, waiting.after) == ((), (), made.after)
    assert len(box.salesforce.log.entries(method="POST", path="jobs/query")) == 1


def test_quotes_commas_lines_and_nothing_are_read_as_they_are(box: Sandbox, crm: SalesforceConnector) -> None:
    add(box, 1)
    box.salesforce.add("Lead", {"LastName": "Silva", "Company": "Acme"})
    after, found = "", []
    while not found:
        page = crm.everything("Lead", FIELDS, after=after)
        found, after = [dict(record.fields) for record in page.records], page.after
    assert found == [
        {"Email": "p0@acme.example", "Description": 'says "no",\nand\n\nhangs up'},
        {"Email": None, "Description": None},
    ]


def test_a_part_without_a_header_line_loses_no_record() -> None:
    text = '"2026-01-05T09:00:00.000Z","a@x.example","00Q7Q00000000001AA","2026-01-05T09:00:00.000Z"\n'
    (record,) = rows("Lead", ["Email"], text)
    assert record.fields == {"Email": "a@x.example"}


def test_a_job_that_is_gone_is_made_anew(box: Sandbox, crm: SalesforceConnector) -> None:
    ids = add(box, 700)
    page = crm.everything("Lead", FIELDS)
    while not page.records:
        page = crm.everything("Lead", FIELDS, after=page.after)
    box.salesforce.gate.bulk.expire()
    assert read(crm, page.after) == ids


def test_a_job_that_fails_is_made_anew_and_a_third_time_told(box: Sandbox, crm: SalesforceConnector) -> None:
    ids = add(box, 3)
    box.salesforce.gate.bulk.failing = 2
    assert read(crm) == ids
    box.salesforce.gate.bulk.failing, box.salesforce.gate.bulk.message = 3, "QUERY_TIMEOUT : took too long"
    with pytest.raises(Unavailable, match="took too long") as caught:
        read(crm)
    assert caught.value.receipt.verdict is Verdict.RETRY


def test_a_job_that_was_read_is_deleted(box: Sandbox, crm: SalesforceConnector) -> None:
    add(box, 3)
    read(crm)
    (entry,) = box.salesforce.log.entries(method="DELETE")
    assert (entry.status, "/jobs/query/" in entry.path) == (204, True)


def test_a_query_of_an_unknown_object_is_refused_for_good(box: Sandbox, crm: SalesforceConnector) -> None:
    del box
    with pytest.raises(Unavailable) as caught:
        crm.everything("Nothing__c", ["Name"])
    assert caught.value.receipt.verdict is Verdict.PERMANENT
