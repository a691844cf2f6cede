from typing import Any

import pytest
from core_builders import (
    BORN,
    START,
    at_least,
    book,
    did,
    drip,
    fitting,
    fold,
    hot,
    of,
    on,
    playbook,
    route,
    saw,
    told,
    touches,
)

from integration.core.model.effects import StageChanged, TaskWanted, TouchDue, TrackChanged
from integration.core.rules.automation_rules import (
    BELONGS,
    SUPPRESSED,
    Due,
    Entry,
    Exit,
    Offset,
    Rhythm,
    TaskStep,
    Touch,
    Track,
)
from integration.core.rules.conditions import Compare
from integration.core.rules.playbook_rules import FrequencyCap, SendWindow
from mappings.values.instant import DAY, HOUR, MINUTE, parse


def test_touches_go_at_their_offsets_from_entry() -> None:
    decision = fold(book(drip(0, 3, 7, 11, 15), first="drip"), BORN, until=START + 60 * DAY)
    assert touches(decision) == [(day, f"drip {number}") for number, day in enumerate((0, 3, 7, 11, 15), 1)]
    assert route(decision) == [(None, "drip")], "after the last touch the lead stays"


def test_a_rhythm_begins_at_entry_and_goes_on() -> None:
    decision = fold(book(first="newsletter"), BORN, until=START + 42 * DAY)
    assert [day for day, _ in touches(decision)] == [0, 14, 28, 42]
    assert [touch.step for touch in of(TouchDue, decision)] == [1, 2, 3, 4]


def test_rhythms_follow_offsets_and_each_other() -> None:
    track = Track(
        name="back",
        offsets=tuple(Offset(after=day * DAY, touch=Touch(content="o")) for day in (0, 28)),
        rhythms=(
            Rhythm(every=15 * DAY, touches=(Touch(content="r"),), until=84 * DAY),
            Rhythm(every=30 * DAY, touches=(Touch(content="s"),)),
        ),
    )
    decision = fold(book(track, first="back"), BORN, until=START + 140 * DAY)
    assert touches(decision) == [(0, "o"), (28, "o"), (43, "r"), (58, "r"), (73, "r"), (103, "s"), (133, "s")]


def test_a_rhythm_ends_with_its_content_unless_it_repeats() -> None:
    once = Track(
        name="t",
        rhythms=(Rhythm(every=DAY, touches=(Touch(content="a"), Touch(content="b")), repeat=False),),
        exits=(Exit(completed=True, to="newsletter"),),
    )
    decision = fold(book(once, first="t"), BORN, until=START + DAY + MINUTE)
    assert touches(decision) == [(0, "a"), (1, "b"), (1 + MINUTE / DAY, "newsletter")]


def test_completion_leads_on_at_once_or_after_a_rest() -> None:
    at_once = book(drip(0, 2, exits=(Exit(completed=True, to="newsletter"),)), first="drip")
    assert of(TrackChanged, fold(at_once, BORN, until=START + 9 * DAY))[-1].at == START + 2 * DAY
    rest = book(drip(0, 2, exits=(Exit(completed=True, after=14 * DAY, to=SUPPRESSED),)), first="drip")
    assert fold(rest, BORN, until=START + 16 * DAY - 1).state.stage == "inquiry"
    assert of(StageChanged, fold(rest, BORN, until=START + 16 * DAY))[-1].after == "suppressed"


def test_an_activity_leads_from_one_track_to_another() -> None:
    case = Exit(signal=on("page_view", page="case_study"), to="evaluation")
    both = book(drip(0, 3, exits=(case,)), drip(0, 4, name="evaluation"), first="drip")
    decision = fold(both, BORN, saw("case_study", START + DAY), until=START + 30 * DAY)
    assert touches(decision) == [(0, "drip 1"), (1, "evaluation 1"), (5, "evaluation 2")]


def test_one_activity_takes_a_lead_off_one_track_only() -> None:
    case = on("page_view", page="case_study")
    chain = book(
        drip(0, exits=(Exit(signal=case, to="middle"),)),
        drip(0, name="middle", exits=(Exit(signal=case, to="last"),)),
        drip(0, name="last"),
        first="drip",
    )
    assert fold(chain, BORN, saw("case_study", START + 1)).state.stay.track == "middle"


def test_three_unopened_in_a_row_lead_off_when_the_next_would_go() -> None:
    track = drip(0, 3, 7, 11, 15, exits=(Exit(unopened=3, to="newsletter"),))
    decision = fold(book(track, first="drip"), BORN, until=START + 12 * DAY)
    assert touches(decision) == [(0, "drip 1"), (3, "drip 2"), (7, "drip 3"), (11, "newsletter")]


