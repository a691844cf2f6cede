"""Score leads: everybody's scores from the whole history, many leads in a few statements. Reads only.

Nothing but scores is worked out (core/run/scores_alone.py). What an activity is worth is worked out once for all that
say the same; most do. A playbook whose fit asks for more than fields is left to the steps that decide.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection as Sql

from integration.core.compiled.context import NEVER, Unfoldable
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.state import newborn
from integration.core.run import scores_alone
from integration.core.run.apply_events import advance
from integration.core.run.scores_alone import Deed, Scores, Worth
from integration.core.scoring.machines import marked, reach
from integration.flows.base.service import Deriving
from integration.flows.history import lead_events
from integration.store.db.json_codec import decode_fields
from integration.store.events import archive
from mappings.model.canonical import Activity
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant, Span

_ORDER = itemgetter(0, 1, 2)
_KINDS = 100_000
"""So many kinds of activity, as they were sent, are known at once."""


@dataclass(slots=True)
class Scorer:
    """Scores leads by the rules of a service; keep it for many batches. `failed` are those who cannot be scored."""

    service: Deriving
    failed: list[LeadId] = field(default_factory=list)
    activities: int = 0
    _kinds: dict[str, dict[str, Worth]] = field(default_factory=dict)
    _apart: Span = 0

    def __post_init__(self) -> None:
        self._apart, _ = reach(self.service.rules.vocabulary.machine)

    def scored(self, conn: Sql, until: Mapping[LeadId, Instant]) -> dict[LeadId, Scores]:
        """The scores of these leads, of each at its own time, by all that is stored."""
        deeds: dict[LeadId, list[Deed]] = {lead: [] for lead in until}
        began: dict[LeadId, Instant] = {}
        self._read(conn, deeds, began)
        for lead, (events, _) in lead_events.changes(conn, tuple(until), self.service.ownership, began).items():
            deeds[lead] += [_place(each) for each in events if not isinstance(each, Activity)]
        fold = self._alone if scores_alone.alone(self.service.rules.compiled) else self._decided
        found = {}
        for lead, mine in deeds.items():
            at = until[lead]
            mine.sort(key=_ORDER)
            while mine and mine[-1][0] > at:
                mine.pop()
            try:
                found[lead] = fold(lead, mine, at)
            except Unfoldable:
                self.failed.append(lead)
        return found

    def _read(self, conn: Sql, deeds: Mapping[LeadId, list[Deed]], began: dict[LeadId, Instant]) -> None:
        """What people did, as far as scores may follow from it; and when each did something first."""
        known, look, current, mine, first = self._kinds, self._worth, LeadId(""), list[Deed](), NEVER
        rows = archive.of_leads(conn, deeds)
        self.activities += len(rows)
        for lead, at, derived, key, kind, text in rows:
            if lead != current:
                began[current] = first
                current, mine, first = lead, deeds[lead], began.get(lead, NEVER)
            if at < first:  # noqa: PLR1730 - min() costs three times as much, for each of millions
                first = at
            of_kind = known.get(kind)
            what = None if of_kind is None else of_kind.get(text)
            if what is None:
                what = look(kind, text)
            if what.counts:
                mine.append((at, 3 if derived else 2, key, what))
        began[current] = first

    def _worth(self, kind: str, text: str) -> Worth:
        rules = self.service.rules
        found = scores_alone.worth(rules.compiled.dispatch, *rules.vocabulary.recognised(kind, decode_fields(text)))
        if sum(map(len, self._kinds.values())) >= _KINDS:
            self._kinds.clear()
        self._kinds.setdefault(kind, {})[text] = found
        return found

    def _alone(self, lead: LeadId, deeds: list[Deed], until: Instant) -> Scores:
        rules = self.service.rules
        people = scores_alone.by_people(rules.vocabulary.machine, self._apart, lead, deeds)
        return scores_alone.scored(rules.compiled, lead, people, until)

    def _decided(self, lead: LeadId, deeds: Iterable[Any], until: Instant) -> Scores:
        rules = self.service.rules
        events: list[Event] = [
            Activity(name, lead, at, what.type, what.properties, derived=rank == 3)  # noqa: PLR2004 - Deed's rank
            if isinstance(what, Worth)
            else what
            for at, rank, name, what in deeds
        ]
        events = marked(rules.vocabulary.machine, events)
        state = advance(rules.compiled, newborn(lead), events, until, owned=True).state
        return Scores(state.fit, state.score.value)


def _place(event: LeadChanged | AccountChanged) -> Deed:
    return event.at, 0 if isinstance(event, AccountChanged) else 1, event.id, event
