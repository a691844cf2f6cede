"""Lists of leads: pages in a stable order, by filters, in both databases; and the filters that people save."""

import pytest

from integration.store.assigning import clock_runs
from integration.store.assigning.clock_runs import ClockRun
from integration.store.console import saved_filters
from integration.store.console.saved_filters import SavedFilter
from integration.store.db.session import Store
from integration.store.people import accounts, lead_lists, leads
from integration.store.people.accounts import NewAccount
from integration.store.people.lead_lists import LeadFilter
from integration.store.people.leads import NewLead, SavedLead

T = 1_000_000


def fill(store: Store, count: int = 12) -> None:
    """Leads `l00` to `l11`: scores 0 to 3 in turn, each changed after the one before it; `l11` has no score."""
    ids = [f"l{number:02}" for number in range(count)]
    with store.write() as conn:
        accounts.add(conn, [NewAccount(id="acme", domain="acme.example", fields={"name": "Acme"}, created_at=T)])
        leads.add(
            conn,
            [
                NewLead(
                    id=each,
                    email=f"p{each}@acme.example",
                    fields={"first_name": "Ana", "last_name": each},
                    created_at=T,
                    account_id="acme" if number % 2 else None,
                    owner="nadia" if number % 3 == 0 else None,
                )
                for number, each in enumerate(ids)
            ],
        )
        leads.save(conn, [saved(each, number) for number, each in enumerate(ids[:-1])])


def saved(lead: str, number: int) -> SavedLead:
    return SavedLead(
        id=lead,
        state="{}",
        seen=1,
        due=None,
        standing="{}",
        stage="mql" if number % 2 else "inquiry",
        band="warm" if number % 2 else "cold",
        total=number % 4,
        updated_at=T + number,
        segment="A" if number % 4 == 3 else "D",
        track="welcome" if number == 5 else None,
    )


def ids(store: Store, size: int = 50, **wanted: str) -> list[str]:
    """The whole list, page by page."""
    found: list[str] = []
    place = None
    with store.read() as conn:
        for _ in range(50):
            page = lead_lists.page(conn, LeadFilter(**wanted), place, size)  # type: ignore[arg-type]
            found += [each.id for each in page.leads]
            place = page.further
            if place is None:
                return found
    raise AssertionError(found)


@pytest.mark.parametrize("size", [1, 3, 50])
def test_pages_leave_nobody_out_and_show_nobody_twice_where_many_have_the_same_score(store: Store, size: int) -> None:
    fill(store)
    assert ids(store, size) == ["l07", "l03", "l10", "l06", "l02", "l09", "l05", "l01", "l08", "l04", "l00"]
    assert ids(store, size, order="change") == [f"l{number:02}" for number in (*range(10, 0, -1), 11, 0)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"stage": "mql"}, ["l07", "l03", "l09", "l05", "l01"]),
        ({"band": "warm", "segment": "A"}, ["l07", "l03"]),
        ({"track": "welcome"}, ["l05"]),
        ({"owner": "nadia"}, ["l03", "l06", "l09", "l00"]),
        ({"owner": "nadia", "stage": "mql", "segment": "D"}, ["l09"]),
        ({"stage": "customer"}, []),
        ({"level": "running"}, ["l03", "l02"]),
        ({"level": "breached"}, ["l02"]),
        ({"begins": "pl0"}, [f"l{number:02}" for number in range(10)]),
        ({"begins": "pl05@acme.example"}, ["l05"]),
        ({"begins": "pl1", "stage": "inquiry"}, ["l10"]),
        ({"begins": "%"}, []),
        ({"begins": "p_"}, []),
    ],
)
@pytest.mark.parametrize("size", [1, 50])
def test_filters_hold_together(store: Store, size: int, wanted: dict[str, str], found: list[str]) -> None:
    fill(store)
    with store.write() as conn:
        clock_runs.put(
            conn, [run("l02", breached=True), run("l03"), run("l04", ended_at=T), run("l05", withheld="history")]
        )
    assert ids(store, size, **wanted) == found


