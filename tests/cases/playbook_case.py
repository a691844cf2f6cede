"""Runs one golden case: fields and activities at relative times, through the service's own core, to what came of it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, assert_never

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.effects import (
    AlertRaised,
    Effect,
    Escalated,
    HandoffDelayed,
    StageChanged,
    TaskWanted,
    TouchDue,
    TrackChanged,
)
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.ledger import Line
from integration.core.model.state import LeadState, newborn
from integration.core.run.account_signals import observe, unseen
from integration.core.run.apply_events import advance
from integration.core.run.decide import order
from integration.core.run.standing import Standing, standing
from integration.playbook.language.grammar import condition, span
from mappings.model.canonical import Activity, Fields, Value
from mappings.values import instant
from mappings.values.instant import DAY, HOUR, MINUTE, Instant

START = instant.parse("2026-01-05T09:00:00Z")
"""A Monday morning: day 0 of every case."""
STRANGER = "stranger"
"""A viewer whom the CRM does not know."""
_WHEN = re.compile(r"day (\d+)(?: (\d\d):(\d\d))?((?: \+\S+)*)(?: (\w+))?(?: (fields|company))?")


@dataclass(slots=True)
class Run:
    """What became of the people of a case."""

    compiled: CompiledPlaybook
    states: dict[str, LeadState] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    lines: dict[str, list[Line]] = field(default_factory=dict)
    account: Any = None

    def forward(self, lead: str, events: list[Event], until: Instant) -> None:
        decision = advance(self.compiled, self.states.get(lead) or newborn(lead), events, until)
        self.states[lead] = decision.state
        self.effects.extend(decision.effects)
        self.lines.setdefault(lead, []).extend(decision.lines)

    def engagement(self, at: Instant) -> Callable[[str], int]:
        return lambda lead: standing(self.compiled, self.states[lead], at).engagement if lead in self.states else 0


def when(text: str) -> tuple[Instant, str, str]:
    """`day 3`, `day 3 14:30`, `day 3 +1h`, `day 3 bo`, `day 3 fields`: the instant, who, and what changes."""
    found = _WHEN.fullmatch(text)
    assert found is not None, f"{text!r} is not a time"
    at = START + int(found[1]) * DAY
    if found[2]:
        at += int(found[2]) * HOUR + int(found[3]) * MINUTE - 9 * HOUR
    at += sum(span(each.removeprefix("+")) for each in found[4].split())
    who, what = found[5] or "ana", found[6] or ""
    return (at, "ana", who) if who in ("fields", "company") else (at, "" if who == STRANGER else who, what)


def shown(at: Instant) -> str:
    """`day 3`, or `day 3 14:30` where it is not nine in the morning."""
    clock = instant.to_datetime(at)
    day = (at - START + 9 * HOUR) // DAY
    return f"day {day}" + ("" if (clock.hour, clock.minute, clock.second) == (9, 0, 0) else f" {clock:%H:%M}")


def happened(lead: str, number: int, at: Instant, text: str, account: str) -> Activity:
    """`page_view page=pricing and url=/x` as an activity."""
    kind, _, rest = text.partition(" ")
    properties: dict[str, Value] = {}
    for clause in condition(rest).clauses if rest else ():
        value = clause.values[0]
        properties[clause.name] = int(value) if value.isdigit() else {"true": True, "false": False}.get(value, value)
    return Activity(id=f"a{number:03}", lead=lead, at=at, type=kind, properties=properties, account=account)


def events(case: dict[str, Any]) -> Iterator[tuple[str, Event]]:
    """The case's events in their order: people and company first, then what happened."""
    people: dict[str, Fields] = {"ana": case.get("lead", {})} | case.get("people", {})
    company = case.get("company")
    born = when(case.get("born", "day 0"))[0]
    for lead, fields in people.items():
        if company is not None:
            yield lead, AccountChanged(id=f"{lead}-c", at=born, account="acme", fields=_tuples(company))
        belongs: Fields = {} if company is None else {"account": "acme"}
        yield lead, LeadChanged(id=f"{lead}-f", at=born, fields={**belongs, **_tuples(fields)})
    for number, row in enumerate(case.get("events", ())):
        [(time, what)] = row.items()
        at, lead, changes = when(time)
        if changes == "company":
            for each in people:
                yield each, AccountChanged(id=f"{each}-{number}", at=at, account="acme", fields=_tuples(what))
        elif changes == "fields":
            yield lead, LeadChanged(id=f"{lead}-{number}", at=at, fields=_tuples(what))
        else:
            yield lead, happened(lead, number, at, what, "acme" if company is not None else "")


def _tuples(fields: dict[str, Any]) -> Fields:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def run(case: dict[str, Any], compiled: CompiledPlaybook) -> Run:
    """Context everything, in order, and let time pass to the case's end."""
    found = Run(compiled=compiled, account=unseen("acme"))
    for lead, event in sorted(events(case), key=lambda each: order(each[1])):
        if lead:
            found.forward(lead, [event], event.at)
        if isinstance(event, Activity) and event.account:
            found.account, derived = observe(compiled, found.account, event, found.engagement(event.at))
            for each in sorted(derived, key=order):
                found.forward(each.lead, [each], each.at)
    for lead in found.states:
        found.forward(lead, [], when(case["until"])[0])
    return found


def told(effect: Effect) -> tuple[str, str]:
    """The kind of an effect and one line about it."""
    match effect:
        case StageChanged():
            kind, text = "stages", effect.after
        case TrackChanged():
            kind, text = "tracks", effect.after or "none"
        case TouchDue():
            kind, text = "touches", effect.content
        case TaskWanted():
            due = f"due {shown(effect.due_at)}, {effect.assignee}"
            kind, text = "tasks", f"{effect.play}/{effect.step} {effect.channel}, {due}"
        case AlertRaised():
            kind, text = "alerts", effect.alert
        case Escalated():
            kind, text = "escalations", f"{effect.clock} to {effect.assignee}"
        case HandoffDelayed():
            kind, text = "held", ", ".join(effect.missing)
        case _:
            assert_never(effect)
    return kind, f"{shown(effect.at)} {text}"


KINDS = ("stages", "tracks", "touches", "tasks", "alerts", "escalations", "held")


def outcome(case: dict[str, Any], found: Run, lead: str) -> dict[str, Any]:
    """Scores, standing and effects of one person, as a case writes them."""
    stands: Standing = standing(found.compiled, found.states[lead], when(case["until"])[0])
    result: dict[str, Any] = {name: getattr(stands, name) for name in Standing.__dataclass_fields__}
    rows = [told(effect) for effect in sorted(found.effects, key=lambda each: each.at) if effect.lead == lead]
    return result | {kind: [text for each, text in rows if each == kind] for kind in KINDS}
