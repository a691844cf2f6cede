"""Runs a backtest: one history, sorted once, through two playbooks at the same time."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

import msgspec

from integration.backtest.history_facts import Facts
from integration.backtest.side_by_side import UNNAMED, Comparison, compared
from integration.backtest.tally import Tally
from integration.commands.replaying.history_file.replay_lines import ACCOUNT, ACTIVITY, FIRST, LEAD, Record, as_fields
from integration.commands.replaying.history_file.replay_runs import Sorter
from integration.commands.replaying.replay_recognised import Recognised, recognised
from integration.commands.replaying.replay_world import World
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.rules.playbook_rules import Playbook
from integration.core.run.standing import standing
from mappings.model.canonical import Activity

_Placed: TypeAlias = tuple[int, int, str, str, str, str, int, dict[str, Any]]
"""A record with its place in the history before its last part, so that sorting never compares fields."""

_WEIGHT = 400
"""About how many bytes of memory a record takes."""


def run(records: Iterable[Record], a: Playbook, b: Playbook, owners: Mapping[str, str] = UNNAMED) -> Comparison | None:
    """Both playbooks, of one vocabulary, over the same records, in any order; None of no records at all.

    `owners` are the names of owners by what the records call them.
    """
    placed: Sorter[_Placed] = Sorter(tuple[int, int, str, str, str, str, int, dict[str, Any]])
    with closing(placed):
        for place, (at, kind, event, lead, account, what, fields) in enumerate(records):
            placed.add((at, kind, event, lead, account, what, place, fields), _WEIGHT)
        return _through(recognised(_single(placed), a.vocabulary), a, b, owners)


def _single(placed: Iterable[_Placed]) -> Iterator[Record]:
    """Each event once; of two with one id and time that differ, the same one wins wherever they stand, as in replay."""
    for _, same in groupby(placed, key=itemgetter(0, 1, 2, 3, 4)):
        told: list[Record] = [(*each[:6], each[7]) for each in same]
        yield min(told, key=_content) if len(told) > 1 else told[0]


def _content(record: Record) -> bytes:
    return msgspec.json.encode(record, order="deterministic")


def _through(records: Iterable[Recognised], a: Playbook, b: Playbook, owners: Mapping[str, str]) -> Comparison | None:
    facts = Facts()
    one, other = _Run(a, facts), _Run(b, facts)
    for record, machine in records:
        _note(facts, record)
        one.world.take(record, machine)
        other.world.take(record, machine)
        _collect(one, other)
    if facts.until is None:
        return None
    one.world.until(facts.until)
    other.world.until(facts.until)
    _collect(one, other)
    return compared(facts, one.tally, other.tally, owners)


class _Run:
    """One playbook's world, and what comes of it."""

    def __init__(self, playbook: Playbook, facts: Facts) -> None:
        self.world = World(CompiledPlaybook.of(playbook))
        self.tally = Tally(playbook, facts)

    def collect(self, other: World) -> None:
        """Count what was decided; of those who just passed the gate, note where the other world has them."""
        for lead, effects, _ in self.world.drain():
            passed = self.tally.take(effects)
            if passed is not None:
                known = other.contexts.get(lead)
                self.tally.elsewhere[lead] = (
                    standing(other.compiled, known.state, passed.at) if known is not None else None
                )


def _collect(one: _Run, other: _Run) -> None:
    one.collect(other.world)
    other.collect(one.world)


def _note(facts: Facts, record: Record) -> None:
    at, kind, _, lead, account, of_type, fields = record
    if kind == ACTIVITY:
        facts.activity(at, lead, of_type)
    elif kind == LEAD:
        facts.lead(at, lead, as_fields(fields))
    else:
        facts.account(at, account, as_fields(fields))


def _first(event: LeadChanged | AccountChanged) -> str:
    return FIRST if event.initial else ""


def as_records(events: Iterable[tuple[str, Event]]) -> Iterator[Record]:
    """Events of the store, written as a replay file has them."""
    for lead, event in events:
        match event:
            case Activity():
                yield (event.at, ACTIVITY, event.id, lead, event.account, event.type, dict(event.properties))
            case LeadChanged():
                yield (event.at, LEAD, event.id, lead, "", _first(event), dict(event.fields))
            case AccountChanged():
                key = f"{event.id}@{event.account}"  # one delivery may be about two companies under one key
                yield (event.at, ACCOUNT, key, "", event.account, _first(event), dict(event.fields))
