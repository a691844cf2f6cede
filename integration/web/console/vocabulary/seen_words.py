"""Words that came in and that the vocabulary does not know: what each can mean, and how the file then says so."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from integration.flows.looking.learning import Unknown
from integration.store.events.unrecognised_words import Kind
from mappings.reading.transforms import word as as_word
from mappings.values.instant import Instant
from mappings.vocabulary.files.parse_recognition import second_key
from mappings.vocabulary.files.parse_vocabulary import CHOICES, RESERVED
from mappings.vocabulary.files.suggest_lines import CUT
from mappings.vocabulary.recognition import GENERIC
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.edited_yaml import added, put
from mappings.yaml_files.located_yaml import Path
from mappings.yaml_files.problems import nearest_of

KINDS: Mapping[Kind, str] = {
    "address": "Addresses of pages",
    "form": "Forms",
    "asset": "Assets",
    "event": "Events",
    "type": "Types of activities",
    "property": "Properties",
    "value": "Values of properties",
    "field": "Fields of people and companies",
}
"""What can be ticked, in the order of the page, and what it is called."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_SUBJECTS = {"address": "url", "form": "form", "asset": "asset", "event": "event"}
_GENERAL = {"form": GENERIC["form"], "event": GENERIC["event"]}
"""What a form or an event is that no line knows: to say so changes nothing."""
_OWN = "own"
"""The meaning of a type that is an activity of the company's own."""
_WORD = "word"
"""The meaning of a value that is a further word of its choice."""
_PROPERTIES = {"text": "text", "number": "a number", "flag": "yes or no"}
Options = Sequence[tuple[str, Sequence[tuple[str, str]]]]
"""Meanings that can be chosen, in groups: (group, [(meaning, label)])."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenWord:
    """A word as the page shows it: where it stood, how often it came, what it can mean, and what is suggested."""

    kind: Kind
    place: str
    word: str
    example: str
    times: int
    last_at: Instant
    options: Options
    chosen: str = ""
    ticked: bool = False


@dataclass(frozen=True, slots=True)
class Ticked:
    """A word that somebody ticked, and what they say that it means."""

    kind: str
    place: str
    word: str
    meaning: str


def seen(unknown: Unknown, words: Vocabulary) -> SeenWord | None:
    """A word for the page; None for one that the vocabulary cannot be taught."""
    kind, place, word = unknown.word
    options = _options(kind, place, word, words)
    if not any(each for _, each in options):
        return None
    return SeenWord(
        kind=kind,
        place=place,
        word=word,
        example=_example(kind, place, word),
        times=unknown.times,
        last_at=unknown.last_at,
        options=options,
        chosen=_suggested(kind, word, words) or options[0][1][0][0],
    )


def taught(text: str, ticked: Ticked) -> str:
    """A vocabulary's text that knows the word as well. Raises EditError; ValueError for what no page offers."""
    kind, what, meaning = ticked.kind, *ticked.meaning.partition(":")[::2]
    if kind in _SUBJECTS and what in {"page", "asset_type", "is"} and meaning:
        return added(text, ("recognise",), {_SUBJECTS[kind]: _pattern(ticked.word), what: meaning}, second_key)
    if kind == "type" and what == _OWN:
        name = as_word(ticked.word)
        text = put(text, ("activities", name), {"label": name.replace("_", " ").capitalize()}, second_key)
        return text if name == ticked.word else _line(text, ticked.word, name)
    if kind == "type" and what == "is" and meaning:
        return _line(text, ticked.word, meaning)
    if kind == "property" and meaning in _PROPERTIES:
        return put(text, ("activities", ticked.place, "properties", ticked.word), meaning, second_key)
    if kind == "field" and meaning in _PROPERTIES and ticked.place in {"lead", "account"}:
        return put(text, (ticked.place, ticked.word), meaning, second_key)
    if kind == "value" and what == _WORD and (path := _choices(ticked.place, meaning)):
        return added(text, path, as_word(ticked.word), second_key)
    msg = f"'{ticked.word}' cannot be taught as '{ticked.meaning}'"
    raise ValueError(msg)


