"""What answers decides: every status with every kind of body, as an edge, a proxy or the CRM itself gives it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from connector_ground import DUE

from connectors.answers.edges import MOVED
from connectors.base.concerns import Concern
from connectors.base.credentials import Credential
from connectors.base.port import FieldWrite, Receipt, TaskWrite, Unavailable, Verdict
from connectors.hubspot.connector import HubSpotConnector
from connectors.salesforce.connector import SalesforceConnector
from mappings.values.instant import HOUR, MINUTE, SECOND
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

SYSTEMS = ("hubspot", "salesforce")
SCORE = {"hubspot": "coldframe_score", "salesforce": "Coldframe_Score__c"}
PERSON = {"hubspot": "contact", "salesforce": "Lead"}
EMAIL = {"hubspot": "email", "salesforce": "Email"}
UPDATE = {"hubspot": "*/contacts/batch/update", "salesforce": "*/composite/sobjects"}
CREATE = {"hubspot": "*/tasks/batch/create", "salesforce": "*/composite/sobjects/Task/*"}
FIND = {"hubspot": "*/contacts/batch/read", "salesforce": "*/query"}

PAGES: Mapping[str, tuple[str | None, str]] = {
    "a page": (None, "text/html"),
    "nothing": ("", "text/plain"),
    "words": ("upstream connect error", "text/plain"),
    "a gateway's JSON": ('{"message": "no Route matched with those values"}', "application/json"),
    "another gateway's JSON": ('{"error": "not_found", "status": 404}', "application/json"),
    "a list of something": ('[{"reason": "blocked"}]', "application/json"),
    "an empty list": ("[]", "application/json"),
    "an empty object": ("{}", "application/json"),
    "JSON that is cut": ('{"status": "error", "mess', "application/json"),
}
"""What is not the CRM's, whatever the status: (body, type)."""
MOVES = (301, 302, 303, 307, 308)
REFUSALS = (400, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 415, 417, 418, 420, 421, 422, 423, 424, 425)
REFUSALS += (426, 428, 451, 460, 499)
SIZES = (413, 414, 431)
FAILURES = (500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 521, 522, 523, 524, 525, 526, 529, 530, 598, 599)
ODD_SUCCESSES = (200, 201, 202, 203, 206, 207)
WHOLE = (200, 400, 403, 404, 420, 429, 500, 503)
"""Statuses that are tried with every kind of body; the others with the commonest."""
MOST_PAGES = ("a page", "nothing", "a gateway's JSON")
MAYBE_DONE = {408, *FAILURES, *ODD_SUCCESSES}
"""Statuses after which a request may have been carried out all the same."""


@pytest.fixture
def crms(box: Sandbox) -> Iterator[dict[str, Any]]:
    instance = "https://sandbox.my.salesforce.example"
    hubspot = HubSpotConnector(Credential(token="t", api_url=f"{box.url}/hubspot"))
    salesforce = SalesforceConnector(Credential(token="t", api_url=f"{box.url}/salesforce", instance_url=instance))
    with closing(hubspot), closing(salesforce):
        yield {"hubspot": hubspot, "salesforce": salesforce}


def people(box: Sandbox, system: str, count: int = 3) -> list[str]:
    if system == "hubspot":
        return [box.hubspot.add("contacts", {"email": f"p{number}@acme.example"}) for number in range(count)]
    return [
        box.salesforce.add("Lead", {"LastName": "Silva", "Company": "Acme", "Email": f"p{number}@acme.example"})
        for number in range(count)
    ]


def scores(system: str, ids: Sequence[str]) -> list[FieldWrite]:
    return [FieldWrite(key=f"f{one}", object=PERSON[system], id=one, fields={SCORE[system]: "5"}) for one in ids]


def tasks(system: str, ids: Sequence[str]) -> list[TaskWrite]:
    return [
        TaskWrite(key=f"t{one}", object=PERSON[system], id=one, subject="Call", body="Now", due_at=DUE) for one in ids
    ]


def answering(box: Sandbox, system: str, path: str, **more: Any) -> Fault:
    return box.faults.add(Fault(kind="page", system=system, path=path, times=0, **more))


def asked(crm: Any, system: str) -> Receipt:
    with pytest.raises(Unavailable) as caught:
        crm.find(["p0@acme.example"], {PERSON[system]: [EMAIL[system]]})
    return caught.value.receipt


def expected(status: int, *, idempotent: bool) -> Verdict:
    if status in MOVES or status == 429:
        return Verdict.PAUSE
    if status == 401:
        return Verdict.RELOGIN
    return Verdict.RETRY if idempotent or status not in MAYBE_DONE else Verdict.UNCLEAR


