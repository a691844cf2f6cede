"""Both CRMs with a field of the task for what sales finds out, and mappings that write it to the record's own field."""

from dataclasses import replace
from typing import Any

from edited_texts import edited_text

from integration.wiring.whole_service import Service
from mappings.language import mapping_files
from mappings.language.mapping_compiler import compile_mapping
from mappings.model.compiled_mapping import CrmMapping
from mappings.yaml_files.located_yaml import load
from sandbox.hubspot.state.property_values import Property
from sandbox.salesforce.state.field_values import Field
from sandbox.server import Sandbox

TASK_FIELD = {"hubspot": "task_budget", "salesforce": "Task_Budget__c"}
RECORD_FIELD = {"hubspot": "sdr_budget", "salesforce": "Budget__c"}
_BY = {"hubspot": "      by: hubspot_owner_id", "salesforce": "      by: OwnerId"}
_FIT = {"hubspot": "      fit: coldframe_fit\n", "salesforce": "      fit: Coldframe_Fit__c\n"}


def writing(system: str, *changes: tuple[str, str]) -> CrmMapping:
    """The shipped mapping that reads the budget from a task's field and writes it to the record's."""
    text = edited_text(
        mapping_files.shipped(system).text,
        (_BY[system], f"      lead: {{budget: {TASK_FIELD[system]}}}\n{_BY[system]}"),
        (_FIT[system], f"{_FIT[system]}      budget: {RECORD_FIELD[system]}\n"),
        *changes,
    )
    located, problems = load(text, f"{system}.yaml")
    assert located is not None, problems
    mapping, problems = compile_mapping(located)
    assert mapping is not None, problems
    return mapping


def installed(service: Service, sandbox: Sandbox) -> Service:
    """The service with these mappings, over a sandbox that has the tasks' fields."""
    name = TASK_FIELD["hubspot"]
    sandbox.hubspot.portal.properties("tasks")[name] = Property(
        name=name, label="Budget", type="string", field_type="text", group="engagement", custom=True
    )
    name = TASK_FIELD["salesforce"]
    sandbox.salesforce.org.fields["Task"][name] = Field(name=name, label="Budget", type="string", length=255)
    named = {key: replace(each, mapping=writing(each.system)) for key, each in service.connections.items()}
    return replace(service, connections=named)


def budget(sandbox: Sandbox, system: str, record: str) -> Any:
    """What stands in the record's own field."""
    if system == "salesforce":
        return sandbox.salesforce.record("Lead", record).get(RECORD_FIELD[system]) or ""
    return sandbox.hubspot.values("contacts", record).get(RECORD_FIELD[system], "")


def write_budget(sandbox: Sandbox, system: str, record: str, value: str) -> None:
    """A person types it into the record."""
    if system == "salesforce":
        sandbox.salesforce.set("Lead", record, {RECORD_FIELD[system]: value})
    else:
        sandbox.hubspot.set("contacts", record, {RECORD_FIELD[system]: value})
