"""YAML that keeps the position of every value.

The core schema of YAML 1.2 and no more: `on`, `yes` and `off` are words, `9:00` and dates are text, keys
are always text, a key stands once. Anchors, aliases and tags of other kinds are refused, and size and
depth are bounded, so that a file sent by a stranger can do no harm.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import Resolver

from mappings.yaml_files.problems import MOST_PROBLEMS, Problem, Severity, fatal
from mappings.yaml_files.unquoted_text import advice

Path: TypeAlias = tuple[str | int, ...]
"""The way to a value from the top: keys and indexes, `("tracks", 0, "touches")`."""
Position: TypeAlias = tuple[int, int]
"""Line and column, both from 1."""
Twice: TypeAlias = Callable[[Path, str], str | None]
"""The name under which a key is kept that stands a second time in the mapping at a path; None where it may not."""

MAX_CHARACTERS = 256_000
MAX_NODES = 10_000
"""Keys and values in all; the largest file that comes along has 900."""
MAX_DEPTH = 40

_SHORT = 20_000
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Located:
    """Plain values (dict, list, str, int, float, bool, None) and where each key and value stood."""

    value: Any
    positions: Mapping[Path, Position]
    """Where each value begins."""
    keys: Mapping[Path, Position] = field(default_factory=lambda: MappingProxyType({}))
    """Where the key of each value begins (values in mappings only)."""
    file: str = ""

    def where(self, path: Path) -> Position:
        """The place of a value, or of the nearest enclosing one that exists."""
        for length in range(len(path), -1, -1):
            if (found := self.positions.get(path[:length])) is not None:
                return found
        return (1, 1)

    def where_key(self, path: Path) -> Position:
        """The place of the key under which a value stands; of the value itself in a list."""
        return self.keys.get(path) or self.where(path)

    def problem(self, path: Path, text: str, *, severity: Severity = "error", key: bool = False) -> Problem:
        """A mistake in the value at `path`, or in its key."""
        line, column = self.where_key(path) if key else self.where(path)
        return Problem(self.file, line, column, text, severity)


class _Bounded(Composer):
    """Reads scalars as YAML 1.2's core schema does, and refuses what can grow without end."""

    # An own, empty table: the library's brings YAML 1.1's yes, on, sexagesimal numbers and dates.
    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}
    depth = 0
    nodes = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = self.peek_event()  # type: ignore[attr-defined] # the parser brings it
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.composer.ComposerError(None, None, "anchors and aliases are not used here", event.start_mark)
        self.nodes += 1
        if self.depth >= MAX_DEPTH or self.nodes > MAX_NODES:
            deep = self.depth >= MAX_DEPTH
            text = f"nested more than {MAX_DEPTH} deep" if deep else f"more than {MAX_NODES:,} keys and values"
            raise yaml.composer.ComposerError(None, None, text, event.start_mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


class _Fast(_Bounded, CParser, SafeConstructor, Resolver):
    """The library in C reads the text, ten times as fast as the one in Python."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        for part in (Composer, SafeConstructor, Resolver):
            part.__init__(self)


class _Wordy(_Bounded, yaml.SafeLoader):
    """The library in Python, which says better what is wrong."""


def _implicit(name: str, pattern: str, first: str) -> None:
    for letter in first:
        _Bounded.yaml_implicit_resolvers.setdefault(letter, []).append((_TAG + name, re.compile(pattern)))


_implicit("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF")
_implicit("int", r"^[-+]?[0-9]{1,18}$", "-+0123456789")
_implicit("float", r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]{1,3})?$", "-+0123456789.")
_implicit("null", r"^(?:~|null|Null|NULL|)$", "~nN")
_Bounded.yaml_implicit_resolvers[""] = list(_Bounded.yaml_implicit_resolvers["n"])


def load(text: str, file: str, twice: Twice | None = None) -> tuple[Located | None, tuple[Problem, ...]]:
    """Read one YAML document; None with at least one Problem when it cannot be read without doubt.

    `file` is the name that problems show. An empty document is the value None. A key stands once, but where `twice`
    gives another name for the second one.
    """
    if len(text) > MAX_CHARACTERS:
        return None, (Problem(file, 1, 1, f"longer than {MAX_CHARACTERS:,} characters"),)
    try:
        root = composed(text)
    except yaml.MarkedYAMLError as error:
        return None, (_marked(error, file, text),)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1
        return None, (Problem(file, line, column, "a character that YAML does not allow"),)
    if root is None:
        return Located(None, MappingProxyType({(): (1, 1)}), file=file), ()
    reader = _Reading(file, twice)
    value = reader.value(root, ())
    problems = tuple(sorted(reader.problems))
    if fatal(problems):
        return None, problems
    return Located(value, MappingProxyType(reader.positions), MappingProxyType(reader.keys), file), problems


@lru_cache(maxsize=32)
def composed(text: str) -> Node | None:
    """The document's nodes, for reading alone; raises YAMLError, with the better words where a short text is wrong.

    Whoever loads a text again, as a connection does its mapping, does not have it parsed again.
    """
    for kind in (_Fast, _Wordy):
        loader = kind(text)
        try:
            return loader.get_single_node()
        except yaml.composer.ComposerError:
            raise
        except yaml.YAMLError:
            if kind is _Wordy or len(text) > _SHORT:
                raise
        finally:
            loader.dispose()
    return None


def _marked(error: yaml.MarkedYAMLError, file: str, source: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    text = error.problem or error.context or "cannot be read as YAML"
    if "'\\t'" in text:
        text = "a tab where YAML wants spaces"
    elif "another document" in text:
        text = "a second document; one is read"
    elif mark and (better := advice(_row(source, mark.line), text)):
        text = better
    return Problem(file, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, text)


def _row(source: str, number: int) -> str:
    rows = source.splitlines()
    return rows[number] if number < len(rows) else ""


class _Reading:
    """One pass over composed nodes: values, places, and what is wrong."""

    def __init__(self, file: str, twice: Twice | None) -> None:
        self.file = file
        self.twice = twice
        self.positions: dict[Path, Position] = {}
        self.keys: dict[Path, Position] = {}
        self.problems: list[Problem] = []

    def value(self, node: Node, path: Path) -> Any:
        self.positions[path] = _position(node)
        if isinstance(node, MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, SequenceNode) and node.tag == _TAG + "seq":
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        return self._wrong(node, f"tag {node.tag} is not used here")

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, child in node.value:
            if not isinstance(key, ScalarNode) or not key.value:
                self._wrong(key, "a key must be a word or a text")
                continue
            name = str(key.value)
            if name in found and self.twice is not None:
                name = self.twice(path, name) or name
            if name in found:
                line, _ = self.keys[(*path, name)]
                self._wrong(key, f"'{name}' stands here for the second time (first on line {line})")
                continue
            self.keys[(*path, name)] = _position(key)
            found[name] = self.value(child, (*path, name))
        return found

    def _scalar(self, node: ScalarNode) -> str | int | float | bool | None:
        text = str(node.value)
        match node.tag.removeprefix(_TAG):
            case "str":
                return text
            case "null":
                return None
            case "bool" if text.lower() in {"true", "false"}:
                return text.lower() == "true"
            case "int" if re.fullmatch(r"[-+]?[0-9]{1,18}", text):
                return int(text)
            case "float" if (number := _finite(text)) is not None:
                return number
        self._wrong(node, f"'{text[:40]}' cannot be read as {node.tag.removeprefix(_TAG)}")
        return None

    def _wrong(self, node: Node, text: str) -> None:
        if len(self.problems) >= MOST_PROBLEMS:
            return
        line, column = _position(node)
        self.problems.append(Problem(self.file, line, column, text))


def _finite(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _position(node: Node) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1
