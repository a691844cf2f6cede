"""Classify mail: which new activities of a batch of leads are machines', and for whom that changes the past.

Whether a click is a scanner's shows in what comes some seconds before and after it. Of leads who did something in a
mail a short while ago, what they did then is read again, in one statement for the batch: where something of it that
is already applied now turns out otherwise, the lead is derived from the beginning.
Rules: [rules: time and order] [rules: scores].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from integration.core.model.events import Event
from integration.core.model.state import LeadState
from integration.core.run.decide import order
from integration.core.scoring.machines import marked, reach
from integration.core.scoring.mail_rules import IN_MAIL
from integration.store.events import activities
from integration.store.events.activities import ActivityRow
from mappings.model.canonical import Activity
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant, Span
from mappings.vocabulary.value import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What is to be applied to a lead's state, in order; `seen` is the last number that is applied already."""

    state: LeadState
    seen: int
    events: Sequence[Event]


def machines_marked(
    conn: Sql, vocabulary: Vocabulary, fresh: Mapping[LeadId, Fresh], now: Instant
) -> tuple[dict[LeadId, list[Event]], frozenset[LeadId]]:
    """The events of each lead, machines marked, and the leads that have to be derived from the beginning.

    What is dated ahead of `now` is not applied yet, and says nothing.
    """
    rules = vocabulary.machine
    back, _ = reach(rules)
    since = {lead: at for lead, each in fresh.items() if (at := _looks_back(each, back)) is not None}
    before = _before(conn, vocabulary, fresh, since, now) if since else {}
    found: dict[LeadId, list[Event]] = {}
    again: set[LeadId] = set()
    for lead, each in fresh.items():
        folded = before.get(lead, [])
        if not folded:
            found[lead] = marked(rules, each.events)
            continue
        whole = marked(rules, sorted((*folded, *each.events), key=order))
        rule = {one.id: one.machine for one in whole if isinstance(one, Activity)}
        if any(bool(one.machine) != bool(rule[one.id]) for one in marked(rules, folded) if isinstance(one, Activity)):
            again.add(lead)
        new = {one.id for one in each.events}
        found[lead] = [one for one in whole if one.id in new]
    return found, frozenset(again)


def _looks_back(fresh: Fresh, back: Span) -> Instant | None:
    """From when on the past matters for what is new; None where nothing new is in a mail, or the last was long ago."""
    last = fresh.state.mailed
    first = next((each.at for each in fresh.events if isinstance(each, Activity) and each.type in IN_MAIL), None)
    return None if last is None or first is None or first - last > back else first - back


def _before(
    conn: Sql, vocabulary: Vocabulary, fresh: Mapping[LeadId, Fresh], since: Mapping[LeadId, Instant], now: Instant
) -> dict[LeadId, list[Event]]:
    found: dict[LeadId, list[Event]] = {}
    for row in activities.since(conn, since):
        lead = LeadId(str(row.lead_id))
        if row.seq <= fresh[lead].seen and row.at <= now:
            found.setdefault(lead, []).append(activity(row, vocabulary, lead))
    return found


def activity(row: ActivityRow, vocabulary: Vocabulary, lead: str) -> Activity:
    """A stored activity as the vocabulary knows it."""
    kind, properties = vocabulary.recognised(row.type, row.properties)
    return Activity(row.key, lead, row.at, kind, properties, row.account_id or "", derived=row.derived)