@pytest.mark.parametrize(
    ("deed", "stays"),
    [
        (did("email_open", START + 8 * DAY), True),
        (did("email_click", START + 8 * DAY, touch="drip 1"), True),
        (did("email_open", START + 4 * DAY, touch="drip 1"), True),
        (did("page_view", START + 8 * DAY, page="blog"), False),
    ],
)
def test_an_open_before_the_next_touch_counts_for_it(deed: Any, stays: Any) -> None:
    track = drip(0, 3, 7, 11, exits=(Exit(unopened=3, to="newsletter"),))
    decision = fold(book(track, first="drip"), BORN, deed, until=START + 11 * DAY)
    assert (decision.state.stay.track == "drip") is stays


def test_an_open_that_names_an_older_touch_breaks_the_row() -> None:
    track = drip(0, 3, 7, 11, 15, exits=(Exit(unopened=2, to="newsletter"),))
    named = did("email_open", START + 3 * DAY - HOUR, touch="ana/touch/drip/1/1")
    decision = fold(book(track, first="drip"), BORN, named, until=START + 9 * DAY)
    assert decision.state.stay.track == "drip"
    assert fold(book(track, first="drip"), BORN, named, until=START + 11 * DAY).state.stay.track == "newsletter"


def test_a_track_is_left_after_so_long_or_so_long_without_engagement() -> None:
    long_enough = book(drip(0, exits=(Exit(after=90 * DAY, to="newsletter"),)), first="drip")
    assert of(TrackChanged, fold(long_enough, BORN, until=START + 99 * DAY))[-1].at == START + 90 * DAY
    quiet = book(drip(0, exits=(Exit(idle=14 * DAY, to=""),)), first="drip")
    click = did("email_click", START + 10 * DAY)
    opened = did("email_open", START + 11 * DAY)
    decision = fold(quiet, BORN, click, opened, until=START + 40 * DAY)
    assert of(TrackChanged, decision)[-1].at == START + 24 * DAY, "an open is no engagement"
    assert decision.state.stay is None


def test_all_that_an_exit_names_must_come_together() -> None:
    both = Exit(after=10 * DAY, condition=Compare(subject="engagement", op="below", values=(10_000,)), to="newsletter")
    tracked = book(drip(0, exits=(both,)), first="drip")
    assert fold(tracked, BORN, until=START + 10 * DAY).state.stay.track == "newsletter"
    keen = saw("pricing", START + DAY)
    assert fold(tracked, BORN, keen, until=START + 50 * DAY).state.stay.track == "newsletter", "as soon as it decayed"
    assert fold(tracked, BORN, keen, until=START + 15 * DAY - 1).state.stay.track == "drip"


CONSIDERATION = Track(name="consideration", entries=(Entry(condition=at_least("engagement", 20_000)),))
AWARENESS = Track(
    name="awareness", entries=(Entry(condition=Compare(subject="engagement", op="below", values=(20_000,))),)
)
DECISION = Track(
    name="decision",
    entries=(Entry(condition=at_least("engagement", 40_000), engaged=True),),
    exits=(Exit(idle=14 * DAY, to="consideration"),),
)


def test_a_lead_belongs_to_the_first_track_whose_condition_holds() -> None:
    placed = book(DECISION, CONSIDERATION, AWARENESS)
    views = [saw("pricing", START + hour * HOUR) for hour in range(1, 4)]
    decision = fold(placed, BORN, *views)
    assert route(decision) == [(None, "awareness"), ("awareness", "consideration"), ("consideration", "decision")]


def test_a_track_left_by_its_own_exit_takes_the_lead_again_only_after_a_new_scoring_activity() -> None:
    placed = book(DECISION, CONSIDERATION, AWARENESS, engagement=playbook().playbook.engagement)
    views = [saw("pricing", START + hour * HOUR) for hour in range(1, 5)]
    quiet = START + 4 * HOUR + 14 * DAY
    assert fold(placed, BORN, *views, until=quiet).state.stay.track == "consideration"
    opened = did("email_open", quiet + HOUR)
    assert fold(placed, BORN, *views, opened).state.stay.track == "consideration"
    assert fold(placed, BORN, *views, saw("pricing", quiet + HOUR)).state.stay.track == "decision"


def test_a_firm_track_is_not_left_for_a_condition() -> None:
    placed = book(Track(name="hard", firm=True), CONSIDERATION, first="hard")
    views = [saw("pricing", START + hour * HOUR) for hour in range(1, 4)]
    assert fold(placed, BORN, *views).state.stay.track == "hard"


def test_where_it_belongs_is_a_way_out() -> None:
    away = Track(name="away", exits=(Exit(engaged=True, to=BELONGS),))
    placed = book(away, CONSIDERATION, AWARENESS, first="away")
    assert fold(placed, BORN, did("email_click", START + 1)).state.stay.track == "awareness"
    two = [saw("pricing", START + 1, "a"), saw("pricing", START + 2, "b")]
    assert fold(placed, BORN, *two).state.stay.track == "consideration"


