"""Every reply of HubSpot's sandbox has what HubSpot's published descriptions require; its client carries these."""

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
import requests
from sandbox_calls import Api

from sandbox.server import Sandbox

OBJECTS, LINKS = "hubspot.crm.objects", "hubspot.crm.associations.v4"
PROPERTIES, OWNERS, PIPELINES, HOOKS = (
    "hubspot.crm.properties",
    "hubspot.crm.owners",
    "hubspot.crm.pipelines",
    "hubspot.webhooks",
)
RECORDS, PROPS = "/crm/objects/2026-09", "/crm/properties/2026-09/contacts"
LINKED = f"{RECORDS}/deals/{{deal}}/associations"
KEY = "?hapikey=k"
VALUES: Mapping[str, Any] = {"properties": {"email": "new@acme.example"}, "associations": []}
FIELD = {"name": "shoe", "label": "Shoe", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
AIM = {"targetUrl": "https://coldframe.example", "throttling": {"maxConcurrentRequests": 10}}
READ = {"properties": ["email"], "propertiesWithHistory": []}
SPEC = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]

LISTS = "/crm/lists/2026-09"
KNOWN = {"operationType": "ALL_PROPERTY", "operator": "IS_KNOWN", "includeObjectsWithNoValueSet": False}
LIST: Mapping[str, Any] = {
    "name": "Held",
    "objectTypeId": "0-1",
    "processingType": "DYNAMIC",
    "filterBranch": {
        "filterBranchType": "OR",
        "filterBranchOperator": "OR",
        "filters": [],
        "filterBranches": [
            {
                "filterBranchType": "AND",
                "filterBranchOperator": "AND",
                "filterBranches": [],
                "filters": [{"filterType": "PROPERTY", "property": "email", "operation": KNOWN}],
            }
        ],
    },
}
UPSERTED = {"id": "x", "idProperty": "key", "properties": {"email": "x@acme.example"}}

