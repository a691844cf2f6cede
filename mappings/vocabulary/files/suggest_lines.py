"""Lines to paste into a vocabulary, for words that came in and that it does not know. They are right as they stand.

What a line says is harmless, and waits for somebody who knows better: `page: other`, an activity of the same kind.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mappings.reading.transforms import word as as_word
from mappings.vocabulary.files.parse_vocabulary import CHOICES, RESERVED
from mappings.vocabulary.recognition import GENERIC
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.problems import nearest_of

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_LINES = {
    "address": ("url", "page: other"),
    "form": ("form", f"is: {GENERIC['form']}"),
    "asset": ("asset", f"is: {GENERIC['asset']}"),
    "event": ("event", f"is: {GENERIC['event']}"),
}
"""Kind of word → what a line looks at, and a meaning that changes nothing."""
CUT = "…"
"""What stands at the end of a word that was too long to be kept whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordSeen:
    """A word, where it stood, and what a person should know of it: `120 times, 3 bought later`."""

    kind: str
    place: str
    word: str
    remark: str


@dataclass(slots=True)
class _Sections:
    recognise: list[str] = field(default_factory=list)
    activities: dict[str, dict[str, str]] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)


def suggested(words: Iterable[WordSeen], vocabulary: Vocabulary) -> str:
    """The text of a vocabulary that knows these words; "" where there is nothing to suggest."""
    found = _Sections()
    for each in words:
        _add(found, each, vocabulary)
    return "".join(f"{line}\n" for line in _lines(found))


def _add(found: _Sections, told: WordSeen, vocabulary: Vocabulary) -> None:
    word = told.word.removesuffix(CUT) + "*" if told.word.endswith(CUT) else told.word
    if "{" in word or "}" in word:
        return
    if told.kind in _LINES:
        key, meaning = _LINES[told.kind]
        found.recognise.append(f"  - {{{key}: {_quoted(word)}, {meaning}}}  # {told.remark}")
    elif told.kind == "type":
        _add_type(found, told, word, vocabulary)
    elif told.kind == "property" and told.place in vocabulary.activities and _NAME.fullmatch(told.word):
        found.activities.setdefault(told.place, {})[told.word] = told.remark
    elif told.kind == "value":
        prop, choice = told.place.rpartition(".")[2], as_word(told.word)
        if prop in CHOICES and _NAME.fullmatch(choice):
            found.choices.setdefault(prop, {}).setdefault(choice, told.remark)


def _add_type(found: _Sections, told: WordSeen, word: str, vocabulary: Vocabulary) -> None:
    """A foreign type: one of ours in other words, where one is near; else an activity of the company's own."""
    name = as_word(told.word.removesuffix(CUT))
    near = nearest_of(name, vocabulary.activities)
    if near is None and _NAME.fullmatch(name) and name not in RESERVED:
        found.activities.setdefault(name, {})
        near = name
    if near is not None and near != told.word:
        found.recognise.append(f"  - {{type: {_quoted(word)}, is: {near}}}  # {told.remark}")


def _lines(found: _Sections) -> Iterator[str]:
    if found.recognise:
        yield "recognise:"
        yield from found.recognise
    if found.activities:
        yield "activities:"
    for name, properties in found.activities.items():
        if not properties:
            yield f"  {name}: {{}}"
            continue
        yield f"  {name}:"
        yield "    properties:"
        yield from (f"      {prop}: text  # {remark}" for prop, remark in properties.items())
    if found.choices:
        yield "choices:"
    for name, words in found.choices.items():
        yield f"  {name}:"
        yield from (f"    - {word}  # {remark}" for word, remark in words.items())


def _quoted(word: str) -> str:
    """A text as YAML has it, in quotation marks."""
    return json.dumps(word, ensure_ascii=False)
