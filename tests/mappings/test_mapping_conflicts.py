"""What counts when systems disagree: by owner, by time, by either; never by the order of arrival."""

from itertools import permutations
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.conflicts.field_conflicts import (
    EITHER,
    NOBODY,
    UNOWNED,
    Judgement,
    Said,
    claimed_twice,
    either,
    in_effect,
    judge,
    key_prefix,
    latest,
    owned,
    ownership,
    said_by,
    settled,
    speaker,
)
from mappings.language.mapping_compiler import compile_mapping
from mappings.language.mapping_files import shipped
from mappings.model.canonical import Value
from mappings.model.compiled_mapping import CrmMapping
from mappings.yaml_files.located_yaml import Located, load
from mappings.yaml_files.problems import Problem

OWNERS = {"title": "salesforce"}
YES, NO = True, False


Fact: TypeAlias = tuple[int, str, dict[str, Value]]


def said(at: int, system: str, value: Value) -> Said:
    return Said(at, f"{system}:x:{at}" if system else f"first:{at}", system, value)


def test_nobody_said_anything() -> None:
    assert latest([]) == Judgement(None, "nobody said")
    assert owned([], "hubspot").value is None
    assert either([]).value is None


def test_the_last_word_counts_and_it_is_said_whose_it_was() -> None:
    words = [said(1, "salesforce", "a"), said(3, "hubspot", "c"), said(2, "salesforce", "b")]
    assert latest(words) == Judgement("c", "said last, by HubSpot")
    assert latest([*words, said(4, "", "d")]).because == "said last, by another source"


def test_of_two_words_at_one_time_the_key_decides() -> None:
    one, other = Said(5, "hubspot:1", "hubspot", "x"), Said(5, "salesforce:1", "salesforce", "y")
    assert latest([one, other]) == latest([other, one]) == Judgement("y", "said last, by Salesforce")


def test_the_owners_word_counts_however_old() -> None:
    words = [said(1, "salesforce", "a"), said(9, "hubspot", "b")]
    assert owned(words, "salesforce") == Judgement("a", "Salesforce owns the field")
    assert owned(words, "hubspot") == Judgement("b", "HubSpot owns the field")


def test_of_the_owners_words_the_last_counts() -> None:
    words = [said(2, "salesforce", "new"), said(1, "salesforce", "old"), said(3, "hubspot", "other")]
    assert owned(words, "salesforce").value == "new"


@pytest.mark.parametrize("blank", [[], [said(5, "salesforce", None)]])
def test_where_the_owner_says_nothing_the_others_are_heard(blank: list[Said]) -> None:
    found = owned([*blank, said(1, "hubspot", "b")], "salesforce")
    assert found == Judgement("b", "Salesforce owns the field and says nothing; said last, by HubSpot")


def test_an_owner_who_clears_a_field_gives_it_to_the_others_and_may_take_it_back() -> None:
    words = [said(1, "salesforce", "a"), said(2, "hubspot", "b"), said(3, "salesforce", None)]
    assert owned(words, "salesforce").value == "b"
    assert owned([*words, said(4, "salesforce", "d")], "salesforce").value == "d"


def test_a_flag_is_true_as_soon_as_one_system_says_so() -> None:
    words = [said(1, "salesforce", YES), said(2, "hubspot", NO)]
    assert either(words) == Judgement(YES, "Salesforce says so, and one is enough")
    assert either([*words, said(3, "salesforce", NO)]) == Judgement(NO, "said last, by Salesforce")


def test_each_of_two_connections_of_one_system_says_so_for_itself() -> None:
    words = [said_by(1, "hubspot:contact:1@1", YES), said_by(2, "hubspot/emea:contact:1@2", NO)]
    assert either(words) == Judgement(YES, "HubSpot says so, and one is enough")
    taken_back = [*words, said_by(3, "hubspot:contact:1@3", NO)]
    assert either(taken_back).value is False, "whoever said it may take it back"


@pytest.mark.parametrize("name", sorted(EITHER))
def test_no_owner_can_take_an_opt_out_or_an_exclusion_back(name: str) -> None:
    words = [said(1, "salesforce", NO), said(2, "hubspot", YES), said(3, "salesforce", NO)]
    assert judge(name, words, {name: "salesforce"}).value is True


def test_zero_and_no_are_words_and_not_blanks() -> None:
    assert owned([said(1, "salesforce", 0), said(2, "hubspot", 7)], "salesforce").value == 0
    assert owned([said(1, "salesforce", NO), said(2, "hubspot", YES)], "salesforce").value is False


_facts = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from(["hubspot:a", "hubspot:b", "salesforce:a", "first:a"]),
        st.dictionaries(
            st.sampled_from(["title", "phone", "opted_out"]), st.sampled_from([None, True, False, "x", "y"]), min_size=1
        ),
    ),
    max_size=6,
    unique_by=lambda fact: fact[:2],
)


