"""How long a regular expression, or anything else that reads a text, takes for its worst of 64 KB."""

import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pattern_shapes import Shape, shapes

SIZE = 65_536
LIMIT = 0.05
"""Seconds of processor time."""
_SKETCH = 512
"""Characters of the texts that are tried first: what takes quadratic time is slowest there already."""
_WORST = 2
_TRIES = 3
_PATIENCE = 4
"""What takes so many times the limit is ended."""


class _TooLong(Exception):
    """Ends a piece of work that takes much longer than it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """A text that took longer than the limit."""

    seconds: float
    method: str
    text: str

    def __str__(self) -> str:
        return f"{self.method} took {self.seconds:.3f} s for {len(self.text)} characters: {self.text[:60]!r}…"


def slowest(pattern: re.Pattern[Any], methods: Iterable[str]) -> Slow | None:
    """The first text found for which one of the methods takes longer than the limit; None where none does."""
    return next((found for method in sorted(methods) if (found := _slow(pattern, method)) is not None), None)


def _slow(pattern: re.Pattern[Any], method: str) -> Slow | None:
    sketched: list[tuple[float, int, Shape]] = []
    seen: set[str] = set()
    for shape in shapes(pattern):
        text = shape.text(_SKETCH)
        if text in seen:
            continue
        seen.add(text)
        seconds = best(lambda text=text: use(pattern, method, text))
        if seconds > LIMIT:
            return Slow(seconds=seconds, method=method, text=text)
        sketched.append((seconds, len(sketched), shape))
    for _, _, shape in sorted(sketched, reverse=True)[:_WORST]:
        text = shape.text(SIZE)
        seconds = best(lambda text=text: use(pattern, method, text))
        if seconds > LIMIT:
            return Slow(seconds=seconds, method=method, text=text)
    return None


def best(work: Callable[[], object], limit: float = LIMIT) -> float:
    """Seconds of processor time that a piece of work takes: the best of three where the first was over the limit."""
    taken = [_timed(work, _PATIENCE * limit)]
    while limit < taken[-1] < _PATIENCE * limit and len(taken) < _TRIES:
        taken.append(_timed(work, _PATIENCE * limit))
    return min(taken)


def use(pattern: re.Pattern[Any], method: str, text: str) -> object:
    """Read a text with a pattern in one way, to its end."""
    given = text if isinstance(pattern.pattern, str) else text.encode("utf-8", "replace")
    if method in {"sub", "subn"}:
        return getattr(pattern, method)("" if isinstance(given, str) else b"", given)
    if method == "finditer":
        return sum(1 for _ in pattern.finditer(given))
    return getattr(pattern, method)(given)


def _timed(work: Callable[[], object], most: float) -> float:
    begun = time.thread_time()
    try:
        with _interrupted(most):
            work()
    except _TooLong:
        pass
    return time.thread_time() - begun


@contextmanager
def _interrupted(most: float) -> Iterator[None]:
    """Ends what takes so many seconds of processor time; a regular expression looks for signals now and then."""

    def end(_number: int, _frame: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, most)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
