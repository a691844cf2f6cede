"""The CRM's own fields: what a reading says, and what may be written over what stands there."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.language.mapping_compiler import compile_mapping
from mappings.language.mapping_files import shipped
from mappings.model.canonical import Kind
from mappings.model.compiled_mapping import CrmMapping
from mappings.reading.same_value import normal, same
from mappings.translate.native_fields import FieldState, after_reading, is_new_choice, reading
from mappings.translate.translation import natives, outward
from mappings.yaml_files.located_yaml import load


def mapping(system: str) -> CrmMapping:
    found = shipped(system).mapping
    assert found is not None
    return found


HUBSPOT, SALESFORCE = mapping("hubspot"), mapping("salesforce")


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("number", "40", 40),
        ("number", "40.0", 40),
        ("number", 40.0, "40"),
        ("number", "", None),
        ("number", "1,200", 1200),
        ("text", "a\nb", "a\r\nb "),
        ("text", " a ", "a"),
        ("text", "", None),
        ("text", "   ", None),
        ("choice", "hot ", "hot"),
        ("choice", "Hot", "hot"),
        ("choice", "", None),
        ("boolean", "true", True),
        ("boolean", "", None),
        ("boolean", "FALSE", False),
        ("time", "2026-01-06T09:00:00Z", "2026-01-06T09:00:00.000+0000"),
        ("time", "2026-01-06T09:00:00Z", "1767690000000"),
        ("time", "2026-01-06T10:00:00+01:00", 1767690000000),
        ("time", "2026-01-06T09:00:00.250Z", "2026-01-06T09:00:00.000Z"),
        ("time", None, ""),
        ("list", "a;b", "b; a"),
        ("list", ("a", "b"), "b;a"),
        ("list", "", None),
    ],
)
def test_one_value_in_two_ways_of_writing_it(kind: Kind, one: Any, other: Any) -> None:
    assert same(kind, one, other)
    assert same(kind, other, one)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("number", "40", "41"),
        ("number", "0", None),
        ("text", "a\nb", "a b"),
        ("text", "A", "a"),
        ("choice", "hot", "warm"),
        ("boolean", False, None),
        ("boolean", "true", "false"),
        ("time", "2026-01-06T09:00:00Z", "2026-01-06T09:00:01Z"),
        ("time", "2026-01-06T09:00:00Z", "2026-01-06T09:00:00+01:00"),
        ("list", "a;b", "a"),
        ("number", "many", "few"),
    ],
)
def test_two_values(kind: Kind, one: Any, other: Any) -> None:
    assert not same(kind, one, other)


@given(kind=st.sampled_from(["text", "number", "boolean", "time", "choice", "list"]), value=st.text(max_size=20))
def test_a_normal_value_is_its_own_normal_value(kind: Kind, value: str) -> None:
    once = normal(kind, value)
    assert same(kind, value, value)
    if isinstance(once, (str, int, float, bool)) and kind != "time":
        assert normal(kind, once) == once


def test_the_first_reading_is_nobodys_choice_in_particular() -> None:
    held, chosen = after_reading(None, "choice", "lead", modified_at=5, asked_at=10)
    assert (held, chosen) == (FieldState(value="lead", read="lead", seen=5), None)


def test_our_own_value_coming_back_is_nobodys_choice() -> None:
    ours = FieldState(value="lead", sent="salesqualifiedlead", sent_at=7, read="lead", seen=5)
    held, chosen = after_reading(ours, "choice", "SalesQualifiedLead ", modified_at=8, asked_at=10)
    assert chosen is False
    assert (held.value, held.sent) == ("SalesQualifiedLead ", "salesqualifiedlead")


def test_another_value_is_somebodys_choice_and_ours_is_forgotten() -> None:
    ours = FieldState(value="salesqualifiedlead", sent="salesqualifiedlead", sent_at=7, read="lead", seen=5)
    held, chosen = after_reading(ours, "choice", "customer", modified_at=9, asked_at=10)
    assert chosen is True
    assert held == FieldState(value="customer", read="customer", seen=9)
    _, again = after_reading(held, "choice", "salesqualifiedlead", modified_at=12, asked_at=13)
    assert again is True, "what we once wrote, chosen by somebody, is a choice"


def test_what_the_record_told_before_is_no_news_also_where_an_index_lags() -> None:
    held = FieldState(value="lead", sent="lead", sent_at=20, read="salesqualifiedlead", seen=9)
    assert after_reading(held, "choice", "salesqualifiedlead", modified_at=9, asked_at=30) == (held, False)
    assert after_reading(held, "choice", "customer", modified_at=8, asked_at=30) == (held, False)


def test_the_same_value_chosen_anew_is_news() -> None:
    held = FieldState(value="lead", sent="lead", sent_at=20, read="salesqualifiedlead", seen=9)
    assert after_reading(held, "choice", "salesqualifiedlead", modified_at=25, asked_at=30)[1] is True


def test_a_reading_that_our_own_write_overtook_says_nothing() -> None:
    held = FieldState(value="a", sent="b", sent_at=20, read="a", seen=5)
    assert after_reading(held, "choice", "c", modified_at=18, asked_at=19) == (held, False)


def test_a_blank_is_never_a_choice_that_has_to_be_heard_before_writing() -> None:
    held = FieldState(value="a", sent="b", sent_at=20, read="a", seen=5)
    assert not is_new_choice(held, "choice", "", modified_at=99)
    assert not is_new_choice(held, "choice", "b", modified_at=99)
    assert not is_new_choice(held, "choice", "a", modified_at=99)
    assert is_new_choice(held, "choice", "c", modified_at=99)
    assert not is_new_choice(FieldState(value="b", sent="b", read="a", seen=9), "choice", "a", modified_at=9), (
        "told before"
    )


def test_a_record_tells_which_lead_fields_are_ours_and_which_somebody_chose() -> None:
    found = HUBSPOT.objects["contact"]
    held = {"lifecyclestage": FieldState(value="salesqualifiedlead", sent="salesqualifiedlead", sent_at=1, seen=1)}
    ours = reading(found, {"lifecyclestage": "salesqualifiedlead"}, held, modified_at=5, asked_at=9)
    assert (ours.silent, ours.chose) == ({"stage"}, frozenset())
    theirs = reading(found, {"lifecyclestage": "customer"}, held, modified_at=5, asked_at=9)
    assert (theirs.silent, theirs.chose) == (frozenset(), {"stage"})
    silent = reading(found, {"lifecyclestage": "lead"}, held, modified_at=5, asked_at=9)
    assert (silent.silent, silent.chose) == (frozenset(), frozenset()), "a value that says nothing tells nothing"


@pytest.mark.parametrize(
    ("stage", "stands", "written"),
    [
        ("mql", "lead", "marketingqualifiedlead"),
        ("mql", "subscriber", "marketingqualifiedlead"),
        ("mql", "", "marketingqualifiedlead"),
        ("mql", None, "marketingqualifiedlead"),
        ("mql", "marketingqualifiedlead", None),
        ("sal", "marketingqualifiedlead", "salesqualifiedlead"),
        ("recycled", "salesqualifiedlead", "lead"),
        ("customer", "opportunity", "customer"),
        ("mql", "evangelist", None),
        ("mql", "118827345", None),
        ("inquiry", "marketingqualifiedlead", None),
        ("suppressed", "salesqualifiedlead", None),
    ],
)
def test_hubspots_stage_is_written_only_over_what_the_mapping_knows(
    stage: str, stands: str | None, written: str | None
) -> None:
    found = natives(HUBSPOT, "contact", {"stage": stage}, {"lifecyclestage": stands})
    assert found == ({"lifecyclestage": written} if written else {})


@pytest.mark.parametrize(
    ("stage", "stands", "written"),
    [
        ("sal", "Open - Not Contacted", "Working - Contacted"),
        ("sql", "Working - Contacted", None),
        ("sal", "Qualified", "Working - Contacted"),
        ("recycled", "Qualified", "Closed - Not Converted"),
        ("mql", "Closed - Not Converted", "Open - Not Contacted"),
        ("mql", "Junk", None),
    ],
)
def test_salesforces_status(stage: str, stands: str, written: str | None) -> None:
    found = natives(SALESFORCE, "Lead", {"stage": stage}, {"Status": stands})
    assert found == ({"Status": written} if written else {})
    assert natives(SALESFORCE, "Contact", {"stage": stage}, {}) == {}


def test_a_field_that_says_the_stage_in_words_of_its_own_keeps_them() -> None:
    values = "{Working - Contacted: sal, Working - Interested: sal}"
    text = (
        "system: salesforce\nobjects:\n  Lead:\n    is: person\n"
        f"    lead: {{stage: {{from: Status, as: picklist, values: {values}}}}}\n"
        "    write: {stage: {to: Status, values: {sal: Working - Contacted}}}\n"
    )
    located, _ = load(text, "m.yaml")
    assert located is not None
    found, problems = compile_mapping(located)
    assert problems == ()
    assert found is not None
    assert natives(found, "Lead", {"stage": "sal"}, {"Status": "Working - Interested"}) == {}
    assert found.reads("Lead") == ("Status",)


@pytest.mark.parametrize(
    ("crm", "name", "field", "yes"),
    [(HUBSPOT, "contact", "hs_email_optout", "true"), (SALESFORCE, "Contact", "HasOptedOutOfEmail", True)],
)
def test_an_opt_out_is_set_and_never_taken_back(crm: CrmMapping, name: str, field: str, yes: object) -> None:
    for stands in (None, "", "false", False):
        assert natives(crm, name, {"opted_out": True}, {field: stands}) == {field: yes}
    for stands in ("true", True):
        assert natives(crm, name, {"opted_out": True}, {field: stands}) == {}
        for value in (False, None):
            assert natives(crm, name, {"opted_out": value}, {field: stands}) == {}
    assert natives(crm, name, {}, {field: True}) == {}


def test_fields_of_the_crms_own_are_not_among_the_others() -> None:
    assert outward(HUBSPOT, "contact", {"stage": "mql", "opted_out": True}) == {"coldframe_stage": "mql"}
    assert outward(SALESFORCE, "Lead", {"stage": "mql", "opted_out": True}) == {"Coldframe_Stage__c": "mql"}
