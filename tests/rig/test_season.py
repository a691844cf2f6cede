"""A small season in this process: it ends without differences, and each check sees what it is there to see."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
import structlog

from integration.commands.shared.quiet_log import quiet
from integration.processes.jobs import PERIODIC
from integration.rig.chaos.chaos_finding import Finding
from integration.rig.season.season_ground import ground
from integration.rig.season.season_plan import START, Plan
from integration.rig.season.season_run import Season
from integration.rig.season.season_team import team
from integration.rig.season_check import (
    lead_next_steps,
    place_check,
    season_check,
    season_state,
    task_check,
    touch_check,
)
from mappings.values.instant import DAY, HOUR, SECOND

PLAN = Plan(leads=50, sdrs=16, days=9, seed=3, step=12 * HOUR)
"""Every pool has two members, so that an escalation and a second breach find somebody else."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Season, Finding]]:
    before = structlog.get_config()
    quiet()
    data: Path = tmp_path_factory.mktemp("season")
    finding = Finding()
    try:
        with ground(PLAN, data, {}) as place:
            season = Season(place, lambda _: None, lambda each: season_check.every_day(each, finding))
            season.run()
            season_check.check(season, finding)
            yield season, finding
    finally:
        structlog.configure(**before)


def seen(season: Season) -> season_state.SeasonState:
    return season_state.read(season)


def test_a_small_season_ends_without_differences(lived: tuple[Season, Finding]) -> None:
    season, finding = lived
    assert finding.differences == []
    assert season.kills >= 3
    assert len(season.trouble.words) == 7
    counted = finding.figures
    assert counted["activities stored"] == counted["activities"] > 100
    for name in ("tasks made", "handovers", "breaches", "escalations", "alerts", "touches"):
        assert counted[name] > 0, name


def test_every_periodic_job_was_done_at_its_period(lived: tuple[Season, Finding]) -> None:
    season, _ = lived
    assert {each.job.__name__ for each in PERIODIC} <= season.spent.keys()
    assert max(each.interval(60) for each in PERIODIC) * SECOND <= PLAN.step  # so each was due at every step


def test_the_service_works_at_every_step_while_anybody_in_sales_does_and_less_often_at_other_times() -> None:
    people = team(replace(PLAN, sdrs=40))
    tuesday, saturday = START + DAY, START + 5 * DAY
    assert all(people.at_work(tuesday + hour * HOUR, tuesday + (hour + 1) * HOUR) for hour in range(1, 22))
    assert not people.at_work(saturday, saturday + 2 * DAY)
    assert people.at_work(saturday, saturday + 2 * DAY + 2 * HOUR), "Monday begins in Singapore"


def test_a_task_that_stands_twice_is_seen(lived: tuple[Season, Finding]) -> None:
    season, _ = lived
    found, (place, task) = Finding(), next(iter(season.sales.tasks.items()))
    season.sales.tasks[place[0], "copy"] = task
    task_check.once(season, found)
    del season.sales.tasks[place[0], "copy"]
    assert found.differences == [f"1 tasks were written twice: {task.key}"]


def test_a_second_open_conversation_with_one_lead_is_seen(lived: tuple[Season, Finding]) -> None:
    season, _ = lived
    state, found = seen(season), Finding()
    lead, task = next((lead, each) for lead, those in state.open_tasks.items() for each in those if each.seller)
    talk = replace(task, talk=True, passed_on=False, key=f"{lead}/play/handoff/9/task/1")
    task_check.check(replace(state, open_tasks={lead: [talk, talk]}), found)
    assert any("several conversations open" in each for each in found.differences)


def test_a_task_for_somebody_who_has_left_is_seen(lived: tuple[Season, Finding]) -> None:
    season, _ = lived
    found, task = Finding(), next(each for each in season.sales.tasks.values() if each.seller)
    seller = task.seller
    assert seller is not None
    task.seller = replace(seller, leaves=task.at)
    task_check.to_people_who_are_there(season, found)
    task.seller = seller
    assert "who has left" in found.differences[0]


def test_an_escalation_to_whoever_is_late_is_seen(lived: tuple[Season, Finding]) -> None:
    season, _ = lived
    state, found = seen(season), Finding()
    tasks = season.sales.tasks.values()
    late = [(state.lead_of(each.key), each) for each in tasks if "/play/handoff/" in each.key]
    raised, slow = next(
        (each, task)
        for each in tasks
        for lead, task in sorted(late, key=lambda pair: -pair[1].at)
        if each.key.endswith("/escalation") and lead == state.lead_of(each.key) and task.at < each.at
    )
    before, raised.seller = raised.seller, slow.seller
    task_check.check(state, found)
    raised.seller = before
    assert any("went to whoever was late" in each for each in found.differences)


