"""The article's two scenarios from end to end, in both CRMs; docs/scenarios.md is the page of the same run."""

import re

import pytest
import scenario_page
from flows_run import Watch
from scenario_ground import World, world
from scenario_page import PAGE, PICTURES, SYSTEMS, Told
from scenario_stories import STORIES, Step, Story

from integration.wiring.whole_service import Service
from mappings.values.instant import DAY
from sandbox.desk import sales_desk
from sandbox.server import Sandbox

SELLERS = {"Nadia Rasmussen", "Maren Holt"}


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_scenario_of_the_article_comes_out_as_it_is_told_and_the_page_shows_it(
    service: Service, sandbox: Sandbox, at: Watch, system: str, name: str, *, draw: bool
) -> None:
    story = STORIES[name]
    with world(system, service, sandbox, at, story.person) as ground:
        told = [taken(ground, story, step, draw=draw) for step in story.steps]
    page = PAGE.read_text(encoding="utf-8")
    wanted = scenario_page.replaced(page, story, scenario_page.section(story, told))
    if draw:
        PAGE.write_text(wanted, encoding="utf-8")
    assert draw or page == wanted, "docs/scenarios.md is out of date: make scenarios"


def taken(ground: World, story: Story, step: Step, *, draw: bool) -> Told:
    """One step: what happens, whether everything stands as it should, and the tasks closed."""
    before = len(ground.written)
    ground.until(ground.day(step.day, step.hour))
    step.acts(ground)
    stands = ground.stands()
    touches = ground.written[before:]
    tasks = sorted(ground.new_tasks(), key=lambda task: (task.type != "CALL", task.key))
    where = f"{story.name}, day {step.day}, {ground.system}"
    assert {field: stands[field] for field in step.wants} == dict(step.wants), where
    assert [touch for _, touch in touches] == list(step.touches), where
    names = [shown(ground, story, task, draw=draw) for task in tasks]
    assert names == list(step.tasks), where
    for task in tasks:
        assert story.person.company in task.subject, where
        assert ground.holder(task) in SELLERS, "whoever sells has it, and no user of an integration"
    text = "\n".join(sales_desk.plain(task.body) for task in tasks)
    assert [said for said in step.tells if not re.search(said, text)] == [], (where, text)
    for task, outcome in zip(tasks, step.outcomes, strict=True):
        ground.close(task, outcome)
    after = ground.stands()
    assert {field: after[field] for field in step.closed} == dict(step.closed), where
    dated = [f"day {(moment - ground.began) // DAY} `{touch}`" for moment, touch in touches]
    date = scenario_page.day_words(ground.day(step.day, step.hour))
    return Told(step=step, date=date, stands=stands, touches=dated, tasks=names, closed=after)


def shown(ground: World, story: Story, task: sales_desk.Task, *, draw: bool) -> str:
    """The name of a task's picture, which is as the task is now."""
    _, kind, what, *_ = task.key.split("/")
    name = what if kind == "play" else f"{kind}-{what}"
    file = PICTURES / scenario_page.picture_name(story, name, ground.system)
    picture = scenario_page.picture(ground, task)
    if draw:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(picture, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == picture, f"{file.name} is out of date: make scenarios"
    assert len(picture.encode()) < 60_000
    return name
