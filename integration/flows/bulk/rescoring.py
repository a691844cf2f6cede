"""Rescore: everybody's scores worked out anew from the whole history, and compared with where each lead stands.

A run is a row in the store, and so is each of its parts: the leads between two ids. Each part is a lane (`bulk:3`),
which any worker on any host takes, or a process of the command's own. Live work goes on meanwhile: a part reads, and
writes how far it has come. What survives a crash: a part goes on after the last batch that was committed, and
its lease keeps whoever was frozen from counting a batch twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import Connection as Sql

from integration.core.rules.scoring_rules import POINT
from integration.core.run.scores_alone import Scores
from integration.flows.base import running_playbook
from integration.flows.base.lane import drain
from integration.flows.base.service import Derived, HasLanes, HasWake
from integration.flows.bulk.score_leads import Scorer
from integration.flows.deciding.rederive import paced
from integration.store.db.session import serialise
from integration.store.events import playbook_versions
from integration.store.people import lead_scores, leads
from integration.store.people.lead_scores import Points
from integration.store.progress import bulk_runs
from integration.store.progress.bulk_runs import Part, Result, Run, Unequal
from integration.store.queues import dirty, leases
from integration.store.queues.leases import Lease
from mappings.values.identifiers import LeadId

log = structlog.get_logger()

PARTS = 16
"""So many parts a run has, where there are as many leads: more than a host has processors, so that none idles long."""
_MOST = 2_000
"""The most leads of one batch."""
_RUN = "bulk run"


class Rescoring(Derived, HasLanes, HasWake, Protocol):
    """What rescoring takes: what scores are worked out with, and the lanes that its parts are."""


class NothingInForceError(Exception):
    """Nobody was decided about under any rules yet, so that there is nothing to compare with."""


def lane(number: int) -> str:
    """The lane of a part."""
    return f"bulk:{number}"


def begin(service: Rescoring, author: str, *, mends: bool) -> tuple[Run, bool]:
    """Begin a run under the rules in force and wake whoever works it, or find the one under way (False).

    Raises NothingInForceError.
    """
    with service.store.write() as conn:
        serialise(conn, _RUN)
        before, version = bulk_runs.last(conn), playbook_versions.current(conn)
        if version is None:
            raise NothingInForceError
        new = before is None or before.outcome is not None
        if new:
            bounds = lead_scores.bounds(conn, PARTS)
            bulk_runs.begin(conn, "rescore", version.number, bounds, author=author, mends=mends, now=service.now())
        run = bulk_runs.last(conn)
        numbers = bulk_runs.open_parts(conn)
    if run is None:
        raise NothingInForceError
    for number in numbers:
        service.wake(lane(number))
    return run, new


def rescore_part(service: Rescoring, number: int) -> int:
    """Drain one part of the run that is under way; the number of batches done."""
    return drain(service, lane(number), partial(_Worker().turn, number))


def so_far(conn: Sql, run: Run) -> tuple[Result, int]:
    """What came of a run by now, and how many of its parts are still to be done."""
    found, left = Result(), 0
    for each in bulk_runs.parts(conn, run.id):
        found.add(each.result)
        left += each.ended_at is None
    return found, left


@dataclass(slots=True)
class _Worker:
    """Works one part after the other; what activities are worth is known from batch to batch."""

    size: int = 50
    scorer: Scorer | None = field(default=None)

    def turn(self, number: int, service: Rescoring, lease: Lease) -> bool:
        """One batch; false where there is none left."""
        with service.store.read() as conn:
            run, current = bulk_runs.last(conn), playbook_versions.current(conn)
            part = bulk_runs.part(conn, run.id, number) if run is not None and run.outcome is None else None
        if run is None or part is None or part.ended_at is not None:
            return False
        if current is None or current.number != run.version:
            return _overtaken(service, lease, run)
        service = running_playbook.following(service)
        if service.rules.number != run.version:
            return False  # this process does not know the rules in force; others do
        began = service.lanes.monotonic()
        if self.scorer is None or self.scorer.service.rules.number != run.version:
            self.scorer = Scorer(service)
        result, place, wrong = self._compared(service, self.scorer, part)
        self.size = paced(self.size, [(result.leads, service.lanes.monotonic() - began)], _MOST)
        _keep(service, lease, run, part, result, place, wrong)
        return place is not None

    def _compared(self, service: Rescoring, scorer: Scorer, part: Part) -> tuple[Result, str | None, list[LeadId]]:
        """What a batch comes to, its last lead (None: there is none left), and the leads that stand otherwise."""
        with service.store.read() as conn:
            rows = lead_scores.after(conn, part.place, part.upto, service.rules.number, self.size)
            settled = [row for row in rows if row.settled]
            before, scorer.failed = scorer.activities, []
            found = scorer.scored(conn, {row.id: row.points.scored_at for row in settled})
        wrong = [row for row in settled if row.id in found and _points(found[row.id]) != _stands(row.points)]
        result = Result(
            leads=len(rows),
            compared=len(found),
            unsettled=len(rows) - len(settled),
            unequal=len(wrong),
            failed=len(scorer.failed),
            activities=scorer.activities - before,
            named=[Unequal(lead=row.id, stands=_stands(row.points), is_=_points(found[row.id])) for row in wrong],
            not_scored=list(scorer.failed),
        )
        return result, rows[-1].id if rows else None, [row.id for row in wrong]


def _keep(  # noqa: PLR0913, PLR0917 - a part, and what came of its batch
    service: Rescoring,
    lease: Lease,
    run: Run,
    part: Part,
    result: Result,
    place: str | None,
    wrong: Iterable[LeadId],
) -> None:
    now, wake = service.now(), run.mends and result.unequal
    result_so_far = part.result
    result_so_far.add(result)
    with service.store.write() as conn:
        leases.extend(conn, lease)
        if place is None:
            serialise(conn, _RUN)  # of two parts that end at once, the later one ends the run
        bulk_runs.moved(
            conn, part, part.place if place is None else place, result_so_far, now if place is None else None
        )
        if wake:
            dirty.mark(conn, wrong, now)
            leads.derive_anew(conn, wrong)
        if place is None and not bulk_runs.open_parts(conn):
            bulk_runs.ended(conn, run.id, "done", now)
            log.info("a bulk run is over", run=run.id)
    if wake:
        service.wake("advance")


def _overtaken(service: Rescoring, lease: Lease, run: Run) -> bool:
    with service.store.write() as conn:
        leases.extend(conn, lease)
        bulk_runs.ended(conn, run.id, "overtaken", service.now())
    return False


def _stands(points: Points) -> tuple[int, int, int]:
    return points.fit, points.engagement, points.total


def _points(found: Scores) -> tuple[int, int, int]:
    return found.fit // POINT, found.engagement // POINT, (found.fit + found.engagement) // POINT
