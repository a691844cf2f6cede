"""One replay: read, deal out by group, run, print. Memory grows with the leads of an account, not with activities."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import IO

from integration.commands.replaying import replay_shown
from integration.commands.replaying.history_file.replay_dealing import Dealing, Placed
from integration.commands.replaying.history_file.replay_lines import Record, Unreadable, line_of, unreadable
from integration.commands.replaying.history_file.replay_runs import Pages, Sorter
from integration.commands.replaying.history_file.replay_words import Words
from integration.commands.replaying.replay_late import Late
from integration.commands.replaying.replay_recognised import Recognised, recognised
from integration.commands.replaying.replay_world import World, about, carry
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Unfoldable
from integration.core.model.effects import Effect
from integration.core.rules.playbook_rules import Playbook
from integration.core.run.standing import standing
from mappings.values.instant import Instant

_EVERY = 20_000
"""Records of one group between two collections of what was decided."""


class Replay:
    """What came of replaying a file: effects in time order and leads in order of their ids, kept in files.

    `warnings` say which lines were left out, and why; `words`, what means nothing in the others.
    """

    def __init__(self, playbook: Playbook, file: IO[bytes], name: str, until: Instant | None) -> None:
        self.compiled, self.playbook = CompiledPlaybook.of(playbook), playbook
        self.effects: Sorter[tuple[int, str, str, bytes]] = Sorter(tuple[int, str, str, bytes])
        self.leads: Sorter[tuple[str, bytes]] = Sorter(tuple[str, bytes])
        self.warnings: list[str] = []
        self.words = Words(playbook.vocabulary)
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
        with closing(Dealing(file, name, until, self.words)) as dealing:
            self.warnings = dealing.warnings
            if (end := dealing.end) is not None:
                for group, placed in dealing.groups():
                    if group in dealing.late:
                        self._run_late(list(placed), end)
                    else:
                        self._run_group(self._recognised(placed), end)

    def _recognised(self, placed: Iterable[Placed]) -> Iterator[Recognised]:
        return recognised(_single(placed), self.playbook.vocabulary)

    def _run_group(self, records: Iterable[Recognised], end: Instant) -> None:
        """Run one group to the end. Raises Unfoldable."""
        world = World(self.compiled)
        with closing(Pages()) as ledgers:
            for number, (record, machine) in enumerate(records, 1):
                carry(world, record, machine)
                if number % _EVERY == 0:
                    self._collect(world, ledgers)
            world.until(end)
            self._collect(world, ledgers)
            for lead in world.leads():
                self._stand(world, lead, end, ledgers.text(lead))

    def _run_late(self, placed: list[Placed], end: Instant) -> None:
        """As `_run_group`, of a group of which something was received later than it happened."""
        receipts: dict[tuple[object, ...], Instant] = {}
        for row in placed:
            receipts[row[1:6]] = min(row[8], receipts.get(row[1:6], row[8]))
        late = Late(self.compiled)
        late.replay([(receipts[record[:5]], record, machine) for record, machine in self._recognised(placed)], end)
        for effect, too_late in late.effects():
            self._add(effect, late=too_late)
        for lead in late.world.leads():
            self._stand(late.world, lead, end, replay_shown.ledger_text(late.lines.get(lead, ())))

    def _stand(self, world: World, lead: str, end: Instant, ledger: bytes) -> None:
        with about(lead):
            where = standing(self.compiled, world.contexts[lead].state, end)
            line = replay_shown.lead_line(lead, where, end, ledger)
        self.leads.add((lead, line), len(line) + len(lead))

    def _add(self, effect: Effect, *, late: bool = False) -> None:
        line = replay_shown.effect_line(effect, late=late)
        self.effects.add((effect.at, effect.lead, effect.key, line), len(line) + 2 * len(effect.key))

    def _collect(self, world: World, ledgers: Pages) -> None:
        for lead, effects, lines in world.drain():
            with about(lead):
                for effect in effects:
                    self._add(effect)
                if lines:
                    ledgers.add(lead, replay_shown.ledger_text(lines))

    def close(self) -> None:
        """Give the files back."""
        self.effects.close()
        self.leads.close()


def _single(placed: Iterable[Placed]) -> Iterator[Record]:
    """Each event once: the same line may stand in a file several times."""
    before: Record | None = None
    for _, at, kind, event, lead, account, what, _, _, fields in placed:
        if before is None or event != before[2] or before[:4] != (at, kind, event, lead):
            before = (at, kind, event, lead, account, what, fields)
            yield before


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
