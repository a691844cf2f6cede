"""Checkpoints are replaced with the state that they belong to, and go with it."""

import pytest
from sqlalchemy import Connection

from integration.flows.history import apply_history
from integration.store.db.session import Store
from integration.store.events import retractions
from integration.store.overall import erasure, merging
from integration.store.people import accounts, checkpoints, leads
from integration.store.people.accounts import NewAccount
from integration.store.people.checkpoints import Checkpoint, Kept, Reached
from integration.store.people.leads import NewLead
from mappings.values import person_names

T = 1_700_000_000_000_000


def at(number: int) -> Checkpoint:
    return Checkpoint(reached=Reached(number, (T + number, 2, f"a{number}"), 50 * number), state=f"state {number}")


@pytest.fixture
def conn(store: Store) -> Connection:
    """A transaction in which Ana and Bob of one company have four checkpoints each."""
    with store.write() as opened:
        accounts.add(opened, [NewAccount(id="acme", domain=None, fields={}, created_at=T)])
        for lead in ("ana", "bob"):
            email = f"{lead}@acme.example"
            leads.add(opened, [NewLead(id=lead, email=email, fields={}, created_at=T, account_id="acme")])
        checkpoints.keep(
            opened, [Kept(lead=lead, new=[at(number) for number in range(1, 5)]) for lead in ("ana", "bob")]
        )
        yield opened  # type: ignore[misc]


def numbers(conn: Connection) -> dict[str, list[int]]:
    return {lead: [each.number for each in those] for lead, those in checkpoints.places(conn, ["ana", "bob"]).items()}


def test_what_is_no_state_of_the_history_any_more_goes_and_new_ones_are_found_by_place(conn: Connection) -> None:
    changes = [Kept(lead="ana", above=2, dropped=[1], new=[at(3)]), Kept(lead="bob", dropped=[3])]
    checkpoints.keep(conn, changes)
    assert numbers(conn) == {"ana": [2, 3], "bob": [1, 2, 4]}
    assert checkpoints.places(conn, ["ana"])["ana"][-1] == at(3).reached
    assert checkpoints.states(conn, {"ana": 3, "bob": 2}) == {"ana": "state 3", "bob": "state 2"}


@pytest.mark.parametrize("how", ["anew", "merged", "erased"])
def test_they_go_where_the_past_is_another_one(conn: Connection, how: str) -> None:
    match how:
        case "anew":
            retractions.anew(conn, ["ana"])
            assert numbers(conn) == {"bob": [1, 2, 3, 4]}
        case "merged":
            merging.settle(conn, "ana", "bob", T)
            assert numbers(conn) == {}
        case _:
            erasure.remove(conn, erasure.target(conn, [person_names.of_email("ana@acme.example")]), T)
            assert numbers(conn) == {}, "a colleague's may name what she did"


def test_of_many_those_are_kept_that_lie_about_as_far_back_as_what_is_late() -> None:
    for latest in range(1, 400):
        kept = apply_history.kept(latest)
        assert kept <= set(range(1, latest + 1))
        assert len(kept) <= latest.bit_length()
        assert kept <= apply_history.kept(latest - 1) | {latest}, "one that is gone is not missed later on"
        for late in range(1, latest):
            nearest = max((each for each in kept if each <= latest - late), default=0)
            assert latest - nearest <= 3 * late
