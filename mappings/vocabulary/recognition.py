"""Recognition: what an address, a form, an asset, an event or a foreign type is, as the lines of a vocabulary say.

What the sender gave stands; a line fills what is absent. Of each of the five, the first line that matches counts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from mappings.model.canonical import Field, Fields, Value
from mappings.vocabulary.addresses import AddressGlob, parted
from mappings.vocabulary.globs import Glob

Subject: TypeAlias = Literal["type", "event", "form", "asset", "url"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
"""What a line can look at, in the order in which an activity is asked for them: its type first."""

GENERIC: Mapping[Subject, str] = MappingProxyType(
    {"event": "product_usage", "form": "form_submit", "asset": "content_download", "url": "page_view"}
)
"""Of which type an activity is that says no more than the subject itself: only that may become another (`is`)."""

_PAGES = ("page_view", "email_click")
_REMEMBERED = 8_192
"""So many texts are remembered; then it begins anew."""
_SHORT = 300
"""Characters of a text that is worth remembering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: what it looks at, of which type such an activity is ("" leaves it), and the properties it gives."""

    subject: Subject
    glob: Glob | AddressGlob
    to: str = ""
    gives: tuple[tuple[str, Value], ...] = ()


class Unmatched(NamedTuple):
    """An address, a form, an asset or a foreign event that no line knows; an address as lines would look at it."""

    kind: Literal["address", "form", "asset", "event"]
    place: str
    word: str


@dataclass(frozen=True, slots=True)
class _Found:
    """What a line makes of one text, captured segments filled in."""

    to: str
    gives: tuple[tuple[str, Value], ...]


_NOTHING = _Found("", ())


class Recognition:
    """The lines of a vocabulary, ready to be asked. What was worked out of a text is remembered, within bounds."""

    __slots__ = ("_addresses", "_asked", "_by_path", "_by_text", "_known", "_names", "_quick", "lines")

    def __init__(self, lines: Sequence[Line], types: Mapping[str, Mapping[str, Field]]) -> None:
        self.lines = tuple(lines)
        self._known = types
        self._addresses = [
            (line.glob.glob.needle, line.glob, line) for line in lines if isinstance(line.glob, AddressGlob)
        ]
        self._names = [(line.subject, line.glob, line) for line in lines if isinstance(line.glob, Glob)]
        subjects = {line.subject for line in self.lines}
        self._asked: dict[str, tuple[Subject, ...]] = {
            kind: tuple(each for each in SUBJECTS[1:] if each in subjects and each in properties)
            for kind, properties in types.items()
        }
        self._by_text: dict[tuple[Subject, bool], dict[str, _Found]] = {
            (subject, becoming): {} for subject in SUBJECTS for becoming in (False, True)
        }
        self._by_path: dict[tuple[bool, str, str], _Found] = {}
        self._quick = {
            kind: tuple((each, self._by_text[each, GENERIC[each] == kind]) for each in asked)
            for kind, asked in self._asked.items()
        }

    def __call__(self, kind: str, properties: Fields) -> tuple[str, Fields]:
        """The type and the properties of an activity, recognised; the given ones where nothing is."""
        asked = self._quick.get(kind)
        if asked is None:
            return self._foreign(kind, properties)
        for subject, known in asked:
            text = properties.get(subject)
            if text and isinstance(text, str):
                found = known.get(text)
                if found is None or found.to:
                    return self._recognised(kind, properties, self._asked[kind])
                for name, _ in found.gives:
                    if name == subject or not properties.get(name):
                        return self._recognised(kind, properties, self._asked[kind])
        return kind, properties

    def found(self, subject: Subject, kind: str, text: str) -> bool:
        """Whether some line knows this text of an activity of this type."""
        return self._look(subject, text, becoming=GENERIC.get(subject, "") == kind) is not _NOTHING

    def unmatched(self, kind: str, properties: Fields) -> Iterator[Unmatched]:
        """What of an activity as it was sent no line knows, though it names no page or type by itself."""
        of_type, filled = self(kind, properties)
        event = properties.get("event")
        if of_type not in self._known:
            if event and isinstance(event, str):
                yield Unmatched("event", "", event)
            return
        url, form, asset = (properties.get(name) for name in ("url", "form", "asset"))
        if of_type in _PAGES and url and isinstance(url, str) and not filled.get("page"):
            host, path = parted(url)
            yield Unmatched("address", "", f"{host}{path}" or "/")
        if of_type == GENERIC["form"] and form and isinstance(form, str) and not self.found("form", of_type, form):
            yield Unmatched("form", "", form)
        if of_type == GENERIC["asset"] and asset and isinstance(asset, str) and not filled.get("asset_type"):
            yield Unmatched("asset", "", asset)

    def raw_types(self, types: Iterable[str]) -> tuple[frozenset[str], bool]:
        """The types under which activities of these types may have been sent, and whether foreign ones are among them.

        A foreign type is any that the vocabulary does not have.
        """
        wanted = set(types)
        becoming = {line.subject for line in self.lines if line.to in wanted}
        found = wanted | {GENERIC[subject] for subject in becoming if subject in GENERIC}
        return frozenset(found), not becoming.isdisjoint(("type", "event"))

    def _foreign(self, kind: str, properties: Fields) -> tuple[str, Fields]:
        """An activity of a type that the vocabulary does not have: its type, or its event, may say what it is."""
        found = self._look("type", kind, becoming=True)
        if found.to:
            return self._recognised(found.to, self._filled(found.to, properties, "type", found), self._asked[found.to])
        event = properties.get("event")
        named = isinstance(event, str) and event != ""
        found = self._look("event", str(event) if named else kind, becoming=True)
        if not found.to:
            return kind, properties
        if not named and "event" in self._known[found.to]:
            properties = {**properties, "event": kind}
        asked = tuple(each for each in self._asked[found.to] if each != "event")
        return self._recognised(found.to, self._filled(found.to, properties, "event", found), asked)

    def _recognised(self, kind: str, properties: Fields, asked: tuple[Subject, ...]) -> tuple[str, Fields]:
        for subject in asked:
            text = properties.get(subject)
            if not text or not isinstance(text, str):
                continue
            found = self._look(subject, text, becoming=GENERIC[subject] == kind)
            if found is not _NOTHING:
                kind = found.to or kind
                properties = self._filled(kind, properties, subject, found)
        return kind, properties

    def _filled(self, kind: str, properties: Fields, subject: Subject, found: _Found) -> Fields:
        known, new = self._known[kind], dict[str, Value]()
        for name, value in found.gives:
            if name in known and (name == subject or properties.get(name) in (None, "")):
                new[name] = value
        return {**properties, **new} if new else properties

    def _look(self, subject: Subject, text: str, *, becoming: bool) -> _Found:
        """What the first line that matches makes of a text; with `becoming`, lines that change the type as well."""
        known = self._by_text[subject, becoming]
        found = known.get(text)
        if found is None:
            url = subject == "url"
            found = self._address(text, becoming=becoming) if url else self._name(subject, text, becoming=becoming)
            if len(text) <= _SHORT:
                _remember(known, text, found)
        return found

    def _address(self, text: str, *, becoming: bool) -> _Found:
        """Addresses differ in their queries far more than in their paths."""
        host, path = parted(text)
        key = (becoming, host, path)
        found = self._by_path.get(key)
        if found is None:
            found = next(self._of_address(host, path, becoming=becoming), _NOTHING)
            if len(host) + len(path) <= _SHORT:
                _remember(self._by_path, key, found)
        return found

    def _of_address(self, host: str, path: str, *, becoming: bool) -> Iterator[_Found]:
        host, path = host.lower(), path.lower()
        text = f"{host}{path}/"
        for needle, glob, line in self._addresses:
            if needle in text and (becoming or not line.to):
                captured = glob.match_lower(host, path)
                if captured is not None:
                    yield _Found(line.to, tuple(_put(line.gives, captured)))

    def _name(self, subject: Subject, text: str, *, becoming: bool) -> _Found:
        folded = text.strip().lower()
        for about, glob, line in self._names:
            if about == subject and (becoming or not line.to) and glob.match_lower(folded) is not None:
                return _Found(line.to, line.gives)
        return _NOTHING


def _remember(kept: dict[Any, _Found], key: object, found: _Found) -> None:
    if len(kept) >= _REMEMBERED:
        kept.clear()
    kept[key] = found


def _put(gives: tuple[tuple[str, Value], ...], captured: Mapping[str, str]) -> Iterator[tuple[str, Value]]:
    """The given properties, with what `{name}` captured in its place."""
    for name, value in gives:
        yield name, _filled_in(value, captured) if isinstance(value, str) and "{" in value else value


def _filled_in(value: str, captured: Mapping[str, str]) -> str:
    for part, text in captured.items():
        value = value.replace(f"{{{part}}}", text)
    return value
