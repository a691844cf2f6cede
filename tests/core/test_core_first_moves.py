import pytest
from core_builders import (
    BORN,
    NEWSLETTER,
    RENURTURE,
    START,
    being,
    book,
    did,
    drip,
    fitting,
    fold,
    hot,
    of,
    playbook,
    route,
    saw,
    told,
    touches,
)

from integration.core.model.effects import TaskWanted, TouchDue
from integration.core.rules.automation_rules import Due, Entry, FirstMove, Play, TouchStep, Track
from mappings.values.instant import DAY, HOUR, parse


def test_first_moves_follow_the_source() -> None:
    moves = (
        FirstMove(sources=("demo_request", "inquiry"), play="first_call", then="newsletter"),
        FirstMove(
            sources=("pricing_download",),
            touches=(TouchStep(content="thanks", after=Due(working_days=1)),),
            then="newsletter",
        ),
        FirstMove(
            sources=("trade_show",),
            touches=(TouchStep(content="thanks"), TouchStep(content="question", after=Due(span=3 * DAY))),
            then="newsletter",
        ),
        FirstMove(sources=("educational_download",), track="drip"),
        FirstMove(track="newsletter"),
    )
    sourced = playbook(tracks=(drip(0, 3), NEWSLETTER, RENURTURE), first_moves=moves)
    friday = parse("2026-01-09T15:00:00Z")

    def of_source(source: str | None) -> list[tuple[float, str]]:
        decision = fold(sourced, told(friday, source=source), until=friday + 4 * DAY)
        return [((touch.at - friday) / HOUR, touch.content) for touch in of(TouchDue, decision)]

    then = 1 / 60
    assert of_source("pricing_download") == [(66, "thanks"), (66 + then, "newsletter")], "Monday, 9:00, is next"
    assert of_source("trade_show") == [(0, "thanks"), (72, "question"), (72 + then, "newsletter")]
    assert of_source("educational_download") == [(0, "drip 1"), (72, "drip 2")]
    assert of_source("inquiry") == [(66, "newsletter")], "when the call has been due, on Monday"
    assert of_source("webinar") == [(0, "newsletter")]
    assert of_source(None) == [(0, "newsletter")]


def test_a_source_learned_later_makes_its_first_move_then_once() -> None:
    late = told(START + DAY, source="inquiry")
    decision = fold(playbook(), saw("blog", START), late, told(START + 2 * DAY, source="inquiry"))
    assert [task.play for task in of(TaskWanted, decision)] == ["first_call"]
    assert route(decision)[:2] == [(None, "newsletter"), ("newsletter", None)]


@pytest.mark.parametrize(
    ("said", "track"),
    [
        ({"outcome": "connected"}, "newsletter"),
        ({"outcome": "no_answer", "task": "play/first_call/1/task/1"}, "newsletter"),
        ({"outcome": "no_answer"}, None),
    ],
)
def test_an_answered_first_call_leads_on_and_one_that_is_tried_elsewhere_is_open(
    said: dict[str, str], track: str | None
) -> None:
    decision = fold(playbook(), told(source="inquiry"), did("call_attempt", START + HOUR, **said))
    assert (decision.state.stay.track if decision.state.stay else None) == track


def test_a_resubscribed_lead_is_nurtured_again() -> None:
    events = [told(source="other"), did("unsubscribe", START + 1), did("resubscribe", START + DAY)]
    assert fold(playbook(), *events).state.stay.track == "newsletter"


def test_a_play_of_touches_alone_waits_for_its_time() -> None:
    explain = Play(name="explain", steps=(TouchStep(content="explain", after=Due(span=24 * HOUR)),))
    moves = (FirstMove(play="explain"),)
    explained = playbook(plays=(*playbook().playbook.plays, explain), first_moves=moves)
    assert touches(fold(explained, BORN, until=START + 5 * DAY)) == [(1, "explain")]
    assert fold(explained, BORN, did("decline", START + HOUR), until=START + 5 * DAY).state.waiting == []


def test_the_segment_may_place_a_lead() -> None:
    b = Track(name="b", entries=(Entry(condition=being("segment", "B")),))
    a = Track(name="a", entries=(Entry(condition=being("segment", "A")),))
    placed = book(a, b)
    decision = fold(placed, *fitting(), *hot(), until=START + 40 * DAY)
    assert route(decision) == [(None, "b"), ("b", "a"), ("a", "b")], "decay moves it back"
