"""The arithmetic of rates: blocks of calls that together stay within a rolling window and the day."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base.limits import (
    BLOCKS,
    PARTS,
    UNTOLD_BLOCK,
    Block,
    Grant,
    Tally,
    Usage,
    granted,
    returned,
    settled,
    spare,
    with_usage,
)
from mappings.values.instant import HOUR, SECOND

START = 1_000_000 * SECOND
TEN = Usage(window=10 * SECOND, window_limit=100, window_remaining=100)


def ask(tally: Tally, now: int = START, *, reserve: float = 0.0) -> Grant:
    return granted(tally, now, reserve=reserve, ask_again=HOUR)


def test_a_part_of_the_day_is_kept_for_people() -> None:
    assert spare(Usage(daily_limit=1_000, daily_remaining=150), reserve=0.1) == 50
    assert spare(Usage(daily_limit=1_000, daily_remaining=50), reserve=0.1) == 0
    assert spare(Usage(daily_limit=1_000, daily_remaining=0), reserve=0.0) == 0
    assert spare(Usage(), reserve=0.1) is None


def test_before_anything_was_told_calls_go_one_by_one() -> None:
    first = ask(Tally())
    assert (first.calls, first.wait) == (1, 0)
    assert ask(first.tally, START + 1).calls == 1


def test_where_no_window_is_told_a_block_is_a_usual_one() -> None:
    assert ask(with_usage(Tally(), Usage(daily_limit=15_000, daily_remaining=14_000), START)).calls == UNTOLD_BLOCK


@pytest.mark.parametrize(("most", "block"), [(100, 5), (190, 9), (250, 12), (20, 1), (5, 1), (1, 1)])
def test_a_block_is_a_twentieth_of_the_window_and_never_nothing(most: int, block: int) -> None:
    usage = replace(TEN, window_limit=most, window_remaining=most)
    grant = ask(with_usage(Tally(), usage, START))
    assert (grant.calls, grant.span) == (block, 10 * SECOND // PARTS)
    assert block == max(1, most // BLOCKS)


@given(
    st.integers(1, 120),
    st.lists(st.tuples(st.integers(0, 3 * SECOND), st.integers(0, SECOND)), min_size=1, max_size=200),
)
def test_in_no_rolling_window_is_more_called_than_the_crm_allows(most: int, gaps: list[tuple[int, int]]) -> None:
    """Each call of a block is made as late as it may be, or at once."""
    usage = replace(TEN, window_limit=most, window_remaining=None)
    tally, now, made = with_usage(Tally(), usage, START), START, []
    for gap, late in gaps:
        now += gap
        grant = ask(tally, now)
        tally = grant.tally
        made += [grant.at + min(late, grant.span)] * grant.calls
    made.sort()
    for first, at in enumerate(made):
        assert sum(at <= other < at + 10 * SECOND for other in made[first:]) <= most


def test_a_full_window_says_when_the_next_call_is_free() -> None:
    tally, calls = with_usage(Tally(), replace(TEN, window_limit=2, window_remaining=2), START), 0
    grant = ask(tally)
    while grant.calls:
        calls += grant.calls
        grant = ask(grant.tally, START + calls)
    assert calls == 2
    assert not grant.spent
    assert grant.wait > 10 * SECOND
    assert ask(grant.tally, grant.at + grant.wait - 1).calls == 0
    assert ask(grant.tally, grant.at + grant.wait).calls == 1


def test_what_others_call_is_seen_in_the_headers_and_leaves_less() -> None:
    mine = Tally(usage=TEN, told_at=START, blocks=(Block(at=START - SECOND, calls=5, open=0),))
    tally = with_usage(mine, replace(TEN, window_remaining=2), START)  # 98 called, 5 of them by us
    grant = ask(tally, START + 1)
    assert grant.calls == 2
    full = ask(grant.tally, START + 2)
    assert (full.calls, full.spent) == (0, False)
    assert ask(full.tally, START + 2 + full.wait).calls > 0


def test_the_reserve_is_not_touched_and_the_last_block_is_what_is_left() -> None:
    usage = Usage(window=10 * SECOND, window_limit=190, window_remaining=190, daily_limit=100, daily_remaining=23)
    grant = ask(with_usage(Tally(), usage, START), reserve=0.2)
    assert grant.calls == 3
    after = ask(grant.tally, START + 1, reserve=0.2)
    assert (after.calls, after.spent, after.wait) == (0, True, HOUR - 1)
    assert ask(grant.tally, START + 1, reserve=0.1).calls == 9, "people wait for these"


def test_once_an_hour_one_call_asks_whether_the_day_has_turned() -> None:
    spent = with_usage(Tally(), Usage(daily_limit=100, daily_remaining=20), START)
    assert ask(spent, START + HOUR - 1, reserve=0.2).wait == 1
    probe = ask(spent, START + HOUR, reserve=0.2)
    assert probe.calls == 1
    assert ask(probe.tally, START + HOUR + 1, reserve=0.2).spent, "one worker asks, not each"
    turned = with_usage(settled(probe.tally, probe.at, 0), Usage(daily_limit=100, daily_remaining=99), START + HOUR + 2)
    assert ask(turned, START + HOUR + 3, reserve=0.2).calls == UNTOLD_BLOCK


def test_calls_that_others_still_make_are_counted_until_they_are_told() -> None:
    usage = Usage(daily_limit=1_000, daily_remaining=500)
    tally = with_usage(Tally(), usage, START)
    mine, other = (first := ask(tally, START + 1)), ask(first.tally, START + 2)
    tally = with_usage(settled(other.tally, mine.at, 0), Usage(daily_limit=1_000, daily_remaining=490), START + 3)
    assert tally.since == other.calls, "mine are in what the CRM said, the other's may not be"
    assert with_usage(settled(tally, other.at, 0), usage, START + 4).since == 0


def test_calls_that_will_not_be_made_are_there_for_others_again() -> None:
    first = ask(with_usage(Tally(), replace(TEN, daily_limit=1_000, daily_remaining=900), START))
    tally = returned(first.tally, first.at, 3)
    assert (tally.since, tally.blocks[-1].calls, tally.blocks[-1].open) == (2, 2, 0)


def test_an_older_word_of_the_crm_is_no_news() -> None:
    tally = with_usage(Tally(), Usage(daily_limit=10, daily_remaining=3), START)
    assert with_usage(tally, Usage(daily_limit=10, daily_remaining=9), START - 1) is tally


def test_replies_that_overtook_each_other_lose_no_call() -> None:
    """Two workers call; the reply that was made first reaches its worker last, or is stored last."""
    made = (Block(at=START - 1, calls=2, open=0),)
    first, second = Usage(daily_limit=100, daily_remaining=53), Usage(daily_limit=100, daily_remaining=52)
    late = with_usage(with_usage(Tally(blocks=made), second, START), first, START + 1)
    assert (late.usage.daily_remaining, late.since) == (52, 0)
    known = Tally(usage=first, told_at=START + 1, blocks=made, since=1)
    stored_late = with_usage(known, second, START)
    assert (stored_late.usage.daily_remaining, stored_late.since) == (52, 0)


def test_more_calls_left_than_ours_explain_are_a_new_day() -> None:
    tally = with_usage(Tally(blocks=(Block(at=START - 1, calls=2, open=0),)), Usage(daily_remaining=10), START)
    assert with_usage(tally, Usage(daily_remaining=99), START + 1).usage.daily_remaining == 99
    assert with_usage(replace(tally, usage=Usage(daily_remaining=99)), Usage(daily_remaining=10), START - 1).since == 0


def test_a_clock_that_was_set_back_stops_nobody() -> None:
    tally = with_usage(Tally(), replace(TEN, window_limit=1, daily_limit=100, daily_remaining=90), START)
    ahead = ask(tally, START + HOUR).tally
    assert ask(ahead, START + HOUR + 1).calls == 0
    assert ask(ahead, START).calls == 1
    assert with_usage(ask(ahead, START).tally, TEN, START + 1).usage == TEN, "and what is said now is heard"


def test_a_clock_that_stands_still_gives_every_block_a_moment_of_its_own() -> None:
    first = ask(with_usage(Tally(), TEN, START))
    second = ask(first.tally, START)
    assert first.at != second.at
