"""Reads a tree of YAML: tables whose keys are known, and mistakes noted with their place."""

from collections.abc import Iterable
from typing import Any

from mappings.yaml_files.located_yaml import Located, Path
from mappings.yaml_files.problems import MOST_PROBLEMS, Problem, Severity, TooManyProblemsError, fatal, nearest


class TreeReader:
    """Every method reads one construct and notes what is wrong with it."""

    def __init__(self, located: Located) -> None:
        self.located = located
        self.problems: list[Problem] = []

    def _table(self, raw: Any, path: Path, known: Iterable[str] | None = None) -> dict[str, Any]:
        if raw is None:
            return {}
        if not isinstance(raw, dict):
            self._wrong(path, "must be a table of names and values")
            return {}
        names = tuple(known) if known is not None else tuple(raw)
        for key in raw:
            if key not in names:
                self._wrong((*path, key), f"unknown name '{key}'{nearest(key, names)}", key=True)
        return {key: value for key, value in raw.items() if key in names}

    def _wrong(self, path: Path, text: str, *, key: bool = False, severity: Severity = "error") -> None:
        """Note a mistake. Raises TooManyProblemsError once there are enough of them."""
        self.problems.append(self.located.problem(path, text, key=key, severity=severity))
        if len(self.problems) >= MOST_PROBLEMS and fatal(self.problems[-1:]):
            raise TooManyProblemsError
