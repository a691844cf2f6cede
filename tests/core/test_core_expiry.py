"""An activity's own points end whole after a span, beside every decay, cap and limit; an idle lead falls due then."""

import pytest
from core_builders import START, STEPS, did, fold, on, playbook, rule, saw
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import Event
from integration.core.model.ledger import Line
from integration.core.model.score import Ending
from integration.core.model.state import newborn
from integration.core.rules.scoring_rules import Decay, Engagement, HalfLife, Limit, Monthly
from integration.core.run.apply_events import advance
from integration.core.scoring import expiry
from mappings.values.instant import DAY, HOUR, Instant

PRICING = rule("pricing", 15, on("page_view", page="pricing"), expires=30 * DAY)
CLICK = rule("click", 3, on("email_click"), expires=7 * DAY)
OPEN = rule("open", 1, on("email_open"), resets_idle=False, expires=10 * DAY)
STORY = rule("story", 10, on("page_view", page="case_study"))
RULES = (PRICING, CLICK, OPEN, STORY)
DECAYS: tuple[Decay | None, ...] = (None, STEPS, HalfLife(days=30), Monthly(share=100))


def book(*rules: object, cap: int | None = None, decay: Decay | None = None) -> CompiledPlaybook:
    return playbook(engagement=Engagement(rules=rules or RULES, cap=cap, decay=decay), first_moves=())  # type: ignore[arg-type] - rules of the tests


def value(compiled: CompiledPlaybook, *events: Event, until: Instant | None = None) -> int:
    return fold(compiled, *events, until=until).state.score.value


def test_points_end_whole_exactly_so_long_after_their_activity_with_a_line_that_names_it() -> None:
    view = saw("pricing", START, "p")
    assert value(book(), view, until=START + 30 * DAY - 1) == 15_000
    decision = fold(book(), view, until=START + 30 * DAY)
    assert decision.state.score.value == 0
    assert decision.lines[-1] == Line(START + 30 * DAY, "engagement", "expiry", "pricing", "p", -15_000)


def test_each_activity_has_a_span_of_its_own_and_rules_without_one_keep_their_points() -> None:
    events = [saw("pricing", START, "a"), saw("pricing", START + 5 * DAY, "b"), saw("case_study", START)]
    assert [value(book(), *events, until=START + days * DAY) // 1_000 for days in (6, 30, 34, 35, 900)] == [
        40,
        25,
        25,
        10,
        10,
    ]


def test_an_idle_lead_falls_due_when_its_points_end_and_never_again() -> None:
    state = fold(book(), saw("pricing", START)).state
    assert state.due == START + 30 * DAY
    assert advance(book(), state, [], START + 30 * DAY).state.due != state.due
    assert fold(book(STORY), saw("case_study", START)).state.score.endings == []


def test_what_the_cap_took_does_not_end_again() -> None:
    capped = book(cap=20_000)
    events = [saw("pricing", START, "a"), saw("pricing", START + DAY, "b")]
    assert value(capped, *events) == 20_000
    assert value(capped, *events, until=START + 30 * DAY) == 5_000
    assert value(capped, *events, until=START + 31 * DAY) == 0


def test_points_that_ended_do_not_free_a_limit_before_its_own_span() -> None:
    once = rule("pricing", 15, on("page_view", page="pricing"), expires=7 * DAY, limit=Limit(times=1, within=60 * DAY))
    events = [saw("pricing", START), saw("pricing", START + 30 * DAY)]
    assert value(book(once), *events) == 0


def test_steps_take_their_share_and_expiry_ends_what_they_left() -> None:
    events = [saw("pricing", START, "p"), saw("case_study", START + 1)]
    stepped = book(decay=STEPS)
    assert value(stepped, *events, until=START + 20 * DAY) == 20_000
    assert value(stepped, *events, until=START + 30 * DAY) == 10_000 * 800 // 1_000, "20 of 25, of which 12 end"
    assert value(stepped, *events, until=START + 30 * DAY + 1) == 5_000


def test_an_activity_that_ends_idleness_leaves_each_its_share_of_what_was_left() -> None:
    events = [saw("pricing", START, "p"), saw("case_study", START), saw("case_study", START + 20 * DAY, "c")]
    stepped = book(decay=STEPS)
    assert value(stepped, *events) == 20_000 + 10_000
    assert value(stepped, *events, until=START + 30 * DAY) == 8_000 + 10_000


