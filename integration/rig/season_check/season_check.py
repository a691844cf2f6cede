"""Checks after a season: nobody lost, no task twice, every breach escalated to somebody else, every alert once."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from urllib.parse import quote

from sqlalchemy import select

from integration.rig.chaos.chaos_finding import Finding
from integration.rig.season.season_run import Season
from integration.rig.season_check import lead_next_steps, place_check, season_state, task_check, touch_check
from integration.rig.season_check.season_state import SeasonState
from integration.store.schema import tables

_STAGES = frozenset({"inquiry", "mql", "sal", "sql", "customer", "recycled", "suppressed"})
_SHOWN = 5
_SAFE = "/:=+,;@!$'()*~-_."


def check(season: Season, finding: Finding) -> None:
    """Everything that has to be true at the end."""
    state = season_state.read(season)
    _figures(state, finding)
    nobody_lost(state, finding)
    everything_stored_once(state, finding)
    place_check.check(state, finding)
    task_check.check(state, finding)
    every_alert_once(state, finding)
    touch_check.check(state, finding)
    lead_next_steps.check(state, finding)


def every_day(season: Season, finding: Finding) -> None:
    """What is cheap to see every day: no task twice, nobody given a task who may not get one."""
    task_check.once(season, finding)
    task_check.to_people_who_are_there(season, finding)


def note(finding: Finding, what: str, found: Iterable[str]) -> None:
    """A difference that names some of those that were found, where there are any."""
    those = list(found)
    if those:
        finding.differences.append(f"{len(those)} {what}: {', '.join(those[:_SHOWN])}")


def _figures(state: SeasonState, finding: Finding) -> None:
    for lead in state.leads.values():
        finding.figures[f"leads in {lead.stage}"] += 1
    finding.figures["leads merged"] = len(state.survivor)
    for row in state.outbox.values():
        if row["state"] != "sent":
            finding.figures[f"{row['kind']} {row['state']} in the outbox"] += 1
    for stage, source, reason in state.letters:
        finding.figures[f"letter of {stage} {source}: {reason[:80]}"] += 1
    for effect in state.effects.values():
        if effect.withheld:
            finding.figures[f"{effect.kind} withheld: {effect.withheld[:40]}"] += 1
    finding.figures["activities"] = len(state.season.posted)


def nobody_lost(state: SeasonState, finding: Finding) -> None:
    """Every record of a person is one lead's, and every person is one lead."""
    box = state.season.ground.box
    whose: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for lead in state.leads.values():
        for system, _, id_ in lead.records:
            whose[system, id_].add(lead.id)
    there = [("hubspot", id_) for id_ in box.hubspot.portal.shelves["contacts"].records]
    for name in ("Lead", "Contact"):
        there += [("salesforce", id_) for id_ in box.salesforce.org.records[name]]
    note(finding, "records are nobody's", [f"{system} {id_}" for system, id_ in there if not whose[system, id_]])
    note(finding, "records are of several leads", [id_ for (_, id_), those in whose.items() if len(those) > 1])
    several = []
    for person in state.season.leads:
        ids = {id_ for record in state.season.records_of(person) for id_ in whose.get(record, ())}
        if len(ids) != 1 and person.arrives < state.now:
            several.append(f"{person.email} is {len(ids)} leads")
    note(finding, "people are not one lead each", several)
    note(finding, "leads are in no stage", [each.id for each in state.leads.values() if each.stage not in _STAGES])
    odd = [each.id for each in state.leads.values() if each.state is None or each.state.stage != each.stage]
    note(finding, "leads have a stage that their state does not have", odd)


def everything_stored_once(state: SeasonState, finding: Finding) -> None:
    """Every activity that was delivered is stored, once, of whom it is about."""
    with state.season.ground.store.read() as conn:
        rows = conn.execute(
            select(tables.activities.c.key, tables.activities.c.lead_id).where(
                tables.activities.c.source == "activities"
            )
        ).all()
    whose: dict[str, str | None] = {row.key: row.lead_id for row in rows}
    finding.figures["activities stored"] = len(rows)
    note(finding, "activities are stored twice", [key for key, n in Counter(key for key, _ in rows).items() if n > 1])
    note(finding, "activities are lost", [key for key in state.season.posted if key not in whose])
    alien = []
    for key, deed in state.season.posted.items():
        lead = state.leads.get(state.lead_of(str(whose.get(key) or "")))
        if key in whose and (lead is None or lead.email not in deed.lead.emails):
            alien.append(key)
    note(finding, "activities are somebody else's", alien)


def every_alert_once(state: SeasonState, finding: Finding) -> None:
    """Every alert that was raised arrived once; a worker that died in between may have sent one again by its id."""
    sink = state.season.ground.sink
    finding.figures["alerts"] = len(state.alerts)
    finding.figures["alerts delivered"] = sum(sink.times.values())
    wanted = {quote(key, safe=_SAFE) for key in state.alerts}
    note(finding, "alerts never arrived", sorted(wanted - set(sink.times)))
    note(finding, "alerts arrived that nobody raised", sorted(set(sink.times) - wanted))
    again = sum(sink.times.values()) - len(sink.times)
    finding.figures["alerts sent again after a kill"] = again
    if again > state.season.kills:
        twice = [key for key, times in sink.times.items() if times > 1]
        note(finding, f"alerts arrived again, with {state.season.kills} workers killed", twice)
    if sink.forged:
        finding.differences.append(f"{sink.forged} alerts had a signature that is not ours")
