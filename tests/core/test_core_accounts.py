from dataclasses import replace

import msgspec
import pytest
from core_builders import START, on, playbook

from integration.core.model.account_state import AccountState
from integration.core.rules.patterns import INTERNAL_SHARING, AccountSignal
from integration.core.run.account_signals import observe, unseen
from mappings.model.canonical import Activity
from mappings.values.instant import DAY, HOUR, Instant

RETURNS = AccountSignal(
    name="account_returns",
    signal=on("page_view"),
    distinct="day",
    at_least=3,
    within=5 * DAY,
    cooldown=7 * DAY,
    to="most_engaged",
)
INTEREST = replace(RETURNS, name="interest", signal=on("page_view"), distinct="person", at_least=2, to="actor")


def viewed(lead: str, at: Instant, document: str = "quote", viewer: str = "") -> Activity:
    properties = {"document": document, "viewer": viewer} if viewer else {"document": document}
    return Activity(
        id=f"{lead}{viewer}@{at}", lead=lead, at=at, type="document_view", properties=properties, account="acme"
    )


def visited(lead: str, at: Instant) -> Activity:
    return Activity(id=f"{lead}@{at}", lead=lead, at=at, type="page_view", properties={"page": "blog"}, account="acme")


def derive(
    *activities: Activity,
    signals: tuple[AccountSignal, ...] = (INTERNAL_SHARING,),
    engaged: dict[str, int] | None = None,
) -> list[tuple[str, float]]:
    book = playbook(account_signals=signals)
    state, derived = unseen("acme"), []
    for activity in activities:
        before = msgspec.json.encode(state)
        new_state, new = observe(book, state, activity, lambda lead: (engaged or {}).get(lead, 0))
        assert msgspec.json.encode(state) == before, "the given state is not changed"
        state = msgspec.json.decode(msgspec.json.encode(new_state), type=AccountState)
        derived += [(each.lead, (each.at - START) / DAY) for each in new]
    return derived


def test_without_distinct_each_activity_of_an_account_counts_whoever_did_it() -> None:
    often = replace(RETURNS, distinct="", at_least=3, within=2 * DAY, to="actor")
    visits = [visited("ana", START), visited("ana", START + HOUR), visited("bob", START + 2 * DAY)]
    assert derive(*visits, signals=(often,)) == [("bob", 2)]
    assert derive(*visits[:2], visited("bob", START + 2 * DAY + 1), signals=(often,)) == []
    many = [visited("ana", START + number) for number in range(250)]
    assert len(derive(*many, signals=(replace(often, at_least=250),))) == 1


def test_two_viewers_of_one_document_make_it_known_to_both() -> None:
    assert derive(viewed("ana", START), viewed("bob", START + 7 * DAY)) == [("ana", 7), ("bob", 7)]


def test_one_viewer_twice_or_two_documents_or_too_long_apart_are_no_sharing() -> None:
    assert derive(viewed("ana", START), viewed("ana", START + DAY)) == []
    assert derive(viewed("ana", START), viewed("bob", START + DAY, "other")) == []
    assert derive(viewed("ana", START), viewed("bob", START + 7 * DAY + 1)) == []


def test_one_document_under_two_addresses_is_one_document() -> None:
    links = ("https://docs.example/quote?for=ana", "https://docs.example/quote?for=bob")
    assert derive(viewed("ana", START, links[0]), viewed("bob", START + DAY, links[1])) == [("ana", 1), ("bob", 1)]


def test_people_unknown_to_the_crm_count_as_viewers() -> None:
    assert derive(viewed("ana", START), viewed("", START + DAY, viewer="boss@acme.example")) == [("ana", 1)]
    unknown = [viewed("", START, viewer="x"), viewed("", START + 1, viewer="y")]
    assert derive(*unknown) == []
    assert derive(*unknown, viewed("ana", START + DAY)) == [("ana", 1)]
    assert derive(viewed("ana", START), viewed("", START + 1)) == [], "nobody in particular"


def test_who_joins_later_within_the_window_is_told_then() -> None:
    events = [viewed("ana", START), viewed("bob", START + DAY), viewed("cem", START + 6 * DAY)]
    assert derive(*events) == [("ana", 1), ("bob", 1), ("cem", 6)]


def test_each_is_told_once_in_thirty_days() -> None:
    views = [viewed(lead, START + day * DAY) for day in range(0, 40, 5) for lead in ("ana", "bob")]
    assert derive(*views) == [("ana", 0), ("bob", 0), ("ana", 30), ("bob", 30)]


def test_derived_activities_name_their_cause_and_what_it_was_about() -> None:
    state, _ = observe(playbook(), unseen("acme"), viewed("ana", START), lambda _: 0)
    _, derived = observe(playbook(), state, viewed("bob", START + 1), lambda _: 0)
    first = derived[0]
    assert first.id == f"derived:internal_sharing/bob@{START + 1}/ana"
    assert first.type == "internal_sharing"
    assert dict(first.properties) == {"document": "quote", "people": 2}
    assert first.account == "acme"


def test_three_visiting_days_of_an_account_go_to_the_most_engaged() -> None:
    visits = [visited("ana", START), visited("bob", START + DAY), visited("bob", START + DAY + HOUR)]
    last = visited("ana", START + 3 * DAY)
    assert derive(*visits, last, signals=(RETURNS,), engaged={"ana": 3, "bob": 9}) == [("bob", 3)]
    assert derive(*visits, last, signals=(RETURNS,)) == [("ana", 3)], "ties: the smallest id"
    assert derive(*visits, visited("ana", START + 6 * DAY), signals=(RETURNS,)) == []


def test_an_account_is_told_once_in_its_cooldown() -> None:
    visits = [visited("ana", START + day * DAY) for day in range(12)]
    assert derive(*visits, signals=(RETURNS,)) == [("ana", 2), ("ana", 9)]


def test_who_is_the_most_engaged_is_looked_for_only_where_somebody_is_told() -> None:
    book, state, asked = playbook(account_signals=(RETURNS,)), unseen("acme"), []

    def engagement_of(lead: str) -> int:
        asked.append(lead)
        return 0

    told = []
    for day in range(12):
        for lead in ("ana", "bob"):
            state, new = observe(book, state, visited(lead, START + day * DAY), engagement_of)
            told += new
    assert len(told) == 2
    assert sorted(asked) == ["ana", "ana", "bob", "bob"], "nobody is asked while the signal cools down"


def test_the_one_who_completes_it_may_be_told() -> None:
    assert derive(visited("ana", START), visited("bob", START + DAY), signals=(INTEREST,)) == [("bob", 1)]


def test_the_same_activity_twice_and_a_late_one_change_nothing() -> None:
    first, second = viewed("ana", START), viewed("bob", START + DAY)
    assert derive(first, first, second, second, first) == [("ana", 1), ("bob", 1)]


@pytest.mark.parametrize("documents", [300, 900])
def test_the_memory_of_an_account_is_bounded(documents: int) -> None:
    book, state = playbook(), unseen("acme")
    for number in range(documents):
        state, _ = observe(book, state, viewed(f"l{number}", START + number * DAY, f"d{number}"), lambda _: 0)
        state, _ = observe(book, state, viewed("ana", START + number * DAY + 1, f"d{number}"), lambda _: 0)
    assert len(msgspec.json.encode(state)) < 60_000
