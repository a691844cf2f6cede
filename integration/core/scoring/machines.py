"""Which opens, clicks and unsubscribes were made by machines, judged by everything that happened to a lead.

Whether an activity is a machine's may show only in what comes some seconds later. So activities are looked at in order,
and each is let go once everything that may still change the answer has come. The answer does not depend on the order in
which they arrived, nor on anything further away than the spans of the rules. [rules: scores]
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, TypeVar

from integration.core.model.events import Event
from integration.core.scoring.mail_rules import JUDGED, Cell, Judge
from mappings.model.canonical import Activity, Fields
from mappings.values.instant import Instant, Span
from mappings.vocabulary.machine_rules import MachineRules

Sight: TypeAlias = tuple[str, str, Fields]
"""(lead, type, properties) of an activity of one of JUDGED."""
_T = TypeVar("_T")


def judged(
    rules: MachineRules, items: Iterable[_T], when: Callable[[_T], Instant], sight: Callable[[_T], Sight | None]
) -> Iterator[tuple[_T, str]]:
    """Each item with the rule that makes it a machine's, "" for a person's; in the given order, which is that of time.

    `when` is an item's time, `sight` what it says where it is an activity of the types JUDGED. An item waits for
    at most the reach of the rules; what comes after it waits with it.
    """
    judge = Judge(rules)
    reach, pending = judge.reach, deque[tuple[Instant, _T, str | Cell]]()
    for item in items:
        seen = sight(item)
        told = "" if seen is None else judge.see(when(item), *seen)
        if not pending and isinstance(told, str):
            yield item, told
            continue
        at = when(item)
        while pending and pending[0][0] + reach < at:
            _, first, verdict = pending.popleft()
            yield first, verdict if isinstance(verdict, str) else judge.decided(verdict)
        pending.append((at, item, told))
    for _, first, verdict in pending:
        yield first, verdict if isinstance(verdict, str) else judge.decided(verdict)


def marked(rules: MachineRules, events: Iterable[Event]) -> list[Event]:
    """Events of one lead, in order, each activity with the rule that makes it a machine's."""
    return [_with(event, rule) for event, rule in judged(rules, events, _at, _seen)]


def reach(rules: MachineRules) -> tuple[Span, Span]:
    """How far before, and how far after an activity others may lie that make it a machine's."""
    judge = Judge(rules)
    return judge.horizon, judge.reach


def _with(event: Event, rule: str) -> Event:
    return event._replace(machine=rule) if isinstance(event, Activity) and event.machine != rule else event


def _at(event: Event) -> Instant:
    return event.at


def _seen(event: Event) -> Sight | None:
    if not isinstance(event, Activity) or event.type not in JUDGED:
        return None
    return event.lead or f"viewer at {event.account}", event.type, event.properties
