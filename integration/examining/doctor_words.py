"""`coldframe doctor` on words that came in and that no vocabulary has."""

from collections.abc import Iterator

from connectors.base.port import Finding
from integration.store.db.session import Store
from integration.store.events import unrecognised_words
from integration.store.events.unrecognised_words import OTHERS, Kind, Seen
from mappings.reading.readings import Readings, Unread
from mappings.values.instant import show_second
from mappings.vocabulary.value import Vocabulary

_SHOWN = 10
_OUTCOMES: tuple[Kind] = ("outcome",)
_OUTCOME = "Add it to the mapping: to a `when:` that says what it means, or under `ignores:`. See docs/mapping.md."
_REMEDY = "What was sent is kept. Correct it at its source, or see docs/activities.md."


def examined(store: Store, vocabulary: Vocabulary) -> Iterator[Finding]:
    """The types, properties and values that came most often and that no vocabulary has; nothing where all are known."""
    with store.read() as conn:
        found = unrecognised_words.oftenest(conn, _SHOWN, ("type", "property", "value"))
        counts = unrecognised_words.counts(conn)
        outcomes = unrecognised_words.oftenest(conn, _SHOWN, _OUTCOMES)
    readings = vocabulary.readings
    for seen in found:
        if not _known(seen, readings):
            yield Finding(subject=f"unknown {seen.word.kind}", ok=True, detail=_summary(seen, readings), remedy=_REMEDY)
    for seen in outcomes:
        detail = f"{seen.word.place}: no line of the mapping reads '{seen.word.word}'; {_when(seen)}"
        yield Finding(subject="unknown outcome", ok=True, detail=detail, remedy=_OUTCOME)
    rest = sum(counts.get(kind, 0) for kind in ("type", "property", "value")) - sum(seen.times for seen in found)
    if rest:
        yield Finding(subject="unknown words", ok=True, detail=f"others came {rest:,} times", remedy=_REMEDY)


def _unread(seen: Seen) -> Unread | None:
    kind, place, word = seen.word
    return Unread(kind, place, word) if word != OTHERS and kind in {"type", "property", "value"} else None


def _known(seen: Seen, readings: Readings) -> bool:
    """Whether the vocabulary has learnt the word since."""
    unread = _unread(seen)
    return unread is not None and readings.known(unread)


def _summary(seen: Seen, readings: Readings) -> str:
    unread = _unread(seen)
    what = "more words than are counted apart" if unread is None else readings.sentence(unread)
    return f"{what}; {_when(seen)}"


def _when(seen: Seen) -> str:
    return f"{seen.times:,} times, last on {show_second(seen.last_at)[:10]}"