CALLS: tuple[tuple[str, str, Any, str, str], ...] = (
    ("POST", f"{RECORDS}/contacts/batch/read", READ | {"inputs": [{"id": "{contact}"}]},
     OBJECTS, "BatchResponseSimplePublicObject"),
    ("POST", f"{RECORDS}/contacts/batch/read", READ | {"inputs": [{"id": "7"}]},
     OBJECTS, "BatchResponseSimplePublicObjectWithErrors"),
    ("POST", f"{RECORDS}/contacts/batch/create", {"inputs": [VALUES]}, OBJECTS, "BatchResponseSimplePublicObject"),
    ("POST", f"{RECORDS}/contacts/batch/update", {"inputs": [{"id": "{contact}", "properties": {"firstname": "Bo"}}]},
     OBJECTS, "BatchResponseSimplePublicObject"),
    ("POST", f"{RECORDS}/contacts/batch/update", {"inputs": [{"id": "7", "properties": {"firstname": "Bo"}}]},
     OBJECTS, "BatchResponseSimplePublicObjectWithErrors"),
    ("POST", f"{RECORDS}/contacts/batch/upsert", {"inputs": [UPSERTED]},
     OBJECTS, "BatchResponseSimplePublicUpsertObject"),
    ("POST", f"{RECORDS}/contacts/batch/archive", {"inputs": [{"id": "{contact}"}]}, "", ""),
    ("POST", f"{RECORDS}/contacts/search",
     {"filterGroups": [], "limit": 1, "after": "0", "sorts": [], "properties": ["email"]},
     OBJECTS, "CollectionResponseWithTotalSimplePublicObjectForwardPaging"),
    ("POST", f"{RECORDS}/contacts/merge", {"primaryObjectId": "{contact}", "objectIdToMerge": "{other}"},
     OBJECTS, "SimplePublicObject"),
    ("POST", f"{RECORDS}/contacts/gdpr-delete", {"objectId": "{contact}"}, "", ""),
    ("GET", f"{RECORDS}/deals?associations=contacts&limit=1", None,
     OBJECTS, "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging"),
    ("POST", f"{RECORDS}/contacts", VALUES, OBJECTS, "SimplePublicObject"),
    ("GET", f"{RECORDS}/deals/{{deal}}?associations=contacts", None, OBJECTS, "SimplePublicObjectWithAssociations"),
    ("GET", f"{RECORDS}/deals/7", None, OBJECTS, "Error"),
    ("PATCH", f"{RECORDS}/contacts/{{contact}}", {"properties": {"firstname": "Bo"}}, OBJECTS, "SimplePublicObject"),
    ("PATCH", f"{RECORDS}/contacts/{{contact}}", {"properties": {"nothing": "Bo"}}, OBJECTS, "Error"),
    ("DELETE", f"{RECORDS}/contacts/{{contact}}", None, "", ""),
    ("GET", f"{LINKED}/contacts?limit=1", None, LINKS, "CollectionResponseMultiAssociatedObjectWithLabelForwardPaging"),
    ("PUT", f"{LINKED}/default/contacts/{{contact}}", None, LINKS, "BatchResponsePublicDefaultAssociation"),
    ("PUT", f"{LINKED}/contacts/{{contact}}", SPEC, LINKS, "LabelsBetweenObjectPair"),
    ("DELETE", f"{LINKED}/contacts/{{contact}}", None, "", ""),
    ("POST", "/crm/associations/2026-09/deals/contacts/batch/read", {"inputs": [{"id": "{deal}"}]},
     LINKS, "BatchResponsePublicAssociationMultiWithLabel"),
    ("POST", "/crm/associations/2026-09/deals/contacts/batch/read", {"inputs": [{"id": "{deal}"}, {"id": "7"}]},
     LINKS, "BatchResponsePublicAssociationMultiWithLabelWithErrors"),
    ("GET", "/crm/associations/2026-09/deals/contacts/labels", None,
     "hubspot.crm.associations.v4.schema", "CollectionResponseAssociationSpecWithLabelNoPaging"),
    ("GET", PROPS, None, PROPERTIES, "CollectionResponsePropertyNoPaging"),
    ("POST", PROPS, FIELD, PROPERTIES, "ModelProperty"),
    ("POST", PROPS, {"name": "Shoe"}, PROPERTIES, "Error"),
    ("POST", f"{PROPS}/batch/create", {"inputs": [FIELD]}, PROPERTIES, "BatchResponseProperty"),
    ("GET", f"{PROPS}/groups", None, PROPERTIES, "CollectionResponsePropertyGroupNoPaging"),
    ("POST", f"{PROPS}/groups", {"name": "feet", "label": "Feet"}, PROPERTIES, "PropertyGroup"),
    ("GET", f"{PROPS}/groups/contactinformation", None, PROPERTIES, "PropertyGroup"),
    ("DELETE", f"{PROPS}/groups/empty", None, "", ""),
    ("GET", f"{PROPS}/email", None, PROPERTIES, "ModelProperty"),
    ("PATCH", f"{PROPS}/key", {"label": "Keys"}, PROPERTIES, "ModelProperty"),
    ("DELETE", f"{PROPS}/key", None, "", ""),
    ("POST", LISTS, LIST | {"name": "New"}, "hubspot.crm.lists", "ListCreateResponse"),
    ("POST", LISTS, LIST, OBJECTS, "Error"),
    ("GET", f"{LISTS}/object-type-id/0-1/name/Held?includeFilters=true", None,
     "hubspot.crm.lists", "ListFetchResponse"),
    ("GET", f"{LISTS}/object-type-id/0-1/name/Nothing", None, OBJECTS, "Error"),
    ("PUT", f"{LISTS}/500/update-list-filters", {"filterBranch": LIST["filterBranch"]},
     "hubspot.crm.lists", "ListUpdateResponse"),
    ("DELETE", f"{LISTS}/500", None, "", ""),
    ("GET", f"/app-webhooks/2026-09/{{app}}/subscriptions{KEY}", None, HOOKS, "SubscriptionListResponse"),
    ("POST", f"/app-webhooks/2026-09/{{app}}/subscriptions{KEY}", {"eventType": "contact.creation", "active": True},
     HOOKS, "SubscriptionResponse"),
    ("GET", f"/app-webhooks/2026-09/{{app}}/settings{KEY}", None, HOOKS, "SettingsResponse"),
    ("PUT", f"/app-webhooks/2026-09/{{app}}/settings{KEY}", AIM, HOOKS, "SettingsResponse"),
    ("GET", "/app-webhooks/2026-09/{app}/settings", None, HOOKS, "Error"),
    ("GET", "/crm/owners/2026-09", None, OWNERS, "CollectionResponsePublicOwnerForwardPaging"),
    ("GET", "/crm/owners/2026-09/84120011", None, OWNERS, "PublicOwner"),
    ("GET", "/crm/pipelines/2026-09/deals", None, PIPELINES, "CollectionResponsePipelineNoPaging"),
    ("GET", "/crm/2026-09/nothing", None, OBJECTS, "Error"),
    ("POST", f"{RECORDS}/owners", None, OBJECTS, "Error"),
)  # fmt: skip
"""Each call with the model of its reply; none where the reply has no body."""
ELSEWHERE = frozenset(
    {"/communication-preferences/2026-09/statuses/batch/unsubscribe-all", "/account-info/2026-09/details",
     "/oauth/authorize", "/oauth/2026-09/token", "/calling/v1/dispositions"}
)  # fmt: skip
"""What the client has no model of, or what is a page; the tests of signing in look at those."""
TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,), "datetime": (str,), "bool": (bool,), "int": (int,), "float": (int, float), "object": (object,),
    "PublicPropertyAssociationFilterBranchFilterBranchesInner": (dict,),
}  # fmt: skip
"""The last is every kind of branch in one model, which no branch alone can be; what goes in is held to its shape."""


@cache
def required(library: str, model: str) -> frozenset[str]:
    """The members of a model that its description marks as required."""
    held = getattr(importlib.import_module(library), model)
    named = re.findall(r"Invalid value for `(\w+)`, must not be `None`", inspect.getsource(held))
    return frozenset(held.attribute_map[name] for name in named)


