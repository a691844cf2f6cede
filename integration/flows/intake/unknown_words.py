"""Unknown words: counts what means nothing in the activities of a batch, by where it stood."""

from collections import Counter
from collections.abc import Iterable, Iterator

from integration.store.events.unrecognised_words import Word
from mappings.model.canonical import Fields
from mappings.values.instant import DAY, Span
from mappings.vocabulary.value import Vocabulary
from webhooks.facts import SentActivity

KEPT: Span = 90 * DAY
"""A word that has not come for so long is forgotten."""


def unknown_words(heard: Iterable[SentActivity], vocabulary: Vocabulary) -> Counter[Word]:
    """Each word of these activities that the vocabulary does not have, and how often it stands there."""
    return Counter(word for each in heard for word in unknown(vocabulary, each.type, each.properties))


def unknown(vocabulary: Vocabulary, kind: str, properties: Fields) -> Iterator[Word]:
    """What means nothing in one activity as it was sent, and what it names that no line of the vocabulary knows."""
    yield from (Word(*unread) for unread in vocabulary.unread(kind, properties))
    yield from (Word(*unmatched) for unmatched in vocabulary.unmatched(kind, properties))
