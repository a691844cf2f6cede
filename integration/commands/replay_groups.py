"""Groups: who can have to do with whom. Leads that were ever at one account are replayed together, others apart.

What is replayed together stays close in memory: a file with many leads replays several times faster than
in its own order, and memory never holds more than one group.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from integration.commands.replay_lines import ACCOUNT, ACTIVITY, Record
from mappings.instant import Instant


@dataclass(slots=True)
class Groups:
    """Leads and accounts, joined where a line says that they belong together."""

    last: Instant | None = None
    """The time of the last record."""
    _above: dict[str, str] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _leads: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Groups":
        """The groups of a file, read once."""
        groups = cls()
        last = None
        for at, kind, _, lead, account, _, fields in records:
            if last is None or at > last:
                last = at
            if kind == ACTIVITY:
                if account and lead:
                    groups._join(f"l{lead}", f"a{account}")
            elif kind != ACCOUNT and (named := fields.get("account")):
                groups._join(f"l{lead}", f"a{named}")
        groups.last = last
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
