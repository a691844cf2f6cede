"""HubSpot's endpoints as its descriptions of 2026-09 publish them: methods, paths, query parameters, bodies, limits.

Written from the documentation, for every request that a sandbox gets in the tests. Bodies have the shapes that the
models of hubspot-api-client 12 carry too (a test compares the two): only paths have changed. [hubspot: versions]
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qs

from hubspot_bodies import FORMS, HUBSPOT
from json_shapes import Shape

VERSION = "2026-09"
OBJECT_TYPES = (
    "contacts", "companies", "deals", "tasks", "leads", "tickets", "notes", "calls", "emails", "meetings",
    "communications",
)  # fmt: skip
_PARTS: Mapping[str, str] = {
    "objectType": rf"(?:{'|'.join(OBJECT_TYPES)}|[02]-\d+)",
    "id": r"\d+",
    "appId": r"\d+",
    "name": r"[a-z][a-z0-9_]*",
    "listName": r"[^/]+",
}
"""What may stand in the place of a part of a path."""
ANY, FLAG, NUMBER = r".+", r"true|false", r"[1-9]\d*"
Query = Mapping[str, str]
"""A pattern by parameter; `!` before the name of one that must be there."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint. `body` names the shape of its JSON, `form` that of its form; "" where it takes none."""

    method: str
    path: str
    query: Query = field(default_factory=dict)
    body: str = ""
    form: str = ""
    most: int = 0
    """The largest `limit`."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What its path looks like."""
        kinds = {f"{{{name}}}": pattern for name, pattern in _PARTS.items()}
        parts = (kinds.get(re.sub(r"\d", "", part), re.escape(part)) for part in self.path.split("/"))
        return re.compile("/".join(parts))

    def faults(self, query: str, body: Any) -> Iterator[str]:
        """In what a request to it is none that HubSpot takes."""
        yield from self._of_query(parse_qs(query, keep_blank_values=True))
        if self.form:
            yield from _of_form(FORMS[self.form], body)
        elif not self.body:
            if body is not None:
                yield "a body where none belongs"
        else:
            for error in _SHAPES[self.body].errors(body):
                at = "/".join(map(str, error.absolute_path))
                yield f"{self.body} {at}: {error.message[-200:]}"

    def _of_query(self, given: Mapping[str, list[str]]) -> Iterator[str]:
        known = {name.removeprefix("!"): pattern for name, pattern in self.query.items()}
        yield from (f"no parameter {name[1:]}" for name in self.query if name[0] == "!" and name[1:] not in given)
        for name, values in given.items():
            if name not in known:
                yield f"a parameter {name}, which it does not have"
            elif not all(re.fullmatch(known[name], value) for value in values):
                yield f"the parameter {name} is {values}"
            elif name == "limit" and int(values[0]) > self.most:
                yield f"limit is {values[0]}, at most {self.most}"


def _of_form(rules: Mapping[str, Query], body: Any) -> Iterator[str]:
    """A form of a sign-in: which fields it has depends on the grant."""
    given = {name: values[0] for name, values in parse_qs(str(body or "")).items()}
    wanted = rules.get(given.get("grant_type", ""))
    if wanted is None:
        yield f"a grant_type {given.get('grant_type', '')!r}, which it does not have"
        return
    known = {name.removeprefix("!") for name in wanted}
    yield from (f"no field {name[1:]}" for name in wanted if name[0] == "!" and name[1:] not in given)
    yield from (f"a field {name}, which it does not have" for name in given if name not in known)


_SHAPES = {name: Shape(held) for name, held in HUBSPOT.items()}

