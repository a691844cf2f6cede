"""Dealing: reads the lines of a file once and deals them out by group; lines that count for nothing are reported.

An activity with a wrong clock is none, nor is one whose id stands for another content that counts. Fields dated before
the year 2000 count from before anything that is known of their lead. [rules: time and order]
"""

from collections.abc import Iterator
from itertools import chain
from typing import IO, Any, TypeAlias

from integration.commands.replaying.history_file.replay_contents import Ids, losers
from integration.commands.replaying.history_file.replay_groups import Groups
from integration.commands.replaying.history_file.replay_lines import (
    ACTIVITY,
    LEAD,
    Received,
    Record,
    affiliations,
    numbered,
)
from integration.commands.replaying.history_file.replay_runs import Buckets
from integration.commands.replaying.history_file.replay_words import Words
from integration.core.compiled.context import Unfoldable
from mappings.conflicts.activity_contents import other_content
from mappings.values import bounds
from mappings.values.bounds import EARLIEST, wrong_clock
from mappings.values.instant import Instant

Placed: TypeAlias = tuple[int, int, int, str, str, str, str, int, int, dict[str, Any]]
"""(group, at, kind, id, lead, account, type, number of the line, received, fields or properties)"""
_PLACED: Any = Placed

_RECORD = 400
"""About how many bytes of memory a record takes."""


class Dealing:
    """A file's records by group, up to `until`; `end` is that, or the last time that anything was received.

    `late` are the groups of which something was received later than it happened, `warnings` what was left out and why.
    """

    def __init__(self, file: IO[bytes], name: str, until: Instant | None, words: Words) -> None:
        self.end = until
        self._words = words
        self.late: set[int] = set()
        self.warnings: list[str] = []
        self._name, self._until = name, until
        self._group = Groups.of(affiliations(file)).number
        self._buckets = Buckets[Placed](_PLACED, _RECORD, file.tell())
        self._left_out: set[int] = set()
        try:
            self._deal(file)
        except BaseException:
            self.close()
            raise

    def _deal(self, file: IO[bytes]) -> None:
        ids, undated = Ids(), list[Received]()
        file.seek(0)
        for number, received, record in numbered(file, self._name):
            at, kind, name = record[:3]
            if (wrong := beyond(record, received)) is not None:
                self._warn(number, wrong)
                continue
            if at < EARLIEST:
                undated.append((number, received, record))
                continue
            if self._counts(max(received, at)):
                self._words.note(number, record)
                self._add((number, received, record))
                if kind == ACTIVITY:
                    ids.add(name, number)
        if undated:
            self._date(file, undated)
        if shared := ids.shared():
            for number, name in sorted(losers(file, shared).items()):
                self._left_out.add(number)
                self._warn(number, other_content(name))

    def _counts(self, heard: Instant) -> bool:
        """Whether something that arrives then is known at the end."""
        if self._until is not None:
            return heard <= self._until
        if self.end is None or heard > self.end:
            self.end = heard
        return True

    def _add(self, told: Received) -> None:
        number, received, (at, kind, name, lead, account, what, fields) = told
        group = self._group((at, kind, name, lead, account, what, fields))
        if received > at:
            self.late.add(group)
        try:
            self._buckets.add((group, at, kind, name, lead, account, what, number, received, fields))
        except (ValueError, OverflowError, RecursionError) as wrong:
            raise Unfoldable(lead, name, wrong) from wrong

    def _date(self, file: IO[bytes], undated: list[Received]) -> None:
        """Date what no clock can have dated: fields of a lead as the first that is known of it, of a company before."""
        leads = {record[3] for _, _, record in undated if record[1] == LEAD}
        first: dict[str, Instant] = {}
        file.seek(0)
        for _, received, (at, _, _, lead, *_) in numbered(file, self._name):
            if lead in leads and at >= EARLIEST and (self._until is None or max(at, received) <= self._until):
                first[lead] = min(at, first.get(lead, at))
        self.end = EARLIEST if self.end is None else self.end
        for place, (number, _, record) in enumerate(sorted(undated, key=lambda told: told[2][:3])):
            self._warn(number, f"{wrong_clock(record[0], record[0])}; its fields count from before all that is known")
            at = first.get(record[3], self.end) if record[1] == LEAD else EARLIEST
            self._add((number, at, (at, record[1], f"before:{place:09}", *record[3:])))

    def _warn(self, number: int, what: str) -> None:
        self.warnings.append(f"{self._name}:{number}: {what}")

    def groups(self) -> Iterator[tuple[int, Iterator[Placed]]]:
        """Each group's number and records, in order; to be used up before the next group."""
        for placed in self._buckets:
            rows = (row for row in placed if row[7] not in self._left_out) if self._left_out else iter(placed)
            if (first := next(rows, None)) is not None:
                yield first[0], chain((first,), rows)

    def close(self) -> None:
        """Give the file back."""
        self._buckets.close()


def beyond(record: Record, received: Instant) -> str | None:
    """Which bound of the webhooks' a line passes, so that the service would set it aside; None where it passes none."""
    at, kind, name, lead, account, what, fields = record
    if kind == ACTIVITY and (wrong := wrong_clock(at, received)) is not None:
        return wrong
    if len(name) <= bounds.ID and len(lead) <= bounds.ID and len(account) <= bounds.ID and len(what) <= bounds.TYPE:
        return bounds.too_long(fields) if kind == ACTIVITY else None
    named = (("id", name, bounds.ID), ("lead", lead, bounds.ID), ("account", account, bounds.ID))
    for part, text, most in (*named, ("type", what, bounds.TYPE)):
        if len(text) > most:
            return f"`{part}`: {len(text)} characters; at most {most} are taken"
    return None
