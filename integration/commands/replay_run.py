"""A replay: read, deal out by group, fold, print. Memory grows with the leads of an account, not with activities."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import IO, Any, TypeAlias

import msgspec

from integration.commands import replay_shown
from integration.commands.replay_groups import Groups
from integration.commands.replay_lines import Record, Unreadable, affiliations, line_of, read, unreadable
from integration.commands.replay_recognised import Recognised, recognised
from integration.commands.replay_runs import Buckets, Pages, Sorter
from integration.commands.replay_world import World, about
from integration.core.fold import Unfoldable
from integration.core.playbook import Playbook
from integration.core.standing import standing
from mappings.instant import Instant

_Placed: TypeAlias = tuple[int, int, int, str, str, str, str, int, dict[str, Any]]
_PLACED: Any = tuple[int, int, int, str, str, str, str, int, dict[str, Any]]
"""(group, at, kind, id, lead, account, type, place in the file, fields or properties)"""

_RECORD = 400
"""About how many bytes of memory a record takes."""
_EVERY = 20_000
"""Records of one group between two collections of what was decided."""


class Replay:
    """What came of replaying a file: effects in time order and leads in order of their ids, kept in files."""

    def __init__(self, playbook: Playbook, file: IO[bytes], name: str, until: Instant | None) -> None:
        self.playbook = playbook
        self.effects: Sorter[tuple[int, str, str, bytes]] = Sorter(tuple[int, str, str, bytes])
        self.leads: Sorter[tuple[str, bytes]] = Sorter(tuple[str, bytes])
        try:
            with _without_collector():
                try:
                    self._run(file, name, until)
                except Unfoldable as wrong:
                    raise _located(file, name, wrong) from wrong
        except BaseException:
            self.close()
            raise

    def _run(self, file: IO[bytes], name: str, until: Instant | None) -> None:
        number = Groups.of(affiliations(file)).number
        with closing(Buckets[_Placed](_PLACED, _RECORD, file.tell())) as buckets:
            file.seek(0)
            last = until
            for place, record in enumerate(read(file, name)):
                at, kind, event, lead, account, what, fields = record
                if until is None:
                    if last is None or at > last:
                        last = at
                elif at > until:
                    continue
                try:
                    buckets.add((number(record), at, kind, event, lead, account, what, place, fields))
                except (ValueError, OverflowError, RecursionError) as wrong:
                    raise Unfoldable(lead, event, wrong) from wrong
            if last is not None:
                for placed in buckets:
                    self._fold(recognised(_single(placed), self.playbook.vocabulary), last)

    def _fold(self, records: Iterable[Recognised], end: Instant) -> None:
        """Fold one group to the end. Raises Unfoldable."""
        world = World(self.playbook)
        with closing(Pages()) as ledgers:
            for number, (record, machine) in enumerate(records, 1):
                try:
                    world.take(record, machine)
                except Unfoldable:
                    raise
                except Exception as error:
                    raise Unfoldable(record[3], record[2], error) from error
                if number % _EVERY == 0:
                    self._collect(world, ledgers)
            world.until(end)
            self._collect(world, ledgers)
            for lead in world.leads():
                with about(lead):
                    where = standing(self.playbook, world.folds[lead].state, end)
                    line = replay_shown.lead_line(lead, where, end, ledgers.text(lead))
                self.leads.add((lead, line), len(line) + len(lead))

    def _collect(self, world: World, ledgers: Pages) -> None:
        for lead, effects, lines in world.drain():
            with about(lead):
                for effect in effects:
                    line = replay_shown.effect_line(effect)
                    self.effects.add((effect.at, lead, effect.key, line), len(line) + 2 * len(effect.key))
                if lines:
                    ledgers.add(lead, replay_shown.ledger_text(lines))

    def close(self) -> None:
        """Give the files back."""
        self.effects.close()
        self.leads.close()


def _single(placed: Iterable[_Placed]) -> Iterator[Record]:
    """Each event once. Of two with one id and time that differ, the same one wins wherever they stand in the file."""
    before: Record | None = None
    for _, at, kind, event, lead, account, what, _, fields in placed:
        record = (at, kind, event, lead, account, what, fields)
        if before is None:
            before = record
        elif event == before[2] and record[:4] == before[:4]:
            before = min(before, record, key=_content)
        else:
            yield before
            before = record
    if before is not None:
        yield before


def _content(record: Record) -> bytes:
    return msgspec.json.encode(record, order="deterministic")


@contextmanager
def _without_collector() -> Iterator[None]:
    """A replay makes millions of values and no cycles; looking for cycles costs a fifth of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _located(file: IO[bytes], name: str, wrong: Unfoldable) -> Unreadable:
    """The line of the file that a lead cannot be carried over."""
    file.seek(0)
    number = line_of(file, wrong.lead, wrong.event)
    what = f"{wrong.lead!r} cannot be carried on from here ({wrong})"
    return unreadable(name, number, what)
