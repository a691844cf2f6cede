"""Reads the machine rules of a vocabulary: what a file says adds to what is shipped, or replaces it."""

from typing import Any

from mappings.values.instant import DAY, Span, parse_span
from mappings.vocabulary.globs import Glob, GlobError, compile_glob
from mappings.vocabulary.machine_rules import Clicks, MachineRules, Opens
from mappings.yaml_files.located_yaml import Located, Path
from mappings.yaml_files.tree import TreeReader

LONGEST: Span = DAY
"""The longest span of a machine rule: what lies further apart has nothing to do with each other."""
_MOST = 1_000


class MachineReader(TreeReader):
    """Reads `machine:`. Lists are added to those of the base; a span or a number takes the place of the base's."""

    def __init__(self, located: Located, source: str) -> None:
        super().__init__(located)
        self._rows = source.splitlines()

    def _machine(self, raw: Any, base: MachineRules) -> MachineRules:
        path: Path = ("machine",)
        table = self._table(raw, path, ("agents", "clicks", "opens", "after_send", "methods"))
        clicks = self._table(table.get("clicks"), (*path, "clicks"), ("links", "times", "within"))
        opens = self._table(table.get("opens"), (*path, "opens"), ("times", "within", "apart"))
        methods = (word.upper() for word, _ in self._texts(table.get("methods"), (*path, "methods")))
        return MachineRules(
            agents=(*self._agents(table.get("agents"), (*path, "agents")), *base.agents),
            methods=frozenset(methods) | base.methods,
            after_send=self._span(table, path, "after_send", base.after_send),
            clicks=Clicks(
                links=self._number(clicks, (*path, "clicks"), "links", base.clicks.links),
                times=self._number(clicks, (*path, "clicks"), "times", base.clicks.times),
                within=self._span(clicks, (*path, "clicks"), "within", base.clicks.within),
            ),
            opens=Opens(
                times=self._number(opens, (*path, "opens"), "times", base.opens.times),
                within=self._span(opens, (*path, "opens"), "within", base.opens.within),
                apart=self._span(opens, (*path, "opens"), "apart", base.opens.apart),
            ),
        )

    def _agents(self, raw: Any, path: Path) -> list[Glob]:
        found = []
        for text, at in self._texts(raw, path):
            try:
                found.append(compile_glob(text))
            except GlobError as error:
                self._wrong_within(at, error)
        return found

    def _texts(self, raw: Any, path: Path) -> list[tuple[str, Path]]:
        if raw is not None and not isinstance(raw, list):
            self._wrong(path, "must be a list of texts")
            return []
        found = [(text, (*path, index)) for index, text in enumerate(raw or ())]
        for text, at in found:
            if not isinstance(text, str) or not text.strip():
                self._wrong(at, "must be a text")
        return [(text.strip(), at) for text, at in found if isinstance(text, str)]

    def _span(self, table: dict[str, Any], path: Path, name: str, base: Span) -> Span:
        """A span; `0s` switches a rule off."""
        if name not in table:
            return base
        try:
            length = parse_span(str(table[name]))
        except ValueError:
            self._wrong((*path, name), f"'{table[name]}' is not a length of time (such as: 5s, 10m)")
            return base
        if length > LONGEST:
            self._wrong((*path, name), f"'{table[name]}' is longer than a day")
        return length

    def _number(self, table: dict[str, Any], path: Path, name: str, base: int) -> int:
        """How many make a machine: two or more; 0 switches a rule off."""
        value = table.get(name, base)
        if isinstance(value, bool) or not isinstance(value, int) or not (value == 0 or 2 <= value <= _MOST):  # noqa: PLR2004 - one link alone proves nothing
            self._wrong((*path, name), f"must be 0, or a whole number from 2 to {_MOST}")
            return base
        return value

    def _flag(self, value: Any, path: Path) -> bool | None:
        if not isinstance(value, bool):
            self._wrong(path, "must be true or false")
            return None
        return value

    def _wrong_within(self, path: Path, error: GlobError) -> None:
        """A mistake within the text at `path`."""
        line, column = self.located.where(path)
        row = self._rows[line - 1] if line <= len(self._rows) else ""
        quoted = row[column - 1 : column] in ('"', "'")
        problem = self.located.problem(path, error.text)
        at = error.at + (1 if quoted and error.at else 0)
        self.problems.append(type(problem)(problem.file, line, column + at, problem.text, problem.severity))
