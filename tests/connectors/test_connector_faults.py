"""Every refusal that the vendors are known to give, and what becomes of it."""

import json
from typing import Any

import places
import pytest

from connectors.answers.replies import Lost, Refusal, Reply, retry_after
from connectors.base.concerns import Concern
from connectors.base.port import Verdict
from connectors.hubspot import faults as hubspot
from connectors.salesforce import faults as salesforce
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND

SAMPLES = places.SAMPLES / "salesforce_errors"


def reply(status: int, body: Any, **headers: str) -> Reply:
    return Reply(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body)


def refused(module: Any, outcome: Reply | Lost, *, idempotent: bool = True) -> Refusal:
    judged = module.judged(outcome, idempotent=idempotent)
    assert isinstance(judged, Refusal), judged
    return judged


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("UNABLE_TO_LOCK_ROW", Verdict.RETRY),
        ("SERVER_UNAVAILABLE", Verdict.RETRY),
        ("REQUEST_RUNNING_TOO_LONG", Verdict.RETRY),
        ("INVALID_SESSION_ID", Verdict.RELOGIN),
        ("REQUEST_LIMIT_EXCEEDED", Verdict.PAUSE),
        ("DUPLICATES_DETECTED", Verdict.PERMANENT),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", Verdict.PERMANENT),
        ("ENTITY_IS_DELETED", Verdict.PERMANENT),
        ("STRING_TOO_LONG", Verdict.PERMANENT),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Verdict.PERMANENT),
        ("CANNOT_UPDATE_CONVERTED_LEAD", Verdict.PERMANENT),
        ("INVALID_FIELD", Verdict.PERMANENT),
        ("SOMETHING_NEW", Verdict.PERMANENT),
    ],
)
def test_a_salesforce_row_is_judged_by_its_code_and_keeps_its_words(code: str, verdict: Verdict) -> None:
    judged = salesforce.row([{"statusCode": code, "message": "in Salesforce's words", "fields": ["Fit__c"]}])
    assert (judged.verdict, judged.code) == (verdict, code)
    assert judged.message.startswith("in Salesforce's words")
    assert "Fit__c" in judged.message
    assert (judged.retry_after is not None) == (verdict is Verdict.PAUSE)


