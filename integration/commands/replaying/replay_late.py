"""Late lines: replays a group of leads as the service would have decided, line by line as they were received.

A line may say when it was received (`received_at`); else it was received at its own time. What the service decided
before is not undone when something late arrives: every effect is printed once, as first decided, and what came too
late to be carried out says so. [rules: time and order] [rules: replay]
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from integration.commands.replaying.history_file.replay_lines import Record
from integration.commands.replaying.replay_recognised import Recognised
from integration.commands.replaying.replay_world import World, carry
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.effects import Effect
from integration.core.model.ledger import Line
from integration.core.model.state import Mark
from integration.core.run import lateness
from mappings.values.instant import Instant


class Late:
    """Takes a group's records and when each was received; `world` is the group in the end, `lines` its ledger."""

    def __init__(self, compiled: CompiledPlaybook) -> None:
        self.compiled = compiled
        self.world = World(compiled)
        self.lines: defaultdict[str, list[Line]] = defaultdict(list)
        self._known: list[Recognised] = []
        self._effects: list[Effect] = []
        self._decided: dict[str, Instant] = {}

    def replay(self, received: Iterable[tuple[Instant, Record, str]], end: Instant) -> None:
        """Go through it all in the order of receipt, up to `end`. What is dated ahead waits for its time.

        Each record comes with the rule by which a machine did it, if any.
        """
        heard = sorted(((max(at, record[0]), record, machine) for at, record, machine in received), key=_by_receipt)
        for at, batch in groupby(heard, key=itemgetter(0)):
            records = [(record, machine) for _, record, machine in batch]
            if all(record[0] == at for record, _ in records):
                self._take(records)
            else:
                self._take_late(records, at)
        self.world.until(end)
        self._collect(None)

    def effects(self) -> Iterator[tuple[Effect, bool]]:
        """Every effect, and whether it came too late to be carried out."""
        for effect in self._effects:
            yield effect, lateness.too_late(effect, self._decided[effect.key], self._decided)

    def _take(self, records: list[Recognised]) -> None:
        """What is received as it happens comes after all that is known."""
        for record, machine in records:
            carry(self.world, record, machine)
        self._known += records

    def _take_late(self, records: list[Recognised], now: Instant) -> None:
        """First let happen what was to happen before; then derive anew, if something of it came later than these."""
        self.world.until(now - 1)
        self._collect(None)
        first = min(record[:3] for record, _ in records)
        last = self._known[-1][0][:3] if self._known else None
        if self.world.reached(first) or (last is not None and first <= last):
            known, self._known = sorted([*self._known, *records], key=_by_order), []
            self.world = World(self.compiled)
            self.lines.clear()
            self._take(known)
        else:
            self._take(records)
        self.world.until(now)
        self._collect(now)

    def _collect(self, decided: Instant | None) -> None:
        """Note what has come, decided at that instant, or each as it fell due."""
        for lead, effects, lines in self.world.drain():
            self.lines[lead] += lines
            for effect in effects:
                if effect.key not in self._decided:
                    self._decided[effect.key] = effect.at if decided is None else decided
                    self._effects.append(effect)


def _by_order(known: Recognised) -> Mark:
    return known[0][:3]


def _by_receipt(told: tuple[Instant, Record, str]) -> tuple[Instant, Mark]:
    at, record, _ = told
    return at, record[:3]
