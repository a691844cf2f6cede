"""Properties and their groups, as an app reads, makes and removes them."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.hubspot.state import associations
from sandbox.hubspot.state.portal import Portal
from sandbox.hubspot.state.property_values import Property
from sandbox.hubspot.state.refusals import Refused, conflict, malformed
from sandbox.shared import sandbox_clock
from sandbox.shared.http_call import Answer, Call, objects, reply

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_UNIQUE_MOST = 10
_FIELD_TYPES: Mapping[str, frozenset[str]] = {
    "string": frozenset({"text", "textarea", "html", "phonenumber", "file"}),
    "number": frozenset({"number"}),
    "bool": frozenset({"booleancheckbox"}),
    "enumeration": frozenset({"select", "radio", "checkbox", "booleancheckbox"}),
    "datetime": frozenset({"date"}),
    "date": frozenset({"date"}),
}


class Definitions:
    """The endpoints under `/crm/properties/<version>/<kind>`."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def listing(self, call: Call, kind: str) -> Answer:
        """GET all properties."""
        del call
        kind = associations.kind_named(kind)
        return reply({"results": [one.shown() for one in self.portal.properties(kind).values()]})

    def read(self, call: Call, kind: str, name: str) -> Answer:
        """GET one property."""
        del call
        return reply(self._known(associations.kind_named(kind), name).shown())

    def call_outcomes(self, call: Call) -> Answer:
        """GET the outcomes that a logged call may have, which its property does not list: an array."""
        del call
        return reply([{"id": key, "label": label} for key, label in self.portal.call_outcomes.items()])

    def create(self, call: Call, kind: str) -> Answer:
        """POST a new property."""
        kind = associations.kind_named(kind)
        return reply(self._made(kind, call.json()).shown(), 201)

    def create_many(self, call: Call, kind: str) -> Answer:
        """POST several new properties."""
        kind = associations.kind_named(kind)
        made = [self._made(kind, wish) for wish in objects(call.json().get("inputs"), "inputs")]
        stamp = sandbox_clock.zulu(self.portal.now())
        results = [one.shown() for one in made]
        return reply({"status": "COMPLETE", "results": results, "startedAt": stamp, "completedAt": stamp}, 201)

    def change(self, call: Call, kind: str, name: str) -> Answer:
        """PATCH a property's label, description or options."""
        known = self._custom(associations.kind_named(kind), name)
        wish = call.json()
        known.label = wish.get("label", known.label)
        known.description = wish.get("description", known.description)
        known.group = wish.get("groupName", known.group)
        if "options" in wish:
            known.options = _options(wish["options"])
        return reply(known.shown())

    def remove(self, call: Call, kind: str, name: str) -> Answer:
        """DELETE a custom property, with its values."""
        del call
        kind = associations.kind_named(kind)
        self._custom(kind, name)
        self.portal.remove_property(kind, name)
        return Answer(status=204)

    def groups(self, call: Call, kind: str) -> Answer:
        """GET all groups."""
        del call
        groups = self.portal.groups[associations.kind_named(kind)]
        return reply({"results": [_group(name, label) for name, label in groups.items()]})

    def group(self, call: Call, kind: str, name: str) -> Answer:
        """GET one group."""
        del call
        groups = self.portal.groups[associations.kind_named(kind)]
        if name not in groups:
            raise _unknown(name)
        return reply(_group(name, groups[name]))

    def create_group(self, call: Call, kind: str) -> Answer:
        """POST a new group."""
        groups = self.portal.groups[associations.kind_named(kind)]
        wish = call.json()
        name = str(wish.get("name") or "")
        if name in groups:
            message = f"Property group named {name} already exists."
            raise conflict(message)
        if not _NAME.fullmatch(name):
            why = "a group wants a name of small letters, digits and underscores"
            raise malformed(why)
        groups[name] = str(wish.get("label") or name)
        return reply(_group(name, groups[name]), 201)

    def remove_group(self, call: Call, kind: str, name: str) -> Answer:
        """DELETE an empty group."""
        del call
        kind = associations.kind_named(kind)
        if any(one.group == name for one in self.portal.properties(kind).values()):
            raise Refused(status=400, category="VALIDATION_ERROR", message=f"Group {name} still has properties.")
        if self.portal.groups[kind].pop(name, None) is None:
            raise _unknown(name)
        return Answer(status=204)

    def _made(self, kind: str, wish: dict[str, Any]) -> Property:
        properties = self.portal.properties(kind)
        name, type_ = str(wish.get("name") or ""), str(wish.get("type") or "")
        field_type = str(wish.get("fieldType") or "")
        if name in properties:
            message = f"A property named '{name}' already exists."
            raise conflict(message)
        if not _NAME.fullmatch(name) or not wish.get("label"):
            why = "a property wants a label, and a name of small letters, digits and underscores"
            raise malformed(why)
        if field_type not in _FIELD_TYPES.get(type_, ()):
            why = f"type {type_} does not go with fieldType {field_type}"
            raise malformed(why)
        if wish.get("groupName") not in self.portal.groups[kind]:
            raise _unknown(str(wish.get("groupName")))
        unique = bool(wish.get("hasUniqueValue"))
        if unique and sum(one.unique for one in properties.values()) >= _UNIQUE_MOST:
            message = f"An object has at most {_UNIQUE_MOST} unique properties."
            raise Refused(status=400, category="VALIDATION_ERROR", message=message)
        properties[name] = Property(
            name=name,
            label=str(wish["label"]),
            type=type_,
            field_type=field_type,
            group=str(wish["groupName"]),
            description=str(wish.get("description") or ""),
            options=_options(wish.get("options") or []),
            unique=unique,
            custom=True,
            created=self.portal.now(),
        )
        return properties[name]

    def _known(self, kind: str, name: str) -> Property:
        known = self.portal.properties(kind).get(name)
        if known is None:
            raise _unknown(name)
        return known

    def _custom(self, kind: str, name: str) -> Property:
        known = self._known(kind, name)
        if not known.custom:
            raise Refused(status=400, category="VALIDATION_ERROR", message=f"{name} is HubSpot's own.")
        return known


def _options(wish: Any) -> dict[str, str]:
    try:
        return {str(one["value"]): str(one["label"]) for one in wish}
    except (KeyError, TypeError) as trouble:
        why = "options want a value and a label each"
        raise malformed(why) from trouble


def _group(name: str, label: str) -> dict[str, Any]:
    return {"name": name, "label": label, "displayOrder": -1, "archived": False}


def _unknown(name: str) -> Refused:
    return Refused(status=404, category="OBJECT_NOT_FOUND", message=f"No property or group named {name}.")
