"""Salesforce's query jobs: what becomes of a reading when its job is not complete, fails, or is gone."""

from collections.abc import Iterator

import pytest

from connectors.answers.replies import Reply
from connectors.base.credentials import Credential
from connectors.base.port import Unavailable, Verdict
from connectors.salesforce.connector import SalesforceConnector
from connectors.salesforce.reads.bulk import _read, rows
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

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


HEAD = '"CreatedDate","Description","Email","Id","SystemModstamp"\n'
LINE = '"2026-01-05T09:00:00.000Z","{said}","a@x.example","00Q7Q00000000001AA","2026-01-05T09:00:00.000Z"\n'


@pytest.mark.parametrize("ending", ["\x00", "\x00" * 4_096, "\x00\n", "\n\x00\r\n\x00", "\ufffd"])
def test_nuls_at_the_end_of_a_part_are_no_record(box: Sandbox, crm: SalesforceConnector, ending: str) -> None:
    add(box, 1)
    after = crm.everything("Lead", FIELDS).after
    part = HEAD + LINE.format(said="says no") + ending
    box.faults.add(
        Fault(kind="page", system="salesforce", path="*/results", status=200, body=part, content_type="text/csv")
    )
    found = []
    while after and not found:
        page = crm.everything("Lead", FIELDS, after=after)
        found, after = list(page.records), page.after
    assert [dict(record.fields) for record in found] == [{"Email": "a@x.example", "Description": "says no"}]


@pytest.mark.parametrize("length", [131_072, 131_073, 1_000_000])
def test_a_value_of_any_length_is_read(length: int) -> None:
    (record,) = rows("Lead", FIELDS, HEAD + LINE.format(said="x" * length))
    assert len(record.fields["Description"]) == length


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (None, "text/html"),
        ("", "text/html"),
        ("<html>maintenance</html>", "text/csv"),
        (HEAD + '"2026-01-05T09:00:00.000Z","cut in', "text/csv"),
        (HEAD + '"2026-01-05T09:00:00.000Z","one too many","a","b","c","d"\n', "text/csv"),
        ('{"state": "JobComplete"}', "application/json"),
    ],
)
def test_a_part_that_is_not_the_csv_that_was_asked_for_is_asked_for_again(
    box: Sandbox, crm: SalesforceConnector, body: str | None, kind: str
) -> None:
    ids = add(box, 3)
    box.faults.add(Fault(kind="page", system="salesforce", path="*/results", status=200, body=body, content_type=kind))
    after, away = "", None
    while away is None:
        try:
            after = crm.everything("Lead", FIELDS, after=after).after
        except Unavailable as fault:
            away = fault.receipt
    assert (away.verdict, away.outage) == (Verdict.RETRY, True)
    assert read(crm, after) == ids


def test_a_part_with_fewer_lines_than_it_says_is_not_the_whole_of_it() -> None:
    told = {"content-type": "text/csv", "sforce-numberofrecords": "2"}
    assert _read("Lead", FIELDS, Reply(status=200, headers=told, body=HEAD + LINE)) is None
    assert len(_read("Lead", FIELDS, Reply(status=200, headers=told, body=HEAD + LINE + LINE)) or ()) == 2


@pytest.mark.parametrize("path", ["*/results", "*/jobs/query/*"])
def test_a_job_that_an_edge_knows_nothing_of_is_not_given_up(box: Sandbox, crm: SalesforceConnector, path: str) -> None:
    ids = add(box, 3)
    after = crm.everything("Lead", FIELDS).after
    box.faults.add(Fault(kind="page", system="salesforce", path=path, status=404))
    with pytest.raises(Unavailable):
        read(crm, after)
    assert read(crm, after) == ids
    assert len(box.salesforce.log.entries(method="POST", path="jobs/query")) == 1


def test_a_cursor_that_goes_stale_begins_the_object_anew_and_a_third_time_is_told(
    box: Sandbox, crm: SalesforceConnector
) -> None:
    ids = add(box, 700)
    stale = {"status": 400, "code": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}
    box.faults.add(Fault(kind="status", system="salesforce", path="*/results", skip=1, times=1, **stale))  # type: ignore[arg-type]
    assert set(read(crm)) == set(ids)
    box.faults.add(Fault(kind="status", system="salesforce", path="*/results", times=3, **stale))  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="INVALID_QUERY_LOCATOR"):
        read(crm)
    box.faults.clear()
    assert set(read(crm)) == set(ids)


def test_a_query_whose_cursor_goes_stale_between_two_pages_is_asked_anew(
    box: Sandbox, crm: SalesforceConnector
) -> None:
    ids = add(box, 7)
    box.salesforce.gate.queries.page = 3
    stale = {"status": 400, "code": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}
    for times in (1, 2, 3):
        box.faults.add(Fault(kind="status", system="salesforce", path="*/query/*", times=times, **stale))  # type: ignore[arg-type]
        if times < 3:
            assert [record.id for record in crm.changes("Lead", FIELDS, since=0).records] == ids
            continue
        with pytest.raises(Unavailable, match="INVALID_QUERY_LOCATOR") as caught:
            crm.changes("Lead", FIELDS, since=0)
        assert (caught.value.forbidden, caught.value.final) == (False, False)


def test_a_cursor_that_an_earlier_version_stored_is_read(box: Sandbox, crm: SalesforceConnector) -> None:
    ids = add(box, 3)
    job = crm.everything("Lead", FIELDS).after.partition("/")[0]
    assert read(crm, f"{job}//2") == ids