def test_idle_entries_take_a_lead_at_exactly_that_idleness_and_once() -> None:
    wake_up = drip(0, 14, name="wake", entries=(Entry(idle=30 * DAY),), exits=(Exit(engaged=True, to="newsletter"),))
    idle = book(wake_up, first="newsletter")
    click = did("email_click", START + 10 * DAY)
    decision = fold(idle, BORN, click, until=START + 200 * DAY)
    entered = [change for change in of(TrackChanged, decision) if change.after == "wake"]
    assert [(change.at - START) / DAY for change in entered] == [40]
    never = fold(idle, BORN, until=START + 30 * DAY)
    assert never.state.stay.track == "wake", "counted from birth without any activity"


def test_a_stage_leads_onto_a_track() -> None:
    won = Track(name="won", entries=(Entry(stage="customer"),), stages=("customer",))
    after = Track(name="after", entries=(Entry(stage="recycled", left=("sql",), reasons=("budget",)),))
    placed = book(won, after, recycle=())
    mql = [*fitting(), *hot()]
    deal = did("opportunity_created", START + 2 * HOUR)
    assert fold(placed, *mql, deal, did("opportunity_won", START + DAY)).state.stay.track == "won"
    assert fold(placed, *mql, deal, did("opportunity_lost", START + DAY, reason="budget")).state.stay.track == "after"
    assert fold(placed, *mql, did("opportunity_lost", START + DAY, reason="budget")).state.stay is None


def test_an_entry_may_ask_where_the_lead_comes_from() -> None:
    only = Track(name="only", entries=(Entry(signal=on("webinar_signup"), origin=("drip",)),))
    placed = book(only, drip(0), first="newsletter")
    assert fold(placed, BORN, did("webinar_signup", START + 1)).state.stay.track == "newsletter"
    placed = book(only, drip(0), first="drip")
    assert fold(placed, BORN, did("webinar_signup", START + 1)).state.stay.track == "only"


def test_nobody_comes_twice_onto_a_track_for_once() -> None:
    once = Track(name="once", once=True, entries=(Entry(signal=on("webinar_signup")),), exits=(Exit(after=DAY, to=""),))
    decision = fold(book(once), BORN, did("webinar_signup", START + 1), did("webinar_signup", START + 9 * DAY))
    assert [after for _, after in route(decision)] == ["once", None]


def test_at_most_so_many_touches_in_any_span() -> None:
    capped = book(drip(0, 1, 2, 3), first="drip", frequency_cap=FrequencyCap(touches=2, within=7 * DAY))
    assert [day for day, _ in touches(fold(capped, BORN, until=START + 30 * DAY))] == [0, 1, 7, 8]


def test_touches_go_in_the_send_window_of_the_leads_own_zone() -> None:
    window = SendWindow(weekdays=(1, 2, 3), opens=9 * 60, closes=11 * 60, timezone="UTC")
    windowed = book(drip(0, 3), first="drip", send_windows=(window,))
    sent = [touch.at for touch in of(TouchDue, fold(windowed, BORN, until=START + 20 * DAY))]
    assert sent == [parse("2026-01-06T09:00:00Z"), parse("2026-01-08T09:00:00Z")]
    abroad = told(source="other", timezone="America/New_York")
    sent = [touch.at for touch in of(TouchDue, fold(windowed, abroad, until=START + 20 * DAY))]
    assert sent == [parse("2026-01-06T14:00:00Z"), parse("2026-01-08T14:00:00Z")]


def test_sales_engagement_rests_touches_and_nothing_is_made_up_for() -> None:
    mql = [*fitting(source="other"), *hot()]
    steady = book(first="newsletter")
    worked = fold(steady, *mql, did("sales_accepted", START + 2 * HOUR), until=START + 50 * DAY)
    assert touches(worked) == [(0, "newsletter")]
    back = told(START + 50 * DAY, stage="inquiry", is_student=True)
    again = fold(steady, *mql, did("sales_accepted", START + 2 * HOUR), back, until=START + 60 * DAY)
    assert [day for day, _ in touches(again)] == [0, 50, 56]


def test_an_answered_task_rests_touches_for_a_while() -> None:
    mql = [*fitting(source="other"), *hot()]
    daily = Track(name="daily", rhythms=(Rhythm(every=DAY, touches=(Touch(content="d"),)),))
    answered = did("call_attempt", START + DAY + HOUR, outcome="voicemail")
    decision = fold(book(daily, first="daily"), *mql, answered, until=START + 10 * DAY)
    assert [day for day, _ in touches(decision)][:3] == [0, 1, 8 + 1 / 24]


def test_a_touch_may_be_a_task_for_a_person() -> None:
    call = TaskStep(channel="email", subject="Write to {name}", assignee="worked_by", due=Due(span=2 * DAY))
    personal = Track(name="personal", rhythms=(Rhythm(every=21 * DAY, touches=(Touch(content="w", task=call),)),))
    decision = fold(book(personal, first="personal"), BORN, until=START + 21 * DAY)
    tasks = of(TaskWanted, decision)
    assert [(task.play, task.step, task.assignee, task.due_at - task.at) for task in tasks] == [
        ("personal", 1, "worked_by", 2 * DAY),
        ("personal", 2, "worked_by", 2 * DAY),
    ]
    assert touches(decision) == []
