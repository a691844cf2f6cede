"""What the CRM itself says of a call or of a row is judged by its own words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from answers_ground import EMAIL, PERSON, SYSTEMS, UPDATE, answering, people, scores

from connectors.base.concerns import Concern
from connectors.base.port import Verdict
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault


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
