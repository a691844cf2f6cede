"""Unknown words: what means nothing in the activities of a batch, counted where it stood."""

from collections import Counter
from collections.abc import Iterable

from integration.store.unrecognised import Word
from mappings.instant import DAY, Span
from mappings.vocabulary.value import Vocabulary
from webhooks.facts import Heard

KEPT: Span = 90 * DAY
"""A word that has not come for so long is forgotten."""


def unknown_words(heard: Iterable[Heard], vocabulary: Vocabulary) -> Counter[Word]:
    """Each word of these activities that the vocabulary does not have, and how often it stands there."""
    return Counter(Word(*unread) for each in heard for unread in vocabulary.unread(each.type, each.properties))