def run(lead: str, *, breached: bool = False, ended_at: int | None = None, withheld: str | None = None) -> ClockRun:
    return ClockRun(
        key=f"{lead}/clock/call/1",
        lead_id=lead,
        clock="call",
        times=1,
        started_at=T,
        received_at=T,
        due_at=T,
        breached=breached,
        ended_at=ended_at,
        withheld=withheld,
    )


def test_dots_and_dashes_are_part_of_the_beginning_of_an_email(store: Store) -> None:
    """The order of a language passes over them."""
    emails = [
        "a.na@x.example",
        "an-a@x.example",
        "ana@x.example",
        "ana.b@x.example",
        "anab@x.example",
        "änab@x.example",
    ]
    with store.write() as conn:
        leads.add(conn, [NewLead(id=each, email=each, fields={}, created_at=T) for each in emails])
    assert ids(store, 1, begins="ana") == ["ana.b@x.example", "ana@x.example", "anab@x.example"]
    assert ids(store, 1, begins="ana@") == ["ana@x.example"]
    assert ids(store, 1, begins="a.") == ["a.na@x.example"]
    assert ids(store, 1, begins="ä") == ["änab@x.example"]


def test_people_who_share_an_email_stand_on_either_side_of_a_pages_end(store: Store) -> None:
    with store.write() as conn:
        leads.add(conn, [NewLead(id=each, email="info@x.example", fields={}, created_at=T) for each in "abc"])
    assert ids(store, 1, begins="info") == ["a", "b", "c"]


def test_a_joined_lead_is_listed_as_the_one_it_lives_on_as(store: Store) -> None:
    fill(store)
    with store.write() as conn:
        leads.merge(conn, "l07", "l03")
    assert ids(store)[0] == "l03"
    assert "l07" not in ids(store, order="change")


def test_a_page_looks_at_a_bounded_number_of_leads_and_goes_on_from_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    monkeypatch.setattr(lead_lists, "LOOKED_AT", 4)
    with store.read() as conn:
        first = lead_lists.page(conn, LeadFilter(track="welcome"))
        assert (first.leads, first.unfinished) == ((), True)
        second = lead_lists.page(conn, LeadFilter(track="welcome"), first.further)
        assert [each.id for each in second.leads] == ["l05"]
        third = lead_lists.page(conn, LeadFilter(track="welcome"), second.further)
        assert (third.leads, third.further, third.unfinished) == ((), None, False)
    assert ids(store) == ["l07", "l03", "l10", "l06", "l02", "l09", "l05", "l01", "l08", "l04", "l00"]


def test_a_line_says_who_it_is_and_where_they_stand(store: Store) -> None:
    fill(store)
    with store.read() as conn:
        (line,) = lead_lists.of(conn, ["l05", "unknown"])
    assert (line.name, line.company["name"], line.total, line.stage) == ("Ana l05", "Acme", 1, "mql")


def test_everybody_has_filters_of_their_own_and_the_last_of_a_name_counts(store: Store) -> None:
    mine = SavedFilter(name="hot", filter=LeadFilter(band="hot", order="change", begins="ana@"))
    with store.write() as conn:
        assert saved_filters.put(conn, "bo", SavedFilter(name="hot", filter=LeadFilter()), T)
        assert saved_filters.put(conn, "bo", mine, T)
        assert saved_filters.put(conn, "cy", SavedFilter(name="sql", filter=LeadFilter(stage="sql")), T)
        assert saved_filters.of(conn, "bo") == [SavedFilter(name="hot", filter=LeadFilter(band="hot", order="change"))]
        assert not saved_filters.drop(conn, "cy", "hot")
        assert saved_filters.drop(conn, "bo", "hot")
        assert [each.name for each in saved_filters.of(conn, "cy")] == ["sql"]
        assert saved_filters.of(conn, "bo") == []


def test_nobody_saves_more_filters_than_a_page_can_show(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_filters, "MOST", 2)
    with store.write() as conn:
        saves = [saved_filters.put(conn, "bo", SavedFilter(name=name, filter=LeadFilter()), T) for name in "abca"]
    assert saves == [True, True, False, True]
