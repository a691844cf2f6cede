"""Every request to a sandbox is checked against the vendors' shapes; that they are these, and that it can fail."""

import importlib
import inspect
import re
from typing import Any

import crm_shapes
import pytest
import requests
from connector_ground import TOKEN
from hubspot_bodies import HUBSPOT

from sandbox.server import Sandbox

MODELS = {
    "hubspot.crm.objects": [
        "BatchReadInputSimplePublicObjectId",
        "BatchInputSimplePublicObjectBatchInput",
        "BatchInputSimplePublicObjectBatchInputForCreate",
        "BatchInputSimplePublicObjectBatchInputUpsert",
        "BatchInputSimplePublicObjectId",
        "PublicObjectSearchRequest",
        "SimplePublicObjectInput",
        "SimplePublicObjectInputForCreate",
    ],
    "hubspot.crm.associations.v4": ["BatchInputPublicFetchAssociationsBatchRequest"],
    "hubspot.crm.properties": ["PropertyCreate", "PropertyUpdate", "PropertyGroupCreate"],
    "hubspot.crm.contacts": ["PublicGdprDeleteInput"],
    "hubspot.crm.lists": ["ListCreateRequest", "ListFilterUpdateRequest"],
    "hubspot.webhooks": ["SubscriptionCreateRequest", "SettingsChangeRequest"],
}
FULLER = {
    "SimplePublicObjectBatchInputForCreate": {"associations"},
    "SimplePublicObjectInputForCreate": {"associations"},
    "PublicObjectSearchRequest": {"limit", "after", "properties", "sorts", "filterGroups"},
}
"""What the API wants beyond what its specification marks as required; see the design's apis page."""


def compared(library: Any, name: str, schema: Any) -> None:
    """A schema names what a model of the client names, and requires what it requires; so do the parts of both."""
    model = getattr(library, name)
    source = inspect.getsource(model)
    required = {
        model.attribute_map[found] for found in re.findall(r"Invalid value for `(\w+)`, must not be `None`", source)
    }
    assert set(schema["properties"]) == set(model.attribute_map.values()), name
    assert set(schema["required"]) == required | FULLER.get(name, set()), name
    for attribute, kind in model.openapi_types.items():
        part = re.fullmatch(r"(?:list\[)?([A-Z]\w+)\]?", kind)
        inner = schema["properties"][model.attribute_map[attribute]]
        inner = inner.get("items", inner)
        if part and inner.get("type") == "object":
            compared(library, part[1], inner)


@pytest.mark.parametrize(("library", "name"), [(library, name) for library, names in MODELS.items() for name in names])
def test_hubspots_shapes_are_those_of_its_own_clients_models(library: str, name: str) -> None:
    compared(importlib.import_module(library), name, HUBSPOT[name])


def test_every_hubspot_shape_is_compared() -> None:
    known = {name for names in MODELS.values() for name in names}
    assert known | {"BatchInputString"} == set(HUBSPOT), "the library has no model of this one"


WRONG: list[tuple[str, str, str, Any, str]] = [
    ("hubspot", "POST", "/crm/objects/2026-09/contacts/batch/update",
     {"inputs": [{"id": "1", "properties": {"a": 1}}]}, "is not of type 'string'"),
    ("hubspot", "POST", "/crm/objects/2026-09/contacts/batch/update",
     {"inputs": [{"id": 1, "properties": {}}]}, "is not of type 'string'"),
    ("hubspot", "POST", "/crm/objects/2026-09/tasks/batch/create",
     {"inputs": [{"properties": {}}]}, "'associations' is a required property"),
    ("hubspot", "POST", "/crm/objects/2026-09/contacts/batch/read",
     {"inputs": [{"id": "1"}] * 101, "properties": [], "propertiesWithHistory": []}, "too long"),
    ("hubspot", "POST", "/crm/objects/2026-09/contacts/search",
     {"filterGroups": [], "limit": 200, "sorts": [], "properties": []}, "'after' is a required property"),
    ("hubspot", "POST", "/crm/objects/2026-09/contacts/search",
     {"filterGroups": [], "limit": 201, "sorts": [], "properties": [], "after": "0"}, "greater than the maximum"),
    ("hubspot", "POST", "/crm/associations/2026-09/deals/contacts/batch/read", {"inputs": [{"ids": ["1"]}]}, "id"),
    ("hubspot", "POST", "/crm/properties/2026-09/contacts", {"name": "Fit", "label": "Fit"}, "does not match"),
    ("hubspot", "GET", "/crm/v3/objects/contacts", None, "publishes no such call"),
    ("hubspot", "GET", "/crm/owners/2026-09", {"limit": 1}, "a body where none belongs"),
    ("salesforce", "PATCH", "/services/data/v66.0/composite/sobjects",
     {"allOrNone": False, "records": [{"id": "00Q000000000001", "Fit__c": 1}]}, "'attributes' is a required property"),
    ("salesforce", "PATCH", "/services/data/v66.0/composite/sobjects", {"records": []}, "'allOrNone' is a required"),
    ("salesforce", "PATCH", "/services/data/v66.0/composite/sobjects/Task/Key__c",
     {"allOrNone": False, "records": [{"attributes": {"type": "Task"}}] * 201}, "too long"),
    ("salesforce", "GET", "/services/data/v66.0/query", None, "no query"),
    ("salesforce", "GET", "/services/data/v66/sobjects", None, "publishes no such call"),
]  # fmt: skip


@pytest.mark.parametrize(("system", "method", "path", "body", "said"), WRONG)
def test_a_request_of_another_shape_is_told_with_its_place(
    system: str, method: str, path: str, body: Any, said: str
) -> None:
    found = list(crm_shapes.faults(system, method, path, "", body))
    assert any(said in one for one in found), found
    assert all(one.startswith(f"{method} {path}: ") for one in found)


def test_a_misshapen_request_to_any_sandbox_would_fail_its_test(box: Sandbox, misshapen: list[str]) -> None:
    url = f"{box.url}/hubspot/crm/objects/2026-09/contacts/batch/update"
    wrong = {"inputs": [{"id": "1", "properties": {"coldframe_fit": 40}}]}
    requests.post(url, json=wrong, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
    assert len(misshapen) == 1
    assert "40 is not of type 'string'" in misshapen[0]
    misshapen.clear()
