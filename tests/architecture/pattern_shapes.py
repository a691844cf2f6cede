"""Texts that make a regular expression slow, made from its own literals and classes.

Each is a beginning that fits, one repeat of the pattern drawn out (or the whole of it, again and again), and an end
that just fails to fit.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_COMMON = "a1 -._\n"
_ENDS = ("", "\0", " ")
_MOST_BRANCHES = 3
_MOST_LITERALS = 12
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_CANDIDATES = [*map(chr, range(32, 127)), *"\n\t\0é中٣\ud800\x85"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A text of any length: the `place`-th repeat drawn out, or, without one, something again and again."""

    tree: Any
    liked: str
    branch: int
    place: int
    drawn: bool
    end: str

    def text(self, size: int) -> str:
        """The text, of about `size` characters."""
        return (
            _made(self.tree, self.liked, self.branch, self.place, self.drawn, size)[: size - len(self.end)] + self.end
        )


@lru_cache(maxsize=2)
def _made(tree: Any, liked: str, branch: int, place: int, drawn: bool, size: int) -> str:  # noqa: FBT001, PLR0917
    unit = _Writer(liked, branch, place, 1)
    once = unit.text(tree)
    if drawn:
        return _Writer(liked, branch, place, max(2, size // max(1, unit.drawn))).text(tree)
    again = (liked, once, once[:-1], once + liked)[place % 4] or liked
    return again * (size // len(again))


def shapes(pattern: re.Pattern[Any]) -> Iterator[Shape]:
    """Every shape of text for a pattern."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = parser.parse(source, pattern.flags & ~re.UNICODE)
    literals = sorted(set(_literals(tree)))
    repeats, branches = _count(tree, _REPEATS), min(_widest(tree), _MOST_BRANCHES)
    for liked in dict.fromkeys([*_COMMON, *literals[:_MOST_LITERALS]]):
        for branch in range(branches):
            for drawn, places in ((False, 4), (True, repeats)):
                for place in range(places):
                    for end in _ENDS:
                        yield Shape(tree=tree, liked=liked, branch=branch, place=place, drawn=drawn, end=end)


class _Writer:
    """A text that a pattern takes: its `place`-th repeat `times` times, every other as seldom as may be."""

    def __init__(self, liked: str, branch: int, place: int, times: int) -> None:
        self._liked, self._branch, self._place, self._times = liked, branch, place, times
        self._at = 0
        self.drawn = 1

    def text(self, tree: Any) -> str:
        return "".join(self._one(code, given) for code, given in tree)

    def _one(self, code: Any, given: Any) -> str:
        if code is codes.LITERAL:
            return chr(given)
        if code in (codes.IN, codes.NOT_LITERAL, codes.ANY):
            return _character(code, given, self._liked)
        if code in _REPEATS:
            return self._repeat(given)
        if code in (codes.SUBPATTERN, codes.ATOMIC_GROUP):
            return self.text(given[3] if code is codes.SUBPATTERN else given)
        if code is codes.BRANCH:
            ways = [self.text(way) for way in given[1]]
            return ways[self._branch % len(ways)]
        return ""

    def _repeat(self, given: Any) -> str:
        least, most, body = given
        mine = self._at == self._place
        self._at += 1
        once = self.text(body)
        if mine:
            self.drawn = max(1, len(once))
            return once * min(int(most), max(int(least), self._times))
        return once * max(int(least), min(1, int(most)))


def _character(code: Any, given: Any, liked: str) -> str:
    return _found(code, tuple(given) if isinstance(given, list) else given, liked)


@cache
def _found(code: Any, given: Any, liked: str) -> str:
    fits = _matcher(code, given)
    return next((each for each in (liked, *_CANDIDATES) if fits(each)), "a")


def _matcher(code: Any, given: Any) -> Any:
    if code is codes.ANY:
        return lambda each: each != "\n"
    if code is codes.NOT_LITERAL:
        return lambda each: each != chr(given)
    items = [each for each in given if each[0] is not codes.NEGATE]
    negated = len(items) != len(given)
    return lambda each: any(_holds(item, each) for item in items) is not negated


def _holds(item: Any, each: str) -> bool:
    code, given = item
    if code is codes.LITERAL:
        return each == chr(given)
    if code is codes.RANGE:
        return bool(given[0] <= ord(each) <= given[1])
    kinds = {"DIGIT": r"\d", "NOT_DIGIT": r"\D", "SPACE": r"\s", "NOT_SPACE": r"\S", "WORD": r"\w", "NOT_WORD": r"\W"}
    return re.match(kinds[str(given).removeprefix("CATEGORY_")], each) is not None


def _walk(tree: Any) -> Iterator[tuple[Any, Any]]:
    for code, given in tree:
        yield code, given
        if code in _REPEATS:
            yield from _walk(given[2])
        elif code is codes.SUBPATTERN:
            yield from _walk(given[3])
        elif code is codes.ATOMIC_GROUP:
            yield from _walk(given)
        elif code is codes.BRANCH:
            for way in given[1]:
                yield from _walk(way)
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            yield from _walk(given[1])


def _literals(tree: Any) -> Iterator[str]:
    for code, given in _walk(tree):
        if code in (codes.LITERAL, codes.NOT_LITERAL):
            yield chr(given)
        elif code is codes.IN:
            yield from (chr(value) for kind, value in given if kind is codes.LITERAL)


def _count(tree: Any, kinds: Sequence[Any]) -> int:
    return sum(code in kinds for code, _ in _walk(tree))


def _widest(tree: Any) -> int:
    return max((len(given[1]) for code, given in _walk(tree) if code is codes.BRANCH), default=1)
