"""The two fields of a task in which a person answers: what they offer is what is read."""

import pytest
from vocabulary_files import OWN

from mappings.language.mapping_compiler import compile_mapping
from mappings.language.mapping_files import shipped
from mappings.model.compiled_mapping import AnswerFields, CrmMapping, TaskMapping
from mappings.translate.record_answers import answer, unread
from mappings.vocabulary.files.parse_vocabulary import parse
from mappings.vocabulary.value import CANONICAL, Vocabulary
from mappings.yaml_files.located_yaml import load
from mappings.yaml_files.problems import Problem

CLOSED = {"hubspot": {"hs_task_status": "COMPLETED"}, "salesforce": {"IsClosed": True}}
SYSTEMS = pytest.mark.parametrize("system", ["hubspot", "salesforce"])
SAYS = {
    "no_answer": "call_attempt:no_answer",
    "voicemail": "call_attempt:voicemail",
    "connected": "call_attempt:connected",
    "meeting": "meeting_booked",
    "accepted": "sales_accepted",
    "qualified": "sales_qualified",
    "rejected": "sales_rejected",
}


def compiled(text: str, words: Vocabulary = CANONICAL) -> tuple[CrmMapping | None, tuple[Problem, ...]]:
    located, problems = load(text, "ours.yaml")
    return compile_mapping(located, words) if located else (None, problems)


def tasks(system: str, words: Vocabulary = CANONICAL) -> tuple[TaskMapping, AnswerFields]:
    mapping, problems = compiled(shipped(system).text, words)
    assert mapping is not None, problems
    (found,) = [each.task for each in mapping.objects.values() if each.task]
    assert found.answer is not None
    return found, found.answer


@SYSTEMS
def test_every_outcome_that_is_offered_says_something(system: str) -> None:
    found, fields = tasks(system)
    assert [value for value, _ in fields.outcomes] == list(SAYS)
    for value, said in SAYS.items():
        got = answer(found, {**CLOSED[system], fields.outcome: value})
        assert got is not None
        assert got.state == said


@SYSTEMS
def test_a_companys_own_reasons_and_call_outcomes_are_offered_and_read(system: str) -> None:
    text = OWN.replace("reason: [no_authority]", "reason: [no_authority]\n  outcome: [gatekeeper]")
    words, problems = parse(text, "words.yaml")
    assert words is not None, problems
    found, fields = tasks(system, words)
    assert ("no_authority", "No authority") in fields.reasons
    raw = {**CLOSED[system], fields.outcome: "rejected", fields.reason: "no_authority"}
    got = answer(found, raw)
    assert got is not None
    assert got.state == "sales_rejected:no_authority"
    got = answer(found, {**CLOSED[system], fields.outcome: "gatekeeper"})
    assert got is not None
    assert got.state == "call_attempt:gatekeeper"


def test_a_persons_answer_counts_before_a_calls_own_result() -> None:
    found, fields = tasks("salesforce")
    got = answer(found, {"IsClosed": True, fields.outcome: "accepted", "CallDisposition": "Connected"})
    assert got is not None
    assert got.type == "sales_accepted"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("{reason: task_rejection_reason}", "must name a CRM field"),
        ("{outcome: task_outcome, reason: Task_Outcome}", "no field name"),
        ("{outcome: task_outcome, reason: task_outcome}", "is the field of the outcome already"),
        ("{outcome: task_outcome, why: task_reason}", "unknown name 'why'"),
    ],
)
def test_mistakes_in_the_fields_of_an_answer_are_named_with_their_place(fields: str, said: str) -> None:
    text = shipped("hubspot").text.replace("{outcome: task_outcome, reason: task_rejection_reason}", fields)
    _, problems = compiled(text)
    assert any(said in str(each) for each in problems), problems


@SYSTEMS
def test_a_reason_alone_gives_the_lead_back_and_completes_a_rejection_that_has_none(system: str) -> None:
    found, fields = tasks(system)
    for said in ({fields.reason: "timing"}, {fields.outcome: "rejected", fields.reason: "Timing"}):
        got = answer(found, {**CLOSED[system], **said})
        assert got is not None
        assert got.state == "sales_rejected:timing"
    got = answer(found, {**CLOSED[system], fields.outcome: "connected", fields.reason: "timing"})
    assert got is not None
    assert got.state == "call_attempt:connected", "the outcome counts first"


@SYSTEMS
def test_a_word_that_nothing_means_says_nothing_and_is_told(system: str) -> None:
    found, fields = tasks(system)
    raw = {**CLOSED[system], fields.outcome: "conected", fields.reason: "mood"}
    assert answer(found, raw) is None
    assert list(unread(found, raw)) == [("lead.sales_answer", "conected"), ("sales_rejected.reason", "mood")]
    assert list(unread(found, {**CLOSED[system], fields.outcome: "Connected"})) == []
    assert list(unread(found, {fields.outcome: "conected"})) == [], "nobody has answered yet"
