"""A further reason whose task was closed meanwhile is a task of its own, for the engine, a replay and the CRM alike."""

from pathlib import Path

import pytest
from flows_crms import SYSTEMS, person
from flows_run import Watch, activity, decided, drain_all, history, lead, receive
from joined_tasks import ANA, HANDOFF, RIVAL, ROI, Tasks, replayed, saw, with_further_reasons

from connectors.base.port import Receipt, Write
from connectors.base.task_rewrite import TaskRewrite
from integration.core.model.state import LeadState, newborn
from integration.core.run.apply_events import advance as fold
from integration.flows.history import load_events
from integration.flows.reading import reconcile
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, MINUTE, SECOND
from sandbox.desk import sales_desk
from sandbox.server import Sandbox


class Desk(Tasks):
    """Somebody asked for a demo, and the task stands in the CRM; some time passes before whatever happens."""

    def __init__(self, service: Service, sandbox: Sandbox, system: str, at: Watch) -> None:
        super().__init__(sandbox, system)
        self.service, self.at = with_further_reasons(service), at
        person(sandbox, system, ANA)
        receive(self.service, activity(1, ANA, "demo_request", at()))
        self.look()
        assert set(self.all()) == {HANDOFF}

    def look(self) -> None:
        """Read what sales did."""
        self.at.forward(MINUTE)
        reconcile.poll(self.service, self.system)
        drain_all(self.service)
        self.at.forward(MINUTE)

    def saw(self, number: int, page: str) -> None:
        self.at.forward(MINUTE)
        saw(self.service, number, page)
        self.at.forward(MINUTE)

    def close_in_flight(self, cause: str) -> None:
        """Whoever has the task closes it between the two looks that a rewriting takes at it."""
        connector = self.service.connections[self.system].connector
        apply = connector.apply

        def closing(writes: list[Write]) -> list[Receipt]:
            receipts = list(apply(writes))
            if any(isinstance(each, TaskRewrite) for each in writes):
                connector.apply = apply  # type: ignore[method-assign]
                self.at.forward(SECOND)
                self.close(cause)
            return receipts

        connector.apply = closing  # type: ignore[method-assign,assignment]

    def state(self) -> LeadState:
        """The state that is stored, which is the one that the whole history leads to."""
        row = lead(self.service, ANA)
        with self.service.store.read() as conn:
            events = load_events.whole(conn, [row], self.service.ownership, self.service.rules.vocabulary)[row.id]
            stored = load_events.states_of(conn, [row.id])[row.id]
        derived = fold(self.service.rules.compiled, newborn(row.id), events, self.at()).state
        assert (stored.plays, stored.conversations) == (derived.plays, derived.conversations)
        return stored

    def open(self) -> set[str]:
        """The plays that sales has yet to answer."""
        return {name for name, opening in self.state().plays.items() if opening.open}

    def joins(self) -> dict[str, str]:
        """What each task joins, by their causes, as it was decided."""
        tasks = decided(self.service, ANA, "task")
        return {_cause(each.key): _cause(str(each.payload.get("joins", ""))) for each in tasks}

    def facts(self) -> list[tuple[str, str]]:
        told = [each.properties for each in history(self.service, ANA) if each.type == "task_carried"]
        return [(str(each["task"]), str(each["by"])) for each in told]


def _cause(key: str) -> str:
    return key.partition("/")[2]


