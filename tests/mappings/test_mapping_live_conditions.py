"""Words of conditions against a CRM's picklists: one that is not offered is told with its place and the nearest."""

from collections.abc import Sequence
from typing import Any

import pytest

from connectors.base.port import FieldInfo
from mappings.checking.live_fields import against
from mappings.language.mapping_files import parsed

STATUS = ("New", "Working", "No answer", "Done")
GUID = "0a1b2c3d-0000-4000-8000-000000000001"


def listed(name: str, *options: str, labels: Sequence[str] = ()) -> FieldInfo:
    return FieldInfo(name=name, label=name, type="picklist", options=options, labels=tuple(labels))


def told(body: str, live: dict[str, list[FieldInfo]], system: str = "salesforce") -> list[str]:
    file = parsed(f"system: {system}\nobjects:\n{body}", "m.yaml")
    assert file.mapping is not None, file.problems
    assert file.located is not None
    found = [each.problem for each in against(file.located, file.mapping, live)]
    assert {each.severity for each in found} <= {"warning"}
    return [str(each) for each in found if "or hides it" not in each.text]


def task(*lines: str) -> str:
    return "  Task:\n    is: task\n    task:\n      key: Key__c\n" + "".join(f"      {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["closed: {Status: [No answer, done]}", "outcomes: []"], []),
        (
            ["closed: {Status: [No anwser, Done]}", "outcomes: []"],
            ["m.yaml:7:25: 'Status' has no value 'No anwser' (did you mean 'No answer'?)"],
        ),
        (
            ["closed: {Status: Finished}", "outcomes: []"],
            ["m.yaml:7:24: 'Status' has no value 'Finished': this line never holds"],
        ),
        (
            ["closed: {Status: Done}", "close: {Status: Later}", "outcomes: []"],
            ["m.yaml:8:23: 'Status' has no value 'Later': this line never holds"],
        ),
        (
            [
                "closed: {Status: Done}",
                "outcomes:",
                "  - {when: {Status: No anw*}, is: call_attempt, outcome: no_answer}",
                "  - {when: {Status: work*}, is: call_attempt, outcome: connected}",
            ],
            ["m.yaml:9:27: 'Status' has no value 'No anw*' (did you mean 'No answer'?): this line never holds"],
        ),
        (
            [
                "closed: {Status: Done}",
                "outcomes:",
                "  - when: {Status: Working}",
                "    is: sales_rejected",
                "    reason: {from: Status, as: picklist, values: {New: timing, No anwser: no_response, Odd: budget}}",
            ],
            ["m.yaml:11:70: 'Status' has no value 'No anwser' (did you mean 'No answer'?)"],
        ),
    ],
)
def test_a_tasks_words_are_compared_with_the_orgs(lines: list[str], expected: list[str]) -> None:
    live = {"Task": [listed("Status", *STATUS), FieldInfo(name="Key__c", label="", type="string")]}
    assert told(task(*lines), live) == expected


def test_a_field_without_a_list_takes_any_word_and_one_of_a_relation_is_not_known() -> None:
    body = task(
        "closed: {Done: true}", "outcomes: [{when: {Result: Whatever}, is: call_attempt, outcome: connected}]"
    ) + ("    activity:\n      people: {Lead: WhoId}\n      cases: [{when: {What.Type: Odd}, is: meeting_booked}]\n")
    fields = [FieldInfo(name=name, label="", type="string") for name in ("Key__c", "Result", "WhoId", "Done")]
    assert told(body, {"Task": fields}) == []


def call(case: str) -> str:
    line = f"{{when: {{hs_call_disposition: {case}}}, is: meeting_booked}}"
    return f"  call:\n    is: activity\n    activity:\n      cases:\n        - {line}\n"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (GUID, None),
        ("Call back", None),
        ('"call*"', None),
        ("Calback", "'hs_call_disposition' has no value 'Calback' (did you mean 'Call back'?): this line never holds"),
        ("[Call back, Nonsense]", None),
        ("Nonsense", "'hs_call_disposition' has no value 'Nonsense': this line never holds"),
    ],
)
def test_an_outcome_of_a_call_may_be_named_by_its_id_or_by_what_people_see(word: str, expected: str | None) -> None:
    live = {"call": [listed("hs_call_disposition", GUID, "x", labels=("Call back", "Connected"))]}
    found = told(call(word), live, "hubspot")
    assert [each.partition(": ")[2] for each in found] == ([expected] if expected else [])


def lead_status(values: str) -> str:
    return (
        "  contact:\n    is: person\n    lead:\n"
        f"      sales_answer: {{from: hs_lead_status, as: picklist, values: {{{values}}}}}\n"
    )


MISSPELT = "'hs_lead_status' has no value 'BAD_TIMNG' (did you mean 'BAD_TIMING'?)"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("BAD_TIMING: rejected, UNQUALIFIED: rejected", []),
        ("BAD_TIMNG: rejected, UNQUALIFIED: rejected", [MISSPELT]),
        ("BAD_TIMNG: rejected", [f"{MISSPELT}, so nothing reads as 'rejected'"]),
        ("UNQUALIFIED: rejected, Elsewhere: rejected", []),
    ],
)
def test_each_status_by_which_sales_answers_is_compared(values: str, expected: list[str]) -> None:
    live = {"contact": [listed("hs_lead_status", "NEW", "BAD_TIMING", "UNQUALIFIED")]}
    assert [each.partition(": ")[2] for each in told(lead_status(values), live, "hubspot")] == expected


def test_a_words_label_names_the_value_that_is_meant() -> None:
    field: Any = listed("Status", "no_answer", "done", labels=("Niemand erreicht", "Fertig"))
    live = {"Task": [field, FieldInfo(name="Key__c", label="", type="string")]}
    said = "{when: {Status: Niemand erreicht}, is: call_attempt, outcome: no_answer}"
    lines = ("closed: {Status: done}", f"outcomes: [{said}]")
    (found,) = told(task(*lines), live)
    assert "(did you mean 'no_answer'?)" in found
