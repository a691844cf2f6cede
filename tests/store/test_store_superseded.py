"""Entries of stages and tracks follow their lead's history as it is known; what it does not lead to is superseded."""

from collections.abc import Mapping
from typing import Any

import pytest

from integration.store.db.session import Store
from integration.store.events import decided_effects, stage_entries, superseded_entries
from integration.store.events.decided_effects import EffectRow
from integration.store.events.superseded_entries import SUPERSEDED

T = 1_700_000_000_000_000
NUMBER = 2
WAY = (("ana/stage/mql/1", 1, "inquiry", "mql"), ("ana/stage/recycled/1", 2, "mql", "recycled"))


def entry(key: str, at: int, before: str, after: str, **more: Any) -> EffectRow:
    payload, told = {"before": before, "after": after}, {"version": NUMBER, **more}
    return EffectRow(
        key=key,
        lead_id="ana",
        kind=key.split("/")[1],
        at=T + at,
        payload=payload,
        because=(),
        decided_at=T,
        **told,
    )


@pytest.fixture
def ana(store: Store) -> Store:
    """Ana became an MQL, and was given back."""
    with store.write() as conn:
        decided_effects.add(conn, [entry(*each) for each in WAY])
    return store


def follow(store: Store, *derived: EffectRow) -> dict[str, tuple[int, Mapping[str, str], str | None]]:
    """What is on record once the whole history leads to these: by key, when, from where to where, and why not."""
    with store.write() as conn:
        superseded_entries.follow(conn, {"ana": {each.key: each for each in derived}}, NUMBER)
        rows = decided_effects.history(conn, ["ana"])
    return {row.key: (row.at - T, row.payload, row.withheld) for row in rows}


def entered(store: Store) -> list[str]:
    with store.read() as conn:
        return [each.stage for each in stage_entries.between(conn, T, T + 10)]


def test_an_entry_that_nothing_leads_to_is_superseded_and_counts_no_longer_until_something_does(ana: Store) -> None:
    mql, recycled = (entry(*each) for each in WAY)
    assert follow(ana, mql)[recycled.key][2] == SUPERSEDED
    assert entered(ana) == ["mql"]
    assert follow(ana, mql, recycled)[recycled.key][2] is None
    assert entered(ana) == ["mql", "recycled"]


def test_an_entry_says_when_it_was_and_from_where_by_what_is_known_now(ana: Store) -> None:
    found = follow(ana, entry("ana/stage/mql/1", 0, "recycled", "mql", withheld="history"))
    assert found["ana/stage/mql/1"] == (0, {"before": "recycled", "after": "mql"}, "history")


def test_what_another_version_of_the_rules_decided_stays_as_it_was(ana: Store) -> None:
    with ana.write() as conn:
        decided_effects.add(conn, [entry("ana/track/drip/1", 3, "", "drip", version=1)])
    assert follow(ana)["ana/track/drip/1"] == (3, {"before": "", "after": "drip"}, None)


def test_an_entry_that_was_superseded_and_happens_after_all_is_on_record_as_it_happened(ana: Store) -> None:
    follow(ana)
    assert entered(ana) == []
    with ana.write() as conn:
        superseded_entries.move(conn, [entry("ana/stage/mql/1", 5, "recycled", "mql", version=NUMBER + 1)])
        (row,) = (each for each in decided_effects.history(conn, ["ana"]) if each.key == "ana/stage/mql/1")
    assert (row.at, row.payload["before"], row.withheld, row.version) == (T + 5, "recycled", None, NUMBER + 1)
    assert entered(ana) == ["mql"]
