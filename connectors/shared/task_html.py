"""Task HTML: a task's text as the few plain tags that HubSpot keeps in a task's body. Pure. [hubspot: tasks]."""

import html
import re
from itertools import groupby

from mappings.model.task_text import Line, Part, TaskText

_TODO = "☐ "
_TAG = re.compile(r"<([^<>]+)>")
_INLINE = frozenset({"a", "b", "em", "i", "span", "strong", "u"})


def task_html(text: TaskText) -> str:
    """Paragraphs, lists, bold labels and links; every word is escaped."""
    return "".join(
        [
            _list(tuple(lines)) if listed else _paragraph(tuple(lines))
            for section in text.sections
            for listed, lines in groupby(section, key=lambda line: line.mark == "item")
        ]
    )


def _list(lines: tuple[Line, ...]) -> str:
    return f"<ul>{''.join([f'<li>{_line(line)}</li>' for line in lines])}</ul>"


def _paragraph(lines: tuple[Line, ...]) -> str:
    return f"<p>{'<br>'.join([_line(line) for line in lines])}</p>"


def _line(line: Line) -> str:
    said = "".join([_part(part) for part in line.parts])
    label = f"<strong>{html.escape(line.label)}:</strong>{' ' if said else ''}" if line.label else ""
    return f"{_TODO if line.mark == 'todo' else ''}{label}{said}"


def _part(part: Part) -> str:
    if isinstance(part, str):
        return html.escape(part)
    words = html.escape(part.address)
    return f'<a href="{words}">{words}</a>' if part.safe else words


def says(body: str, text: str) -> bool:
    """Whether HTML as HubSpot gives it back says a task's plain text and nothing else, however it is laid out.

    So a rewrite knows whether a person has changed what we wrote: `text` is what the outbox keeps of it.
    """
    shown = html.unescape(_TAG.sub(_gap, body)).split()
    lines = [line.removeprefix("- ") for line in text.split("\n")]
    return shown == " ".join([f"{_TODO}{line[4:]}" if line[:4] == "[ ] " else line for line in lines]).split()


def _gap(tag: re.Match[str]) -> str:
    """What a tag leaves where it stood: nothing within a line, a space between lines."""
    name = tag[1].strip("/").partition(" ")[0]
    return "" if name.lower() in _INLINE else " "
