"""Task rendering: a task's text as safe HTML, and made to fit its CRM, the least important lines going first. Pure."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from typing import TypeAlias

from mappings.model.task_text import TICK, Line, Part, TaskText, shortened, units

Render: TypeAlias = Callable[[TaskText], str]
Place: TypeAlias = tuple[int, int]
"""(section, line)."""

_SHORTEST = 80
"""Characters to which words may be cut before lines go that should stay."""
_ESCAPED = 6
"""How much longer one character gets in HTML, at most: `&#x27;`."""
_BETWEEN = 24
"""Characters around a line in HTML, at most: of its paragraph, or its list and its place in it."""

_BOX = "☐ "
_TAG = re.compile(r"<([^<>]+)>")
_INLINE = frozenset({"a", "b", "em", "i", "span", "strong", "u"})


def within(text: TaskText, limit: int, render: Render) -> str:
    """The rendered text in at most `limit` characters as CRMs count them.

    Lines go by how well they can be spared, then long words are cut, then lines go from the end.
    """
    whole = render(text)
    if units(whole) <= limit:
        return whole
    lines = {(s, n): line for s, section in enumerate(text.sections) for n, line in enumerate(section)}
    left, room = dict(lines), limit - units(render(_noted({}, len(lines)))) - _BETWEEN
    spared = [place for place, line in lines.items() if line.spare]
    _drop(left, sorted(spared, key=lambda place: (-lines[place].spare, _last(place))), room, render)
    if _size(left, render) > room:
        most = max(_SHORTEST, room // (_ESCAPED * max(1, len(left))))
        left = {place: _cut(line, most) for place, line in left.items()}
        _drop(left, sorted(left, key=_last), room, render)
    return render(_noted(left, len(lines) - len(left)))


def _last(place: Place) -> tuple[int, int]:
    return -place[0], -place[1]


def _drop(left: dict[Place, Line], order: list[Place], room: int, render: Render) -> None:
    """Take lines away in that order until the others fit."""
    sizes = {place: _size({place: line}, render) for place, line in left.items()}
    total = sum(sizes.values())
    for place in order:
        if total <= room:
            return
        total -= sizes[place]
        del left[place]


def _size(lines: dict[Place, Line], render: Render) -> int:
    return sum([units(render(TaskText(((line,),)))) + _BETWEEN for line in lines.values()])


def _noted(lines: dict[Place, Line], gone: int) -> TaskText:
    """The lines in their sections, and a line that says what was done to them."""
    sections: dict[int, list[Line]] = {}
    for place in sorted(lines):
        sections.setdefault(place[0], []).append(lines[place])
    what = f"{gone} lines of the least important are left out" if gone else "long words are cut"
    note = Line("Shortened", (f"{what}; all of it is on the record",))
    return TaskText((*[tuple(each) for each in sections.values()], (note,)))


def _cut(line: Line, most: int) -> Line:
    def cut(part: Part) -> Part:
        return shortened(part, most) if isinstance(part, str) else part

    return replace(line, parts=tuple([cut(part) for part in line.parts]))


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
    return f"<ul>{''.join([f'<li>{_html_line(line)}</li>' for line in lines])}</ul>"


def _paragraph(lines: tuple[Line, ...]) -> str:
    return f"<p>{'<br>'.join([_html_line(line) for line in lines])}</p>"


def _html_line(line: Line) -> str:
    said = "".join([_part(part) for part in line.parts])
    label = f"<strong>{html.escape(line.label)}:</strong>{' ' if said else ''}" if line.label else ""
    return f"{_BOX if line.mark == 'todo' else ''}{label}{said}"


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
    boxed = [f"{_BOX}{line.removeprefix(TICK)}" if line.startswith(TICK) else line for line in lines]
    return shown == " ".join(boxed).split()


def _gap(tag: re.Match[str]) -> str:
    """What a tag leaves where it stood: nothing within a line, a space between lines."""
    name = tag[1].strip("/").partition(" ")[0]
    return "" if name.lower() in _INLINE else " "
