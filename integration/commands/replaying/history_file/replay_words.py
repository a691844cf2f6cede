"""Counts the words of a replayed file that mean nothing: which, on which line first, and how often."""

from collections import Counter
from collections.abc import Iterator

from integration.commands.replaying.history_file.replay_lines import ACTIVITY, LEAD, Record
from mappings.reading.readings import Unread
from mappings.vocabulary.value import Vocabulary

MOST = 50
"""Words that are shown; of more, their number."""


class Words:
    """Gathers what means nothing while a file is read; `lines` says it in the order of the file."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._first: dict[Unread, int] = {}
        self._times: Counter[Unread] = Counter()

    def note(self, number: int, record: Record) -> None:
        """Note what means nothing in a line."""
        _, kind, _, _, _, what, fields = record
        if kind == ACTIVITY:
            unread = self._vocabulary.unread(what, fields)
        else:
            unread = self._vocabulary.readings.unread_fields("lead" if kind == LEAD else "account", fields)
        for each in unread:
            self._times[each] += 1
            if len(self._first) < MOST:
                self._first.setdefault(each, number)

    def lines(self, name: str) -> Iterator[str]:
        """`FILE:LINE: what means nothing`, each word once, in the order of the file."""
        for each, number in sorted(self._first.items(), key=lambda told: (told[1], told[0])):
            times = self._times[each]
            yield f"{name}:{number}: {self._vocabulary.readings.sentence(each)}" + (
                f"; {times} times" if times > 1 else ""
            )
        if len(self._times) > len(self._first):
            yield f"{name}: {len(self._times) - len(self._first)} more words mean nothing here"
