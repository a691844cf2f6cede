"""The Tooling API, as far as custom fields go: make, read, change and delete them, and query for them.

A new field is there, but nobody sees it before a permission set says so (permissions.settle). Fields of tasks
are defined on Activity.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.endpoints.field_metadata import field_of, metadata_of
from sandbox.salesforce.soql.soql_parser import Comparison, conjuncts, malformed, parse
from sandbox.salesforce.state import salesforce_ids
from sandbox.salesforce.state.field_permissions import settle
from sandbox.salesforce.state.field_values import Field
from sandbox.salesforce.state.org import Org
from sandbox.salesforce.state.refusals import Refused, no_resource
from sandbox.shared.http_call import Answer, Call, reply

_FULL_NAME = re.compile(r"([A-Za-z]+)\.([A-Za-z][A-Za-z0-9_]{0,39}__c)")
_ACTIVITY = {"Activity": "Task"}
_FIRST = 70_000


@dataclass(slots=True, kw_only=True)
class Custom:
    """A custom field as the Tooling API knows it."""

    id: str
    object: str
    field: Field
    metadata: dict[str, Any]

    @property
    def table(self) -> str:
        """The object it is defined on, in the Tooling API's words."""
        return next((table for table, name in _ACTIVITY.items() if name == self.object), self.object)

    def columns(self) -> dict[str, Any]:
        """What a query may ask for."""
        return {
            "Id": self.id,
            "DeveloperName": self.field.name.removesuffix("__c"),
            "NamespacePrefix": None,
            "TableEnumOrId": self.table,
        }


class Tooling:
    """The endpoints below `/tooling`."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.made: set[str] = set()
        """Ids of the fields made here: only these need a permission."""
        self._fields: dict[str, Custom] = {}
        self._number = _FIRST

    def settle(self) -> None:
        """Show the API's user what it may see of the fields made here. Called before every request."""
        if not self.made:
            return
        custom: dict[str, dict[str, Field]] = {}
        granted: dict[str, set[str]] = {}
        for one in self._fields.values():
            custom.setdefault(one.object, {})[one.field.name] = one.field
            if one.id in self.made:
                granted.setdefault(one.object, set()).add(one.field.name)
        settle(self.org, custom, granted)

    def create(self, call: Call, version: str) -> Answer:
        """POST a new custom field."""
        del version
        self._look()
        wish = call.json()
        match = _FULL_NAME.fullmatch(str(wish.get("FullName") or ""))
        if match is None:
            raise Refused(code="FIELD_INTEGRITY_EXCEPTION", message="Field Name: bad value for a custom field's name")
        table, name = match.groups()
        object_name = _ACTIVITY.get(table, table)
        if table in _ACTIVITY.values() or object_name not in self.org.fields:
            raise Refused(code="INVALID_CROSS_REFERENCE_KEY", message=f"Entity of type '{table}' takes no custom field")
        if any(one.object == object_name and one.field.name.lower() == name.lower() for one in self._fields.values()):
            message = f"There is already a field named {name.removesuffix('__c')} on {table}."
            raise Refused(code="DUPLICATE_DEVELOPER_NAME", message=message)
        metadata = wish.get("Metadata") or {}
        one = self._add(object_name, field_of(name, metadata), metadata)
        self.made.add(one.id)
        self._look()
        return reply({"id": one.id, "success": True, "errors": [], "warnings": [], "infos": []}, 201)

    def read(self, call: Call, version: str, id_: str) -> Answer:
        """GET a custom field with its definition."""
        del call
        one = self._known(id_)
        url = f"/services/data/{version}/tooling/sobjects/CustomField/{one.id}"
        attributes = {"type": "CustomField", "url": url}
        name = f"{one.table}.{one.field.name}"
        return reply({"attributes": attributes, **one.columns(), "FullName": name, "Metadata": one.metadata})

    def change(self, call: Call, version: str, id_: str) -> Answer:
        """PATCH a custom field: the definition that comes replaces the one that was."""
        del version
        one = self._known(id_)
        metadata = call.json().get("Metadata")
        if not isinstance(metadata, dict):
            raise Refused(code="REQUIRED_FIELD_MISSING", message="Metadata is missing")
        if metadata.get("type") != one.metadata["type"]:
            raise Refused(code="FIELD_INTEGRITY_EXCEPTION", message="the sandbox changes no field's type")
        field = field_of(one.field.name, metadata)
        field.createable, field.updateable = one.field.createable, one.field.updateable
        visible = one.field.name in self.org.fields[one.object]
        one.field, one.metadata = field, metadata
        if visible:
            self.org.fields[one.object][field.name] = field
        return Answer(status=204)

    def delete(self, call: Call, version: str, id_: str) -> Answer:
        """DELETE a custom field, its values and its permissions."""
        del call, version
        one = self._known(id_)
        self.org.remove_field(one.object, one.field.name)
        permissions = self.org.records["FieldPermissions"]
        for row in [row for row in permissions.values() if row["Field"] == f"{one.object}.{one.field.name}"]:
            self.org.delete("FieldPermissions", row)
        del self._fields[one.id]
        self.made.discard(one.id)
        return Answer(status=204)

    def query(self, call: Call, version: str) -> Answer:
        """GET a query for custom fields."""
        self._look()
        query = parse(call.argument("q"))
        if query.object.lower() != "customfield":
            raise Refused(code="INVALID_TYPE", message=f"sObject type '{query.object}' is not supported.")
        rows = []
        for one in self._fields.values():
            columns = one.columns()
            absent = [name for name in query.fields if name not in columns]
            if absent:
                message = f"No such column '{absent[0]}' on entity 'CustomField'."
                raise Refused(code="INVALID_FIELD", message=message)
            if all(_meets(columns, part) for part in conjuncts(query.where)):
                url = f"/services/data/{version}/tooling/sobjects/CustomField/{one.id}"
                attributes = {"type": "CustomField", "url": url}
                rows.append({"attributes": attributes, **{name: columns[name] for name in query.fields}})
        return reply({"size": len(rows), "totalSize": len(rows), "done": True, "records": rows})

    def _known(self, id_: str) -> Custom:
        one = self._fields.get(salesforce_ids.long(id_))
        if one is None:
            raise no_resource()
        return one

    def _look(self) -> None:
        """Take in what the org has without us: the fields it was born with, and those taken away."""
        here = {(one.object, one.field.name): one for one in self._fields.values()}
        there = dict(self._standing())
        for place, field in there.items():
            if place not in here:
                self._add(place[0], field, metadata_of(field))
        for place, one in here.items():
            if place not in there and one.id not in self.made:
                del self._fields[one.id]
        known = tuple(f"{one.object}.{one.field.name}" for one in self._fields.values())
        self.org.fields["FieldPermissions"]["Field"].values = known

    def _standing(self) -> Iterator[tuple[tuple[str, str], Field]]:
        for object_name, fields in self.org.fields.items():
            for name, field in fields.items():
                if field.custom:
                    yield (object_name, name), field

    def _add(self, object_name: str, field: Field, metadata: dict[str, Any]) -> Custom:
        self._number += 1
        one = Custom(
            id=salesforce_ids.minted("CustomField", self._number), object=object_name, field=field, metadata=metadata
        )
        self._fields[one.id] = one
        return one


def _meets(columns: dict[str, Any], part: Any) -> bool:
    if not isinstance(part, Comparison) or part.operator not in {"=", "in"} or part.field not in columns:
        message = "the sandbox's Tooling API takes = and IN, joined by AND"
        raise malformed(message)
    return any(columns[part.field] == operand.value for operand in part.values)
