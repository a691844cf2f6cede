"""From when first values count: a function of what was sent, whatever came first."""

from hypothesis import given
from hypothesis import strategies as st

from mappings.conflicts.field_conflicts import Owners
from mappings.translate.first_values import Fact, current, dated

OWNERS: Owners = {"title": "salesforce"}
HUBSPOT, SALESFORCE = "hubspot:contact:1@1", "salesforce:Lead:1@1"


def when(facts: list[Fact], name: str, owners: Owners = OWNERS, since: int | None = None) -> list[tuple[int, object]]:
    """(time, value) of one field, as it counts."""
    return [(fact.at, fact.fields[name]) for fact in dated(facts, owners, since) if name in fact.fields]


def test_what_a_record_tells_when_first_read_counts_from_before_what_was_done() -> None:
    assert when([Fact(50, HUBSPOT, {"phone": "1"}, initial=True)], "phone", since=10) == [(10, "1")]


def test_what_was_done_later_moves_nothing() -> None:
    assert when([Fact(50, HUBSPOT, {"phone": "1"}, initial=True)], "phone", since=90) == [(50, "1")]


def test_a_later_change_counts_from_its_own_time() -> None:
    facts = [Fact(50, HUBSPOT, {"phone": "1"}, initial=True), Fact(60, "hubspot:contact:1@2", {"phone": "2"})]
    assert when(facts, "phone", since=10) == [(10, "1"), (60, "2")]


def test_a_field_first_set_after_the_reading_counts_from_then() -> None:
    facts = [Fact(50, HUBSPOT, {"email": "a"}, initial=True), Fact(60, "hubspot:x", {"phone": "2"})]
    assert when(facts, "phone", since=10) == [(60, "2")]


def test_a_second_records_first_values_count_from_the_beginning_where_nobody_told_the_field_before() -> None:
    facts = [
        Fact(50, HUBSPOT, {"phone": "1"}, initial=True),
        Fact(70, SALESFORCE, {"phone": "2", "country": "DE"}, initial=True),
    ]
    assert when(facts, "phone", since=10) == [(10, "1"), (70, "2")]
    assert when(facts, "country", since=10) == [(10, "DE")]


def test_where_each_system_counts_by_itself_each_has_a_first_value() -> None:
    facts = [
        Fact(50, HUBSPOT, {"is_competitor": False, "title": "Intern"}, initial=True),
        Fact(70, SALESFORCE, {"is_competitor": True, "title": "CEO"}, initial=True),
    ]
    assert when(facts, "is_competitor", since=10) == [(10, False), (10, True)]
    assert when(facts, "title", since=10) == [(10, "Intern"), (10, "CEO")]


def test_what_an_activity_came_with_gives_way_to_the_record() -> None:
    facts = [
        Fact(10, "first:ana", {"account": "guess"}, initial=True),
        Fact(5, HUBSPOT, {"account": "acme"}, initial=True),
    ]
    assert when(facts, "account") == [(5, "acme")]
    assert current(facts, OWNERS) == {"account": "acme"}


def test_a_webhook_of_the_same_instant_as_the_first_reading_stays_a_change_of_its_own() -> None:
    facts = [Fact(50, "hubspot:a", {"phone": "1"}), Fact(50, HUBSPOT, {"phone": "1"}, initial=True)]
    assert when(facts, "phone", since=10) == [(10, "1"), (50, "1")]


FACTS = st.lists(
    st.builds(
        Fact,
        st.integers(1, 6),
        st.sampled_from([HUBSPOT, SALESFORCE, "hubspot:x", "salesforce:y", "first:ana", "other:z"]),
        st.dictionaries(
            st.sampled_from(["title", "phone", "opted_out"]), st.sampled_from([None, True, "a"]), min_size=1
        ),
        st.booleans(),
    ),
    min_size=1,
    max_size=7,
    unique_by=lambda fact: fact.key,
)


@given(FACTS, st.data())
def test_the_order_of_arrival_changes_nothing(facts: list[Fact], data: st.DataObject) -> None:
    again = data.draw(st.permutations(facts))
    assert dated(facts, OWNERS, 0) == dated(again, OWNERS, 0)


@given(FACTS, st.integers(-3, 9))
def test_nothing_is_dated_later_and_nothing_after_the_first_value_moves(facts: list[Fact], since: int) -> None:
    start = min([since, *(fact.at for fact in facts)])
    for name in ("title", "phone", "opted_out"):
        raw = sorted((fact.at, fact.key, str(fact.fields[name])) for fact in facts if name in fact.fields)
        told = sorted(
            (fact.at, fact.key, str(fact.fields[name])) for fact in dated(facts, OWNERS, since) if name in fact.fields
        )
        moved = [each for each in told if each not in raw]
        assert all(at == start for at, _, _ in moved)
        assert {each[1:] for each in told} <= {each[1:] for each in raw}
        systems = {key.partition(":")[0] for _, key, _ in raw}
        assert len(moved) <= len(systems)


@given(FACTS, st.integers(-3, 0), st.integers(-3, 0))
def test_what_counts_now_does_not_depend_on_what_was_done(facts: list[Fact], one: int, other: int) -> None:
    def last(since: int) -> list[tuple[str, object]]:
        return [(fact.key, fact.fields) for fact in dated(facts, OWNERS, since)]

    assert last(one) == last(other)
