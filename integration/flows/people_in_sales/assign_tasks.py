"""Assign tasks: finds, for a batch of tasks, the person each goes to, and why.

This is the one place where a role becomes a person. `routing.yaml` takes over `assigned`, which gets what the CRMs
name for each lead and answers with an explanation for each task; loading, storing, waiting and telling stay as they
are. What survives a crash: to whom a task goes, or that it waits, is stored with the mark that it is about to be sent.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection as Sql

from integration.core.model import effect_keys
from integration.flows.base.service import Alerting, Connected, Connection, HasCrms
from integration.flows.people_in_sales import user_directory
from integration.flows.people_in_sales.assignee_rules import Candidate, Case, Directory, resolved
from integration.flows.people_in_sales.raise_alerts import raise_alert
from integration.store.crm import crm_users
from integration.store.crm.crm_users import UserAddress
from integration.store.outgoing import unassigned
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.unassigned import Assigned
from integration.store.people import field_changes, leads
from integration.store.people.field_changes import ChangeRow
from mappings.conflicts.field_conflicts import speaker
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import HOUR, MINUTE, Span

AGAIN: Span = 5 * MINUTE
"""How long a task that has nobody to go to waits before it is looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Whom the CRMs name for one lead: the owners of the lead and of its account, and who had our last tasks."""

    owner: Sequence[Candidate] = ()
    account_owner: Sequence[Candidate] = ()
    worked: Sequence[Candidate] = field(default=())

    def users(self) -> list[UserAddress]:
        """Everybody who is named."""
        return [(each.connection, each.user) for each in (*self.owner, *self.account_owner, *self.worked)]


def assigned(service: Connected, connection: Connection, rows: Sequence[Outgoing]) -> dict[int, Assigned]:
    """For each task, by its outbox id, the person it goes to or why it waits. Stores nothing but who there is.

    Asks the CRMs for those who may get one and are not known yet. Raises Unavailable where the connection is away.
    """
    user_directory.fresh(service, connection)
    user_directory.fresh_elsewhere(service, connection)
    with service.store.read() as conn:
        named = _named(conn, service, connection, rows)
    wanted = {address for each in named.values() for address in each.users()}
    user_directory.look_up(service, wanted)
    with service.store.read() as conn:
        managers = {(name, user.manager) for (name, _), user in crm_users.by_id(conn, wanted).items() if user.manager}
    user_directory.look_up(service, managers)
    with service.store.read() as conn:
        directory = _directory(conn, service, wanted)
    return {row.id: resolved(_case(connection, row, named[row.lead_id]), directory) for row in rows}


def keep(
    conn: Sql, service: Alerting, connection: Connection, rows: Sequence[Outgoing], found: Mapping[int, Assigned]
) -> dict[int, Assigned]:
    """Store to whom each task goes with its effect; those that have nobody wait, and an alert says so.

    In the caller's write transaction. The answer holds only the tasks that go to somebody.
    """
    kept = unassigned.of_effects(conn, {key for row in rows for key in _keys(row)})
    new = {key: found[row.id] for row in rows for key in _keys(row) if kept.get(key) != found[row.id]}
    unassigned.assign(conn, new)
    waiting = [(row.id, found[row.id].waits, words(found[row.id])) for row in rows if not found[row.id].user]
    unassigned.wait(conn, waiting, service.now() + AGAIN)
    unassigned.found(conn, [row.id for row in rows if found[row.id].user])
    _tell(conn, service, connection, [found[row_id] for row_id, _, _ in waiting])
    return {row_id: each for row_id, each in found.items() if each.user}


def words(told: Assigned) -> str:
    """Why a task waits, in one line."""
    return f"nobody to give it to: {'; '.join(f'{who} {why}' for who, why in told.passed_over)}"


def _tell(conn: Sql, service: Alerting, connection: Connection, waiting: Sequence[Assigned]) -> None:
    """An alert says at once that tasks have nobody to go to, and again every hour as long as they have not."""
    hour = service.now() // HOUR
    for reason in sorted({each.waits for each in waiting}):
        one = next(each for each in waiting if each.waits == reason)
        raise_alert(
            conn,
            service,
            key=f"nobody/{connection.name}/{reason}/{hour}",
            alert="nobody_available",
            text=f"tasks in {connection.name} wait, since there is nobody to give them to ({reason.replace('_', ' ')})",
            remedy=f"{one.remedy}; coldframe doctor counts them",
            because=[f"role {one.role}"],
        )


def _keys(row: Outgoing) -> tuple[str, ...]:
    """The keys under which a task's effect may stand: after a merge it is the surviving lead's."""
    return tuple(dict.fromkeys((row.key, effect_keys.moved(row.key, LeadId(row.lead_id)))))


def _case(connection: Connection, row: Outgoing, named: Named) -> Case:
    escalation = row.payload.get("kind") == "escalation"
    return Case(
        role=str(row.payload.get("assignee") or "owner"),
        home=connection.name,
        owner=named.owner,
        account_owner=named.account_owner,
        worked=named.worked,
        # Who was given the lead's last task is late, and so is whoever owns the lead now.
        late=(*named.worked[:1], *named.owner[:1]),
        escalation=escalation,
    )


def _named(conn: Sql, service: HasCrms, connection: Connection, rows: Sequence[Outgoing]) -> dict[str, Named]:
    """Whom the CRMs name for the leads of these tasks; of the connection where a task is made, first."""
    people = leads.get(conn, sorted({row.lead_id for row in rows}))
    homes = {row.id: row.account_id for row in people}
    accounts = sorted({account for account in homes.values() if account})
    told = field_changes.history(conn, sorted(homes), accounts)
    records = {row.lead_id: row.external_id for row in rows}
    given = unassigned.given(conn, homes)
    names = [connection.name, *(name for name in service.connections if name != connection.name)]
    by_lead: defaultdict[str, list[ChangeRow]] = defaultdict(list)
    by_account: defaultdict[str, list[ChangeRow]] = defaultdict(list)
    for change in told:
        if change.lead_id:
            by_lead[change.lead_id].append(change)
        if change.account_id:
            by_account[change.account_id].append(change)
    found: dict[str, Named] = {}
    for lead, account in homes.items():
        worked = [
            Candidate(connection=each.connection, user=each.user, respect="had the last task")
            for each in reversed(given.get(lead, []))
        ]
        found[lead] = Named(
            owner=_owners(by_lead[lead], names, "owner of the lead", records.get(lead, "")),
            account_owner=_owners(by_account[account] if account else (), names, "owner of the account"),
            worked=worked,
        )
    return {row.lead_id: found.get(row.lead_id, Named()) for row in rows}


def _owners(
    told: Sequence[ChangeRow], names: Sequence[ConnectionName], respect: str, record: str = ""
) -> list[Candidate]:
    """The owner that each connection said last; of the record that the task is about, where it says one.

    A person may have several records in one connection, with an owner each.
    """
    found: dict[ConnectionName, str] = {}
    for own_record in (False, True):
        for change in told:
            if "owner" in change.fields and (not own_record or _about(change, record)):
                found[speaker(change.key)[1]] = str(change.fields["owner"] or "")
    return [Candidate(connection=name, user=found[name], respect=respect) for name in names if found.get(name)]


def _about(change: ChangeRow, record: str) -> bool:
    """Whether a reading (`…:ID@TIME`) or a webhook (`…:ID:…`) of this record contains a change."""
    return bool(record) and (f":{record}@" in change.key or f":{record}:" in change.key)


def _directory(conn: Sql, service: HasCrms, wanted: Iterable[UserAddress]) -> Directory:
    """Everybody named, their managers, and the same people in the other connections."""
    users = crm_users.by_id(conn, wanted)
    emails = {user.email for user in users.values() if user.email}
    same = crm_users.by_email(conn, emails)
    managers = {(name, user.manager) for those in same.values() for name, user in those if user.manager}
    managers |= {(name, user.manager) for (name, _), user in users.items() if user.manager}
    users |= crm_users.by_id(conn, managers)
    same |= crm_users.by_email(conn, {user.email for user in users.values() if user.email})
    readings = {name: crm_users.last_reading(conn, name) for name in service.connections}
    own = {name: reading.own_user for name, reading in readings.items() if reading}
    return Directory(users=users, by_email=same, own=own)