@pytest.mark.parametrize("status", [*MOVES, 401, 429, *REFUSALS, *SIZES, *FAILURES, *ODD_SUCCESSES])
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_not_the_crms_concerns_the_connection_and_no_record(
    box: Sandbox, crms: dict[str, Any], system: str, status: int
) -> None:
    ids, crm = people(box, system), crms[system]
    crm.find(["p0@acme.example"], {PERSON[system]: [EMAIL[system]]})  # describes what it has to know
    for name, (body, kind) in PAGES.items():
        box.faults.clear()
        answer: dict[str, Any] = {"status": status, "body": body, "content_type": kind}
        for calls, writes, idempotent in (
            (UPDATE[system], scores(system, ids), True),
            (CREATE[system], tasks(system, ids), False),
        ):
            fault = answering(box, system, calls, **answer)
            receipts = crm.apply(writes)
            verdict = expected(status, idempotent=idempotent)
            assert {receipt.verdict for receipt in receipts} <= {verdict, Verdict.RETRY}, name
            assert receipts[0].verdict is verdict, name
            assert {receipt.outage for receipt in receipts} == {verdict in {Verdict.RETRY, Verdict.UNCLEAR}}, name
            assert all(receipt.code for receipt in receipts)
            assert fault.hits == 1 or status in SIZES
            assert fault.hits < 2 * len(ids)
        answering(box, system, FIND[system], **answer)
        away = asked(crm, system)
        assert (away.verdict, away.forbidden) == (expected(status, idempotent=True), False), name
        assert away.outage is (away.verdict is Verdict.RETRY), name


