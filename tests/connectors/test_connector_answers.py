"""What answers decides: every status with every kind of body, as an edge, a proxy or the CRM itself gives it."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import pytest
from answers_ground import EMAIL, PERSON, SYSTEMS, UPDATE, answering, people, scores
from connector_ground import DUE

from connectors.answers.edges import MOVED
from connectors.base.credentials import Credential
from connectors.base.port import Receipt, TaskWrite, Unavailable, Verdict
from connectors.hubspot.connector import HubSpotConnector
from connectors.salesforce.connector import SalesforceConnector
from mappings.model.task_text import of_plain
from mappings.values.instant import HOUR, MINUTE, SECOND
from sandbox.server import Sandbox

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

MAYBE_DONE = {408, *FAILURES, *ODD_SUCCESSES}
"""Statuses after which a request may have been carried out all the same."""


def tasks(system: str, ids: Sequence[str]) -> list[TaskWrite]:
    return [
        TaskWrite(key=f"t{one}", object=PERSON[system], id=one, subject="Call", body=of_plain("Now"), due_at=DUE)
        for one in ids
    ]


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