@given(facts=_facts, data=st.data())
def test_what_counts_does_not_depend_on_the_order_of_hearing(facts: list[Fact], data: st.DataObject) -> None:
    assert settled(facts, OWNERS) == settled(data.draw(st.permutations(facts)), OWNERS)


@given(facts=_facts)
def test_told_one_after_the_other_it_comes_to_what_counts_in_the_end(facts: list[Fact]) -> None:
    ordered = sorted(facts, key=lambda fact: fact[:2])
    now: dict[str, Value] = {}
    for fields in in_effect(ordered, OWNERS):
        now.update(fields)
    assert now == settled(ordered, OWNERS)


def test_what_changes_nothing_is_told_as_nothing_and_what_nobody_owns_as_it_was_said() -> None:
    facts = [
        (1, "salesforce:1", {"title": "VP", "stage": "sal"}),
        (2, "hubspot:1", {"title": "Intern", "stage": "sal"}),
        (3, "salesforce:2", {"title": None}),
        (4, "hubspot:2", {"opted_out": True}),
        (5, "salesforce:3", {"opted_out": False}),
    ]
    assert in_effect(facts, OWNERS) == [
        {"title": "VP", "stage": "sal"},
        {"stage": "sal"},
        {"title": "Intern"},
        {"opted_out": True},
        {},
    ]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_two_crms_and_a_form_come_to_one_title_in_any_order(order: tuple[int, ...]) -> None:
    facts = [(7, "hubspot:1", {"title": "CEO"}), (2, "salesforce:1", {"title": "VP"}), (9, "first:1", {"title": "x"})]
    assert settled([facts[place] for place in order], OWNERS) == {"title": "VP"}
    assert settled([facts[place] for place in order], {}) == {"title": "x"}


def test_who_speaks_is_known_by_the_key() -> None:
    keys = ("hubspot:contact:1@5", "salesforce:Lead:1@5", "first:abc", "245118002:contact.propertyChange:1")
    assert [speaker(key)[0] for key in keys] == ["hubspot", "salesforce", "", ""]
    assert speaker("hubspot/emea:contact:1@5") == ("hubspot", "emea"), "a second connection of a system speaks for it"
    for system, connection in (("hubspot", "hubspot"), ("hubspot", "emea"), ("salesforce", "sales-cloud")):
        assert speaker(f"{key_prefix(system, connection)}:contact:1@5") == (system, connection)


def mapping(system: str, owns: str) -> tuple[CrmMapping | None, Located, tuple[Problem, ...]]:
    located, problems = load(
        f"system: {system}\nowns: {owns}\nobjects: {{contact: {{is: person, lead: {{email: email}}}}}}\n",
        f"{system}.yaml",
    )
    assert located is not None, problems
    return compile_mapping(located)[0], located, compile_mapping(located)[1]


def test_a_mapping_names_what_its_system_owns() -> None:
    one, located, problems = mapping("hubspot", "{lead: [title], account: [employees]}")
    assert problems == ()
    assert one is not None
    found = ownership([one])
    assert (dict(found.lead), dict(found.account)) == ({"title": "hubspot"}, {"employees": "hubspot"})
    assert claimed_twice([(one, located)]) == ()
    assert dict(NOBODY.lead) == {}


def test_a_field_claimed_by_two_mappings_is_told_at_the_second_and_stays_the_firsts() -> None:
    one, first, _ = mapping("salesforce", "{lead: [phone, title]}")
    other, second, _ = mapping("hubspot", "{lead: [timezone, title]}")
    assert one is not None
    assert other is not None
    (problem,) = claimed_twice([(one, first), (other, second)])
    assert str(problem) == "hubspot.yaml:2:25: 'title' has one owner, and Salesforce claims it too"
    assert ownership([one, other]).lead["title"] == "salesforce"


@pytest.mark.parametrize("name", sorted(UNOWNED))
def test_what_nobody_can_own_is_told_with_the_reason(name: str) -> None:
    part = "account" if name == "domain" else "lead"
    _, _, problems = mapping("hubspot", f"{{{part}: [{name}]}}")
    assert [problem.text for problem in problems] == [f"nobody owns '{name}': {UNOWNED[name]}"]


def test_a_misspelt_field_is_told_with_the_nearest_name() -> None:
    _, _, problems = mapping("hubspot", "{lead: [titel]}")
    assert str(problems[0]) == "hubspot.yaml:2:15: unknown name 'titel' (did you mean 'title'?)"
    assert "unknown name 'leads'" in mapping("hubspot", "{leads: [title]}")[2][0].text


def test_the_shipped_mappings_claim_nothing_twice() -> None:
    files = [shipped(system) for system in ("salesforce", "hubspot")]
    assert claimed_twice([(one.mapping, one.located) for one in files if one.mapping and one.located]) == ()
