"""Record runs: stores what a batch of decisions did to clocks, in the transaction that stores the decisions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection as Sql

from integration.core.compiled.dispatch import Dispatch
from integration.core.model.effect_keys import key
from integration.core.model.state import Running
from integration.core.run.decide import Decision
from integration.store.assigning import clock_runs
from integration.store.assigning.clock_runs import ClockRun
from integration.store.events import decided_effects
from integration.store.outgoing import alerts
from integration.store.queues import dirty
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


class Decided(NamedTuple):
    """A decision about one lead; `whole` where it was made from the beginning of its history.

    Where it was made from a point in between, `former` is what followed from there by what was known before.
    """

    lead: LeadId
    decision: Decision
    former: Decision | None
    whole: bool


def record_runs(
    conn: Sql, table: Dispatch, decided: Iterable[Decided], withheld: Mapping[str, str], now: Instant
) -> None:
    """Store the runs of clocks that changed; a reminder that still waits is not sent once its clock has stopped.

    `withheld` says why an effect is only recorded: so is what it starts.
    """
    those = list(decided)
    alerts.drop_unsent(conn, _answered(table, those))
    changed = [(each.lead, name, run) for each in those for name, run in each.decision.runs]
    if changed:
        received = dirty.received(conn, {lead for lead, _, _ in changed})
        known = decided_effects.decided(conn, {run.cause for _, _, run in changed if run.cause})

        def came(lead: LeadId, run: Running) -> Instant:
            return max(run.started, min(received.get(lead, now), known.get(run.cause, now)))

        rows = [_row(table, lead, name, run, came(lead, run), withheld.get(run.cause)) for lead, name, run in changed]
        clock_runs.put(conn, rows)
    clock_runs.drop(conn, {key for each in those for key in _not_any_more(table, each)})
    whole = {each.lead for each in those if each.whole}
    if whole:
        kept = {_key(table, lead, name, run) for lead, name, run in changed if lead in whole}
        clock_runs.keep_only(conn, whole, kept)


def _answered(table: Dispatch, those: Iterable[Decided]) -> dict[LeadId, set[str]]:
    """The keys of reminders whose clocks have stopped, by lead."""
    found: defaultdict[LeadId, set[str]] = defaultdict(set)
    for each in those:
        for name, run in each.decision.runs:
            if run.reminded and run.stopped is not None:
                found[each.lead].add(f"{_key(table, each.lead, name, run)}/reminder")
    return found


def _not_any_more(table: Dispatch, each: Decided) -> set[str]:
    """The runs that followed from a point in between before, and do not now."""
    if each.former is None:
        return set()
    before, now = ({_key(table, each.lead, *run) for run in one.runs} for one in (each.former, each.decision))
    return before - now


def _key(table: Dispatch, lead: LeadId, name: str, run: Running) -> str:
    return key(lead, "clock", table.root("clock", name), run.times)


def _row(  # noqa: PLR0913, PLR0917 - the parts of a run
    table: Dispatch, lead: LeadId, name: str, run: Running, received: Instant, withheld: str | None
) -> ClockRun:
    return ClockRun(
        key=_key(table, lead, name, run),
        lead_id=lead,
        clock=name,
        times=run.times,
        started_at=run.started,
        received_at=received,
        due_at=run.due,
        breached=run.breached,
        ended_at=run.stopped,
        answer=run.answer,
        hours=tuple((since, hours) for since, hours in run.hours),
        withheld=withheld,
    )
