"""Reads the lines of `recognise`: what is looked at, and what it is then."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mappings.model.canonical import Field, Value
from mappings.vocabulary.addresses import AddressGlob, compile_address
from mappings.vocabulary.files.parse_machine import MachineReader
from mappings.vocabulary.globs import Glob, GlobError, compile_glob
from mappings.vocabulary.recognition import GENERIC, SUBJECTS, Line, Subject
from mappings.yaml_files.located_yaml import Path
from mappings.yaml_files.problems import nearest

SECTION = "recognise"
_AGAIN = "="
"""What marks a key that stands in a line a second time: the first is looked at, the second is given."""
_DEPTH = 2
"""Of a line: its section, and its place there."""
_DERIVED = "internal_sharing"


def second_key(path: Path, name: str) -> str | None:
    """In a line, what is looked at may be given anew: `{event: "Trial Started", event: trial_started}`.

    Also where the section's name is misspelt, which is what is wrong there.
    """
    line = len(path) == _DEPTH and isinstance(path[1], int)
    return f"{name}{_AGAIN}" if line and name in SUBJECTS else None


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the file, its keys as they are written."""

    path: Path
    table: Mapping[str, Any]
    subject: Subject
    glob: Glob | AddressGlob | None


class LineReader(MachineReader):
    """Reads `recognise:`, a list of tables."""

    def _lines(self, raw: Any, types: Mapping[str, Mapping[str, Field]]) -> list[Line]:
        if raw is not None and not isinstance(raw, list):
            self._wrong((SECTION,), "must be a list of lines, each one a table")
            return []
        found: list[Line] = []
        before: dict[tuple[str, str], list[tuple[Line, int]]] = {}
        for index, item in enumerate(raw or ()):
            row = self._row(item, (SECTION, index), {name for each in types.values() for name in each})
            line = self._line(row, types) if row is not None else None
            if row is None or line is None:
                continue
            same = before.setdefault((line.subject, str(row.table[row.subject]).strip().lower()), [])
            hiding = next((at for earlier, at in same if line.to or not earlier.to), None)
            if hiding is not None:
                text = f"never reached: line {self.located.where((SECTION, hiding))[0]} looks for the same"
                self._wrong(row.path, text, severity="warning")
            same.append((line, index))
            found.append(line)
        return found

    def _row(self, item: Any, path: Path, properties: Collection[str]) -> _Row | None:
        if not isinstance(item, dict):
            self._wrong(path, "must be a table such as {url: '/pricing*', page: pricing}")
            return None
        subject = self._subject(item, path, properties)
        if subject is None:
            return None
        at = (*path, subject)
        text = item[subject]
        if not isinstance(text, str) or not text.strip():
            self._wrong(at, "must be a text to look for")
            return None
        try:
            glob = compile_address(text.strip()) if subject == "url" else compile_glob(text.strip())
        except GlobError as error:
            self._wrong_within(at, error)
            return _Row(path, item, subject, None)
        return _Row(path, item, subject, glob)

    def _subject(self, item: Mapping[str, Any], path: Path, properties: Collection[str]) -> Subject | None:
        """What a line looks at: an address or a type where it names one, else the first of the others."""
        named = [each for key in item for each in SUBJECTS if each == key]
        if "url" in named and "type" in named:
            self._wrong((*path, "type"), "a line looks at one thing: 'url' or 'type'", key=True)
            return None
        chosen: list[Subject] = [each for each in named if each in ("url", "type")] or named
        if chosen:
            return chosen[0]
        misspelt = [each for each in item if each not in properties and nearest(each, SUBJECTS)]
        for each in misspelt:
            self._wrong((*path, each), f"unknown name '{each}'{nearest(each, SUBJECTS)}", key=True)
        if not misspelt:
            self._wrong(path, f"does not say what to look at: {', '.join(SUBJECTS[:-1])} or {SUBJECTS[-1]}")
        return None

    def _line(self, row: _Row, types: Mapping[str, Mapping[str, Field]]) -> Line | None:
        path, subject = row.path, row.subject
        to = row.table.get("is", "")
        known = [each for each in types if each != _DERIVED]
        if "is" in row.table and to not in known:
            self._wrong((*path, "is"), f"unknown activity '{to}'{nearest(str(to), known)}")
            return None
        if subject == "type" and not self._foreign(row, str(to), types):
            return None
        carriers = [to] if to else [GENERIC[subject], *(kind for kind in known if subject in types[kind])]
        properties = {name: field for kind in reversed(carriers) for name, field in types[kind].items()}
        gives = [
            (name, value)
            for key, raw in row.table.items()
            if key not in (subject, "is")
            for name, value in self._given(key, raw, row, properties)
        ]
        if not to and len(row.table) == 1:
            self._wrong(path, "gives nothing: say what it 'is', or a property")
            return None
        return Line(subject=subject, glob=row.glob, to=str(to), gives=tuple(gives)) if row.glob else None

    def _foreign(self, row: _Row, to: str, types: Mapping[str, Mapping[str, Field]]) -> bool:
        """A line about a type names what it is, and is about a type that the vocabulary does not have."""
        if not to:
            self._wrong(row.path, "a line about a type says what it 'is'")
        elif str(row.table["type"]).strip() in types:
            self._wrong((*row.path, "type"), f"'{row.table['type']}' is a type of the vocabulary, and stands")
        else:
            return True
        return False

    def _given(self, key: str, raw: Any, row: _Row, known: Mapping[str, Field]) -> Iterable[tuple[str, Value]]:
        """A property that a line gives, as its kind wants it."""
        name, at = key.removesuffix(_AGAIN), (*row.path, key)
        field = known.get(name)
        if field is None:
            self._wrong(at, f"unknown property '{name}'{nearest(name, (*known, 'is'))}", key=True)
            return
        value = self._value(raw, field, at)
        if isinstance(value, str):
            self._captured(value, row, at)
        if value is not None:
            yield name, value

    def _value(self, raw: Any, field: Field, at: Path) -> Value:
        fits = {
            "text": isinstance(raw, str) and raw.strip() != "",
            "choice": isinstance(raw, str),
            "number": isinstance(raw, int | float) and not isinstance(raw, bool),
            "boolean": isinstance(raw, bool),
            "list": isinstance(raw, list) and all(isinstance(each, str) for each in raw),
            "time": False,
        }[field.kind]
        if not fits:
            what = {"boolean": "true or false", "time": "no value: dates are not given by a line"}.get(field.kind)
            self._wrong(at, f"must be {what or f'a {field.kind}'}")
            return None
        if field.choices and raw not in field.choices:
            self._wrong(at, f"unknown value '{raw}'{nearest(str(raw), field.choices)}")
            return None
        return tuple(raw) if isinstance(raw, list) else raw

    def _captured(self, value: str, row: _Row, at: Path) -> None:
        """Every `{name}` of a value is captured by the line's pattern."""
        names = row.glob.glob.names if isinstance(row.glob, AddressGlob) else ()
        for piece in value.split("{")[1:]:
            name, closed, _ = piece.partition("}")
            if row.glob is not None and (not closed or name not in names):
                self._wrong(at, f"'{{{name}}}' is captured by no part of the address{nearest(name, names)}")
