"""Task texts: the text of each task, from what is known of its lead when it is delivered.

What the lead's state says now counts, not what it said when the task was decided: a record may have come since. What
is written is kept in the outbox, so that it is known later on what we wrote.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection as Sql

from connectors import vendors
from integration.core.handoff.task_story import NOTHING_BESIDE, Beside, with_beside
from integration.core.run.task_wording import worded
from integration.flows.base.service import Connection, HasCrms, HasRules
from integration.flows.delivering.write_decisions import task_effect
from integration.flows.history import load_events
from integration.store.db.json_codec import encode
from integration.store.outgoing import outbox
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.people import leads, record_references
from integration.store.people.record_references import Reference
from mappings.model.task_text import Link, TaskText, of_plain, plain
from mappings.values.identifiers import AccountId, ConnectionName
from mappings.values.instant import Instant


def reworded(
    conn: Sql, service: HasRules, rows: Sequence[Outgoing], now: Instant, known: Mapping[int, Beside]
) -> list[tuple[Outgoing, TaskText]]:
    """The rows of tasks with the words of this moment, which are stored with them; in the caller's write transaction.

    `known` has, by outbox id, what the lead's state does not say. A lead that is not decided under the service's
    playbook keeps the words that were decided.
    """
    states = load_events.states(conn, {row.lead_id for row in rows}, service.rules.number)
    found: list[tuple[Outgoing, TaskText]] = []
    for row in rows:
        state, beside = states.get(row.lead_id), known.get(row.id, NOTHING_BESIDE)
        if state is None:
            kept = replace(row, payload_text=encode({**row.payload, **_apart(beside)}))
            found.append((kept, with_beside(of_plain(str(row.payload["body"])), beside)))
            continue
        effect = task_effect(row)
        task = worded(service.rules.compiled, state, effect, now, beside)
        payload = {**row.payload, "subject": task.subject, "body": plain(task.body), "due_at": task.due_at}
        text = task.body
        if not effect.wording.subject:
            payload, text = payload | _apart(beside), with_beside(task.body, beside)
        found.append((replace(row, payload_text=encode(payload)), text))
    outbox.reword(conn, [(row.id, row.payload) for row, _ in found])
    return found


def _apart(beside: Beside) -> dict[str, str]:
    """What is written besides a text that was worded before: kept apart, to tell what sales adds from what we wrote."""
    return {"answering": "\n".join(beside.closing)} if beside.closing else {}


def with_links(
    conn: Sql, service: HasCrms, connection: Connection, rows: Sequence[Outgoing], known: Mapping[int, Beside]
) -> dict[int, Beside]:
    """What tasks tell that no lead's state says, by outbox id, with links to the records of the person and the company.

    Records of the CRM in which the task stands come first.
    """
    homes = dict(leads.homes(conn, sorted({row.lead_id for row in rows})))
    people = record_references.of_leads(conn, homes)
    companies = record_references.of_accounts(conn, {account for account in homes.values() if account})
    found: dict[int, Beside] = {}
    for row in rows:
        person = [each for each in people.get(row.lead_id, ()) if each.object in record_references.PEOPLE]
        company = companies.get(homes.get(row.lead_id, AccountId("")), [])
        links = [*_links(service, connection, person, "Person"), *_links(service, connection, company, "Company")]
        found[row.id] = replace(known[row.id], records=tuple(links))
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
