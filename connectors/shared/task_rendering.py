"""Task rendering: a task's text made to fit its CRM: least important lines go first, and a line says so. Pure."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from mappings.model.task_text import Line, Part, TaskText, shortened, units

Render: TypeAlias = Callable[[TaskText], str]
Place: TypeAlias = tuple[int, int]
"""(section, line)."""

_SHORTEST = 80
"""Characters to which words may be cut before lines go that should stay."""
_ESCAPED = 6
"""How much longer one character gets in HTML, at most: `&#x27;`."""
_BETWEEN = 24
"""Characters around a line in HTML, at most: of its paragraph, or its list and its place in it."""


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
