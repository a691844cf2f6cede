"""Learning: which words came in that the vocabulary does not know, how often, and how many of those people bought.

How often is counted as things come in (see unknown_words). Who bought later is found in the histories of buyers, who
are few. Reads only.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection as Sql

from integration.flows.intake.unknown_words import unknown
from integration.store.events import activities, archive, unrecognised_words
from integration.store.events.activities import ActivityRow
from integration.store.events.unrecognised_words import OTHERS, Word, cut
from mappings.model.canonical import Fields
from mappings.reading.readings import Unread
from mappings.values.instant import Instant
from mappings.vocabulary.recognition import GENERIC, Subject
from mappings.vocabulary.value import Vocabulary

_MOST = 10_000
"""More words than are ever kept."""
_BUYERS = 200
"""Buyers whose histories are read in one statement."""
_SUBJECTS: dict[str, Subject] = {"address": "url", "form": "form", "asset": "asset"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A word that the vocabulary does not know: how often it came, when, and how many who had to do with it bought."""

    word: Word
    times: int
    first_at: Instant
    last_at: Instant
    bought: int


def learned(conn: Sql, vocabulary: Vocabulary, limit: int, *, buyers: bool = True) -> list[Unknown]:
    """The words that nobody knows today: those of most buyers first, then those that came most often.

    Without `buyers` their histories are not read, and nobody bought: for a page, which must not wait.
    """
    seen = unrecognised_words.oftenest(conn, _MOST)
    own = [each for each in seen if each.word.kind != "outcome"]  # outcomes are a mapping's to read
    unknown_now = [each for each in own if each.word.word != OTHERS and not _known(vocabulary, each.word)]
    bought = _bought(conn, vocabulary) if unknown_now and buyers else Counter[Word]()
    found = [
        Unknown(word=word, times=times, first_at=first, last_at=last, bought=bought[word])
        for word, times, first, last in unknown_now
    ]
    found.sort(key=lambda each: (-each.bought, -each.times, each.word))
    return found[:limit]


def _known(vocabulary: Vocabulary, word: Word) -> bool:
    """Whether the vocabulary has learnt a word since it came."""
    kind, place, text = word
    if kind in _SUBJECTS:
        subject = _SUBJECTS[kind]
        return vocabulary.recognition.found(subject, GENERIC[subject], text)
    if kind == "event":
        return vocabulary.recognition.found("event", GENERIC["event"], text)
    if kind == "type":
        return vocabulary.recognised(text, {})[0] in vocabulary.activities
    return kind in ("property", "value", "field") and vocabulary.readings.known(Unread(kind, place, text))


def _bought(conn: Sql, vocabulary: Vocabulary) -> Counter[Word]:
    """How many had to do with each word before they were won; of who is a customer without a date, ever."""
    bought: Counter[Word] = Counter()
    buyers = archive.winners(conn)
    for start in range(0, len(buyers), _BUYERS):
        some = buyers[start : start + _BUYERS]
        for _, rows in groupby(sorted(activities.history(conn, some), key=_lead), key=_lead):
            bought.update(_before_winning(vocabulary, [(row.at, row.type, row.properties) for row in rows]))
    return bought


def _before_winning(vocabulary: Vocabulary, deeds: list[tuple[Instant, str, Fields]]) -> set[Word]:
    won = max((at for at, kind, _ in deeds if kind == "opportunity_won"), default=None)
    return {
        Word(word.kind, cut(word.place), cut(word.word))
        for at, kind, properties in deeds
        if won is None or at < won
        for word in unknown(vocabulary, kind, properties)
    }


def _lead(row: ActivityRow) -> str:
    return row.lead_id or ""
