"""A word in the note of a task: only by the closed list, only after the mark, and never out of our own text."""

import pytest

from mappings.language.mapping_compiler import compile_mapping
from mappings.language.mapping_files import shipped
from mappings.model.compiled_mapping import TaskMapping
from mappings.reading import notes
from mappings.translate.record_answers import answer
from mappings.yaml_files.located_yaml import load

FIELDS = {
    "hubspot": ({"hs_task_status": "COMPLETED"}, "hs_task_body", "task_outcome", "task_rejection_reason"),
    "salesforce": ({"IsClosed": True}, "Description", "Coldframe_Outcome__c", "Coldframe_Rejection_Reason__c"),
}
SYSTEMS = pytest.mark.parametrize("system", list(FIELDS))


def tasks(system: str = "hubspot", note: str = "") -> TaskMapping:
    text = shipped(system).text
    located, problems = load(text.replace("note: hs_task_body", f"note: {note}") if note else text, "ours.yaml")
    assert located is not None, problems
    mapping, problems = compile_mapping(located)
    assert mapping is not None, problems
    (found,) = [each.task for each in mapping.objects.values() if each.task]
    return found


def said(note: str, ours: str = "", mapping: TaskMapping | None = None) -> str | None:
    got = answer(mapping or tasks(), {"hs_task_status": "COMPLETED", "hs_task_body": note}, ours)
    return got.state if got else None


@pytest.mark.parametrize(
    ("note", "state"),
    [
        ("#rejected timing", "sales_rejected:timing"),
        ("Spoke to her. #REJECTED: Bad Fit, sorry", "sales_rejected:bad_fit"),
        ("<p>#rejected-too_early</p>", "sales_rejected:too_early"),
        ("#rejected #budget", "sales_rejected:budget"),
        ("#rejected (timing)", "sales_rejected:timing"),
        ("#rejected. Timing was off", "sales_rejected"),
        ("#rejected, no budget left", "sales_rejected"),
        ("#no answer", "call_attempt:no_answer"),
        ("#no_answer on Monday<br>#connected on Tuesday", "call_attempt:connected"),
        ("#Connected", "call_attempt:connected"),
        ("#meeting on Friday", "meeting_booked"),
        ("#accepted", "sales_accepted"),
        ("#qualified!", "sales_qualified"),
        ("rejected timing", None),
        ("we connected, he rejected our offer", None),
        ("#rejectedly timing", None),
        ("#1 priority: call #acme", None),
        ("see https://acme.example/deals#accepted and a#connected", None),
        ("<span style='color:#accepted'>blue</span> &#35 &amp;#connected", None),
        ("", None),
    ],
)
def test_only_a_whole_word_of_the_list_after_the_mark_counts(note: str, state: str | None) -> None:
    assert said(note) == state


@SYSTEMS
def test_the_note_comes_after_the_fields_of_the_answer_and_lends_them_its_reason(system: str) -> None:
    closed, note, outcome, reason = FIELDS[system]
    found = tasks(system)
    for raw, state in (
        ({outcome: "connected", note: "#rejected timing"}, "call_attempt:connected"),
        ({outcome: "rejected", note: "#rejected timing"}, "sales_rejected:timing"),
        ({outcome: "rejected", reason: "budget", note: "#rejected timing"}, "sales_rejected:budget"),
        (
            {note: "#rejected", "CallDisposition": "Rejected: bad fit"},
            "sales_rejected" if system == "hubspot" else "sales_rejected:bad_fit",
        ),
        ({note: "#accepted", "CallDisposition": "Connected"}, "sales_accepted"),
    ):
        got = answer(found, {**closed, **raw})
        assert got is not None
        assert got.state == state
    assert answer(found, {note: "#rejected timing"}) is None, "the task is open"


def test_what_we_wrote_ourselves_says_nothing_whoever_it_came_from() -> None:
    ours = "To close it: write #connected, or #rejected timing.\nCompany: #accepted GmbH"
    assert said("To close it: write #connected, or #rejected timing.<br>Company: #accepted GmbH", ours) is None
    written = "To close it: write #connected, or #rejected timing. #rejected timing<br>Company: #accepted GmbH"
    assert said(written, ours) == "sales_rejected:timing"


def test_what_people_wrote_beside_our_text_is_theirs_however_it_is_shown() -> None:
    ours = "Call her today\n- ask for the budget"
    note = "<p><b>Call her today</b></p><ul><li>ask for the budget</li></ul><p>Back in May,<br>she says</p>"
    assert notes.remark(note, ours) == "Back in May, she says"
    assert notes.remark("Call her today\nask for the budget", ours) == ""


def test_an_admin_adds_words_of_their_own() -> None:
    words = "{rejected: [Absage, '#kein Interesse'], meeting: Termin}"
    own = tasks(note=f"{{from: hs_task_body, words: {words}, reasons: {{timing: [später]}}}}")
    assert said("#absage Später", mapping=own) == "sales_rejected:timing"
    assert said("#kein interesse", mapping=own) == "sales_rejected"
    assert said("#Termin", mapping=own) == "meeting_booked"
    assert said("#connected", mapping=own) == "call_attempt:connected", "the words themselves count too"


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("{from: hs_task_body, words: {rejectd: [x]}}", "unknown name 'rejectd' (did you mean 'rejected'?)"),
        ("{from: hs_task_body, reasons: {timeing: [x]}}", "unknown name 'timeing' (did you mean 'timing'?)"),
        ("{from: hs_task_body, words: {rejected: ['a b c d']}}", "'a b c d' is no word"),
        ("{from: hs_task_body, words: {rejected: [connected]}}", "'connected' says 'connected' already"),
        ("{from: hs_task_body, words: {rejected: [dead], meeting: [dead]}}", "'dead' says 'rejected' already"),
        ("{words: {rejected: [dead]}}", "must name a CRM field"),
        ("{form: hs_task_body}", "unknown name 'form' (did you mean 'from'?)"),
    ],
)
def test_mistakes_in_the_words_of_a_note_are_named_with_their_place(note: str, expected: str) -> None:
    located, _ = load(shipped("hubspot").text.replace("note: hs_task_body", f"note: {note}"), "ours.yaml")
    assert located is not None
    mapping, problems = compile_mapping(located)
    assert mapping is None
    assert any(expected in str(each) for each in problems), problems