@pytest.fixture
def desk(service: Service, sandbox: Sandbox, system: str, at: Watch) -> Desk:
    return Desk(service, sandbox, system, at)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_closed_while_it_was_rewritten_leaves_two_tasks_of_which_each_closes_what_it_carries(
    desk: Desk, tmp_path: Path
) -> None:
    desk.close_in_flight(HANDOFF)
    desk.saw(2, "roi")
    assert set(desk.all()) == {HANDOFF, ROI}
    desk.look()
    assert desk.open() == {"roi"}, "the handoff's task is closed"
    desk.saw(3, "comparison")
    assert set(desk.all()) == {HANDOFF, ROI}
    assert desk.read(ROI)[0] == "A rival is compared: Ana"
    assert desk.joins() == {HANDOFF: "", ROI: HANDOFF, RIVAL: ROI}
    told = [each for each in replayed(desk.service, ANA, tmp_path) if each.get("effect") == "task"]
    assert {_cause(each["key"]): _cause(each.get("joins", "")) for each in told} == desk.joins()
    desk.close(ROI)
    desk.look()
    assert desk.open() == set()
    assert desk.state().conversations == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_closed_before_the_reason_came_leaves_one_of_its_own_whenever_that_is_read(desk: Desk) -> None:
    desk.close(HANDOFF)
    desk.saw(2, "roi")
    assert desk.open() == {"handoff", "roi"}, "nothing was read yet"
    desk.look()
    assert desk.open() == {"roi"}
    desk.saw(3, "comparison")
    assert desk.joins()[RIVAL] == ROI
    assert set(desk.all()) == {HANDOFF, ROI}


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_was_said_in_a_call_of_its_own_leaves_the_task_open_which_says_the_next_reason(desk: Desk) -> None:
    desk.at.forward(MINUTE)
    receive(desk.service, activity(10, ANA, "call_attempt", desk.at(), outcome="no_answer"))
    desk.saw(2, "roi")
    assert desk.joins() == {HANDOFF: "", ROI: HANDOFF}
    receive(desk.service, activity(11, ANA, "call_attempt", desk.at(), outcome="connected"))
    desk.saw(3, "comparison")
    assert set(desk.all()) == {HANDOFF}
    assert desk.read(HANDOFF)[0] == "A rival is compared: Ana"
    assert sorted(desk.facts()) == [(HANDOFF, HANDOFF), (RIVAL, HANDOFF)]
    assert [each.key.partition("/")[2] for each in desk.state().conversations] == [HANDOFF]
    desk.close(HANDOFF)
    desk.look()
    assert (desk.open(), desk.state().conversations) == (set(), [])


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_play_that_opens_again_weeks_later_joins_its_own_task_that_still_stands(desk: Desk) -> None:
    desk.close(HANDOFF)
    desk.look()
    desk.saw(2, "roi")
    receive(desk.service, activity(10, ANA, "call_attempt", desk.at(), outcome="connected"))
    desk.look()
    assert desk.state().conversations == [], "the engine knows of nothing open; the task stands all the same"
    desk.at.forward(31 * DAY)
    desk.saw(3, "roi")
    second = ROI.replace("/1/task", "/2/task")
    assert desk.joins() == {HANDOFF: "", ROI: "", second: ""}
    assert set(desk.all()) == {HANDOFF, ROI}
    assert (second, ROI) in desk.facts()


@pytest.mark.parametrize("system", SYSTEMS)
def test_several_reasons_of_a_closed_task_are_one_task_and_closed_with_that(desk: Desk) -> None:
    desk.close(HANDOFF)
    desk.at.forward(MINUTE)
    pages = ((2, "roi"), (3, "comparison"))
    receive(
        desk.service, *[activity(number, ANA, "page_view", desk.at() + number, page=page) for number, page in pages]
    )
    desk.at.forward(MINUTE)
    drain_all(desk.service)
    assert set(desk.all()) == {HANDOFF, ROI}
    assert desk.read(ROI)[0] == "A rival is compared: Ana"
    assert sorted(desk.facts()) == [(RIVAL, ROI), (ROI, ROI)]
    desk.look()
    assert desk.open() == {"roi", "rival"}
    desk.close(ROI)
    desk.look()
    assert desk.open() == set()


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_answer_to_the_task_that_stands_alone_counts_and_nothing_is_noted_where_all_went_as_decided(
    desk: Desk,
) -> None:
    desk.saw(2, "roi")
    assert desk.facts() == []
    desk.close_in_flight(HANDOFF)
    desk.saw(3, "comparison")
    assert desk.facts() == [(RIVAL, RIVAL)]
    desk.look()
    assert desk.open() == {"rival"}, "the other two were closed with the task that carried them"
    sales_desk.close(desk.sandbox, desk.system, desk.all()[RIVAL][0], outcome="accepted")
    desk.look()
    assert lead(desk.service, ANA).stage == "sal"
    assert desk.open() == set()
