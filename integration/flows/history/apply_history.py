"""Apply a history: apply what happened to a lead to its state, and keep a few states on the way.

One state in EVERY events is a checkpoint, from which the lead is derived where something arrives late (see
late_events.py). Of a long history the last ones are kept densely and earlier ones ever more sparsely, about one for
each doubling, so that deriving from one costs about as much as the lateness. A short history leaves none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.state import Running, newborn
from integration.core.run.apply_events import advance
from integration.core.run.decide import Decision
from integration.flows.history.lead_events import History
from integration.store.db.json_codec import encode
from integration.store.people.checkpoints import Checkpoint, Kept, Reached
from integration.store.people.leads import LeadRow
from mappings.values.instant import Instant

EVERY = 50
"""So many events lie between two checkpoints where they are densest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a history leads to, how many events are in the state then, and what becomes of its checkpoints.

    Where it was taken up from a checkpoint, `former` is what followed from there by what was known before, and the
    decision's `runs` begin with those of the clocks as they stood there.
    """

    decision: Decision
    applied: int
    kept: Kept
    former: Decision | None = None


def apply(compiled: CompiledPlaybook, row: LeadRow, past: History, now: Instant) -> Applied:
    """Apply what is to be applied by now. The history's state is used up."""
    state, events, base = past.state or newborn(row.id), past.events, past.base
    former = None if base is None else advance(compiled, state, base.former, now)
    before = () if base is None else tuple(state.clocks.items())
    begin = 0 if past.state is None else past.applied
    total = begin + len(events)
    latest, parts, new, done = total // EVERY, [], [], 0
    for number in sorted(kept(latest)):
        end = number * EVERY - begin
        if end > 0:
            part = advance(compiled, state, events[done:end], events[end - 1].at, owned=True)
            parts.append(part)
            state, done = part.state, end
            place = state.watermark
            if place is not None:
                new.append(Checkpoint(reached=Reached(number, place, begin + end), state=encode(state)))
    parts.append(advance(compiled, state, events[done:], now, owned=True))
    return Applied(
        decision=_joined(parts, before),
        applied=total,
        kept=Kept(lead=row.id, above=_above(row, past), dropped=_dropped(row, past, latest), new=new),
        former=former,
    )


def kept(latest: int) -> set[int]:
    """The numbers of the checkpoints that are kept of as many: the last odd multiple of each power of two."""
    found, power = set(), 1
    while power <= latest:
        multiple = latest // power
        found.add((multiple if multiple % 2 else multiple - 1) * power)
        power *= 2
    return found


def _above(row: LeadRow, past: History) -> int | None:
    """Checkpoints with higher numbers are not states of this history any more; None where all still are, or none is."""
    if past.base is not None:
        return past.base.number
    return 0 if past.state is None and row.applied >= EVERY else None


def _dropped(row: LeadRow, past: History, latest: int) -> Sequence[int]:
    """The numbers of those that are not kept any more, now that there are so many."""
    if past.state is None:
        return ()
    stored = row.applied // EVERY
    if past.base is None and stored == latest:
        return ()
    reaches = stored if past.base is None else past.base.number
    return sorted(number for number in kept(stored) - kept(latest) if number <= reaches)


def _joined(parts: Sequence[Decision], before: Sequence[tuple[str, Running]]) -> Decision:
    """Decisions about one lead, one after the other, as one."""
    runs = {(name, run.times): (name, run) for name, run in before}
    for part in parts:
        runs |= {(name, run.times): (name, run) for name, run in part.runs}
    return Decision(
        state=parts[-1].state,
        effects=tuple(effect for part in parts for effect in part.effects),
        lines=tuple(line for part in parts for line in part.lines),
        runs=tuple(runs.values()),
    )
