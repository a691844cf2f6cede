"""Plays that follow a look at a page, and which of their tasks join which."""

from typing import Any

from core_builders import HANDOFF, START, being, fold, on, playbook, told

from integration.core.model.effects import Escalated, TaskWanted
from integration.core.model.events import Event
from integration.core.rules.automation_rules import Due, Play, TaskStep, Trigger
from integration.core.rules.patterns import Part, Pattern
from integration.core.rules.playbook_rules import Gate
from mappings.values.instant import DAY, HOUR

BORN = told(START - HOUR, source="quiet")
CLOSED = "task_closed"


def step(channel: Any = "call", hours: int = 24, **more: Any) -> TaskStep:
    return TaskStep(channel=channel, subject=channel, due=Due(span=hours * HOUR, any_time=True), **more)


def book(*plays: Play, **more: Any) -> Any:
    """Each play follows a look at the page that bears its name, every time."""
    triggers = [
        Trigger(name=each.name, pattern=Pattern(parts=(Part(signal=on("page_view", page=each.name)),)), play=each.name)
        for each in plays
    ]
    never = Gate(condition=being("band", "never"))
    return playbook(
        **{"triggers": tuple(triggers), "plays": (HANDOFF, *plays), "first_moves": (), "gate": never, **more}
    )


def play(name: str, *steps: Any, **more: Any) -> Play:
    return Play(name=name, steps=steps or (step(),), **more)


def joins(book_: Any, *events: Event, days: int = 30) -> list[tuple[str, str]]:
    """(cause, what it joins) of each task; "" for one of its own."""
    found = fold(book_, BORN, *events, until=START + days * DAY)
    tasks = [each for each in found.effects if isinstance(each, TaskWanted | Escalated)]
    return [(each.key.removeprefix("ana/"), each.joins.removeprefix("ana/")) for each in tasks]


A, B, C = "play/a/1/task/1", "play/b/1/task/1", "play/c/1/task/1"