@pytest.mark.parametrize(
    ("message", "wait"),
    [
        ("TotalRequests Limit exceeded.", 15 * MINUTE),
        ("ConcurrentRequests (Concurrent API Requests) Limit exceeded.", 10 * SECOND),
        ("ConcurrentPerOrgLongTxn Limit exceeded", 10 * SECOND),
    ],
)
def test_too_many_long_calls_at_once_are_over_sooner_than_a_day(message: str, wait: int) -> None:
    judged = refused(salesforce, reply(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": message}]))
    assert (judged.verdict, judged.retry_after) == (Verdict.PAUSE, wait)


def test_a_missing_field_names_both_causes() -> None:
    message = salesforce.row([{"statusCode": "INVALID_FIELD", "message": "No such column 'X__c'"}]).message
    assert "missing" in message
    assert "may not see" in message


@pytest.mark.parametrize(
    ("name", "status", "verdict", "code"),
    [
        ("auth_error_response", 400, Verdict.RELOGIN, "invalid_grant"),
        ("refresh_error_response", 400, Verdict.RELOGIN, "invalid_grant"),
        ("expired_session_response", 401, Verdict.RELOGIN, "INVALID_SESSION_ID"),
        ("query_error_response", 400, Verdict.PERMANENT, "INVALID_FIELD"),
        ("write_error_response", 400, Verdict.PERMANENT, "INVALID_FIELD"),
        ("search_error_response", 400, Verdict.PERMANENT, "MALFORMED_SEARCH"),
        ("sobject_describe_error_response", 404, Verdict.PERMANENT, "NOT_FOUND"),
        ("sobject_find_error_response", 404, Verdict.PERMANENT, "NOT_FOUND"),
        ("delete_error_response", 404, Verdict.PERMANENT, "NOT_FOUND"),
        ("upsert_error_response", 404, Verdict.PERMANENT, "NOT_FOUND"),
        ("upsert_multiple_error_response", 300, Verdict.PERMANENT, "DUPLICATE_EXTERNAL_ID"),
    ],
)
def test_every_error_body_of_salesforces_becomes_a_verdict(name: str, status: int, verdict: Verdict, code: str) -> None:
    path = SAMPLES / f"{name}.json"
    if not path.exists():
        pytest.skip(f"sample absent: {path}")
    judged = refused(salesforce, reply(status, json.loads(path.read_text())))
    assert (judged.verdict, judged.code) == (verdict, code)
    assert judged.message
    assert not judged.outage


def test_no_error_body_among_the_samples_is_left_out() -> None:
    if not SAMPLES.exists():
        pytest.skip(f"samples absent: {SAMPLES}")
    errors = {path.stem for path in SAMPLES.glob("*error*")} | {"expired_session_response"}
    (marker,) = test_every_error_body_of_salesforces_becomes_a_verdict.pytestmark  # type: ignore[attr-defined]
    assert errors == {case[0] for case in marker.args[1]}


@pytest.mark.parametrize("module", [salesforce, hubspot])
@pytest.mark.parametrize("body", ["<html>Bad Gateway</html>", "", None, [], {}, 7, [[1]], {"errors": "x"}])
@pytest.mark.parametrize("status", [200, 300, 302, 400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 504])
def test_no_body_however_odd_is_more_than_a_verdict(module: Any, body: Any, status: int) -> None:
    for idempotent in (True, False):
        judged = module.judged(reply(status, body), idempotent=idempotent)
        if status != 200:
            assert isinstance(judged, Refusal)
            assert judged.code
        if status >= 500:
            assert judged.verdict is (Verdict.RETRY if idempotent else Verdict.UNCLEAR)
            assert judged.outage


@pytest.mark.parametrize("module", [salesforce, hubspot])
def test_a_lost_reply_is_unclear_only_where_something_may_have_been_made(module: Any) -> None:
    cases = [(True, True, Verdict.RETRY), (True, False, Verdict.UNCLEAR), (False, False, Verdict.RETRY)]
    for sent, idempotent, verdict in cases:
        judged = refused(module, Lost(sent=sent, reason="ReadTimeout"), idempotent=idempotent)
        assert (judged.verdict, judged.outage, judged.message) == (verdict, True, "ReadTimeout")


@pytest.mark.parametrize("module", [salesforce, hubspot])
def test_a_redirect_is_never_followed_and_never_a_success(module: Any) -> None:
    judged = refused(module, reply(302, "", location="https://evil.example/?sid=secret"))
    assert (judged.verdict, judged.message) == (Verdict.PAUSE, "the CRM has moved to https://evil.example")


@pytest.mark.parametrize(
    ("policy", "headers", "wait"),
    [
        ("TEN_SECONDLY_ROLLING", {"retry_after": "4"}, 4 * SECOND),
        ("TEN_SECONDLY_ROLLING", {}, 10 * SECOND),
        ("SECONDLY", {}, SECOND),
        ("DAILY", {}, HOUR),
        ("SOMETHING_NEW", {}, 10 * SECOND),
        ("", {"retry_after": "soon"}, 10 * SECOND),
        ("DAILY", {"retry_after": "0"}, HOUR),
    ],
)
def test_a_hubspot_limit_says_how_long_or_its_policy_does(policy: str, headers: dict[str, str], wait: int) -> None:
    body = {"status": "error", "message": "You have reached your limit.", "policyName": policy}
    judged = refused(hubspot, reply(429, body | {"category": "RATE_LIMITS"}, **headers))
    assert (judged.verdict, judged.retry_after) == (Verdict.PAUSE, wait)
    assert judged.code == (policy or "RATE_LIMITS")
    assert not judged.outage


def test_a_missing_scope_pauses_the_connection_and_dead_letters_nothing() -> None:
    body = {
        "status": "error",
        "message": "This app hasn't been granted all required scopes",
        "category": "MISSING_SCOPES",
    }
    judged = refused(hubspot, reply(403, body))
    assert (judged.verdict, judged.code, judged.concern) == (Verdict.PAUSE, "MISSING_SCOPES", Concern.CONNECTION)
    assert judged.forbidden


def test_an_unknown_refusal_of_salesforces_door_pauses_too() -> None:
    judged = refused(salesforce, reply(403, [{"errorCode": "FORBIDDEN", "message": "no"}]))
    assert (judged.verdict, judged.retry_after) == (Verdict.PAUSE, 15 * MINUTE)


def test_a_hubspot_code_is_the_details_where_there_is_one() -> None:
    body = {"category": "VALIDATION_ERROR", "message": "m", "errors": [{"code": "INVALID_NUMBER", "message": "x"}]}
    judged = refused(hubspot, reply(400, body))
    assert (judged.code, judged.message, judged.concern) == ("INVALID_NUMBER", "m", Concern.RECORD)


def test_a_passing_fault_of_one_hubspot_record_is_tried_again() -> None:
    error = {"category": "INTERNAL_ERROR", "message": "internal"}
    assert hubspot.row(error, idempotent=True).verdict is Verdict.RETRY
    assert hubspot.row(error, idempotent=False).verdict is Verdict.UNCLEAR
    assert hubspot.row({"category": "VALIDATION_ERROR"}, idempotent=False).verdict is Verdict.PERMANENT


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("17", 17 * SECOND),
        (" 3 ", 3 * SECOND),
        ("99999999999999999999", DAY),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_nothing(header: str, wait: int | None) -> None:
    assert retry_after({"retry-after": header}) == wait


def test_a_batch_read_with_other_errors_than_missing_records_is_not_whole() -> None:
    missing = {"category": "OBJECT_NOT_FOUND", "message": "gone"}
    assert hubspot.incomplete({"results": [], "errors": [missing]}) is None
    assert hubspot.incomplete({"results": []}) is None
    partial = hubspot.incomplete({"errors": [missing, {"category": "INTERNAL_ERROR", "message": "oops"}]})
    assert partial is not None
    assert (partial.verdict, partial.code) == (Verdict.RETRY, "INTERNAL_ERROR")
