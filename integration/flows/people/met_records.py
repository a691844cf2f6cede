"""Met records: the people behind CRM records that other records name; unknown ones are to be read."""

from collections.abc import Iterable

from sqlalchemy import Connection as Sql

from integration.flows.base.service import NewPeople
from integration.flows.people import identities
from integration.flows.people.identities import Sighting
from integration.store.people.record_references import Address
from integration.store.queues import records_to_read
from integration.store.queues.records_to_read import Wanted
from mappings.values.identifiers import LeadId


def people_met(conn: Sql, service: NewPeople, met: Iterable[Address]) -> dict[Address, LeadId]:
    """The lead behind each of these records, in the caller's write transaction, after `serialise`."""
    addresses = sorted(set(met))
    who = identities.people(
        conn,
        [Sighting(references=(address,)) for address in addresses],
        at=service.now(),
        new_id=service.new_leads.new_id,
        connected=service.connections,
        owners=service.ownership.lead,
    )
    found = dict(zip(addresses, who.ids, strict=True))
    strangers = [address for address, lead in found.items() if lead in who.newcomers]
    records_to_read.want(conn, [Wanted(connection=name, object=kind, external_id=key) for name, kind, key in strangers])
    return found