def _options(kind: Kind, place: str, word: str, words: Vocabulary) -> Options:
    if "{" in word or "}" in word:
        return ()
    known = [(f"is:{each}", words.label(each)) for each in words.activities if each != "internal_sharing"]
    activities: Options = (("It is", known),)
    match kind:
        case "address":
            pages = words.activities["page_view"]["page"].choices
            return (("A page about", [(f"page:{each}", _label(each)) for each in _last(pages)]), *activities)
        case "asset":
            kinds = words.activities["content_download"]["asset_type"].choices
            return (("Content of the kind", [(f"asset_type:{each}", _label(each)) for each in kinds]), *activities)
        case "type":
            return (*_new_type(word, words), *activities)
        case "form" | "event":
            return activities
        case _:
            return _inner(kind, place, word, words)


def _new_type(word: str, words: Vocabulary) -> Options:
    """An activity of the company's own, where the word makes a name for one."""
    name = as_word(word)
    fits = _NAME.fullmatch(name) and name not in RESERVED | set(words.activities) and not word.endswith(CUT)
    return (("New", [(_OWN, "an activity of our own")]),) if fits else ()


def _inner(kind: Kind, place: str, word: str, words: Vocabulary) -> Options:
    """What a property, a field, or a value of either can mean."""
    kinds = [(f"property:{each}", said) for each, said in _PROPERTIES.items()]
    if kind == "property":
        return (("A property", kinds),) if place in words.activities and _NAME.fullmatch(word) else ()
    if kind == "field":
        free = place in {"lead", "account"} and word not in RESERVED
        return (("A field", kinds),) if free and _NAME.fullmatch(word) else ()
    name, choice = place.rpartition(".")[2], as_word(word)
    part = "own" if name in {*words.own_lead, *words.own_account} else "choices"
    fits = kind == "value" and _NAME.fullmatch(choice) and _choices(place, part)
    return ((f"A further {_label(name)}", [(f"{_WORD}:{part}", _label(choice))]),) if fits else ()


def _choices(place: str, part: str) -> Path:
    """Where the vocabulary has the words of a choice; () for one that takes no more."""
    owner, _, name = place.rpartition(".")
    if part == "own" and owner in {"lead", "account"}:
        return (owner, name, "choices")
    return ("choices", name) if name in CHOICES else ()


def _suggested(kind: Kind, word: str, words: Vocabulary) -> str:
    """A meaning that is near, or one that changes nothing."""
    if kind == "address":
        return "page:other"
    near = nearest_of(as_word(word.removesuffix(CUT)), words.activities) if kind in {"type", "form", "event"} else None
    if near:
        return f"is:{near}"
    general = _GENERAL.get(kind)
    return f"is:{general}" if general else ""


def _example(kind: Kind, place: str, word: str) -> str:
    """How it stood in what was sent."""
    match kind:
        case "property":
            return f"{_label(place)} with the property {word}"
        case "value":
            activity, _, name = place.rpartition(".")
            return f"{_label(activity)} with {name} = {word}"
        case "field":
            return f"{'a company' if place == 'account' else 'a person'} with the field {word}"
        case _:
            return word


def _line(text: str, word: str, meaning: str) -> str:
    return added(text, ("recognise",), {"type": _pattern(word), "is": meaning}, second_key)


def _pattern(word: str) -> str:
    """A word as a line looks for it; its beginning, where it was too long to be kept whole."""
    return f"{word.removesuffix(CUT)}*" if word.endswith(CUT) else word


def _last(pages: Sequence[str]) -> list[str]:
    return [*(each for each in pages if each != "other"), *(each for each in pages if each == "other")]


def _label(word: str) -> str:
    return word.replace("_", " ")
