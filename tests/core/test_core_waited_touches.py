"""From when a touch that had to wait may still be written [rules: tracks]."""

from dataclasses import replace
from typing import Any

import pytest
from core_builders import START, did, fold, playbook, told

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import NEVER
from integration.core.model.state import LeadState
from integration.core.nurture.waited_touches import IN_TIME, Written, turn
from integration.core.rules.automation_rules import Content
from integration.core.rules.playbook_rules import FrequencyCap, SendWindow
from mappings.values.instant import DAY, HOUR, MINUTE, Instant, parse

NOON = parse("2026-01-06T12:00:00Z")
"""A Tuesday."""
WINDOW = SendWindow(weekdays=(1, 2, 3), opens=9 * 60, closes=11 * 60)
OPENING = parse("2026-01-07T09:00:00Z")
BOOK = playbook(contents=(Content(name="ads", channel="retargeting"),))
WINDOWED = playbook(contents=BOOK.playbook.contents, send_windows=(WINDOW,))
CAPPED = playbook(contents=BOOK.playbook.contents, frequency_cap=FrequencyCap(touches=2, within=7 * DAY))


def lead(book: CompiledPlaybook, **changed: Any) -> LeadState:
    return replace(fold(book, told(START, source="quiet")).state, **changed)


def when(
    book: CompiledPlaybook, *before: Written, decided: Instant = NOON - HOUR, content: str = "a", **state: Any
) -> Instant:
    """The turn of a touch at noon, after these."""
    return turn(book, lead(book, **state), content=content, decided=decided, before=before, now=NOON).at


def named(book: CompiledPlaybook, *before: Written, decided: Instant, content: str = "a") -> tuple[Instant, Instant]:
    """The turn of a touch at noon, after these, and the time that the record is to name."""
    return tuple(turn(book, lead(book), content=content, decided=decided, before=before, now=NOON))


def wrote(ago: int, *, named: int | None = None, email: bool = True) -> Written:
    return Written(at=NOON - ago, named=NOON - (ago if named is None else named), email=email)


def test_a_minute_lies_between_two_touches_that_are_written_whatever_their_channels() -> None:
    assert when(BOOK) == NOON
    assert when(BOOK, wrote(20 * 1_000_000)) == NOON + 40 * 1_000_000
    assert when(BOOK, wrote(0, email=False)) == NOON + MINUTE
    assert when(BOOK, wrote(0), content="ads") == NOON + MINUTE
    assert when(BOOK, wrote(MINUTE)) == NOON


def test_a_late_email_waits_for_its_window_and_one_in_time_does_not_ask_again() -> None:
    assert when(WINDOWED, decided=NOON - 2 * HOUR) == OPENING
    assert when(WINDOWED, decided=NOON - IN_TIME) == NOON
    assert when(WINDOWED, decided=NOON - 2 * HOUR, content="ads") == NOON, "an advertisement knows no hour"
    assert when(WINDOWED, decided=NOON - 2 * HOUR, fields={"timezone": "America/New_York"}) == parse(
        "2026-01-06T14:00:00Z"
    )


def test_the_cap_counts_emails_by_when_they_were_written() -> None:
    assert when(CAPPED, wrote(3 * DAY)) == NOON
    assert when(CAPPED, wrote(3 * DAY), wrote(HOUR)) == NOON + 4 * DAY
    assert when(CAPPED, wrote(3 * DAY), wrote(HOUR, email=False)) == NOON
    assert when(CAPPED, wrote(3 * DAY), wrote(HOUR), content="ads") == NOON


def test_the_record_names_when_it_was_due_and_when_it_is_written_where_that_is_no_time_of_its_own() -> None:
    due = NOON - 5 * MINUTE
    assert named(BOOK, wrote(HOUR), decided=due) == (NOON, due)
    for before in (wrote(2 * MINUTE, named=5 * MINUTE), wrote(2 * MINUTE, named=6 * MINUTE - 1), wrote(2 * MINUTE)):
        assert named(BOOK, before, decided=due) == (NOON, NOON), "a late activity has led to another past"
        assert named(BOOK, before, decided=due, content="ads") == (NOON, NOON)
    assert named(BOOK, wrote(20 * 1_000_000), decided=due) == (NOON + 40 * 1_000_000, NOON + 40 * 1_000_000)
    assert named(WINDOWED, wrote(2 * MINUTE, named=5 * MINUTE), decided=due) == (OPENING, OPENING), "not at noon"


def test_no_more_than_the_cap_are_named_within_its_days() -> None:
    full = (wrote(7 * DAY, named=7 * DAY), wrote(HOUR))
    assert named(CAPPED, *full, decided=NOON) == (NOON, NOON)
    assert named(CAPPED, *full, decided=NOON - MINUTE) == (NOON, NOON), "a minute earlier it would be the third"
    assert named(CAPPED, *full, decided=NOON - MINUTE, content="ads") == (NOON, NOON - MINUTE)


@pytest.mark.parametrize("changed", [{"stage": "sal"}, {"stage": "sql"}, {"stage": "suppressed"}, {"bounced": "a@x.y"}])
def test_no_turn_comes_while_sales_talks_or_mail_comes_back(changed: dict[str, Any]) -> None:
    assert when(BOOK, **changed) == NEVER


def test_an_answer_of_sales_puts_a_touch_off() -> None:
    assert when(BOOK, paused=NOON + DAY) == NOON + DAY


def test_the_lead_stays_as_it_is() -> None:
    state = fold(BOOK, told(START, source="quiet"), did("email_open", START + HOUR)).state
    before = replace(state)
    turn(BOOK, state, content="a", decided=NOON, before=(), now=NOON)
    assert state == before
