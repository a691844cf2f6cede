from typing import Any

from core_builders import (
    CLOCK,
    FIRST_CALL,
    HANDOFF,
    NEWSLETTER,
    RENURTURE,
    START,
    being,
    did,
    drip,
    fitting,
    fold,
    hot,
    of,
    on,
    playbook,
    saw,
    told,
)

from integration.core.model.effects import AlertRaised, Escalated, TaskWanted, TouchDue, TrackChanged
from integration.core.model.events import Event
from integration.core.rules.automation_rules import AlertStep, Clock, Due, Play, TaskStep, TouchStep, Trigger
from integration.core.rules.patterns import Part, Pattern
from integration.core.rules.playbook_rules import Playbook
from mappings.model.canonical import Activity
from mappings.values.instant import DAY, HOUR, Instant, Span, parse

PRICING, INTEGRATIONS = on("page_view", page="pricing"), on("page_view", page="integrations")
CASE = on("page_view", page="case_study")
BORN = told(source="quiet")


def call(name: str, hours: int = 24, **more: Any) -> Play:
    return Play(name=name, steps=(TaskStep(channel="call", subject=name, due=Due(span=hours * HOUR)),), **more)


def book(*triggers: Trigger, plays: tuple[Play, ...] = (), **more: Any) -> Playbook:
    return playbook(triggers=triggers, plays=(HANDOFF, FIRST_CALL, call("play"), *plays), **more)


def trigger(pattern: Pattern | None = None, **more: Any) -> Trigger:
    return Trigger(name="t", pattern=pattern, **{"play": "play", "cooldown": 7 * DAY, **more})


def both(within: Span) -> Pattern:
    return Pattern(parts=(Part(signal=PRICING), Part(signal=INTEGRATIONS)), within=within)


def fired(book_: Playbook, *events: Event, until: Instant | None = None) -> list[float]:
    return [(task.at - START) / DAY for task in of(TaskWanted, fold(book_, BORN, *events, until=until))]


def test_all_of_a_pattern_must_come_within_its_window_in_any_order() -> None:
    wanted = book(trigger(both(7 * DAY)))
    assert fired(wanted, saw("pricing", START + DAY), saw("integrations", START + 2 * DAY)) == [2]
    assert fired(wanted, saw("integrations", START + DAY), saw("pricing", START + 2 * DAY)) == [2]
    assert fired(wanted, saw("pricing", START + DAY), saw("integrations", START + 8 * DAY)) == [8], "seven days count"
    assert fired(wanted, saw("pricing", START + DAY), saw("integrations", START + 8 * DAY + 1)) == []


def test_so_many_within_a_window() -> None:
    twice = Pattern(parts=(Part(signal=CASE, at_least=2),), within=7 * DAY)
    views = [saw("case_study", START + day * DAY) for day in (1, 9, 12)]
    assert fired(book(trigger(twice)), *views) == [12]


def test_distinct_values_and_distinct_days() -> None:
    assets = Pattern(parts=(Part(signal=on("content_download"), at_least=2, distinct="asset"),), within=7 * DAY)
    downloads = [did("content_download", START + day * DAY, asset=name) for day, name in ((1, "a"), (2, "a"), (3, "b"))]
    assert fired(book(trigger(assets)), *downloads) == [3]
    days = Pattern(parts=(Part(signal=CASE, at_least=2, distinct="day"),), within=5 * DAY)
    hours = [saw("case_study", START + hour * HOUR) for hour in (1, 2, 3, 25)]
    assert fired(book(trigger(days)), *hours) == [25 / 24]
    nameless = [did("content_download", START + day * DAY) for day in (1, 2)]
    assert fired(book(trigger(assets)), *nameless) == []


def test_one_page_under_several_addresses_is_one_value() -> None:
    for distinct in ("url", "asset"):
        pages = Pattern(parts=(Part(signal=CASE, at_least=2, distinct=distinct),), within=7 * DAY)
        urls = ("https://acme.example/a?utm=1", "http://www.acme.example/a/", "https://acme.example/b")
        views = [
            did("page_view", START + day * DAY, page="case_study", url=url) for day, url in enumerate(urls, start=1)
        ]
        assert fired(book(trigger(pages)), *views) == [3]


