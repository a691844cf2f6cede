"""What holds of every history: one open call or e-mail for a lead and a role, and what joins it."""

import core_builders as made
from core_histories import END, START, THOROUGH, histories, playbooks
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.handoff.plays import ANSWERS
from integration.core.model.effect_keys import cause, play_step
from integration.core.model.effects import Assignee, Channel, Effect, Escalated, StageChanged, TaskWanted
from integration.core.model.events import Event
from integration.core.model.state import newborn
from integration.core.rules.automation_rules import Due, Play, TaskStep, Trigger
from integration.core.rules.patterns import Part, Pattern
from integration.core.run.apply_events import advance
from integration.core.run.decide import order
from mappings.model.canonical import Activity
from mappings.values.instant import HOUR, Instant


def step(channel: Channel, assignee: Assignee = "owner", hours: int = 24) -> TaskStep:
    return TaskStep(channel=channel, subject=channel, due=Due(span=hours * HOUR), assignee=assignee)


PLAYS = (
    Play(name="a", steps=(step("call"),)),
    Play(name="b", steps=(step("email", hours=2),)),
    Play(name="c", steps=(step("call", "pool"),)),
    Play(name="d", steps=(step("call", "manager"),)),
    Play(name="e", steps=(step("email", "account_owner"),)),
    Play(name="f", steps=(step("call"),), separate=True),
    Play(name="g", steps=(step("call"), step("email", hours=72))),
    Play(name="h", steps=(step("review"), step("task"))),
)
LOOKS = tuple(
    Trigger(name=each.name, pattern=Pattern(parts=(Part(signal=made.on("page_view", page=each.name)),)), play=each.name)
    for each in PLAYS
)
BOOK = made.playbook(triggers=LOOKS, plays=(made.HANDOFF, made.FIRST_CALL, *PLAYS), first_moves=())
looks = st.sampled_from(PLAYS).map(lambda play: ("page_view", {"page": play.name}))
shuts = st.builds(
    lambda play, times, number: ("task_closed", {"task": f"play/{play.name}/{times}/task/{number}"}),
    st.sampled_from(PLAYS),
    st.integers(1, 3),
    st.integers(1, 2),
)
PLACES = st.tuples(st.sampled_from(PLAYS), st.integers(1, 3), st.integers(1, 2)).map(
    lambda place: f"play/{place[0].name}/{place[1]}/task/{place[2]}"
)
moves = st.one_of(PLACES.map(lambda task: (task, task)), st.tuples(PLACES, PLACES)).map(
    lambda pair: ("task_carried", {"task": pair[0], "by": pair[1]})
)
answers = st.sampled_from([("meeting_booked", {}), ("opportunity_won", {}), ("demo_request", {})])
deeds = st.one_of(looks, looks, looks, looks, shuts, answers)


@st.composite
def worked(draw: st.DrawFn, deeds: st.SearchStrategy[tuple[str, dict[str, str]]] = deeds) -> list[Event]:
    """A lead that gives many reasons, some of whose tasks are closed; its owners stay the same."""
    owned = draw(st.sampled_from([{}, {"owner": "ann"}]))
    events: list[Event] = [made.told(START - HOUR, source="quiet", **owned)]
    hours = draw(st.lists(st.integers(0, 40 * 24), min_size=2, max_size=25, unique=True))
    for number, hour in enumerate(hours):
        kind, properties = draw(deeds)
        events.append(Activity(id=f"a{number}", lead="ana", at=START + hour * HOUR, type=kind, properties=properties))
    return sorted(events, key=order)


def talks(effect: Effect) -> bool:
    return isinstance(effect, TaskWanted) and effect.channel in {"call", "email"}


def closings(events: list[Event], effects: tuple[Effect, ...]) -> list[tuple[Instant, str]]:
    """(when, the cause of the task, "" for all of them)."""
    deeds_ = [each for each in events if isinstance(each, Activity)]
    found = [(each.at, "") for each in deeds_ if each.type in ANSWERS]
    found += [(each.at, str(each.properties["task"])) for each in deeds_ if each.type == "task_closed"]
    left = ("recycled", "customer", "suppressed")
    return found + [(each.at, "") for each in effects if isinstance(each, StageChanged) and each.after in left]


def closed(task: TaskWanted, when: list[tuple[Instant, str]], until: Instant) -> bool:
    return any(task.at < at < until and of in {"", cause(task.key)} for at, of in when)


def opening(task: TaskWanted) -> tuple[str, int] | None:
    found = play_step(cause(task.key))
    return (found.play, found.times) if found else None


def joined(events: list[Event], effects: tuple[Effect, ...]) -> int:
    """How many effects join a task; each names one that is open at that instant."""
    when, tasks = closings(events, effects), {each.key: each for each in effects if isinstance(each, TaskWanted)}
    found = [each for each in effects if isinstance(each, TaskWanted | Escalated) and each.joins]
    for each in found:
        there = tasks[each.joins]
        assert talks(there)
        assert there.play != "f", "a separate one"
        assert there.joins == "", "never one that joins another itself"
        assert there.at <= each.at
        assert not closed(there, when, each.at)
    return len(found)


@THOROUGH
@given(worked())
def test_a_lead_has_one_open_call_or_email_for_each_role_however_many_reasons_it_gives(events: list[Event]) -> None:
    effects = advance(BOOK, newborn("ana"), events, END).effects
    when = closings(events, effects)
    own = [
        each
        for each in effects
        if isinstance(each, TaskWanted) and talks(each) and not each.joins and each.play not in {"f", "handoff"}
    ]
    open_twice = [
        (before.key, task.key)
        for place, task in enumerate(own)
        for before in own[:place]
        if before.assignee == task.assignee and opening(before) != opening(task) and not closed(before, when, task.at)
    ]
    assert open_twice == []
    separate = [each for each in effects if isinstance(each, TaskWanted) and (each.play == "f" or not talks(each))]
    assert not any(each.joins for each in separate)
    joined(events, effects)
    half = len(events) // 2
    first = advance(BOOK, newborn("ana"), events[:half], events[half - 1].at)
    assert (*first.effects, *advance(BOOK, first.state, events[half:], END).effects) == effects, "in one go or in two"


@settings(THOROUGH, max_examples=40)
@given(playbooks, histories())
def test_what_joins_names_a_task_that_is_open_on_every_playbook(
    playbook: CompiledPlaybook, events: list[Event]
) -> None:
    joined(events, advance(playbook, newborn("ana"), events, END).effects)


@THOROUGH
@given(worked(st.one_of(deeds, moves)))
def test_whatever_carries_a_reason_out_each_is_closed_with_one_task_and_history_in_two_goes_is_the_same(
    events: list[Event],
) -> None:
    decision = advance(BOOK, newborn("ana"), events, END)
    for task in decision.effects:
        if isinstance(task, TaskWanted | Escalated) and task.joins:
            assert task.joins != task.key
    open_ = [each.key for each in decision.state.conversations]
    joined_ = [task for each in decision.state.conversations for task in each.joined]
    assert len(set(open_)) == len(open_)
    assert len({*joined_, *[cause(each) for each in open_]}) == len(joined_) + len(open_), "by one task alone"
    half = len(events) // 2
    first = advance(BOOK, newborn("ana"), events[:half], events[half - 1].at)
    assert advance(BOOK, first.state, events[half:], END).state == decision.state
