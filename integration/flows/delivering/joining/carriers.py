"""Carriers: which open task carries out one that joins it, by what the outbox knows. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from integration.core.model import effect_keys
from integration.store.assigning.carried_tasks import APART_FROM, CARRIED_BY, LeadTask
from integration.store.outgoing.outgoing_rows import Outgoing
from mappings.values.identifiers import ConnectionName, LeadId

NOTHING_OPEN = "there is no open task that it could join"
"""Why something becomes a task of its own where the store knows no task to join."""


@dataclass(slots=True, kw_only=True)
class Sorted:
    """What becomes of tasks that join others.

    `rewriting` join one that stands in the CRM, `written_with` one that has yet to be made, by its outbox id; `apart`
    have none to join, `unclear` one whose sending has no outcome yet, and `elsewhere` one in another connection.
    """

    rewriting: dict[int, list[Outgoing]] = field(default_factory=dict)
    written_with: dict[int, list[Outgoing]] = field(default_factory=dict)
    apart: list[Outgoing] = field(default_factory=list)
    unclear: list[Outgoing] = field(default_factory=list)
    elsewhere: list[tuple[Outgoing, ConnectionName]] = field(default_factory=list)
    tasks: dict[int, LeadTask] = field(default_factory=dict)
    """Those that carry others, by their outbox id."""
    of_leads: Mapping[LeadId, Sequence[LeadTask]] = field(default_factory=dict)


def joins(row: Outgoing) -> bool:
    """Whether a task joins another. Asked of what is stored, unread: a row that cannot be read fails alone."""
    return '"joins":"' in (row.payload_text or "")


def sorted_out(
    tasks: Mapping[LeadId, Sequence[LeadTask]],
    rows: Iterable[Outgoing],
    here: ConnectionName,
    known: Collection[ConnectionName],
) -> Sorted:
    """What becomes of these rows, the oldest first; of several of a lead that stand apart, one at a time.

    The next one then finds the first as a task to join.
    """
    found = Sorted(of_leads=tasks)
    alone: set[str] = set()
    for row in in_order(rows):
        if row.lead_id in alone:
            continue
        there = carrier(tasks.get(row.lead_id, ()), str(row.payload["joins"]))
        if there is None or there.connection not in known:
            alone.add(row.lead_id)
            found.apart.append(row)
            continue
        found.tasks[there.id] = there
        if there.connection != here:
            found.elsewhere.append((row, there.connection))
        elif there.stands:
            found.rewriting.setdefault(there.id, []).append(row)
        elif there.attempted:
            found.unclear.append(row)
        else:
            found.written_with.setdefault(there.id, []).append(row)
    return found


def in_order(rows: Iterable[Outgoing]) -> list[Outgoing]:
    """Rows in the order of their causes' times."""
    return sorted(rows, key=lambda row: (int(row.payload.get("at", row.created_at)), row.key))


def carrier(tasks: Sequence[LeadTask], joins: str) -> LeadTask | None:
    """The open task that carries out what joins the one of that key; None where it is closed, or was never made.

    That is the task itself, the one that took its place when somebody else got it, the one that it joined in its turn,
    or one that was to join it and came to stand by itself.
    """
    cause, seen = effect_keys.origin(joins), set[str]()
    while cause not in seen:
        seen.add(cause)
        these = [each for each in tasks if effect_keys.origin(each.key) == cause]
        open_ = _open_of(these)
        if open_:
            return open_[-1]
        by = next((str(each.payload[CARRIED_BY]) for each in these if CARRIED_BY in each.payload), "")
        if not by:
            return instead(tasks, {cause})
        cause = effect_keys.origin(by)
    return None


def _open_of(tasks: Sequence[LeadTask]) -> Sequence[LeadTask]:
    """The open ones of the tasks of one cause; where somebody else is given the task, theirs, which takes its place."""
    there = [each for each in tasks if each.stands or each.waits]
    over = [each for each in there if each.key.endswith(effect_keys.AGAIN)]
    return over or [each for each in there if each.stands] or there


def instead(tasks: Sequence[LeadTask], causes: Collection[str]) -> LeadTask | None:
    """The open task that was to join one of these causes, and came to stand by itself; the latest of several.

    None that somebody else is given: it is closed once that is so, and nothing can join it.
    """
    over = {each.key for each in tasks}
    stay = [each for each in tasks if effect_keys.taken_over(each.key) not in over]
    found = [each for each in stay if effect_keys.origin(str(each.payload.get(APART_FROM, ""))) in causes]
    return next((each for each in reversed(found) if each.stands or each.waits), None)