def test_one_after_the_other() -> None:
    calculator, opened = on("content_download"), on("email_open")
    then = Pattern(parts=(Part(signal=calculator), Part(signal=opened, at_least=2)), ordered=True)
    wanted = book(trigger(then))
    opens = [did("email_open", START + day * DAY) for day in (1, 3, 5, 6)]
    download = did("content_download", START + 2 * DAY)
    assert fired(wanted, *opens[:2], download) == [], "the open before the download does not count"
    assert fired(wanted, download, *opens) == [5]
    assert fired(wanted, download, *opens, did("email_open", START + 40 * DAY)) == [5], "used up"


def test_an_ordered_pattern_keeps_its_window_and_its_latest_beginning() -> None:
    then = Pattern(parts=(Part(signal=PRICING), Part(signal=CASE)), ordered=True, within=2 * DAY)
    wanted = book(trigger(then))
    assert fired(wanted, saw("pricing", START + DAY), saw("case_study", START + 4 * DAY)) == []
    again = [saw("pricing", START + DAY), saw("pricing", START + 3 * DAY), saw("case_study", START + 4 * DAY)]
    assert fired(wanted, *again) == [4]


def test_one_activity_does_not_serve_two_places_of_a_sequence() -> None:
    views = Pattern(parts=(Part(signal=PRICING), Part(signal=on("page_view"))), ordered=True)
    assert fired(book(trigger(views)), saw("pricing", START + DAY)) == []
    assert fired(book(trigger(views)), saw("pricing", START + DAY), saw("pricing", START + 2 * DAY)) == [2]


def test_a_trigger_rests_for_its_cooldown() -> None:
    seen = Pattern(parts=(Part(signal=PRICING),))
    resting = book(trigger(seen, play="alone"), plays=(call("alone", 1),))
    views = [saw("pricing", START + day * DAY) for day in (1, 3, 8, 9)]
    assert fired(resting, *views) == [1, 8]


def test_a_play_is_not_played_again_while_it_is_open() -> None:
    eager = trigger(Pattern(parts=(Part(signal=PRICING),)), play="long", cooldown=0)
    views = [saw("pricing", START + day * DAY) for day in (1, 2, 5)]
    long = book(eager, plays=(call("long", 48),))
    assert fired(long, *views) == [1, 5]
    tried = did("call_attempt", START + DAY + HOUR, outcome="no_answer", task="play/long/1/task/1")
    assert fired(long, tried, *views) == [1, 2, 5]
    assert fired(long, did("call_attempt", START + DAY + HOUR, outcome="no_answer"), *views) == [1, 5]
    slow = book(eager, plays=(call("long", 48, grace=3 * DAY),))
    assert fired(slow, *views) == [1]


def test_a_play_is_open_no_longer_once_all_its_tasks_were_closed_without_a_word() -> None:
    eager = trigger(Pattern(parts=(Part(signal=PRICING),)), play="two", cooldown=0)
    step = TaskStep(channel="call", subject="Call {name}", due=Due(span=48 * HOUR))
    two = book(eager, plays=(Play(name="two", steps=(step, step)),))

    def shut(number: int, times: int = 1, play: str = "two") -> Activity:
        return did(
            "task_closed", START + 25 * HOUR, f"c{play}{times}{number}", task=f"play/{play}/{times}/task/{number}"
        )

    views = [saw("pricing", START + day * DAY) for day in (1, 2)]
    assert fired(two, *views) == [1, 1]
    assert fired(two, shut(1), *views) == [1, 1]
    assert fired(two, shut(1), shut(2), *views) == [1, 1, 2, 2]
    others = [
        shut(1, 2),
        shut(2, 2),
        shut(3),
        shut(2, play="else"),
        did("task_closed", START + 25 * HOUR, "odd", task=7),
    ]
    assert fired(two, shut(1), *others, *views) == [1, 1]


def test_a_trigger_that_fired_into_an_open_play_does_not_cool_down() -> None:
    eager = trigger(Pattern(parts=(Part(signal=PRICING),)), play="long", cooldown=30 * DAY)
    shared = book(
        Trigger(name="other", pattern=Pattern(parts=(Part(signal=CASE),)), play="long"),
        eager,
        plays=(call("long", 48),),
    )
    views = [saw("case_study", START + DAY), saw("pricing", START + 2 * DAY), saw("pricing", START + 4 * DAY)]
    assert fired(shared, *views) == [1, 4]


