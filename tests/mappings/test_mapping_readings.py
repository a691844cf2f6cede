"""What is sent is read as a mapped field is: choices and flags in any case, numbers as text; no word means another."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.model.canonical import ACCOUNT_FIELDS, ACTIVITY_TYPES, LEAD_FIELDS, Field
from mappings.reading.readings import CANONICAL, Readings, Unread
from mappings.values import bounds
from mappings.values.instant import parse

PROPERTIES = [(kind, name, field) for kind, known in ACTIVITY_TYPES.items() for name, field in known.items()]
CHOICES = [(kind, name, each) for kind, name, field in PROPERTIES for each in field.choices]


def read(kind: str, **sent: Any) -> dict[str, Any]:
    return dict(CANONICAL.properties(kind, sent))


def unread(kind: str, **sent: Any) -> list[Unread]:
    return list(CANONICAL.unread(kind, sent))


@pytest.mark.parametrize(("kind", "name", "choice"), CHOICES)
def test_every_choice_of_every_property_is_read_in_any_case_and_padded(kind: str, name: str, choice: str) -> None:
    for sent in (
        choice,
        choice.upper(),
        choice.title(),
        f"  {choice} ",
        choice.replace("_", " "),
        choice.replace("_", "-"),
    ):
        assert read(kind, **{name: sent}) == {name: choice}, sent
        assert unread(kind, **{name: sent}) == []


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, name, field in PROPERTIES if field.kind == "number"])
def test_every_number_is_read_from_text_and_what_is_none_is_told(kind: str, name: str) -> None:
    for sent, number in (
        (45, 45),
        (45.0, 45),
        ("45", 45),
        (" 45 ", 45),
        ("45.0", 45),
        ("1,200", 1200),
        ("1.200,50", 1200.5),
    ):
        assert read(kind, **{name: sent}) == {name: number}
        assert unread(kind, **{name: sent}) == []
    for sent in ("45 min", "nan", "inf", "-inf", "1_000", "1e3", [45], ["45"], {"is": 45}, True, "many", 2**63, 1e300):
        assert read(kind, **{name: sent}) == {name: None}
        assert [(each.kind, each.place) for each in unread(kind, **{name: sent})] == [("value", f"{kind}.{name}")]


@pytest.mark.parametrize("kind", [kind for kind, known in ACTIVITY_TYPES.items() if "asked_question" in known])
def test_flags_are_read_in_every_spelling(kind: str) -> None:
    for flag, spellings in {
        True: (True, "true", "TRUE", "Yes", "y", "on", "1", 1, 1.0, " true "),
        False: (False, "false", "No", "n", "OFF", "0", 0),
    }.items():
        for sent in spellings:
            assert read(kind, asked_question=sent) == {"asked_question": flag}
            assert type(read(kind, asked_question=sent)["asked_question"]) is bool
    for sent in ("maybe", 2, ["true"], {"true": 1}, "tru"):
        assert read(kind, asked_question=sent) == {"asked_question": None}
        assert len(unread(kind, asked_question=sent)) == 1


def test_letters_for_thousands_are_read_in_amounts_and_not_in_minutes() -> None:
    assert read("opportunity_won", amount="$1.2M") == {"amount": 1_200_000}
    assert read("webinar_attend", minutes="45m") == {"minutes": None}


@pytest.mark.parametrize("blank", [None, "", "  ", [], (), {}])
def test_blanks_are_unknown_and_nobody_is_told(blank: Any) -> None:
    for kind, name, _ in PROPERTIES:
        assert read(kind, **{name: blank}) == {name: None}
        assert unread(kind, **{name: blank}) == []


def test_a_word_that_no_choice_has_means_nothing_and_is_told_with_the_nearest_one() -> None:
    assert read("call_attempt", outcome="conected") == {"outcome": None}
    (word,) = unread("call_attempt", outcome="conected")
    assert CANONICAL.sentence(word) == (
        "call_attempt.outcome: 'conected' is none of no_answer, voicemail, connected (did you mean 'connected'?)"
    )


def test_a_misspelt_type_is_told_with_the_nearest_one_and_its_properties_are_left_alone() -> None:
    (word,) = unread("pageview", page="Pricing", pgae=1)
    assert word == Unread("type", "", "pageview")
    assert CANONICAL.sentence(word) == "no activity type is called 'pageview' (did you mean 'page_view'?)"
    assert read("pageview", page="Pricing") == {"page": "Pricing"}


def test_a_misspelt_property_is_kept_and_told_with_the_nearest_one() -> None:
    (word,) = unread("webinar_attend", minuts=45)
    assert CANONICAL.sentence(word) == "webinar_attend has no property 'minuts' (did you mean 'minutes'?)"
    assert read("webinar_attend", minuts="45") == {"minuts": "45"}


def test_a_property_that_means_the_same_everywhere_is_known_with_every_type() -> None:
    assert unread("unsubscribe", campaign="spring", asset="whitepaper") == []
    assert read("unsubscribe", campaign=" spring ") == {"campaign": "spring"}
    assert unread("page_view", reason="timing") == [Unread("property", "page_view", "reason")], "it means two things"


def test_what_is_written_rightly_is_handed_through_as_it_is() -> None:
    sent = {"minutes": 45, "asked_question": True, "webinar": "spring", "own": [1, {"x": 2}]}
    assert CANONICAL.properties("webinar_attend", sent) is sent
    assert CANONICAL.properties("own_type", sent) is sent


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"opted_out": "true", "is_student": "No"}, {"opted_out": True, "is_student": False}),
        ({"seniority": "C-Level", "source": "Trade Show"}, {"seniority": "c_level", "source": "trade_show"}),
        ({"stage": "SQL", "first_name": " Ana "}, {"stage": "sql", "first_name": "Ana"}),
        ({"country": "Deutschland", "timezone": "europe/berlin"}, {"country": "DE", "timezone": "Europe/Berlin"}),
        ({"timezone": "nonsense", "seniority": "boss"}, {"timezone": None, "seniority": None}),
        ({"account": 17, "own": ["a"]}, {"account": "17", "own": ["a"]}),
        ({"account": " acme "}, {"account": " acme "}),
    ],
)
def test_the_fields_of_a_lead_are_read_as_mapped_ones(sent: Any, fields: Any) -> None:
    assert CANONICAL.lead(sent) == fields


def test_the_fields_of_an_account_are_read_as_mapped_ones() -> None:
    sent = {
        "employees": "1,200",
        "revenue": "€ 1.2M",
        "domain": "https://www.Müller.example/x",
        "technologies": "a; b;a",
    }
    assert CANONICAL.account(sent) == {
        "employees": 1200,
        "revenue": 1_200_000,
        "domain": "xn--mller-kva.example",
        "technologies": ("a", "b"),
    }
    words = list(CANONICAL.unread_fields("account", {"employees": "some", "emploees": 3, "domain": "acme"}))
    assert [CANONICAL.sentence(each) for each in words] == [
        "account.employees: 'some' is no number",
        "account has no field 'emploees' (did you mean 'employees'?)",
        "account.domain: 'acme' is no domain",
    ]


@pytest.mark.parametrize("subject", ["lead", "account"])
def test_every_field_reads_its_own_meaning_back(subject: Any) -> None:
    examples = {"number": 45, "boolean": True, "text": "x", "list": ("a",), "time": parse("2026-01-05T09:00:00Z")}
    special = {"email": "a@x.example", "country": "DE", "timezone": "Europe/Berlin", "domain": "acme.example"}
    for name, field in (LEAD_FIELDS if subject == "lead" else ACCOUNT_FIELDS).items():
        value = special.get(name) or (field.choices[0] if field.choices else examples[field.kind])
        assert getattr(CANONICAL, subject)({name: value}) == {name: value}


_ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(known=st.sampled_from(PROPERTIES), value=_ANY)
def test_whatever_is_sent_is_read_or_told_and_reading_it_again_changes_nothing(
    known: tuple[str, str, Field], value: Any
) -> None:
    kind, name, field = known
    once = CANONICAL.properties(kind, {name: value})
    assert CANONICAL.properties(kind, once) == once
    words = list(CANONICAL.unread(kind, {name: value}))
    assert all(CANONICAL.sentence(each) for each in words)
    if field.choices:
        assert once[name] in (None, *field.choices)
    if field.kind == "number" and once[name] is not None:
        assert abs(float(str(once[name]))) < bounds.INTEGER


def test_the_words_of_another_vocabulary_are_read_by_the_same_rules() -> None:
    own = Readings({**ACTIVITY_TYPES, "video_watched": {"percent": Field(kind="number"), "hd": Field(kind="boolean")}})
    assert own.properties("video_watched", {"percent": "80", "hd": "yes"}) == {"percent": 80, "hd": True}
    assert list(own.unread("video_watched", {"percent": "80 %"})) == [Unread("value", "video_watched.percent", "80 %")]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("Timing", "timing"),
        ("BAD FIT", "bad_fit"),
        (" No response ", "no_response"),
        ("Went with Acme", "Went with Acme"),
    ],
)
def test_the_reason_of_a_lost_deal_is_free_and_one_of_sales_own_where_it_says_one(sent: str, reason: str) -> None:
    assert read("opportunity_lost", reason=sent) == {"reason": reason}
    assert unread("opportunity_lost", reason=sent) == []