def wrong(library: str, kind: str, value: Any, at: str = "") -> Iterator[str]:
    """In what a reply is not what its model describes."""
    held = re.fullmatch(r"(list|dict)(?:\[|\(str, |\[str, )(.+?)[\])]", kind)
    if held and held[1] == "list":
        if not isinstance(value, list):
            yield f"{at} is no list"
            return
        for place, one in enumerate(value):
            yield from wrong(library, held[2], one, f"{at}/{place}")
    elif held or kind in TYPES:
        if not isinstance(value, dict if held else TYPES[kind]):
            yield f"{at} is no {kind}: {value!r}"
    else:
        model = getattr(importlib.import_module(library), kind)
        if not isinstance(value, dict):
            yield f"{at} is no {kind}: {value!r}"
            return
        yield from (f"{at}/{name} lacks" for name in required(library, kind) if value.get(name) is None)
        for attribute, inner in model.openapi_types.items():
            name = model.attribute_map[attribute]
            if value.get(name) is not None:
                yield from wrong(library, inner, value[name], f"{at}/{name}")


@pytest.fixture
def known(box: Sandbox) -> dict[str, str]:
    """Records that paths and bodies name."""
    contact, other = (box.hubspot.add("contacts", {"email": f"{name}@acme.example"}) for name in ("ana", "bo"))
    deal, _ = (box.hubspot.add("deals", {"dealname": "Acme"}) for _ in range(2))
    for one in (contact, other):
        box.hubspot.link("deals", deal, "contacts", one)
    return {"contact": contact, "other": other, "deal": deal, "app": box.hubspot.portal.api.id}


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """A body with the records' ids in their places."""
    if isinstance(value, dict):
        return {name: filled(one, known) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, known) for one in value]
    return known.get(value.strip("{}"), value) if isinstance(value, str) else value


def asked(api: Api, method: str, path: str, body: Any, known: Mapping[str, str]) -> requests.Response:
    """The reply to one of the calls, in a portal that has what the calls are about."""
    api.post(f"/hubspot{PROPS}", json=FIELD | {"name": "key", "hasUniqueValue": True})
    api.post(f"/hubspot{PROPS}/groups", json={"name": "empty", "label": "Empty"})
    api.put(f"/hubspot/app-webhooks/2026-09/{known['app']}/settings{KEY}", json=AIM)
    api.post(f"/hubspot{LISTS}", json=LIST)
    held = {"eventType": "contact.deletion", "active": True}
    api.post(f"/hubspot/app-webhooks/2026-09/{known['app']}/subscriptions{KEY}", json=held)
    given = {} if body is None else {"json": filled(body, known)}
    return api.request(method, f"/hubspot{path.format(**known)}", **given)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]} {call[4]}".strip())
def test_every_reply_has_what_its_published_description_requires(
    api: Api, known: dict[str, str], call: tuple[str, str, Any, str, str]
) -> None:
    method, path, body, library, model = call
    answer = asked(api, method, path, body, known)
    if not model:
        assert (answer.status_code, answer.content) == (204, b"")
        return
    told = answer.json()
    assert answer.ok is (model != "Error"), told
    assert (answer.status_code == 207) is model.endswith("WithErrors"), told
    assert list(wrong(library, model, told)) == []


def test_the_table_has_every_call_that_the_sandbox_answers(box: Sandbox) -> None:
    rules = {(method, rule) for method, rule, _ in box.hubspot.gate.routes() if rule not in ELSEWHERE}
    shapes = {rule: re.compile(re.sub(r"<\w+>", "[^/]+", rule)) for _, rule in rules}
    tried = {(method, path.partition("?")[0]) for method, path, *_ in CALLS}
    missing = [
        (method, rule)
        for method, rule in rules
        if not any(verb == method and shapes[rule].fullmatch(path) for verb, path in tried)
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("fault", "status"),
    [("rate_limited", 429), ("unauthorized", 401), ("unavailable", 503), ("status", 418)],
)
def test_a_refusal_of_the_whole_call_has_it_too(api: Api, fault: str, status: int) -> None:
    more = {"status": status, "code": "TEAPOT", "message": "no"} if fault == "status" else {}
    api.post("/_sandbox/faults", json={"kind": fault, "system": "hubspot", **more})
    answer = api.get(f"/hubspot{RECORDS}/contacts")
    assert answer.status_code == status
    assert list(wrong(OBJECTS, "Error", answer.json())) == []


def test_a_reply_that_lacks_something_would_be_found() -> None:
    told = {"results": [{"id": "1", "properties": {}, "createdAt": "x"}, {"id": 1}], "status": "COMPLETE"}
    assert sorted(wrong(OBJECTS, "BatchResponseSimplePublicObject", told)) == [
        "/completedAt lacks",
        "/results/0/updatedAt lacks",
        "/results/1/createdAt lacks",
        "/results/1/id is no str: 1",
        "/results/1/properties lacks",
        "/results/1/updatedAt lacks",
        "/startedAt lacks",
    ]