@pytest.mark.parametrize("status", MOVES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_redirect_is_not_followed_and_says_where_the_crm_has_moved(
    box: Sandbox, crms: dict[str, Any], system: str, status: int
) -> None:
    ids, crm = people(box, system), crms[system]
    crm.find(["p0@acme.example"], {PERSON[system]: [EMAIL[system]]})
    with Sandbox() as elsewhere:
        secret = "?sid=canary-77#canary-78"
        answering(box, system, "*", status=status, location=f"{elsewhere.url}/{system}/x{secret}")
        found = [*crm.apply(scores(system, ids)), *crm.apply(tasks(system, ids)), asked(crm, system)]
        assert elsewhere.hubspot.log.entries() + elsewhere.salesforce.log.entries() == [], "nothing was sent there"
        assert {(one.verdict, one.code, one.outage) for one in found} == {(Verdict.PAUSE, MOVED, False)}
        assert {one.message for one in found} == {f"the CRM has moved to {elsewhere.url}"}
        assert {one.retry_after for one in found} == {15 * MINUTE}
        (finding, *_) = [each for each in crm.examine({PERSON[system]: [EMAIL[system]]}) if not each.ok]
        assert elsewhere.url in finding.detail
        assert "address" in finding.remedy


@pytest.mark.parametrize(
    ("asked_for", "wait"),
    [
        ("17", 17 * SECOND),
        (17, 17 * SECOND),
        ("Mon, 05 Jan 2026 09:00:30 GMT", 30 * SECOND),
        ("Monday, 05-Jan-26 09:00:30 GMT", 30 * SECOND),
        ("Mon, 05 Jan 2026 11:00:30 +0200", 30 * SECOND),
        ("Tue, 06 Jan 2099 09:00:30 GMT", 24 * HOUR),
        ("Sun, 04 Jan 2026 09:00:00 GMT", None),
        ("soon", None),
        ("-5", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("status", [302, 403, 420, 429, 503])
@pytest.mark.parametrize("system", SYSTEMS)
def test_an_edge_is_waited_for_as_long_as_it_asks_in_seconds_or_until_a_date(
    system: str, status: int, asked_for: Any, wait: int | None
) -> None:
    usual = {302: 15 * MINUTE, 429: 10 * SECOND}
    with Sandbox(now=lambda: 1_767_603_600_000) as box:
        credential = Credential(
            token="t", api_url=f"{box.url}/{system}", instance_url="https://x.my.salesforce.example"
        )
        with closing(HubSpotConnector(credential) if system == "hubspot" else SalesforceConnector(credential)) as crm:
            ids = people(box, system)
            answering(box, system, "*", status=status, retry_after=asked_for)
            (receipt, *_) = crm.apply(scores(system, ids))
    assert receipt.retry_after == (wait or usual.get(status))


def of_hubspot(category: str, **more: Any) -> str:
    return json.dumps({"status": "error", "message": "so it is", "correlationId": "c", "category": category, **more})


def of_salesforce(code: str) -> str:
    return json.dumps([{"errorCode": code, "message": "so it is"}])


@dataclass(frozen=True)
class Said:
    """A reply of a CRM's own, and what it means."""

    status: int
    body: str
    means: str


MEANS = {
    "refused": (Verdict.PERMANENT, False),
    "tried again": (Verdict.RETRY, False),
    "away": (Verdict.RETRY, True),
    "waits": (Verdict.PAUSE, False),
    "signed out": (Verdict.RELOGIN, False),
}
"""(verdict, whether the CRM is away)"""


OWN: Mapping[str, Sequence[Said]] = {
    "hubspot": [
        Said(400, of_hubspot("VALIDATION_ERROR"), "refused"),
        Said(409, of_hubspot("CONFLICT"), "refused"),
        Said(422, of_hubspot("VALIDATION_ERROR"), "refused"),
        Said(404, of_hubspot("OBJECT_NOT_FOUND", context={"ids": ["1"]}), "refused"),
        Said(404, of_hubspot("UNKNOWN_RESOURCE"), "waits"),
        Said(405, of_hubspot("VALIDATION_ERROR"), "away"),
        Said(410, of_hubspot("GONE"), "away"),
        Said(420, of_hubspot("SERVER_ERROR"), "away"),
        Said(401, of_hubspot("INVALID_AUTHENTICATION"), "signed out"),
        Said(403, of_hubspot("MISSING_SCOPES"), "waits"),
        Said(403, of_hubspot("FORBIDDEN"), "waits"),
        Said(423, of_hubspot("LOCKED"), "away"),
        Said(429, of_hubspot("RATE_LIMITS", policyName="DAILY"), "waits"),
        Said(477, of_hubspot("MIGRATION"), "waits"),
        Said(400, of_hubspot("RATE_LIMITS"), "away"),
        Said(500, of_hubspot("INTERNAL_ERROR"), "away"),
        Said(503, of_hubspot("SERVICE_UNAVAILABLE"), "away"),
    ],
    "salesforce": [
        Said(400, of_salesforce("MALFORMED_ID"), "refused"),
        Said(400, of_salesforce("JSON_PARSER_ERROR"), "refused"),
        Said(409, of_salesforce("CONFLICT"), "refused"),
        Said(404, of_salesforce("NOT_FOUND"), "waits"),
        Said(404, of_salesforce("ENTITY_IS_DELETED"), "refused"),
        Said(405, of_salesforce("METHOD_NOT_ALLOWED"), "away"),
        Said(410, of_salesforce("GONE"), "away"),
        Said(415, of_salesforce("UNSUPPORTED_MEDIA_TYPE"), "away"),
        Said(420, of_salesforce("UNKNOWN_EXCEPTION"), "away"),
        Said(400, of_salesforce("UNKNOWN_EXCEPTION"), "away"),
        Said(400, of_salesforce("TXN_SECURITY_METERING_ERROR"), "away"),
        Said(403, of_salesforce("TXN_SECURITY_METERING_ERROR"), "away"),
        Said(400, of_salesforce("LIMIT_EXCEEDED"), "away"),
        Said(403, of_salesforce("LIMIT_EXCEEDED"), "away"),
        Said(400, of_salesforce("SERVER_UNAVAILABLE"), "away"),
        Said(400, of_salesforce("REQUEST_RUNNING_TOO_LONG"), "tried again"),
        Said(400, of_salesforce("QUERY_TIMEOUT"), "tried again"),
        Said(400, of_salesforce("UNABLE_TO_LOCK_ROW"), "tried again"),
        Said(401, of_salesforce("INVALID_SESSION_ID"), "signed out"),
        Said(403, of_salesforce("INSUFFICIENT_ACCESS"), "waits"),
        Said(403, of_salesforce("REQUEST_LIMIT_EXCEEDED"), "waits"),
        Said(500, of_salesforce("UNKNOWN_EXCEPTION"), "away"),
        Said(503, of_salesforce("SERVER_UNAVAILABLE"), "away"),
        Said(300, '["/services/data/v66.0/sobjects/Task/1", "/services/data/v66.0/sobjects/Task/2"]', "refused"),
    ],
}


@pytest.mark.parametrize(("system", "said"), [(system, case) for system, cases in OWN.items() for case in cases])
def test_what_the_crm_itself_says_of_a_call_is_judged_by_its_words(
    box: Sandbox, crms: dict[str, Any], system: str, said: Said
) -> None:
    ids, crm = people(box, system), crms[system]
    crm.find(["p0@acme.example"], {PERSON[system]: [EMAIL[system]]})
    answering(box, system, UPDATE[system], status=said.status, body=said.body, content_type="application/json")
    receipts = crm.apply(scores(system, ids))
    assert {(receipt.verdict, receipt.outage) for receipt in receipts} == {MEANS[said.means]}
    assert all("so it is" in receipt.message or said.status == 300 for receipt in receipts)
    waits = {receipt.retry_after for receipt in receipts}
    assert (None in waits) is (said.means != "waits")


@pytest.mark.parametrize(
    "carrier",
    ["CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER", "FIELD_CUSTOM_VALIDATION_EXCEPTION"],
)
@pytest.mark.parametrize(
    ("carried", "verdict"),
    [
        ("UNABLE_TO_LOCK_ROW, unable to obtain exclusive access to this record or 1 records: 001x", Verdict.RETRY),
        ("REQUEST_RUNNING_TOO_LONG, your request was running for too long", Verdict.RETRY),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION, Industry is required", Verdict.PERMANENT),
        ("System.NullPointerException: Attempt to de-reference a null object", Verdict.PERMANENT),
        ("STRING_TOO_LONG, unable_to_lock_rows_today", Verdict.PERMANENT),
    ],
)
def test_a_lock_that_an_orgs_automation_met_is_a_lock(
    box: Sandbox, crms: dict[str, Any], carrier: str, carried: str, verdict: Verdict
) -> None:
    ids = people(box, "salesforce")
    said = (
        f"LeadTrigger: execution of AfterUpdate caused by: System.DmlException: Update failed. first error: {carried}"
    )
    box.faults.add(
        Fault(
            kind="record_error",
            system="salesforce",
            path=UPDATE["salesforce"],
            record=ids[1],
            code=carrier,
            message=said,
        )
    )
    receipts = crms["salesforce"].apply(scores("salesforce", ids))
    assert [receipt.verdict for receipt in receipts] == [Verdict.DONE, verdict, Verdict.DONE]
    assert (receipts[1].code, receipts[1].concern, receipts[1].outage) == (carrier, Concern.RECORD, False)


@pytest.mark.parametrize(
    "code",
    [
        "UNABLE_TO_LOCK_ROW",
        "UNKNOWN_EXCEPTION",
        "TXN_SECURITY_METERING_ERROR",
        "LIMIT_EXCEEDED",
        "SERVER_UNAVAILABLE",
        "REQUEST_RUNNING_TOO_LONG",
        "QUERY_TIMEOUT",
    ],
)
def test_a_passing_fault_of_a_row_is_tried_again_alone(box: Sandbox, crms: dict[str, Any], code: str) -> None:
    ids = people(box, "salesforce")
    box.faults.add(Fault(kind="record_error", system="salesforce", record=ids[1], code=code, message="just now"))
    receipts = crms["salesforce"].apply(scores("salesforce", ids))
    assert [receipt.verdict for receipt in receipts] == [Verdict.DONE, Verdict.RETRY, Verdict.DONE]
    assert not receipts[1].outage


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("status", [413, 500])
def test_one_record_over_which_a_crm_stumbles_is_found_and_its_neighbours_are_written(
    box: Sandbox, crms: dict[str, Any], system: str, status: int
) -> None:
    ids, crm = people(box, system, 60), crms[system]
    own = of_hubspot("INTERNAL_ERROR") if system == "hubspot" else of_salesforce("UNKNOWN_EXCEPTION")
    answering(
        box,
        system,
        UPDATE[system],
        status=status,
        body=own if status == 500 else None,
        content_type="application/json",
        record=ids[37],
    )
    receipts = crm.apply(scores(system, ids))
    assert [place for place, receipt in enumerate(receipts) if receipt.verdict is not Verdict.DONE] == [37]
    assert (receipts[37].verdict, receipts[37].outage, receipts[37].concern) == (Verdict.RETRY, False, Concern.RECORD)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_crm_that_stumbles_over_everything_is_away_and_is_soon_left_alone(
    box: Sandbox, crms: dict[str, Any], system: str
) -> None:
    ids, crm = people(box, system, 100), crms[system]
    own = of_hubspot("INTERNAL_ERROR") if system == "hubspot" else of_salesforce("UNKNOWN_EXCEPTION")
    fault = answering(box, system, UPDATE[system], status=500, body=own, content_type="application/json")
    receipts = crm.apply(scores(system, ids))
    assert {(receipt.verdict, receipt.outage) for receipt in receipts} == {(Verdict.RETRY, True)}
    assert fault.hits <= 12
