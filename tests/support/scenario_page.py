"""docs/scenarios.md: each scenario as it went in a run, the same words from either CRM, with pictures of its tasks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from places import ROOT
from scenario_ground import World
from scenario_stories import Step, Story
from task_pictures import Shown, drawn

from mappings.values.instant import to_datetime
from sandbox.desk.sales_desk import Task

PAGE = ROOT / "docs" / "scenarios.md"
PICTURES = ROOT / "docs" / "pictures" / "scenarios"
SYSTEMS = {"salesforce": "Salesforce", "hubspot": "HubSpot"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a step of a run came to: the date, the record, the touches, and the tasks by the names of their pictures."""

    step: Step
    date: str
    stands: Mapping[str, str]
    touches: Sequence[str]
    """Each with its day, as `day 14: case_collection`."""
    tasks: Sequence[str]
    closed: Mapping[str, str]


def picture(world: World, task: Task) -> str:
    """The picture of a task as it stands open, in the look of its CRM."""
    where = [("Due", _due(task.due)), ("Type", task.type.capitalize()), ("Priority", task.priority.capitalize())]
    who = [
        ("Assigned to", world.holder(task)),
        ("About", f"{task.lead}, {task.company}"),
        ("Status", _word(task.status)),
    ]
    return drawn(Shown(system=task.system, subject=task.subject, fields=(*where, *who), body=task.body))


def section(story: Story, steps: Sequence[Told]) -> str:
    """The part of the page about one scenario."""
    return "\n".join(line for told in steps for line in _step(story, told)).rstrip()


def replaced(page: str, story: Story, text: str) -> str:
    """The page with the part about this scenario replaced."""
    marks = rf"(<!-- scenario {story.name} -->\n).*?(<!-- end of scenario {story.name} -->)"
    assert re.search(marks, page, re.DOTALL), f"{PAGE.name} has no marks for scenario {story.name}"
    return re.sub(marks, lambda mark: f"{mark[1]}{text}\n{mark[2]}", page, flags=re.DOTALL)


def _step(story: Story, told: Told) -> Iterator[str]:
    step = told.step
    yield f"### Day {step.day}, {told.date}: {step.title[:1].lower()}{step.title[1:]}\n"
    yield f"{step.lead}\n"
    yield f"{step.ours}\n"
    yield f"- The record says: {_record(told.stands)}."
    if told.touches:
        yield f"- Touches since the last step: {', '.join(told.touches)}."
    yield f"- Sales sees {_count(len(told.tasks))}."
    for name in told.tasks:
        for system, label in SYSTEMS.items():
            file = f"pictures/scenarios/{picture_name(story, name, system)}"
            yield f"\n`{name}` in {label}:\n\n![The task in {label}]({file})"
    if step.sales:
        yield f"\n{step.sales}\n\n- The record says then: stage `{told.closed['stage']}`."
    yield ""


def picture_name(story: Story, task: str, system: str) -> str:
    """The file of a task's picture."""
    return f"{story.name}-{task}.{system}.svg"


def _record(stands: Mapping[str, str]) -> str:
    score = f"score {stands['score']} (fit {stands['fit']}, engagement {stands['engagement']})"
    where = f"segment {stands['segment']}, stage `{stands['stage']}`, track `{stands['track'] or 'none'}`"
    return f"{score}, {stands['band']}, {where}"


def _count(tasks: int) -> str:
    return {0: "no task", 1: "one new task"}.get(tasks, f"{tasks} new tasks")


def _due(text: str) -> str:
    """A due date as the CRM shows it: Salesforce's is a day, HubSpot's a time."""
    moment = datetime.fromisoformat(text)
    day = f"{moment:%a} {moment.day} {moment:%B %Y}"
    return day if len(text) == len("2026-01-05") else f"{day}, {moment:%H:%M} UTC"


def _word(status: str) -> str:
    """A status as the CRM's page shows it: the API of HubSpot says NOT_STARTED."""
    return status.replace("_", " ").capitalize() if status.isupper() else status


def day_words(at: int) -> str:
    """A date for people: `Tue 6 January 2026`."""
    moment = to_datetime(at)
    return f"{moment:%a} {moment.day} {moment:%B %Y}"
