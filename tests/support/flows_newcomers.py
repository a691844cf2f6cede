"""People whom no CRM knows, and mappings that say which CRM creates them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from flows_crms import OWNER
from flows_run import Watch, activity, receive

from integration.wiring.whole_service import Service
from mappings.language import mapping_files
from mappings.language.mapping_compiler import compile_mapping
from mappings.yaml_files.located_yaml import load
from sandbox.server import Sandbox

Creating: TypeAlias = Callable[..., Service]
EMAIL = "silva@acme.example"
SAID = {
    "salesforce": """
creates:
  on: [demo_request, contact_request]
  as: Lead
  with:
    FirstName: {from: property.first_name}
    LastName: {from: [property.last_name, email]}
    Company: {from: account.domain, default: (not given)}
    LeadSource: Other
""",
    "hubspot": """
creates:
  on: [demo_request, contact_request]
  as: contact
  with:
    firstname: {from: property.first_name}
    lastname: {from: property.last_name}
""",
}
CREATE = {
    "salesforce": {"system": "salesforce", "method": "POST", "path": "*/composite/sobjects"},
    "hubspot": {"system": "hubspot", "method": "POST", "path": "*/contacts/batch/create"},
}


def made_creating(service: Service, sandbox: Sandbox) -> Creating:
    """The service, whose mappings of these systems say `creates`; the CRMs' own rules give new people to somebody."""
    sandbox.salesforce.org.assigns, sandbox.hubspot.portal.assigns = sandbox.salesforce.people[1]["Id"], OWNER

    def made(*systems: str) -> Service:
        connections = dict(service.connections)
        for system in systems:
            located, _ = load(mapping_files.shipped(system).text + SAID[system], f"{system}.yaml")
            assert located is not None
            mapping, problems = compile_mapping(located)
            assert mapping is not None, problems
            connections[system] = replace(connections[system], mapping=mapping, located=located)
        return replace(service, connections=connections)

    return made


def people(sandbox: Sandbox, system: str) -> list[dict[str, Any]]:
    """Every person of a CRM: e-mail, names and what else was set."""
    if system == "salesforce":
        return [dict(each) for name in ("Lead", "Contact") for each in sandbox.salesforce.records(name)]
    return [{"Id": each.id, **each.values} for each in sandbox.hubspot.records("contacts")]


def asks(service: Service, at: Watch, email: str = EMAIL, number: object = 1, **more: Any) -> None:
    """Somebody asks for a demo on a web form."""
    receive(service, activity(number, email, "demo_request", at(), **more))