def test_a_condition_keeps_a_trigger_to_where_it_belongs() -> None:
    there = trigger(Pattern(parts=(Part(signal=PRICING),)), condition=being("stage", "mql"))
    assert fired(book(there), saw("pricing", START + DAY)) == []
    decision = fold(book(there), *fitting(), *hot(), saw("pricing", START + DAY))
    assert [task.play for task in of(TaskWanted, decision)] == ["handoff", "play"]


def test_becoming_true_fires_once_until_it_was_false_again() -> None:
    c = book(trigger(condition=being("segment", "C"), cooldown=0))
    keen = [saw("pricing", START + 1, "a"), saw("pricing", START + 2, "b"), saw("blog", START + DAY)]
    again = [saw("pricing", START + day * DAY) for day in (40, 41)]
    assert [round(at) for at in fired(c, *keen, *again)] == [0, 40]


def test_idleness_fires_once_a_stretch_and_counts_from_birth_or_the_last_scoring_activity() -> None:
    idle = book(trigger(idle=30 * DAY))
    assert fired(idle, until=START + 99 * DAY) == [30]
    click = did("email_click", START + 10 * DAY)
    assert fired(idle, click, until=START + 99 * DAY) == [40]
    opened = did("email_open", START + 35 * DAY)
    assert fired(idle, click, opened, until=START + 99 * DAY) == [40]
    busy = [did("email_click", START + day * DAY) for day in (10, 50)]
    assert fired(idle, *busy, until=START + 99 * DAY) == [40, 80]


def test_idleness_is_told_though_decay_falls_due_at_the_same_instant() -> None:
    deed = saw("pricing", START)
    assert fired(book(trigger(idle=30 * DAY)), deed, until=START + 30 * DAY) == [30]


def test_a_trigger_may_move_a_lead_to_a_track() -> None:
    move = trigger(idle=30 * DAY, play="", track="away")
    tracks = (drip(0, name="away"), NEWSLETTER, RENURTURE)
    decision = fold(book(move, tracks=tracks), told(source="other"), until=START + 31 * DAY)
    assert of(TrackChanged, decision)[-1].after == "away"


def test_a_play_has_tasks_a_checklist_touches_and_alerts() -> None:
    steps = (
        AlertStep(alert="now", text="{name} is looking"),
        TaskStep(channel="call", subject="Call {name}", due=Due(span=2 * HOUR), priority="high"),
        TaskStep(channel="email", subject="Write", note="ask which system"),
        TaskStep(channel="task", subject="Send the overview"),
        TaskStep(channel="review", subject="Look again", due=Due(span=48 * HOUR), assignee="manager"),
        TouchStep(content="overview", after=Due(span=DAY)),
    )
    full = book(trigger(both(7 * DAY), play="full"), plays=(Play(name="full", steps=steps),))
    events = [told(source="quiet", email="ana@acme.example"), saw("pricing", START), saw("integrations", START + 1)]
    decision = fold(full, *events, until=START + 2 * DAY)
    first, second = of(TaskWanted, decision)
    assert (first.step, first.channel, first.subject, first.priority) == (1, "call", "Call ana@acme.example", "high")
    assert "To do:\n[ ] Write: ask which system\n[ ] Send the overview\n" in first.body
    assert (second.step, second.channel, second.due_at - second.at) == (4, "review", 48 * HOUR)
    assert second.assignee == "manager"
    assert [alert.text for alert in of(AlertRaised, decision)] == ["ana@acme.example is looking"]
    assert [(touch.content, touch.track, touch.step) for touch in of(TouchDue, decision)] == [("overview", "", 1)]
    assert len({effect.key for effect in decision.effects}) == len(decision.effects)


def test_tasks_go_to_the_owner_then_the_accounts_then_the_pool() -> None:
    seen = book(trigger(Pattern(parts=(Part(signal=PRICING),))))

    def assignee(*events: Event) -> str:
        return of(TaskWanted, fold(seen, *events, saw("pricing", START + DAY)))[0].assignee

    assert assignee(BORN) == "pool"
    assert assignee(*fitting()) == "pool"
    assert assignee(told(source="quiet", owner="u1")) == "owner"


