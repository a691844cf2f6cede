"""What a closed task says, and mistakes in saying so."""

from typing import Any

import pytest
from hubspot_leads import with_leads

from mappings.language.mapping_compiler import compile_mapping
from mappings.model.compiled_mapping import CrmMapping, TaskMapping
from mappings.translate.record_answers import Answer, answer, as_fields, happened, telling
from mappings.translate.translation import load_mapping
from mappings.values.instant import parse
from mappings.yaml_files.located_yaml import load


def shipped(system: str) -> CrmMapping:
    mapping, problems = load_mapping(system)
    assert mapping is not None, problems
    return mapping


def tasks(system: str) -> TaskMapping:
    (found,) = [each.task for each in shipped(system).objects.values() if each.task]
    return found


REASONS = ("timing", "budget", "priority", "competitor", "no_response", "too_early", "bad_fit", "bad_data")


@pytest.mark.parametrize(
    ("system", "raw", "state"),
    [
        ("hubspot", {"hs_task_status": "COMPLETED", "task_outcome": "connected"}, "call_attempt:connected"),
        ("hubspot", {"hs_task_status": "completed", "task_outcome": "No_Answer"}, "call_attempt:no_answer"),
        ("hubspot", {"hs_task_status": "COMPLETED", "task_outcome": "accepted"}, "sales_accepted"),
        ("hubspot", {"hs_task_status": "COMPLETED", "task_outcome": "rejected"}, "sales_rejected"),
        ("hubspot", {"hs_task_status": "COMPLETED"}, None),
        ("hubspot", {"hs_task_status": "IN_PROGRESS", "task_outcome": "connected"}, None),
        ("salesforce", {"IsClosed": True, "CallDisposition": "Connected"}, "call_attempt:connected"),
        ("salesforce", {"IsClosed": True, "CallDisposition": "Left voicemail, twice"}, "call_attempt:voicemail"),
        ("salesforce", {"IsClosed": True, "CallDisposition": "Meeting on Friday"}, "meeting_booked"),
        ("salesforce", {"IsClosed": True, "CallDisposition": "Rejected: nobody knows"}, "sales_rejected"),
        ("salesforce", {"IsClosed": True, "CallDisposition": None}, None),
        ("salesforce", {"IsClosed": False, "CallDisposition": "Connected"}, None),
    ],
)
def test_a_closed_task_says_what_its_outcome_means(system: str, raw: dict[str, Any], state: str | None) -> None:
    found = answer(tasks(system), raw)
    assert (found.state if found else None) == state


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_of_the_vocabulary_can_be_given_in_both_systems(reason: str) -> None:
    in_hubspot = {"hs_task_status": "COMPLETED", "task_outcome": "rejected", "task_rejection_reason": reason}
    in_salesforce = {"IsClosed": True, "CallDisposition": f"Rejected: {reason}"}
    for found in (answer(tasks("hubspot"), in_hubspot), answer(tasks("salesforce"), in_salesforce)):
        assert found is not None
        assert found.properties == {"reason": reason}


def test_an_answer_bears_the_time_of_closing() -> None:
    raw = {"IsClosed": True, "CallDisposition": "Accepted", "CompletedDateTime": "2026-01-06T10:00:00.000+0000"}
    assert answer(tasks("salesforce"), raw) == Answer(
        type="sales_accepted", properties={}, at=parse("2026-01-06T10:00:00Z")
    )


@pytest.mark.parametrize(
    ("kind", "name", "value", "reason"),
    [
        ("task", "hs_task_status", "NOT_STARTED", False),
        ("task", "hs_task_status", "COMPLETED", True),
        ("task", "coldframe_key", "k", False),
        ("task", "hs_task_subject", "Call", False),
        ("task", "task_outcome", "", False),
        ("task", "task_outcome", "connected", True),
        ("deal", "dealstage", "closedwon", True),
        ("deal", "dealname", "Acme", False),
        ("ticket", "x", "y", False),
    ],
)
def test_only_what_says_something_is_a_reason_to_read(kind: str, name: str, value: str, *, reason: bool) -> None:
    assert telling(shipped("hubspot"), kind, name, value) is reason


@pytest.mark.parametrize(
    ("stage", "reason", "state"),
    [
        ("new-stage-id", "", None),
        ("attempting-stage-id", "", "call_attempt:no_answer"),
        ("connected-stage-id", "", "call_attempt:connected"),
        ("qualified-stage-id", "", "sales_qualified"),
        ("unqualified-stage-id", "NOT_A_GOOD_FIT", "sales_rejected:bad_fit"),
        ("unqualified-stage-id", "", "sales_rejected"),
        ("of-theirs", "", None),
    ],
)
def test_a_lead_of_hubspots_says_something_by_its_stage(stage: str, reason: str, state: str | None) -> None:
    found = with_leads().objects["lead"].activity
    assert found is not None
    assert found.moves
    raw = {"hs_pipeline_stage": stage, "hs_lead_disqualification_reason": reason, "hs_lead_disqualification_note": "x"}
    said = happened(found, raw)
    assert (said.state if said else None) == state, "the note is no part of what it says"


def test_a_deal_in_canonical_fields() -> None:
    raw = {"Amount": 900.0, "StageName": "Closed Lost", "IsClosed": True, "IsWon": False, "CloseDate": "2026-01-06"}
    assert as_fields(shipped("salesforce").objects["Opportunity"].opportunity, raw) == {
        "amount": 900,
        "stage": "Closed Lost",
        "is_closed": True,
        "is_won": False,
        "closed_at": parse("2026-01-06T00:00:00Z"),
    }


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("{key: k, closed: {s: DONE}, outcomes: [{is: sales_acepted}]}", "(did you mean 'sales_accepted'?)"),
        ("{key: k, closed: {s: DONE}, outcomes: [{is: call_attempt, outcome: conected}]}", "did you mean 'connected'?"),
        ("{key: k, closed: {s: DONE}, outcomes: [{is: sales_rejected, reson: x}]}", "did you mean 'reason'?"),
        ("{key: k, closed: {s: DONE}, outcomes: [{when: {S x: 1}, is: sales_accepted}]}", "no field name of this CRM"),
        ("{key: k, closed: {s: []}, outcomes: []}", "must be a value, or a list of values"),
        ("{key: k, outcomes: []}", "needs 'closed'"),
        ("{key: k, closed: {s: DONE}}", "must be a list"),
        (
            "{closed: {s: D}, outcomes: [{is: sales_rejected, reason: {from: r, as: picklist, values: {a: b}}}]}",
            "unknown value 'b'",
        ),
    ],
)
def test_a_mistake_in_a_task_section_is_told(task: str, expected: str) -> None:
    located, _ = load(f"system: hubspot\nobjects:\n  task: {{is: task, task: {task}}}\n", "m.yaml")
    assert located is not None
    mapping, problems = compile_mapping(located)
    assert mapping is None
    assert any(expected in str(problem) for problem in problems), [str(problem) for problem in problems]
