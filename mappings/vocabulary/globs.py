"""Globs: patterns with `*` and `{name}`, matched in a time that grows with the text and never explodes.

`*` is any text, also none. `{name}` is one whole segment of a path: what stands between two slashes. Upper and lower
case are alike. Nothing of a pattern becomes a regular expression, so no pattern and no text can make matching slow.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_LENGTH = 500
"""Characters of a pattern."""

_NAME = re.compile(r"\{([^{}]*)\}")
_WORD = re.compile(r"[a-z][a-z0-9_]*")


class GlobError(ValueError):
    """A pattern that cannot be used; `at` counts characters from its beginning."""

    def __init__(self, text: str, at: int = 0) -> None:
        super().__init__(text)
        self.text = text
        self.at = at


@dataclass(frozen=True, slots=True)
class _Block:
    """What stands between two stars: literals, with one captured segment between each two of them."""

    literals: tuple[str, ...]

    def match(self, text: str, start: int) -> tuple[int, list[str]] | None:
        """Where the block ends that begins at `start`, and the segments it captures."""
        first, *others = self.literals
        if not text.startswith(first, start):
            return None
        here, captured = start + len(first), []
        for literal in others:
            slash = text.find("/", here)
            end = len(text) if slash < 0 else slash
            if end == here or not text.startswith(literal, end):
                return None
            captured.append(text[here:end])
            here = end + len(literal)
        return here, captured

    def search(self, text: str, start: int) -> tuple[int, list[str]] | None:
        """As `match`, of the first place from `start` on where the block stands."""
        first = self.literals[0]
        while (at := text.find(first, start)) >= 0:
            if (found := self.match(text, at)) is not None:
                return found
            start = at + 1
        return None

    def close(self, text: str, least: int) -> list[str] | None:
        """The segments captured by the block that ends the text and begins at `least` or later."""
        end, captured = len(text), list[str]()
        for literal in reversed(self.literals[1:]):
            if end - len(literal) < least or not text.startswith(literal, end - len(literal)):
                return None
            end -= len(literal)
            begin = text.rfind("/", least, end) + 1
            if begin in (0, end):
                return None
            captured.append(text[begin:end])
            end = begin
        begin = end - len(self.literals[0])
        return captured[::-1] if begin >= least and text.startswith(self.literals[0], begin) else None


@dataclass(frozen=True, slots=True)
class Glob:
    """A compiled pattern. `names` are those of the captured segments, in order."""

    pattern: str
    blocks: tuple[_Block, ...]
    names: tuple[str, ...] = ()

    @property
    def needle(self) -> str:
        """The longest literal of the pattern: a text without it, in lower case, does not match."""
        return max((literal for block in self.blocks for literal in block.literals), key=len)

    def match(self, text: str) -> dict[str, str] | None:
        """The captured segments by name, in lower case, where the whole text matches; None where it does not."""
        return self.match_lower(text.lower())

    def match_lower(self, text: str) -> dict[str, str] | None:
        """As `match`, of a text in lower case."""
        first, *others = self.blocks
        found = first.match(text, 0)
        if found is None or (not others and found[0] != len(text)):
            return None
        here, captured = found
        for block in others[:-1]:
            found = block.search(text, here)
            if found is None:
                return None
            here = found[0]
            captured += found[1]
        if others:
            last = others[-1].close(text, here)
            if last is None:
                return None
            captured += last
        return dict(zip(self.names, captured, strict=True))


def compile_glob(pattern: str, *, segments: bool = False) -> Glob:
    """A pattern; with `segments`, `{name}` captures one. GlobError where it cannot be used."""
    if len(pattern) > MAX_LENGTH:
        msg = f"longer than {MAX_LENGTH} characters"
        raise GlobError(msg)
    names = tuple(_names(pattern)) if segments else ()
    if not segments and (at := _brace(pattern)) >= 0:
        msg = "{name} stands in addresses only"
        raise GlobError(msg, at)
    folded = re.sub(r"\*+", "*", pattern.lower())
    blocks = tuple(_Block(tuple(_NAME.sub("\0", part).split("\0"))) for part in folded.split("*"))
    return Glob(pattern=pattern, blocks=blocks, names=names)


def _brace(pattern: str) -> int:
    return min((at for each in "{}" if (at := pattern.find(each)) >= 0), default=-1)


def _names(pattern: str) -> Iterator[str]:
    """The names of captured segments, each of which is a whole one."""
    seen: set[str] = set()
    for found in _NAME.finditer(pattern):
        name, at = found[1], found.start()
        if not _WORD.fullmatch(name):
            msg = f"'{{{name}}}' is no name: small letters, digits and _ only"
            raise GlobError(msg, at)
        if name in seen:
            msg = f"'{{{name}}}' stands here twice"
            raise GlobError(msg, at)
        seen.add(name)
        if pattern[at - 1 : at] != "/" or pattern[found.end() : found.end() + 1] not in ("", "/"):
            msg = f"'{{{name}}}' is a whole segment: a slash stands before it, and a slash or the end after it"
            raise GlobError(msg, at)
        yield name
    rest = _NAME.sub(lambda one: " " * len(one[0]), pattern)
    if (at := _brace(rest)) >= 0:
        msg = f"'{rest[at]}' belongs to a {{name}}"
        raise GlobError(msg, at)
