"""Replay and service agree on what arrives late: what is decided, when it fell due, and what comes too late."""

import json
from contextlib import closing
from io import BytesIO
from typing import Any, TypeAlias

import pytest
from flows_run import Watch, activity, drain_all, receive, with_parts

from integration.commands.replaying.replay_run import Replay
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.rules.playbook_rules import Playbook
from integration.flows.deciding.advance import advance
from integration.rig.bench.bench_history import chance
from integration.store.events import decided_effects
from integration.store.people import leads
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE, Instant, parse, show

Told: TypeAlias = tuple[Instant, Instant, str, tuple[str, dict[str, Any]], str]
"""(when it happened, when it was received, whose it is, what it was, its id)"""

START = parse("2026-01-06T09:00:00Z")
FIRST = START + 100 * DAY
PEOPLE = ("ana@acme.example", "bob@blue.example")
DEEDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("page_view", {"page": "pricing", "url": "/pricing"}),
    ("page_view", {"page": "case_study", "url": "/story"}),
    ("email_click", {"url": "/blog"}),
    ("email_open", {}),
    ("demo_request", {}),
    ("call_attempt", {"outcome": "no_answer"}),
    ("sales_rejected", {"reason": "timing"}),
    ("unsubscribe", {}),
    ("resubscribe", {}),
    ("document_view", {"document": "offer", "doc_type": "pricing"}),
    ("email_bounce", {"hard": True}),
)
LAGS = (0, 0, 0, 5 * MINUTE, 3 * HOUR, 30 * HOUR, 9 * DAY, 20 * DAY, -2 * HOUR)
"""How long after it happened something is received; what is dated ahead is received before."""


def life(seed: int) -> list[Told]:
    """A few deeds of two people whom the service knows, over forty days: received in time, late or ahead of time."""
    told = [(FIRST, FIRST, who, ("email_open", {}), f"first {who}") for who in PEOPLE]
    for number in range(3 + seed % 7):
        drawn = [chance(1_000 * seed + 10 * number + turn) for turn in range(4)]
        when = FIRST + drawn[2] % (40 * 24) * HOUR
        received = max(FIRST, when + LAGS[drawn[3] % len(LAGS)])
        told.append((when, received, PEOPLE[drawn[0] % 2], DEEDS[drawn[1] % len(DEEDS)], f"a{number}"))
    return told


@pytest.mark.parametrize("name", ["two-axis", "standard"])
@pytest.mark.parametrize("seed", range(6))
def test_replay_decides_and_withholds_what_the_service_does(service: Service, at: Watch, seed: int, name: str) -> None:
    playbook, told, end = build.playbook(name), life(seed), FIRST + 75 * DAY
    alone = with_parts(service, compiled=CompiledPlaybook.of(playbook), connections={}, grace=0)
    tried, done = replayed(playbook, told, end), served(alone, at, told, end)
    assert (sorted(set(tried) - set(done), key=str), sorted(set(done) - set(tried), key=str)) == ([], [])


def replayed(playbook: Playbook, told: list[Told], end: Instant) -> list[Any]:
    lines = [
        json.dumps(
            {
                "kind": "activity",
                "id": name,
                "lead": who,
                "at": show(when),
                "received_at": show(received),
                "type": kind,
                "properties": properties,
            }
        ).encode()
        for when, received, who, (kind, properties), name in told
    ]
    with closing(Replay(playbook, BytesIO(b"\n".join(lines)), "lines", end)) as found:
        said = [json.loads(line) for *_, line in found.effects]
        assert found.warnings == []
    return sorted((each["lead"], each["key"].partition("/")[2], each["at"], each.get("withheld")) for each in said)


def served(service: Service, at: Watch, told: list[Told], end: Instant) -> list[Any]:
    """The service, at work without a break: whenever something is received, and whenever something falls due."""
    at.now = START
    receive(service, activity("first", "first@acme.example", "page_view", START))
    drain_all(service)
    at.now = FIRST
    waiting = sorted(told, key=lambda each: each[1])
    while True:
        due = min((row.due for row in _rows(service, told) if row.due is not None), default=end + 1)
        coming = waiting[0][1] if waiting else end + 1
        at.now = max(at.now, min(due, coming, end))
        for each in [each for each in waiting if each[1] <= at.now]:
            when, _, who, (kind, properties), name = each
            receive(service, {"id": name, "type": kind, "at": show(when), "email": who, "properties": properties})
            waiting.remove(each)
        drain_all(service)
        advance(service)
        if at.now >= end and not waiting:
            break
    emails = {row.id: row.email for row in _rows(service, told)}
    with service.store.read() as conn:
        kept = decided_effects.history(conn, list(emails))
    return sorted((str(emails[row.lead_id]), row.key.partition("/")[2], show(row.at), row.withheld) for row in kept)


def _rows(service: Service, told: list[Told]) -> list[leads.LeadRow]:
    with service.store.read() as conn:
        known = leads.by_email(conn, {who for _, _, who, _, _ in told})
        return leads.get(conn, known.values())
