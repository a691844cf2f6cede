"""Notes: the answer that a person writes into a task's note, after a mark, and what else they wrote there. Pure.

A task's note has our own text in it as a rule, and whatever stands there may come from anybody: a form, a company's
name. So only what we did not write ourselves counts.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mappings.model.note_words import MARK, NoteWords

_BREAKS = re.compile(r"</?(?:br|p|div|li|h\d)\b[^<>]{0,200}>", re.IGNORECASE)
_TAGS = re.compile(r"</?[a-z][^<>]{0,2000}>", re.IGNORECASE)
_PART = r"[^\W_]{1,60}"
_MARKED = re.compile(rf"(?<![\w/&{MARK}]){MARK}(?=({_PART}(?:[ \t:,(_/{MARK}\u2013-]{{1,3}}{_PART}){{0,7}}))")
_BETWEEN = re.compile(r"[\W_]+")
_LONGEST = 3
"""Words that one word of the list may consist of: `no answer at`."""


class Keyword(NamedTuple):
    """What somebody says by a word in a note: the answer, and the reason that follows it ("" for none)."""

    answer: str
    reason: str


def keyword(words: NoteWords, note: str, ours: str = "") -> Keyword | None:
    """The last keyword of a note that is not part of our own text; None where there is none."""
    own = Counter(_keywords(words, ours))
    found: Keyword | None = None
    for each in _keywords(words, note):
        if own[each] > 0:
            own[each] -= 1
        else:
            found = each
    return found


def remark(note: str, ours: str) -> str:
    """What people wrote into a note beside our own text, on one line; "" for nothing.

    However a CRM shows our text (as a list, in bold), its letters and digits stay.
    """
    own = _letters(ours)
    return " ".join(" ".join(line.split()) for line in lines(note) if _letters(line) and _letters(line) not in own)


def lines(text: str) -> list[str]:
    """The lines of a note, of HTML too."""
    return html.unescape(_TAGS.sub("", _BREAKS.sub("\n", text))).splitlines()


def _letters(text: str) -> str:
    return _BETWEEN.sub("", text).casefold()


def _keywords(words: NoteWords, text: str) -> Iterator[Keyword]:
    for line in lines(text):
        for match in _MARKED.finditer(line):
            said = [each for each in _BETWEEN.split(match[1].casefold()) if each]
            answer, length = _longest(words.says, said)
            if answer:
                yield Keyword(answer, _longest(words.reasons, said[length:])[0])


def _longest(known: Mapping[str, str], said: list[str]) -> tuple[str, int]:
    """What the most words from the beginning on mean, and how many they are; ("", 0) where they mean nothing."""
    for length in range(min(_LONGEST, len(said)), 0, -1):
        meaning = known.get("_".join(said[:length]))
        if meaning is not None:
            return meaning, length
    return "", 0
