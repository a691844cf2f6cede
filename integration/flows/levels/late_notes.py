"""Late notes: what escalations and alerts about a missed deadline say of whose time it was."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from sqlalchemy import Connection as Sql

from integration.core.model import effect_keys
from integration.core.model.effect_keys import BREACH
from integration.core.model.effects import AlertRaised
from integration.flows.base.service import HasCrms, HasRules
from integration.flows.levels.split_times import split_times
from integration.flows.levels.time_words import crm_name, late_words, run_words
from integration.store.assigning import clock_runs
from integration.store.outgoing.outgoing_rows import Outgoing
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


class Splitting(HasRules, HasCrms, Protocol):
    """The clocks of the playbook, and the CRMs that tasks are in."""


def escalation_notes(conn: Sql, service: Splitting, rows: Iterable[Outgoing], now: Instant) -> dict[int, str]:
    """What each of these escalations says of how the time was spent so far, by outbox id; of other tasks nothing."""
    asked = {row.id: _run_of(row.key, LeadId(row.lead_id)) for row in rows if row.payload.get("kind") == "escalation"}
    said = _words(conn, service, asked.values(), now)
    return {row_id: said[key][0] for row_id, key in asked.items() if key in said}


def with_whose_time(
    conn: Sql, service: Splitting, alerts: Sequence[AlertRaised], now: Instant
) -> Sequence[AlertRaised]:
    """The alerts; those about a missed deadline say where it was not sales that took the time."""
    keys = {each.key: _run_of(each.key, each.lead) for each in alerts if each.key.endswith(f"/{BREACH}")}
    said = _words(conn, service, keys.values(), now)
    return [
        replace(each, text=each.text + said[keys[each.key]][1]) if keys.get(each.key) in said else each
        for each in alerts
    ]


def _words(conn: Sql, service: Splitting, keys: Iterable[str], now: Instant) -> Mapping[str, tuple[str, str]]:
    """By the key of a run: what became of it, and where sales is not late."""
    runs = clock_runs.of_keys(conn, keys) if (keys := set(keys)) else {}
    timed = split_times(conn, service.rules.playbook, list(runs.values()), now)
    names = {each.run.key: crm_name(service.connections, each.connection) for each in timed}
    return {
        each.run.key: (run_words(each, names[each.run.key]), late_words(each, names[each.run.key])) for each in timed
    }


def _run_of(key: str, lead: LeadId) -> str:
    """The key of the run that an escalation or an alert is about."""
    return effect_keys.moved(key, lead).rpartition("/")[0]
