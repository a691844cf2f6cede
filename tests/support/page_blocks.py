"""The blocks of code and the names in backticks that README and the pages of docs/ show."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from places import ROOT

_FENCE = "```"
_INLINE = re.compile(r"(?<!`)`(coldframe [^`\n]+)`(?!`)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block: the page, the line of its fence, its language, its text."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def lines(self) -> list[str]:
        """Its lines, those that go on after a backslash as one, without blank ones."""
        return [line for line in self.text.replace("\\\n", " ").splitlines() if line.strip()]


def pages() -> dict[str, str]:
    """Every page by its path."""
    files = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in files}


def blocks() -> Iterator[Block]:
    """Every fenced block of every page."""
    for page, text in pages().items():
        begun: tuple[int, str] | None = None
        held: list[str] = []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.startswith(_FENCE):
                held.append(line)
            elif begun is None:
                begun, held = (number, line.removeprefix(_FENCE).strip()), []
            else:
                yield Block(page=page, line=begun[0], language=begun[1], text="\n".join(held) + "\n")
                begun = None


def inline() -> Iterator[tuple[str, str]]:
    """(page, command) of every `coldframe …` within a sentence."""
    for page, text in pages().items():
        for command in _INLINE.findall(text):
            yield page, command
