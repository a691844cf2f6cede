"""Task texts: the text of each task, from what is known of its lead when it is delivered.

What the lead's state says now counts, not what it said when the task was decided: a record may have come since. What
is written is kept in the outbox, so that it is known later on what we wrote.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection as Sql

from connectors import vendors
from integration.core.handoff.task_story import NOTHING_BESIDE, Beside, with_beside
from integration.core.model.effects import Escalated, TaskWanted
from integration.core.model.state import LeadState
from integration.core.run.task_wording import worded
from integration.flows.base.service import Connection, HasCrms, HasRules
from integration.flows.delivering.write_decisions import task_effect
from integration.flows.history import load_events
from integration.store.assigning.written_tasks import WRITTEN
from integration.store.db.json_codec import encode
from integration.store.outgoing import outbox
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.people import leads, record_references
from integration.store.people.record_references import Reference
from mappings.model.task_text import Link, TaskText, of_plain, plain
from mappings.values.identifiers import AccountId, ConnectionName, LeadId
from mappings.values.instant import Instant


def reworded(
    conn: Sql, service: HasRules, rows: Sequence[Outgoing], now: Instant, known: Mapping[int, Beside]
) -> list[tuple[Outgoing, TaskText]]:
    """The rows of tasks with the words of this moment, which are stored with them; in the caller's write transaction.

    `known` has, by outbox id, what the lead's state does not say.
    """
    states = load_events.states(conn, {row.lead_id for row in rows}, service.rules.number)
    found: list[tuple[Outgoing, TaskText]] = []
    for row in rows:
        payload, text = said(
            service, states.get(row.lead_id), task_effect(row), row.payload, now, known.get(row.id, NOTHING_BESIDE)
        )
        found.append((replace(row, payload_text=encode(payload)), text))
    outbox.reword(conn, [(row.id, row.payload) for row, _ in found])
    return found


def said(  # noqa: PLR0913, PLR0917 - a task, and what is known of it
    service: HasRules,
    state: LeadState | None,
    task: TaskWanted | Escalated,
    payload: Mapping[str, Any],
    now: Instant,
    beside: Beside,
) -> tuple[dict[str, Any], TaskText]:
    """What is stored of a task that is worded at `now`, and its text, with how to close it and where to look.

    One of a lead that is not decided under the service's playbook (`state` is None) keeps the words that were decided,
    as does one that was decided before tasks kept their wording.
    """
    stored = {name: value for name, value in payload.items() if name != WRITTEN}
    if state is None or not task.wording.subject:
        text = with_beside(of_plain(task.body), beside)
        return stored | {WRITTEN: plain(text)}, text
    found = worded(service.rules.compiled, state, task, now, beside)
    return stored | {"subject": found.subject, "body": plain(found.body), "due_at": found.due_at}, found.body


def with_links(
    conn: Sql, service: HasCrms, connection: Connection, tasks: Mapping[int, LeadId], known: Mapping[int, Beside]
) -> dict[int, Beside]:
    """What tasks tell that no lead's state says, by outbox id, with links to the records of the person and the company.

    `tasks` has the lead of each. Records of the CRM in which the task stands come first.
    """
    homes = dict(leads.homes(conn, sorted(set(tasks.values()))))
    people = record_references.of_leads(conn, homes)
    companies = record_references.of_accounts(conn, {account for account in homes.values() if account})
    found: dict[int, Beside] = {}
    for number, lead in tasks.items():
        person = [each for each in people.get(lead, ()) if each.object in record_references.PEOPLE]
        company = companies.get(homes.get(lead, AccountId("")), [])
        links = [*_links(service, connection, person, "Person"), *_links(service, connection, company, "Company")]
        found[number] = replace(known[number], records=tuple(links))
    return found


def _links(service: HasCrms, home: Connection, records: Sequence[Reference], label: str) -> Iterator[tuple[str, Link]]:
    """One link for each connection, this one first: the record that stands first there."""
    there: dict[ConnectionName, Reference] = {}
    for each in records:
        if each.connection in service.connections:
            there.setdefault(each.connection, each)
    for name in sorted(there, key=lambda name: (name != home.name, name)):
        connection, record = service.connections[name], there[name]
        if address := connection.link(record.object, record.external_id):
            yield f"{label} in {vendors.vendor(connection.system).label}", Link(address)