WORKDAY = Due(span=2 * HOUR, working=True)


def clocked(clock: Clock, **more: Any) -> Playbook:
    return playbook(clocks=(clock,), **more)


MQL = [*fitting(), *hot(START)]
"""An MQL at START + 1."""


def test_a_clock_escalates_and_alerts_once_at_its_deadline() -> None:
    decision = fold(clocked(CLOCK), *MQL, until=START + 40 * DAY)
    [escalated] = of(Escalated, decision)
    assert escalated.at == escalated.due_at == START + 1 + 24 * HOUR
    assert escalated.assignee == "manager"
    assert [alert.alert for alert in of(AlertRaised, decision)] == ["first_contact_breach"]
    assert decision.state.clocks["first_contact"].stopped is None, "it runs on"


def test_a_clock_stops_at_the_first_answer() -> None:
    at = START + 24 * HOUR
    answered = did("call_attempt", at, outcome="no_answer")
    assert of(Escalated, fold(clocked(CLOCK), *MQL, answered, until=START + 9 * DAY)) == []
    too_late = did("call_attempt", START + 25 * HOUR, outcome="no_answer")
    decision = fold(clocked(CLOCK), *MQL, too_late, until=START + 9 * DAY)
    assert len(of(Escalated, decision)) == 1
    run = decision.state.clocks["first_contact"]
    assert run.stopped - run.due == HOUR - 1, "the delay can be told"


def test_a_clock_reminds_before() -> None:
    reminding = Clock(name="c", within=Due(span=24 * HOUR), stage="mql", stops=CLOCK.stops, remind_before=4 * HOUR)
    alerts = of(AlertRaised, fold(clocked(reminding), *MQL, until=START + 2 * DAY))
    assert [(alert.alert, alert.at - START - 1) for alert in alerts] == [
        ("c_reminder", 20 * HOUR),
        ("c_breach", 24 * HOUR),
    ]


def test_a_clock_may_only_alert() -> None:
    quiet = Clock(name="c", within=Due(span=HOUR), stage="mql", stops=CLOCK.stops, escalate_to=None)
    decision = fold(clocked(quiet), *MQL, until=START + DAY)
    assert of(Escalated, decision) == []
    assert len(of(AlertRaised, decision)) == 1


def test_a_clock_counts_working_time() -> None:
    friday = parse("2026-01-09T16:30:00Z")
    working = Clock(name="c", within=WORKDAY, stage="mql", stops=CLOCK.stops)
    decision = fold(clocked(working), *fitting(friday), *hot(friday), until=friday + 9 * DAY)
    assert of(Escalated, decision)[0].due_at == parse("2026-01-12T10:30:00Z") + 1


def test_a_clock_may_wait_for_a_condition_and_for_a_trigger() -> None:
    never = Clock(name="c", within=Due(span=HOUR), stage="mql", stops=CLOCK.stops, condition=being("segment", "D"))
    assert of(Escalated, fold(clocked(never), *MQL, until=START + DAY)) == []
    by_trigger = Clock(name="c", within=Due(span=HOUR), trigger="t", stops=CLOCK.stops)
    triggered = book(trigger(Pattern(parts=(Part(signal=PRICING),))), clocks=(by_trigger,))
    decision = fold(triggered, BORN, saw("pricing", START + DAY), until=START + 3 * DAY)
    assert of(Escalated, decision)[0].at == START + DAY + HOUR


def test_a_return_and_a_suppression_stop_every_clock() -> None:
    for deed, properties in (("opportunity_lost", {}), ("decline", {})):
        decision = fold(clocked(CLOCK), *MQL, did(deed, START + HOUR, **properties), until=START + 9 * DAY)
        assert of(Escalated, decision) == []


def test_every_handoff_starts_its_clock_anew() -> None:
    back = [did("sales_rejected", START + HOUR, reason="timing"), did("email_click", START + DAY)]
    decision = fold(clocked(CLOCK), *MQL, *back, until=START + 9 * DAY)
    [escalated] = of(Escalated, decision)
    assert escalated.key == "ana/clock/first_contact/2/escalation"
