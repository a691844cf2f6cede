"""Groups: leads that were ever at one account are replayed together, others apart.

What is replayed together stays close in memory: a file with many leads replays several times faster than
in its own order, and memory never holds more than one group.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from integration.commands.replaying.history_file.replay_lines import Record


@dataclass(slots=True)
class Groups:
    """Leads and accounts, joined where a line says that they belong together."""

    _above: dict[str, str] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _leads: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, affiliations: Iterable[tuple[str, str]]) -> "Groups":
        """The groups of a file, from all of its (lead, account)."""
        groups = cls()
        for lead, account in affiliations:
            groups._join(f"l{lead}", f"a{account}")
        return groups

    def number(self, record: Record) -> int:
        """The group that a record belongs to."""
        lead = record[3]
        found = self._leads.get(lead) if lead else None
        if found is None:
            top = self._top(f"l{lead}" if lead else f"a{record[4]}")
            found = self._numbers.setdefault(top, len(self._numbers))
            if lead:
                self._leads[lead] = found
        return found

    def _join(self, one: str, other: str) -> None:
        here, there = self._top(one), self._top(other)
        if here != there:
            self._above[here] = there

    def _top(self, name: str) -> str:
        above = self._above
        top = name
        while (higher := above.get(top)) is not None:
            top = higher
        while name != top:
            above[name], name = top, above[name]
        return top
