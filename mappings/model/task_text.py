"""A task's text as data: sections of lines, with links. The core composes it, each connector renders it for its CRM.

Nothing in it is markup: a renderer escapes every word. A link leads to an http or https address and nowhere else.
"""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias
from unicodedata import category, combining

Mark: TypeAlias = Literal["", "item", "todo"]
"""How a line begins: as a line of text, as one of a list, or as something to tick off."""

TICK = "[ ] "
"""Before what is to be ticked off, in plain text and in the notes of a playbook's steps."""
_MARKS = {"": "", "item": "- ", "todo": TICK}
_SAFE = re.compile(r"https?://[^\s\"'<>\\^`{|}\x00-\x20\x7f-\uffff]+\Z")
_LONGEST = 1_000
_SHORTENED = " … (shortened)"
_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Link:
    """An address that is shown as it is, so that everybody sees where it leads; what is no http or https is text."""

    address: str

    @property
    def safe(self) -> bool:
        """Whether the address may be a link."""
        return bool(_SAFE.match(self.address)) and len(self.address) <= _LONGEST


Part: TypeAlias = str | Link


@dataclass(frozen=True, slots=True)
class Line:
    """A line: what it is about (`Who`, "" for none), what it says, and how it begins."""

    label: str = ""
    parts: tuple[Part, ...] = ()
    mark: Mark = ""
    spare: int = 0
    """Where room is short the lines with the highest go first, the last of them first; 0 stays."""


Section: TypeAlias = tuple[Line, ...]
"""Lines that belong together."""


@dataclass(frozen=True, slots=True)
class TaskText:
    """What a task says: its sections in the order in which sales reads them."""

    sections: tuple[Section, ...] = ()


def of_plain(text: str) -> TaskText:
    """A text that was written before texts were data, or by hand: line by line."""
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    return TaskText(tuple(tuple(Line("", (line,)) for line in part.split("\n")) for part in paragraphs))


def plain_line(line: Line) -> str:
    """A line as plain text."""
    said = "".join([part if isinstance(part, str) else part.address for part in line.parts])
    label = f"{line.label}:{' ' if said else ''}" if line.label else ""
    return f"{_MARKS[line.mark]}{label}{said}"


def plain(text: TaskText) -> str:
    """The whole text as plain text, an empty line between sections."""
    return "\n\n".join(["\n".join([plain_line(line) for line in each]) for each in text.sections])


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters (UTF-16 units, as CRMs count them) with a word that says so, cut between words.

    Text without spaces is cut between characters, never within one and the marks that belong to it.
    """
    if units(text) <= limit:
        return text
    kept = text.encode("utf-16-le")[: 2 * max(0, limit - len(_SHORTENED))].decode("utf-16-le", errors="ignore")
    word = kept.rfind(" ", len(kept) * 3 // 4)
    if word > 0:
        return f"{kept[:word].rstrip(' ,;:.')}{_SHORTENED}"
    end = len(kept)
    while end > 1 and end < len(text) and (_belongs(text[end]) or text[end - 1] == _JOINER):
        end -= 1
    return f"{kept[:end].rstrip()}{_SHORTENED}"


def units(text: str) -> int:
    """The length of a text as CRMs count it: in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _belongs(char: str) -> bool:
    """Whether a character is part of the one before it: an accent, a skin tone, what joins emoji."""
    return (
        char == _JOINER
        or combining(char) > 0
        or category(char) in {"Mn", "Me", "Mc"}
        or "\U0001f3fb" <= char <= "\U0001f3ff"
    )