def test_a_half_life_and_expiry_take_nothing_twice() -> None:
    decision = fold(book(decay=HalfLife(days=30)), saw("pricing", START, "p"), until=START + 30 * DAY)
    assert decision.state.score.value == 0
    expired = [line.points for line in decision.lines if line.line == "expiry"]
    assert expired == [-7_500]


def test_months_take_their_share_and_expiry_ends_the_rest() -> None:
    short = rule("pricing", 10, on("page_view", page="pricing"), expires=45 * DAY)
    decision = fold(book(short, STORY, decay=Monthly(share=100)), saw("pricing", START, "p"), saw("case_study", START))
    after = advance(book(short, STORY, decay=Monthly(share=100)), decision.state, [], START + 45 * DAY)
    assert after.state.score.value == 9_000
    assert after.lines[-1] == Line(START + 45 * DAY, "engagement", "expiry", "pricing", "p", -9_000)


def test_points_below_zero_take_from_what_stands_and_expiry_goes_no_lower_than_zero() -> None:
    bounce = rule("bounce", -10, on("email_bounce"))
    compiled = book(PRICING, bounce)
    decision = fold(compiled, saw("pricing", START), did("email_bounce", START + 1), until=START + 30 * DAY)
    assert decision.state.score.value == 0
    assert sum(line.points for line in decision.lines) == 0


deeds = st.lists(
    st.tuples(
        st.integers(0, 90 * 24), st.sampled_from(("pricing", "case_study", "email_click", "email_open")), st.booleans()
    ),
    min_size=1,
    max_size=20,
)


def history(drawn: list[tuple[int, str, bool]], *, lasting: bool = True) -> list[Event]:
    found: list[Event] = []
    for number, (hours, kind, _) in enumerate(drawn):
        at = START + hours * HOUR
        if kind == "case_study" and not lasting:
            continue
        found.append(did(kind, at, f"a{number}") if kind.startswith("email") else saw(kind, at, f"a{number}"))
    return found


@settings(max_examples=40)
@given(deeds, st.integers(0, 130 * 24))
def test_without_decay_and_cap_the_score_is_the_sum_of_the_points_that_have_not_ended(
    drawn: list[tuple[int, str, bool]], hours: int
) -> None:
    points = {
        "pricing": (15_000, 30),
        "email_click": (3_000, 7),
        "email_open": (1_000, 10),
        "case_study": (10_000, 999),
    }
    at = START + max([hours, *(each[0] for each in drawn)]) * HOUR
    wanted = sum(points[kind][0] for when, kind, _ in drawn if at - (START + when * HOUR) < points[kind][1] * DAY)
    assert value(book(), *history(drawn), until=at) == wanted


@pytest.mark.parametrize("decay", DECAYS)
@settings(max_examples=30)
@given(drawn=deeds, cap=st.sampled_from((None, 20_000, 40_000)))
def test_where_every_rule_expires_nothing_is_left_over_in_the_end(
    decay: Decay | None, drawn: list[tuple[int, str, bool]], cap: int | None
) -> None:
    events = history(drawn, lasting=False)
    decision = advance(book(cap=cap, decay=decay), newborn("ana"), sorted(events, key=_order), START + 125 * DAY)
    assert decision.state.score.value == 0
    assert (decision.state.score.endings, decision.state.score.buckets) == ([], [])
    assert sum(line.points for line in decision.lines) == 0


def _order(event: Event) -> tuple[Instant, str]:
    return event.at, event.id


def test_however_many_activities_score_the_state_stays_small() -> None:
    views = [saw("pricing", START + number, f"p{number}") for number in range(300)]
    state = fold(book(), *views).state
    assert len(state.score.endings) == 200
    assert sum(each.points for each in state.score.endings) == state.score.value == 300 * 15_000


def test_shares_follow_a_smaller_base_without_losing_a_thousandth() -> None:
    endings = [Ending(at=1, rule="a", activity="x", points=1), Ending(at=2, rule="a", activity="y", points=2)]
    expiry.rescale(endings, 3, 2)
    assert sum(each.points for each in endings) == 2
    expiry.rescale(endings, 2, 0)
    assert endings == []
