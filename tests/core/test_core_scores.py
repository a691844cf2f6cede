from typing import Any

import pytest
from core_builders import (
    START,
    STEPS,
    did,
    firm,
    fitting,
    fold,
    on,
    playbook,
    rule,
    saw,
    told,
)

from integration.core.model.events import Event
from integration.core.model.ledger import Line
from integration.core.model.state import Score, newborn
from integration.core.rules.conditions import ALWAYS, Compare
from integration.core.rules.patterns import Part, Pattern
from integration.core.rules.playbook_rules import Playbook
from integration.core.rules.scoring_rules import (
    Engagement,
    EngagementRule,
    Fit,
    FitGroup,
    FitRule,
    HalfLife,
    Limit,
    Monthly,
)
from integration.core.run.apply_events import advance
from integration.core.run.standing import standing
from integration.core.scoring import decay
from mappings.values.instant import DAY, HOUR, Instant

BOOK = playbook()


def engagement(*rules: EngagementRule, **more: Any) -> Playbook:
    return playbook(engagement=Engagement(rules=rules, **more))


def value(book: Playbook, *events: Event, until: Instant | None = None) -> int:
    return fold(book, *events, until=until).state.score.value


@pytest.mark.parametrize(
    ("days", "left"),
    [(0, 30_000), (13, 30_000), (14, 24_000), (29, 24_000), (30, 15_000), (89, 15_000), (90, 0), (400, 0)],
)
def test_idle_steps_keep_a_share_of_what_stood_when_idleness_began(days: int, left: int) -> None:
    thirty = [saw("pricing", START), saw("pricing", START + 1, "p2")]
    assert value(BOOK, *thirty, until=START + 1 + days * DAY) == left


def test_a_step_is_passed_at_exactly_that_many_days_and_not_a_microsecond_before() -> None:
    deed = saw("pricing", START)
    assert value(BOOK, deed, until=START + 14 * DAY - 1) == 15_000
    assert value(BOOK, deed, until=START + 14 * DAY) == 12_000


def test_a_scoring_activity_makes_the_decayed_value_the_new_base_then_adds_its_points() -> None:
    events = [saw("pricing", START), did("email_click", START + 14 * DAY)]
    assert value(BOOK, *events) == 12_000 + 3_000
    assert value(BOOK, *events, until=START + 28 * DAY) == 12_000


def test_an_open_adds_to_the_base_and_does_not_reset_the_idle_clock() -> None:
    decision = fold(BOOK, saw("pricing", START), did("email_open", START + 20 * DAY, "o"))
    assert decision.state.score.value == (15_000 + 1_000) * 800 // 1_000
    assert decision.lines[-2:] == (
        Line(START + 20 * DAY, "engagement", "points", "email_open", "o", 1_000),
        Line(START + 20 * DAY, "engagement", "decay", "idle 14 d", "o", -200),
    )
    assert value(BOOK, saw("pricing", START), did("email_open", START + 20 * DAY), until=START + 30 * DAY) == 8_000


def test_opens_before_anything_else_start_the_idle_clock_once() -> None:
    events = [did("email_open", START), did("email_open", START + 13 * DAY)]
    assert value(BOOK, *events) == 2_000
    assert value(BOOK, *events, until=START + 14 * DAY) == 1_600


def test_a_cap_clips_on_accrual_and_says_so() -> None:
    events = [saw("pricing", START + number) for number in range(5)]
    decision = fold(BOOK, *events)
    assert decision.state.score.value == 60_000
    assert decision.lines[-1] == Line(START + 4, "engagement", "cap", "pricing", f"pricing@{START + 4}", -15_000)
    decayed = fold(BOOK, *events, until=START + 4 + 14 * DAY)
    assert decayed.state.score.value == 48_000, "what was clipped is gone"


def test_points_below_nothing_are_floored() -> None:
    book = engagement(rule("bounce", -5, on("email_bounce")), rule("click", 3, on("email_click")))
    decision = fold(book, did("email_click", START), did("email_bounce", START + 1))
    assert decision.state.score.value == 0
    assert decision.lines[-1].line == "floor"
    assert sum(line.points for line in decision.lines) == 0


def test_only_the_nth_ever_scores() -> None:
    book = engagement(rule("third product page", 25, on("page_view", page="product"), nth=3))
    views = [saw("product", START + day * DAY) for day in range(5)]
    assert [value(book, *views[: count + 1]) for count in range(5)] == [0, 0, 25_000, 25_000, 25_000]


