"""The report of a playbook: problems with their places, gathered while it is read and compiled."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mappings.yaml_files.located_yaml import Located, Path
from mappings.yaml_files.problems import MOST_PROBLEMS, Problem, Severity, TooManyProblemsError, nearest


def known(found: Located, loc: Path) -> Path:
    """A place as the file has it: parts that only the schema knows (a list around one value) fall away."""
    path: Path = ()
    for part in loc:
        if (*path, part) in found.positions:
            path = (*path, part)
    return path


@dataclass(slots=True)
class Dropped:
    """What fell away with mistakes of shape: its names are not unknown, its holders not incomplete."""

    names: set[str] = field(default_factory=set)
    places: set[Path] = field(default_factory=set)

    def below(self, place: Path) -> bool:
        """Whether something is gone from the part at `place`."""
        return any(gone[: len(place)] == place for gone in self.places)


class Report:
    """Collects every problem of one file; places are found from the path to a value and an offset in its text."""

    def __init__(self, located: Located, source: str) -> None:
        self._located = located
        self._lines = source.splitlines()
        self._problems: set[Problem] = set()
        self._errors = 0
        self.dropped = Dropped()

    def problem(self, path: Path, text: str, *, at: int = 0, key: bool = False, severity: Severity = "error") -> None:
        """A mistake in the text at `path` (in the key itself with `key`), `at` characters from its beginning.

        Raises TooManyProblemsError once there are enough of them.
        """
        place = known(self._located, path)
        if self.dropped.below(place):
            return
        line, column = self._located.where_key(place) if key else self._located.where(place)
        quoted = self._at(line, column) in ('"', "'")
        self._problems.add(Problem(self._located.file, line, column + at + (1 if quoted and at else 0), text, severity))
        self._errors += severity == "error"
        if self._errors >= MOST_PROBLEMS:
            raise TooManyProblemsError

    def warn(self, path: Path, text: str, *, at: int = 0, key: bool = False) -> None:
        """Something that is allowed and hardly meant."""
        self.problem(path, text, at=at, key=key, severity="warning")

    def unknown(  # noqa: PLR0913 - what is unknown, what is known, and where
        self, path: Path, what: str, name: str, known: Iterable[str], *, at: int = 0, key: bool = False
    ) -> None:
        """A name that does not exist, with the nearest that does."""
        if name in self.dropped.names:
            return
        self.problem(path, f"unknown {what} '{name}'{nearest(name, known)}", at=at, key=key)

    def problems(self) -> tuple[Problem, ...]:
        """All of them, by place; warnings only where there is no error, since one often comes from the other."""
        failed = self.failed()
        return tuple(sorted(problem for problem in self._problems if problem.severity == "error" or not failed))

    def failed(self) -> bool:
        """Whether one of them is an error."""
        return any(problem.severity == "error" for problem in self._problems)

    def _at(self, line: int, column: int) -> str:
        row = self._lines[line - 1] if line <= len(self._lines) else ""
        return row[column - 1 : column]
