"""Named people: whom the CRMs name for a batch of leads, and who is known of them in every connection."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection as Sql

from integration.flows.assigning.assignee_case import Candidate, Directory
from integration.flows.base.service import Connection, HasCrms
from integration.store.crm import crm_users
from integration.store.crm.crm_users import UserAddress
from integration.store.outgoing import unassigned
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.people import field_changes, leads
from integration.store.people.field_changes import ChangeRow
from mappings.conflicts.field_conflicts import speaker
from mappings.values.identifiers import ConnectionName


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Whom the CRMs name for one lead: the owners of the lead and of its account, and who had our last tasks."""

    owner: Sequence[Candidate] = ()
    account_owner: Sequence[Candidate] = ()
    worked: Sequence[Candidate] = field(default=())
    worked_pool: str = ""
    """The pool that gave the last of our tasks."""

    def users(self) -> list[UserAddress]:
        """Everybody who is named."""
        return [(each.connection, each.user) for each in (*self.owner, *self.account_owner, *self.worked)]


def named_for(conn: Sql, service: HasCrms, connection: Connection, rows: Sequence[Outgoing]) -> dict[str, Named]:
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
        last = [each for each in reversed(given.get(lead, [])) if each.role != "manager"]
        worked = [Candidate(connection=each.connection, user=each.user, respect="had the last task") for each in last]
        found[lead] = Named(
            owner=_owners(by_lead[lead], names, "owner of the lead", records.get(lead, "")),
            account_owner=_owners(by_account[account] if account else (), names, "owner of the account"),
            worked=worked,
            worked_pool=last[0].pool if last else "",
        )
    return {row.lead_id: found.get(row.lead_id, Named()) for row in rows}


def known(conn: Sql, service: HasCrms, wanted: Iterable[UserAddress], addresses: Iterable[str] = ()) -> Directory:
    """Everybody wanted, their managers, those with these e-mails, and the same people in the other connections."""
    users = crm_users.by_id(conn, wanted)
    emails = {user.email for user in users.values() if user.email} | set(addresses)
    same = crm_users.by_email(conn, emails)
    managers = {(name, user.manager) for those in same.values() for name, user in those if user.manager}
    managers |= {(name, user.manager) for (name, _), user in users.items() if user.manager}
    users |= crm_users.by_id(conn, managers)
    same |= crm_users.by_email(conn, {user.email for user in users.values() if user.email})
    users |= {(name, user.id): user for those in same.values() for name, user in those}
    readings = {name: crm_users.last_reading(conn, name) for name in service.connections}
    own = {name: reading.own_user for name, reading in readings.items() if reading}
    return Directory(users=users, by_email=same, own=own)


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
