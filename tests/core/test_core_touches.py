"""Touches: each at an instant of its own, inside the send window, as the cap allows [rules: tracks]."""

from typing import Any

from core_builders import START, did, drip, fold, of, playbook, told

from integration.core.model.effects import TouchDue
from integration.core.rules.automation_rules import Due, FirstMove, Play, TouchStep, Trigger
from integration.core.rules.patterns import Match, Part, Pattern
from integration.core.rules.playbook_rules import FrequencyCap, Playbook, SendWindow
from mappings.model.canonical import Value
from mappings.values.instant import DAY, HOUR, MINUTE, Instant, parse, show

SATURDAY = parse("2026-03-28T09:13:00Z")
WINDOW = SendWindow(weekdays=(1, 2, 3), opens=9 * 60, closes=11 * 60)
CAP = FrequencyCap(touches=2, within=7 * DAY)


def book(**changed: Any) -> Playbook:
    """A drip on days 0 to 4 from birth on."""
    return playbook(tracks=(drip(0, 1, 2, 3, 4),), first_moves=(FirstMove(track="drip"),), **changed)


def sent(found: Playbook, *, until: Instant, **fields: Value) -> list[str]:
    decision = fold(found, told(SATURDAY, **fields), until=until)
    return [show(touch.at) for touch in of(TouchDue, decision)]


def test_two_touches_put_off_to_one_opening_go_a_minute_apart() -> None:
    found = sent(book(send_windows=(WINDOW,)), until=SATURDAY + 5 * DAY, source="quiet")
    assert found[:2] == ["2026-03-31T09:00:00Z", "2026-03-31T09:01:00Z"]
    assert found == sorted(set(found))


def test_the_cap_puts_a_touch_off_to_the_next_opening_and_there_they_go_apart_too() -> None:
    found = sent(book(send_windows=(WINDOW,), frequency_cap=CAP), until=SATURDAY + 12 * DAY, source="quiet")
    assert found == [
        "2026-03-31T09:00:00Z",
        "2026-03-31T09:01:00Z",
        "2026-04-07T09:00:00Z",
        "2026-04-07T09:01:00Z",
    ]


def test_a_touch_that_would_go_after_the_window_has_closed_goes_at_the_next_opening() -> None:
    narrow = SendWindow(weekdays=(1, 2, 3), opens=9 * 60, closes=9 * 60 + 1)
    found = sent(book(send_windows=(narrow,)), until=SATURDAY + 12 * DAY, source="quiet")
    assert found == [f"2026-{day}T09:00:00Z" for day in ("03-31", "04-01", "04-02", "04-07", "04-08")]


def test_when_clocks_change_overnight_the_window_is_that_of_the_new_time() -> None:
    """Berlin changed to summer time on 29 March 2026: nine o'clock is seven in UTC from then on."""
    found = sent(book(send_windows=(WINDOW,)), until=SATURDAY + 5 * DAY, source="quiet", timezone="Europe/Berlin")
    assert found[:2] == ["2026-03-31T07:00:00Z", "2026-03-31T07:01:00Z"]


def test_touches_of_a_first_move_a_trigger_and_a_track_at_one_instant_go_apart() -> None:
    move = FirstMove(track="drip", touches=(TouchStep(content="a"), TouchStep(content="b")))
    seen = Pattern(parts=(Part(signal=(Match(types=("page_view",)),)),))
    found = playbook(
        tracks=(drip(0, 1),),
        first_moves=(move,),
        triggers=(Trigger(name="t", pattern=seen, play="t"),),
        plays=(Play(name="t", steps=(TouchStep(content="c"), TouchStep(content="d", after=Due(span=MINUTE)))),),
    )
    decision = fold(found, told(START, source="quiet"), did("page_view", START), until=START + HOUR)
    times = [touch.at - START for touch in of(TouchDue, decision)]
    assert times == [number * MINUTE for number in range(5)]