_RECORDS, _PROPERTIES = f"/crm/objects/{VERSION}/{{objectType}}", f"/crm/properties/{VERSION}/{{objectType}}"
_APP = f"/app-webhooks/{VERSION}/{{appId}}"
_LISTS = f"/crm/lists/{VERSION}"
_SHOWN: Query = {"properties": ANY, "propertiesWithHistory": ANY, "associations": ANY, "archived": FLAG}
_KEY: Query = {"!hapikey": ANY}
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(method="GET", path=_RECORDS, query={**_SHOWN, "after": ANY, "limit": NUMBER}, most=100),
    Endpoint(method="POST", path=_RECORDS, body="SimplePublicObjectInputForCreate"),
    Endpoint(method="GET", path=f"{_RECORDS}/{{id}}", query={**_SHOWN, "idProperty": ANY}),
    Endpoint(method="PATCH", path=f"{_RECORDS}/{{id}}", query={"idProperty": ANY}, body="SimplePublicObjectInput"),
    Endpoint(method="DELETE", path=f"{_RECORDS}/{{id}}"),
    Endpoint(
        method="POST",
        path=f"{_RECORDS}/batch/read",
        query={"archived": FLAG},
        body="BatchReadInputSimplePublicObjectId",
    ),
    Endpoint(method="POST", path=f"{_RECORDS}/batch/update", body="BatchInputSimplePublicObjectBatchInput"),
    Endpoint(method="POST", path=f"{_RECORDS}/batch/create", body="BatchInputSimplePublicObjectBatchInputForCreate"),
    Endpoint(method="POST", path=f"{_RECORDS}/batch/upsert", body="BatchInputSimplePublicObjectBatchInputUpsert"),
    Endpoint(method="POST", path=f"{_RECORDS}/batch/archive", body="BatchInputSimplePublicObjectId"),
    Endpoint(method="POST", path=f"{_RECORDS}/search", body="PublicObjectSearchRequest"),
    Endpoint(method="POST", path=f"{_RECORDS}/gdpr-delete", body="PublicGdprDeleteInput"),
    Endpoint(
        method="POST",
        path=f"/crm/associations/{VERSION}/{{objectType}}/{{objectType2}}/batch/read",
        body="BatchInputPublicFetchAssociationsBatchRequest",
    ),
    Endpoint(method="GET", path=_PROPERTIES, query={"archived": FLAG, "properties": ANY, "dataSensitivity": ANY}),
    Endpoint(method="POST", path=_PROPERTIES, body="PropertyCreate"),
    Endpoint(method="GET", path=f"{_PROPERTIES}/groups"),
    Endpoint(method="POST", path=f"{_PROPERTIES}/groups", body="PropertyGroupCreate"),
    Endpoint(method="DELETE", path=f"{_PROPERTIES}/groups/{{name}}"),
    Endpoint(method="PATCH", path=f"{_PROPERTIES}/{{name}}", body="PropertyUpdate"),
    Endpoint(method="DELETE", path=f"{_PROPERTIES}/{{name}}"),
    Endpoint(
        method="GET",
        path=f"/crm/owners/{VERSION}",
        query={"email": ANY, "after": ANY, "limit": NUMBER, "archived": FLAG},
        most=500,
    ),
    Endpoint(method="POST", path=_LISTS, body="ListCreateRequest"),
    Endpoint(
        method="GET", path=f"{_LISTS}/object-type-id/{{objectType}}/name/{{listName}}", query={"includeFilters": FLAG}
    ),
    Endpoint(
        method="PUT",
        path=f"{_LISTS}/{{id}}/update-list-filters",
        query={"enrollObjectsInWorkflows": FLAG},
        body="ListFilterUpdateRequest",
    ),
    Endpoint(method="DELETE", path=f"{_LISTS}/{{id}}"),
    Endpoint(method="GET", path=f"/crm/pipelines/{VERSION}/{{objectType}}"),
    Endpoint(method="GET", path="/calling/v1/dispositions"),
    Endpoint(method="GET", path=f"/account-info/{VERSION}/details"),
    Endpoint(
        method="POST",
        path=f"/communication-preferences/{VERSION}/statuses/batch/unsubscribe-all",
        query={"!channel": "EMAIL", "businessUnitId": NUMBER, "verbose": FLAG},
        body="BatchInputString",
    ),
    Endpoint(method="GET", path=f"{_APP}/subscriptions", query=_KEY),
    Endpoint(method="POST", path=f"{_APP}/subscriptions", query=_KEY, body="SubscriptionCreateRequest"),
    Endpoint(method="GET", path=f"{_APP}/settings", query=_KEY),
    Endpoint(method="PUT", path=f"{_APP}/settings", query=_KEY, body="SettingsChangeRequest"),
    Endpoint(
        method="GET",
        path="/oauth/authorize",
        query={
            "!client_id": ANY, "!redirect_uri": ANY, "!scope": ANY, "response_type": "code", "optional_scope": ANY,
            "state": ANY,
        },
    ),
    Endpoint(method="POST", path=f"/oauth/{VERSION}/token", form="token"),
)  # fmt: skip


def faults(method: str, path: str, query: str, body: Any) -> Iterator[str]:
    """Everything in which a request is none that exactly one published endpoint takes."""
    where = f"{method} {path}"
    found = matching(method, path)
    if len(found) != 1:
        yield f"{where}: hubspot publishes {'no such call' if not found else 'several such calls'}"
        return
    yield from (f"{where}: {fault}" for fault in found[0].faults(query, body))


@lru_cache(maxsize=4_096)
def matching(method: str, path: str) -> list[Endpoint]:
    """The endpoints that a call may be meant for."""
    return [each for each in ENDPOINTS if each.method == method and each.pattern.fullmatch(path)]


def kind(method: str, path: str, query: str, body: Any) -> str:
    """What tells a request from others: endpoint and object types, the parameters, and the members of its body."""
    typed = re.sub(r"(?<=/)\d{3,}(?=/|$)", "{id}", path)
    typed = re.sub(r"(properties/[^/]+/[^/]+/(?:groups/)?)(?!groups$)[a-z0-9_]+$", r"\1{name}", typed)
    if "token" in path:
        body = dict.fromkeys(parse_qs(str(body or "")), "")
    members = ",".join(sorted(_members(body, "")))
    return f"{method} {typed} ?{','.join(sorted(parse_qs(query)))} {members}".strip()


def _members(value: Any, at: str) -> set[str]:
    """The names in a body, those of records' properties aside."""
    if isinstance(value, Mapping):
        if at.endswith("properties"):
            return {at}
        return {name for key, inner in value.items() for name in _members(inner, f"{at}.{key}")} or {at}
    if isinstance(value, list):
        return {name for inner in value for name in _members(inner, at)} or {at}
    return {at}
