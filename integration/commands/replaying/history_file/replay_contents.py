"""Contents: which content counts where a file gives one activity id several times. A file is one source.

Of two contents the one with the earliest time counts, then the smaller as canonical JSON, whatever stands first; the
same content twice is a duplicate [rules: time and order]. Memory does not grow with activities: ids are compared by
their hashes, sorted outside of memory where there are many, and only lines that share one are read again.
"""

from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from typing import IO

from integration.commands.replaying.history_file.replay_lines import numbered
from integration.commands.replaying.history_file.replay_runs import Sorter
from mappings.conflicts.activity_contents import Content, content

_WEIGHT = 100
"""About how many bytes of memory a hash and a number take."""


class Ids:
    """The ids of a file's activities, and the numbers of their lines."""

    def __init__(self) -> None:
        self._hashes: Sorter[tuple[int, int]] = Sorter(tuple[int, int])

    def add(self, name: str, number: int) -> None:
        """Take the id of one more line."""
        self._hashes.add((hash(name), number), _WEIGHT)

    def shared(self) -> set[int]:
        """The numbers of lines whose id (or its hash) stands on several; nothing may be added afterwards."""
        with closing(self._hashes) as hashes:
            found: set[int] = set()
            for _, same in groupby(hashes, key=itemgetter(0)):
                numbers = [number for _, number in same]
                if len(numbers) > 1:
                    found.update(numbers)
            return found


def losers(file: IO[bytes], shared: set[int]) -> dict[int, str]:
    """Of the lines whose id stands on several, those whose content does not count: number and id."""
    best: dict[str, Content] = {}
    for _, name, what in _contents(file, shared):
        known = best.get(name)
        if known is None or what < known:
            best[name] = what
    return {number: name for number, name, what in _contents(file, shared) if what != best[name]}


def _contents(file: IO[bytes], wanted: set[int]) -> Iterator[tuple[int, str, Content]]:
    file.seek(0)
    for number, line in enumerate(file, 1):
        if number in wanted:
            for _, _, (at, _, name, lead, account, kind, properties) in numbered([line], ""):
                yield number, name, content(name, at, kind, properties, lead=lead, account=account)
