"""Rows about touches for the page of a playbook: what limits them, and what has to be ready for them."""

from collections.abc import Iterator, Mapping

from integration.playbook.compiling.compile_contents import BY_HAND
from integration.playbook.language import grammar, schema
from integration.playbook.language.words import WEEKDAYS
from integration.playbook.showing.due_words import due
from mappings.values.instant import Span


def limits(touches: schema.Touches) -> Iterator[tuple[str, str]]:
    """How many e-mails are too many, and when they may go."""
    if touches.at_most is not None:
        times, within = touches.at_most
        yield "at most", f"{times} in {grammar.shown(within)}"
    for index, send in enumerate(touches.send):
        days = ", ".join(WEEKDAYS[day] for day in send.days)
        hours = ", ".join(f"{_clock(opens)}-{_clock(closes)}" for opens, closes in send.hours)
        yield "or" if index else "only", f"{days} {hours} where the lead is"
    if touches.slower:
        yield "slower", paces(touches.slower)


def paces(slower: Mapping[int, Span]) -> str:
    """How touches slow down: `after 4 unopened 14d apart, after 12 unopened they end`."""
    told = (
        f"after {count} unopened " + (f"{grammar.shown(every)} apart" if every else "they end")
        for count, every in sorted(slower.items())
    )
    return ", ".join(told) or "never"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def contents(file: schema.PlaybookFile) -> Iterator[tuple[str, str, str]]:
    """What marketing, or a person, must have ready: name, channel, and what it is."""
    for name, content in file.contents.items():
        way = content.channel.replace("_", " ")
        if content.channel in BY_HAND:
            when = due(content.due) if content.due else "24h"
            way += f": a task for {content.to.replace('_', ' ')} in {when}"
        if content.first_unseen:
            other = f", else {content.otherwise}" if content.otherwise else ""
            way = f"the first unseen of {', '.join(content.first_unseen)}{other}"
        yield name, way, content.about
