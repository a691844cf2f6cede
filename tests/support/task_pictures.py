"""Pictures of tasks as whoever has them sees them, in the look of their CRM: SVG, the same from the same task.

The lines are broken here, by widths of letters that are a little generous, since nobody else measures them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser
from typing import Literal, TypeAlias

Style: TypeAlias = Literal["", "bold", "link"]
Runs: TypeAlias = list[tuple[str, Style]]

_WIDTH, _MARGIN, _SIZE, _LEADING = 760, 28, 13, 19
_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[]/ -"), frozenset("mwMW@%")
_LOOKS = {
    "hubspot": {"accent": "#ff7a59", "ink": "#33475b", "soft": "#7c98b6", "link": "#0091ae", "ground": "#f5f8fa"},
    "salesforce": {"accent": "#4bc076", "ink": "#181818", "soft": "#5c5c5c", "link": "#0b5cab", "ground": "#f3f3f3"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a picture shows: the task's subject, its fields by label, and its body as the CRM stores it."""

    system: str
    subject: str
    fields: Sequence[tuple[str, str]]
    body: str
    """HubSpot's is HTML, Salesforce's is text."""


def drawn(task: Shown) -> str:
    """The picture."""
    look = _LOOKS[task.system]
    room = _WIDTH - 2 * _MARGIN
    parts: list[str] = []
    y = 40
    for line in _wrapped([(task.subject, "bold")], room - 30, 17):
        parts.append(_text(line, _MARGIN + 28, y, 17, look))
        y += 23
    parts.insert(0, _icon(task.system, look["accent"]))
    y += 6
    for number, (label, value) in enumerate(task.fields):
        x = _MARGIN + (number % 3) * (room // 3)
        parts.append(f'<text x="{x}" y="{y}" font-size="11" fill="{look["soft"]}">{escape(label)}</text>')
        parts.append(f'<text x="{x}" y="{y + 16}" font-size="13" fill="{look["ink"]}">{escape(value)}</text>')
        if number % 3 == 2 or number == len(task.fields) - 1:
            y += 40
    parts.append(f'<line x1="{_MARGIN}" x2="{_WIDTH - _MARGIN}" y1="{y - 12}" y2="{y - 12}" stroke="#d5dde5"/>')
    title = "Notes" if task.system == "hubspot" else "Comments"
    parts.append(f'<text x="{_MARGIN}" y="{y + 8}" font-size="11" fill="{look["soft"]}">{title}</text>')
    y += 30
    for line in _lines(task):
        if not line:
            y += _LEADING // 2
            continue
        indent = 16 if line[0][0].startswith(("• ", "- ", "☐ ", "[ ] ")) else 0
        for number, piece in enumerate(_wrapped(line, room - indent, _SIZE)):
            parts.append(_text(piece, _MARGIN + (indent if number else 0), y, _SIZE, look))
            y += _LEADING
    return _page(task, look, parts, y + 6)


def _page(task: Shown, look: dict[str, str], parts: Sequence[str], height: int) -> str:
    named = escape(f"A task in {'HubSpot' if task.system == 'hubspot' else 'Salesforce'}: {task.subject}", quote=True)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'font-family="Arial, Helvetica, sans-serif" role="img" aria-label="{named}">'
    )
    card = f'<rect x="6" y="6" width="{_WIDTH - 12}" height="{height - 12}" rx="8" fill="#fff" stroke="#d5dde5"/>'
    ground = f'<rect width="{_WIDTH}" height="{height}" fill="{look["ground"]}"/>'
    bar = f'<rect x="6" y="6" width="6" height="{height - 12}" rx="3" fill="{look["accent"]}"/>'
    return "\n".join([head, ground, card, bar, *parts, "</svg>", ""])


def _icon(system: str, accent: str) -> str:
    if system == "hubspot":  # a round box to tick
        return f'<circle cx="{_MARGIN + 9}" cy="34" r="9" fill="none" stroke="{accent}" stroke-width="2"/>'
    tick = f'<path d="M{_MARGIN + 4} 34l4 4 7-8" fill="none" stroke="#fff" stroke-width="2"/>'
    return f'<rect x="{_MARGIN}" y="25" width="18" height="18" rx="4" fill="{accent}"/>{tick}'


def _text(runs: Runs, x: int, y: int, size: int, look: dict[str, str]) -> str:
    said = "".join(
        f'<tspan font-weight="bold">{escape(text)}</tspan>'
        if style == "bold"
        else f'<tspan fill="{look["link"]}">{escape(text)}</tspan>'
        if style == "link"
        else escape(text)
        for text, style in runs
    )
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{look["ink"]}" xml:space="preserve">{said}</text>'


def _wrapped(runs: Runs, room: float, size: int) -> Iterator[Runs]:
    """The runs in lines that fit; a word that is wider than a line is broken."""
    line: Runs = []
    used = 0.0
    for text, style in runs:
        for word in re.findall(r"\s*\S+\s*?|\s+", text):
            for piece in _pieces(word, style, room, size):
                wide = _wide(piece, style, size)
                if line and used + wide > room:
                    yield line
                    line, used, piece = [], 0.0, piece.lstrip()  # noqa: PLW2901 - a line begins with a word
                    wide = _wide(piece, style, size)
                line.append((piece, style))
                used += wide
    if line:
        yield line


def _pieces(word: str, style: Style, room: float, size: int) -> Iterator[str]:
    while _wide(word, style, size) > room:
        fits = next(n for n in range(len(word), 0, -1) if _wide(word[:n], style, size) <= room)
        yield word[:fits]
        word = word[fits:]
    yield word


def _wide(text: str, style: Style, size: int) -> float:
    letters = sum(0.36 if c in _NARROW else 0.97 if c in _WIDE else 0.74 if c.isupper() else 0.61 for c in text)
    return letters * size * (1.14 if style == "bold" else 1.0)


def _lines(task: Shown) -> list[Runs]:
    if task.system == "salesforce":
        return [[(line, "")] if line.strip() else [] for line in unescape(task.body).splitlines()]
    reader = _Reader()
    reader.feed(task.body)
    reader.close()
    return reader.finished()


class _Reader(HTMLParser):
    """Lines of a body of HubSpot's: paragraphs apart, list items with a dot."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[Runs] = [[]]
        self._styles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in {"p", "ul", "h3", "h4"}:
            self._end(apart=tag != "ul")
        elif tag == "br":
            self._end(apart=False)
        elif tag == "li":
            self._end(apart=False)
            self.lines[-1].append(("• ", ""))
        elif tag in {"strong", "b", "a"}:
            self._styles.append("link" if tag == "a" else "bold")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"strong", "b", "a"} and self._styles:
            self._styles.pop()

    def handle_data(self, data: str) -> None:
        style: Style = "link" if "link" in self._styles else "bold" if self._styles else ""
        if data.strip() or self.lines[-1]:
            self.lines[-1].append((data.replace("\n", " "), style))

    def _end(self, *, apart: bool) -> None:
        if self.lines[-1]:
            self.lines.append([])
        if apart and len(self.lines) > 1 and self.lines[-2]:
            self.lines.append([])

    def finished(self) -> list[Runs]:
        while self.lines and not self.lines[-1]:
            self.lines.pop()
        return self.lines