def test_one_activity_may_fulfil_several_rules() -> None:
    half_hour = Compare(subject="minutes", op="at_least", values=(30,))
    long = on("webinar_attend")
    long = (type(long[0])(types=("webinar_attend",), where=(half_hour,)),)
    book = engagement(rule("attended", 5, on("webinar_attend")), rule("stayed", 5, long))
    assert value(book, did("webinar_attend", START, minutes=29)) == 5_000
    assert value(book, did("webinar_attend", START, minutes=30)) == 10_000


def test_a_limit_counts_by_calendar_day_and_asset() -> None:
    book = engagement(rule("pricing", 15, on("page_view", page="pricing"), limit=Limit(times=1, by="asset")))
    late = START + 14 * HOUR
    views = [
        did("page_view", late, "a", page="pricing", url="/pricing"),
        did("page_view", late + 1, "b", page="pricing", url="/pricing"),
        did("page_view", late + 2, "c", page="pricing", url="/plans"),
        did("page_view", late + 2 * HOUR, "d", page="pricing", url="/pricing"),
    ]
    assert [value(book, *views[: count + 1]) for count in range(4)] == [15_000, 15_000, 30_000, 45_000]


def test_a_rolling_limit_counts_within_its_window() -> None:
    limit = Limit(times=2, within=DAY)
    book = engagement(rule("click", 3, on("email_click"), limit=limit))
    clicks = [did("email_click", START + hours * HOUR) for hours in (0, 1, 2, 23, 24, 25)]
    assert [value(book, *clicks[: count + 1]) // 1_000 for count in range(6)] == [3, 6, 6, 6, 9, 12]


def test_a_limited_activity_scores_nothing_and_resets_nothing() -> None:
    book = engagement(rule("click", 10, on("email_click"), limit=Limit(times=1, within=60 * DAY)), decay=STEPS)
    events = [did("email_click", START), did("email_click", START + 10 * DAY)]
    assert value(book, *events, until=START + 14 * DAY) == 8_000


def test_a_rule_by_pattern_scores_when_it_is_complete_and_uses_its_evidence_up() -> None:
    twice = Pattern(parts=(Part(signal=on("page_view", page="case_study"), at_least=2),), within=7 * DAY)
    book = engagement(rule("revisit", 10, pattern=twice))
    views = [saw("case_study", START + day * DAY) for day in (0, 3, 4, 20, 26)]
    assert [value(book, *views[: count + 1]) // 1_000 for count in range(5)] == [0, 10, 10, 10, 20]


def test_half_life_halves_exactly_and_counts_whole_days_from_the_first_point() -> None:
    book = engagement(rule("pricing", 15, on("page_view")), decay=HalfLife(days=30))
    deed = saw("pricing", START)
    assert value(book, deed, until=START + DAY - 1) == 15_000
    assert value(book, deed, until=START + DAY) == 14_657
    assert value(book, deed, until=START + 30 * DAY) == 7_500
    assert value(book, deed, until=START + 60 * DAY) == 3_750
    assert value(book, deed, until=START + 1_000 * DAY) == 0


def test_half_life_adds_new_points_to_what_is_left() -> None:
    book = engagement(rule("pricing", 15, on("page_view")), decay=HalfLife(days=30))
    decision = fold(book, saw("pricing", START), saw("pricing", START + 30 * DAY), until=START + 60 * DAY)
    assert decision.state.score.value == 11_250
    assert sum(line.points for line in decision.lines) == 11_250


def test_busy_leads_decay_too_under_half_life() -> None:
    book = engagement(rule("click", 1, on("email_click")), decay=HalfLife(days=1))
    clicks = [did("email_click", START + hours * HOUR) for hours in range(0, 240, 20)]
    assert value(book, *clicks) < 3_000


def test_monthly_decay_takes_its_share_of_each_activity_each_month() -> None:
    book = engagement(rule("pricing", 15, on("page_view")), decay=Monthly(share=500))
    events = [saw("pricing", START), saw("pricing", START + 10 * DAY)]
    assert value(book, *events, until=START + 30 * DAY) == 22_500
    assert value(book, *events, until=START + 40 * DAY) == 15_000
    assert value(book, *events, until=START + 60 * DAY) == 7_500
    assert value(book, *events, until=START + 70 * DAY) == 0


def test_monthly_decay_with_negative_points_never_rises_by_waiting() -> None:
    book = engagement(rule("p", 10, on("page_view")), rule("bounce", -4, on("email_bounce")), decay=Monthly(share=300))
    events = [saw("x", START), did("email_bounce", START + 1)]
    values = [value(book, *events, until=START + 1 + days * DAY) for days in range(0, 150, 10)]
    assert values[0] == 6_000
    assert values == sorted(values, reverse=True)
    assert values[-1] == 0


def test_factors_are_exact_halves_at_whole_half_lives() -> None:
    for days in (1, 7, 30, 365):
        assert decay.halved(40_000, days, days) == 20_000
        assert decay.halved(40_000, 2 * days, days) == 10_000


def test_decay_of_nothing_is_never_due() -> None:
    assert decay.due(Score(), STEPS) is None
    assert decay.due(Score(), None) is None


def test_fit_takes_the_first_rule_of_each_group_and_follows_the_fields() -> None:
    decision = fold(BOOK, *fitting())
    assert decision.state.fit == 40_000
    smaller = fold(BOOK, *fitting(), firm(START + DAY, employees=20))
    assert smaller.state.fit == 30_000
    assert [line.points for line in smaller.lines if line.at == START + DAY] == [-15_000, 5_000]


def test_unknown_fields_match_no_rule() -> None:
    assert fold(BOOK, told(seniority="director")).state.fit == 25_000
    assert fold(BOOK, told(START, source="inquiry"), until=START).state.fit == 0


def test_a_field_that_is_withdrawn_counts_no_more() -> None:
    assert fold(BOOK, told(seniority="director"), told(START + 1, seniority=None)).state.fit == 0


def test_fit_never_decays() -> None:
    assert fold(BOOK, *fitting(), until=START + 999 * DAY).state.fit == 40_000


def test_a_fit_cap_clips_and_says_so() -> None:
    rules = tuple(
        FitGroup(name=name, rules=(FitRule(name=name, points=30_000, condition=ALWAYS),)) for name in ("a", "b")
    )
    decision = fold(playbook(fit=Fit(groups=rules, cap=50_000)), told(source="quiet"))
    assert decision.state.fit == 50_000
    assert [line.line for line in decision.lines] == ["points", "points", "cap"]
    assert sum(line.points for line in decision.lines) == 50_000


def test_changing_the_account_forgets_the_old_ones_fields() -> None:
    assert fold(BOOK, *fitting(), told(START + DAY, account="other")).state.fit == 25_000
    assert fold(BOOK, *fitting(), told(START + DAY, account="acme")).state.fit == 40_000


def test_a_shown_score_is_rounded_down() -> None:
    book = engagement(rule("pricing", 5, on("page_view")), decay=HalfLife(days=30))
    decision = fold(book, saw("x", START), until=START + DAY)
    assert decision.state.score.value == 4_885
    assert standing(book, decision.state, START + DAY).engagement == 4


def test_standing_is_worked_out_for_a_later_instant_without_changing_the_state() -> None:
    state = fold(BOOK, saw("pricing", START)).state
    assert standing(BOOK, state, START + 14 * DAY).engagement == 12
    assert state.score.value == 15_000


def test_the_same_activity_twice_counts_once() -> None:
    deed = saw("pricing", START)
    assert value(BOOK, deed, deed) == 15_000


def test_ties_are_broken_by_kind_then_id() -> None:
    first, second = saw("pricing", START, "b"), did("email_click", START, "a")
    decision = fold(BOOK, first, told(START, source="quiet"), second)
    assert [line.activity for line in decision.lines] == ["a", "b"]


def test_a_late_event_is_refused_and_deriving_anew_gives_the_state_in_order() -> None:
    early, late = saw("pricing", START), did("email_click", START + DAY)
    state = fold(BOOK, late).state
    with pytest.raises(ValueError, match="late"):
        advance(BOOK, state, [early], START + DAY)
    assert fold(BOOK, late, early).state == fold(BOOK, early, late).state


def test_time_alone_moves_the_watermark_only_when_something_was_due() -> None:
    state = fold(BOOK, told(source="quiet"), saw("pricing", START), until=START + 13 * DAY).state
    assert state.watermark is not None
    assert state.watermark[0] == START
    state = advance(BOOK, state, [], START + 15 * DAY).state
    assert state.watermark == (START + 14 * DAY, -1, "")


def test_unknown_types_and_properties_score_nothing_and_are_no_mistake() -> None:
    decision = fold(BOOK, did("teleport", START, odd=("a",)), did("page_view", START + 1, page=("pricing",)))
    assert decision.state.score.value == 0


def test_a_lead_without_events_has_nothing() -> None:
    decision = advance(BOOK, newborn("ana"), [], START)
    assert decision.effects == ()
    assert decision.state.due is None