def test_a_breach_without_an_escalation_is_seen(lived: tuple[Season, Finding]) -> None:
    season, _ = lived
    place, raised = next(each for each in season.sales.tasks.items() if each[1].key.endswith("/escalation"))
    state, found = seen(season), Finding()
    del season.sales.tasks[place]
    task_check.check(state, found)
    season.sales.tasks[place] = raised
    assert any("breaches have no escalation" in each for each in found.differences)


def test_an_alert_that_never_arrived_is_seen_and_one_that_came_again(lived: tuple[Season, Finding]) -> None:
    season, _ = lived
    state, sink = seen(season), season.ground.sink
    key = quote(state.alerts[0], safe="/:=+,;@!$'()*~-_.")
    times, found = sink.times.pop(key), Finding()
    season_check.every_alert_once(state, found)
    assert found.differences == [f"1 alerts never arrived: {key}"]
    sink.times[key] = times + season.kills + 1
    season_check.every_alert_once(state, found)
    sink.times[key] = times
    assert len(found.differences) == 2
    assert "arrived again" in found.differences[1]


def test_touches_too_close_too_many_and_at_night_are_seen(lived: tuple[Season, Finding]) -> None:
    season, _ = lived
    touches, found = season.marketing.touches, Finding()
    first = touches[0]
    touches += [replace(first, at=first.at + each * SECOND) for each in (0, 30)]
    touches.append(replace(first, at=first.at + 12 * HOUR))
    touch_check.check(seen(season), found)
    del touches[-3:]
    said = " ".join(found.differences)
    for what in ("named twice", "less than a minute apart", "more than two in seven days", "outside the window"):
        assert what in said, what


def test_an_activity_that_is_lost_is_seen(lived: tuple[Season, Finding]) -> None:
    season, _ = lived
    key, found = next(iter(season.posted)), Finding()
    season.posted["activities:never"] = season.posted[key]
    season_check.everything_stored_once(seen(season), found)
    del season.posted["activities:never"]
    assert found.differences == ["1 activities are lost: activities:never"]


def test_a_lead_on_two_tracks_is_seen(lived: tuple[Season, Finding]) -> None:
    season, _ = lived
    state, found = seen(season), Finding()
    shelf = season.ground.box.hubspot.portal.shelves["contacts"].records
    record = next(each for each in shelf.values() if each.values.get("coldframe_track"))
    before, record.values["coldframe_track"] = record.values["coldframe_track"], "another"
    place_check.check(state, found)
    record.values["coldframe_track"] = before
    (said,) = found.differences
    assert "says another" in said


def test_a_way_that_breaks_off_or_ends_elsewhere_is_seen() -> None:
    steps = [(1, "a", "", "drip"), (2, "b", "drip", ""), (2, "c", "", "news")]
    assert list(place_check.unlinked(steps, "", "news", "ana")) == []
    assert list(place_check.unlinked([steps[0], steps[2]], "", "news", "ana")) == ["c"]
    assert list(place_check.unlinked(steps[:2], "", "drip", "ana")) == ["ana on record is on none and not on drip"]


def test_a_lead_without_a_next_step_is_seen(lived: tuple[Season, Finding]) -> None:
    season, _ = lived
    state, found = seen(season), Finding()
    lead = next(each for each in state.leads.values() if each.stage == "inquiry" and each.state and each.state.stay)
    assert lead.state is not None
    mine = replace(lead.state, stay=None, waiting=[], stays={}, silenced=[], clocks={}, bounced=None)
    bare = replace(lead, id="nobody", state=mine)
    lead_next_steps.check(replace(state, leads={"nobody": bare}), found)
    assert found.differences == ["1 leads in inquiry without next step: nobody"]


def test_an_mql_whose_tasks_are_all_closed_has_a_next_step_only_while_an_answer_is_waited_for(
    lived: tuple[Season, Finding],
) -> None:
    season, _ = lived
    state = seen(season)
    lead = next(each for each in state.leads.values() if each.stage == "inquiry" and each.state)
    assert lead.state is not None
    bare = replace(lead.state, stage="mql", conversations=[], clocks={}, plays={}, unexplained=None, quiet_until=None)
    mql = replace(lead, id="mql", stage="mql", state=bare)
    assert not lead_next_steps.next_step(state, mql)
    waits = replace(mql, state=replace(bare, quiet_until=state.now + DAY))
    assert lead_next_steps.next_step(state, waits) == "the end of the wait for an answer"


def test_a_person_whom_nobody_has_is_seen(lived: tuple[Season, Finding]) -> None:
    season, _ = lived
    state, found = seen(season), Finding()
    lost, *others = state.leads.values()
    season_check.nobody_lost(replace(state, leads={each.id: each for each in others}), found)
    assert any(lost.email in each for each in found.differences)
