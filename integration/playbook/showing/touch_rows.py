"""Rows about touches for the page of a playbook: what limits them, and what has to be ready for them."""

from collections.abc import Iterator

from integration.playbook.compiling.compile_contents import BY_HAND
from integration.playbook.language import grammar, schema
from integration.playbook.language.words import WEEKDAYS
from integration.playbook.showing.due_words import due


def limits(touches: schema.Touches) -> Iterator[tuple[str, str]]:
    """How many e-mails are too many, and when they may go."""
    if touches.at_most is not None:
        times, within = touches.at_most
        yield "at most", f"{times} in {grammar.shown(within)}"
    for index, send in enumerate(touches.send):
        days = ", ".join(WEEKDAYS[day] for day in send.days)
        hours = ", ".join(f"{_clock(opens)}-{_clock(closes)}" for opens, closes in send.hours)
        yield "or" if index else "only", f"{days} {hours} where the lead is"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def contents(file: schema.PlaybookFile) -> Iterator[tuple[str, str, str]]:
    """What marketing, or a person, must have ready: name, channel, and what it is."""
    for name, content in file.contents.items():
        way = content.channel.replace("_", " ")
        if content.channel in BY_HAND:
            when = due(content.due) if content.due else "24h"
            way += f": a task for {content.to.replace('_', ' ')} in {when}"
        yield name, way, content.about
