"""Problems: an author's mistakes as values, with the place and the nearest right name."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning"]


MOST_PROBLEMS = 100
"""Nobody reads more at once, and what is wrong in one place is often wrong in thousands."""


class TooManyProblemsError(Exception):
    """A file has more mistakes than are worth looking for; those that were found are reported."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file people write. Lines and columns count from 1; sorts by file, then place."""

    file: str
    line: int
    column: int
    text: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


def nearest(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the known name closest to what was written, or "" when none is close."""
    close = nearest_of(name, known)
    return f" (did you mean '{close}'?)" if close is not None else ""


def nearest_of(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to what was written; None when none is close."""
    folded = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def fatal(problems: Iterable[Problem]) -> bool:
    """Whether any of the problems is an error, so that nothing usable came out."""
    return any(problem.severity == "error" for problem in problems)
