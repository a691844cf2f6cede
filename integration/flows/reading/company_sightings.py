"""Company sightings: which company a person's record is about."""

from connectors.base.port import Record
from integration.flows.base.service import Connection
from integration.flows.people.identities import Sighting
from mappings.translate.translation import Inward


def company_of(connection: Connection, record: Record, told: Inward) -> Sighting:
    """The company of a person: the record it names, else its domain, else one of its own."""
    if told.account_ref is not None:
        return Sighting(references=((connection.name, *told.account_ref),))
    domain = domain_of(told)
    if domain is not None:
        return Sighting(handle=domain)
    return Sighting(references=((connection.name, f"{record.object}.company", record.id),))


def domain_of(told: Inward) -> str | None:
    """The domain of the company that a record names."""
    domain = told.account.get("domain")
    return str(domain) if domain else None
