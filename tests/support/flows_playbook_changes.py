"""Playbooks that are edited while people are known, and what is looked at afterwards."""

from edited_texts import edited_text
from flows_crms import person
from flows_run import Watch, activity, counts, drain_all, receive
from sqlalchemy import text

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.state import newborn
from integration.core.rules.playbook_rules import Playbook
from integration.core.run.apply_events import advance as fold
from integration.flows.history import load_events
from integration.flows.reading import reconcile
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.reading import library
from integration.store.db.json_codec import encode
from integration.store.events import decided_effects, playbook_versions
from integration.store.events.decided_effects import EffectRow
from integration.store.events.playbook_versions import Version
from integration.store.people import leads
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, MINUTE, Instant
from sandbox.server import Sandbox

GATE = "hot: total >= 90 and fit >= 20"
STANDARD = (
    str(library.find("standard")[0])
    .replace("requires: [source, account.name, seniority]", "requires: []")
    .replace("hot: total >= 80 and fit >= 20", GATE)
)
PEOPLE = tuple(f"p{number}@firm{number % 3}.example" for number in range(6))


def edited(*changes: tuple[str, str], name: str = "standard") -> Playbook:
    """A shipped playbook with these pieces of its text in the place of others."""
    source = edited_text(STANDARD if name == "standard" else str(library.find(name)[0]), *changes)
    playbook, problems = compile_text(source, "ours.yaml")
    assert playbook is not None, [str(each) for each in problems]
    return playbook


EDITS: dict[str, Playbook] = {
    "a renamed track": edited(("welcome:", "hello:"), ("track: welcome", "track: hello")),
    "a removed track": edited(
        (STANDARD[STANDARD.index("  welcome: # any") : STANDARD.index("  mql_nurture: #")], ""),
        ("otherwise: {track: welcome}", "otherwise: {track: advanced}"),
    ),
    "a shorter fit group": edited(("      employees 50-300: 15\n      employees >= 301: 10\n", "")),
    "fewer decay steps": edited(("{after 14d: 80%, after 30d: 50%, after 90d: 0%}", "{after 30d: 50%}")),
    "a longer pattern": edited(
        (
            "[content_download asset_type=roi_calculator, email_open, email_open]",
            "[page_view, email_open, email_open, email_click]",
        )
    ),
    "a lower gate": edited((GATE, "hot: total >= 45 and fit >= 20")),
    "a higher gate": edited((GATE, "hot: total >= 99 and fit >= 20")),
    "another clock": edited(("within: 2h working", "within: 30m working")),
    "points that end, and points for a change": edited(
        (
            "    pricing: 15\n",
            "    pricing: {points: 15, expires: 10d}\n    moved: {points: 4, changes: title, to: ~ chief}\n",
        ),
        ("{after 14d: 80%, after 30d: 50%, after 90d: 0%}", "{half_life: 14d, floor: 6}"),
    ),
    "another playbook": edited(name="behavioural"),
}


def live_five_weeks(service: Service, sandbox: Sandbox, at: Watch) -> None:
    for email in PEOPLE:
        person(sandbox, "hubspot", email)
    for name in service.connections:
        reconcile.poll(service, name)
    kinds = [
        ("page_view", {"page": "pricing"}),
        ("email_open", {}),
        ("page_view", {"page": "case_study"}),
        ("content_download", {"asset_type": "educational", "asset": "guide"}),
        ("email_click", {}),
        ("page_view", {"page": "integrations"}),
    ]
    for week in range(5):
        for number, email in enumerate(PEOPLE):
            busy = number < len(PEOPLE) // 2
            for step in range(1 + (number + week) % 3 if busy else week // 4):
                kind, properties = kinds[(number * 2 + week + step) % len(kinds)]
                receive(service, activity(f"{number}.{week}.{step}", email, kind, at() - step * MINUTE, **properties))
        if week == 1:
            receive(service, activity("demo", PEOPLE[0], "demo_request", at()))
        drain_all(service)
        at.forward(7 * DAY)
        drain_all(service)
    assert counts(service).dirty == 0


def everybody(service: Service) -> list[leads.LeadRow]:
    with service.store.read() as conn:
        return leads.get(conn, [row[0] for row in conn.execute(text("SELECT id FROM leads WHERE merged_into IS NULL"))])


def assert_equal_to_fresh_folds(service: Service, playbook: Playbook) -> None:
    rows = everybody(service)
    with service.store.read() as conn:
        events = load_events.whole(conn, rows, service.ownership, playbook.vocabulary)
    compiled = CompiledPlaybook.of(playbook).rooted(in_force(service).roots)
    for row in rows:
        fresh = fold(compiled, newborn(row.id), events[row.id], row.updated_at).state
        assert row.state == encode(fresh)


def in_force(service: Service) -> Version:
    with service.store.read() as conn:
        found = playbook_versions.current(conn)
    assert found is not None
    return found


def decided_since(service: Service, then: Instant) -> list[EffectRow]:
    with service.store.read() as conn:
        ids = [row.id for row in everybody(service)]
        return [each for each in decided_effects.history(conn, ids) if each.decided_at >= then]


def handed_over(service: Service, before: dict[str, str | None], then: Instant) -> set[str]:
    """Of what was found in the past, the keys that were carried out; whoever they are about passes the gate now."""
    found = [
        each
        for each in decided_since(service, then)
        if each.kind in {"task", "touch", "escalation", "alert"} and each.at < then and each.withheld is None
    ]
    now = {row.id: row.stage for row in everybody(service)}
    for each in found:
        assert each.kind == "task"
        assert (before[each.lead_id], now[each.lead_id]) in {("inquiry", "mql"), ("recycled", "mql")}
    return {each.key for each in found}
