"""One lead: everything that is known of a lead at an instant, for a page that shows it. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors import vendors
from integration.core.scoring.machines import marked
from integration.flows.base.running_playbook import at_that_time
from integration.flows.base.service import Derived, HasCrms
from integration.flows.history import load_events
from integration.flows.levels.time_words import crm_name, run_words
from integration.flows.looking.explained_then import ExplainedThen, explained_then
from integration.playbook.explaining.activity_words import deed
from integration.store.assigning import lead_tasks
from integration.store.assigning.lead_tasks import GivenTask
from integration.store.crm import crm_users
from integration.store.people import accounts, record_references
from integration.store.people.leads import LeadRow
from integration.store.people.record_references import PEOPLE, Reference
from mappings.model.canonical import NOTHING, Activity, Fields
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person did, in words."""

    at: Instant
    words: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOfLead:
    """A record of the person or the company in a CRM; `url` opens it there, "" where its address is not known."""

    connection: ConnectionName
    crm: str
    what: str
    object: str
    id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OneLead:
    """A lead at an instant. `levels` are its service levels in words, `tasks` what is known of its tasks by key now.

    `deeds` are activities of people, the latest first, at most as many as were asked for; `deed_count` are all.
    """

    then: ExplainedThen
    company: Fields
    owner: str
    deeds: Sequence[Deed]
    deed_count: int
    levels: Sequence[str]
    tasks: Mapping[str, GivenTask]
    records: Sequence[RecordOfLead]


def one_lead(service: Derived, name: str, moment: Instant, most: int) -> OneLead | None:
    """The lead of that name at an instant; None where nobody goes by it.

    Raises OutdatedError, Unfoldable, and ValueError where a name is several people's.
    """
    then = explained_then(service, name, moment)
    if then is None:
        return None
    row, rules = then.row, at_that_time(service, moment).rules
    with service.store.read() as conn:
        events = load_events.whole(conn, [row], service.ownership, rules.vocabulary)[row.id]
        company = next(iter(accounts.get(conn, [row.account_id])), None) if row.account_id else None
        tasks = lead_tasks.of_leads(conn, [row.id]).get(row.id, ())
        users = crm_users.names(conn)
        people = record_references.of_leads(conn, [row.id]).get(row.id, [])
        firms = record_references.of_accounts(conn, [row.account_id] if row.account_id else [])
    done = [
        each
        for each in marked(rules.playbook.vocabulary.machine, (each for each in events if each.at <= moment))
        if isinstance(each, Activity) and not each.machine
    ]
    return OneLead(
        then=then,
        company=company.fields if company else NOTHING,
        owner=users.get(row.owner or "", row.owner or ""),
        deeds=[_deed(each, deed(each, rules.vocabulary)) for each in reversed(done[-most:])],
        deed_count=len(done),
        levels=[run_words(each, crm_name(service.connections, each.connection)) for each in then.levels],
        tasks={each.key: each for each in tasks},
        records=[*_records(service, people, row), *_records(service, firms.get(row.account_id, ()), row)]
        if row.account_id
        else _records(service, people, row),
    )


def _deed(activity: Activity, words: str) -> Deed:
    return Deed(activity.at, words, activity.id.partition(":")[0])


def _records(service: HasCrms, references: Sequence[Reference], row: LeadRow) -> list[RecordOfLead]:
    """Where they are in connected CRMs, the preferred first."""
    return [
        RecordOfLead(
            connection=each.connection,
            crm=vendors.vendor(service.connections[each.connection].system).label,
            what="Person" if each.lead_id == row.id and each.object in PEOPLE else "Company" if each.account_id else "",
            object=each.object,
            id=each.external_id,
            url=service.connections[each.connection].link(each.object, each.external_id),
        )
        for each in references
        if each.connection in service.connections
    ]
