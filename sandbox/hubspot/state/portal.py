"""The portal: what the API, the people on the pages and the tests all change, under one lock."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sandbox.hubspot.state import associations
from sandbox.hubspot.state.change_events import Events
from sandbox.hubspot.state.property_values import Property, Values, unknown
from sandbox.hubspot.state.record_owners import OWNERS
from sandbox.hubspot.state.refusals import Invalid, Refused, conflict, invalid
from sandbox.hubspot.state.required_properties import Requirements
from sandbox.hubspot.state.starting_properties import CALL_OUTCOMES, STAGES, coldframe_properties, vendor_properties
from sandbox.hubspot.state.stored_records import CREATED, KINDS, MODIFIED, OTHER_EMAILS, SINGULAR, Record, Shelf
from sandbox.shared.sandbox_clock import Now, short_zulu
from sandbox.shared.seeded_random import Chance
from sandbox.shared.validation_rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who changes something, as webhooks name it."""

    source: str
    id: str
    flag: str = ""


PERSON = Origin(source="CRM_UI", id="userId:70512344")
Watcher: TypeAlias = Callable[[Record, Values], None]


class Portal:
    """Records, properties and rules of one HubSpot account."""

    def __init__(  # noqa: PLR0913  # by name, and the sandbox's own switches
        self,
        *,
        now: Now,
        seed: int,
        coldframe_fields: bool,
        unique_task_key: bool,
        app_id: int,
        portal_id: int,
    ) -> None:
        self.now = now
        self.lock = threading.RLock()
        self.chance = Chance(seed)
        self.portal_id = portal_id
        self.rules = Rules()
        self.requirements = Requirements()
        self.events = Events(app_id=app_id, portal_id=portal_id, chance=Chance(seed + 1))
        self.api = Origin(source="INTEGRATION", id=str(app_id))
        self._unique_task_key = unique_task_key
        self.owners = [dict(owner) for owner in OWNERS]
        self.call_outcomes = dict(CALL_OUTCOMES)
        """By id; a portal may rename them and add its own."""
        self.watchers: list[Watcher] = []
        """Called with every record that is made or changed and the values that are new: what workflows start on."""
        self.assigns = ""
        """To whom a workflow gives a contact that an app creates; "" where there is none."""
        at = now()
        self.shelves = {kind: Shelf(kind, vendor_properties(kind, at=at), self.chance) for kind in KINDS}
        self.groups: dict[str, dict[str, str]] = {
            kind: {one.group: one.group.capitalize() for one in shelf.properties.values()}
            for kind, shelf in self.shelves.items()
        }
        if coldframe_fields:
            self.add_coldframe_fields()

    def add_coldframe_fields(self) -> None:
        """Give contacts and tasks the properties that `coldframe provision` would make."""
        with self.lock:
            for kind, shelf in self.shelves.items():
                ours = coldframe_properties(kind, at=self.now(), unique_task_key=self._unique_task_key)
                shelf.properties.update(ours)
                if ours:
                    self.groups[kind]["coldframe"] = "Coldframe"

    def remove_property(self, kind: str, name: str) -> None:
        """Take a property away, with its values, as an administrator would."""
        with self.lock:
            shelf = self.shelves[kind]
            shelf.properties.pop(name, None)
            for record in shelf.records.values():
                shelf.set(record, {name: ""})

    def settle(self, kind: str, values: Any) -> Values:
        """The values as they will be stored. Raises Refused with all that is wrong with them."""
        properties = self.shelves[kind].properties
        settled: Values = {}
        troubles: list[Invalid] = []
        if not isinstance(values, dict):
            raise Refused(status=400, category="VALIDATION_ERROR", message="Invalid input JSON: properties missing")
        for name, value in values.items():
            known = properties.get(name)
            outcome = unknown(name) if known is None else known.settled(value)
            if isinstance(outcome, Invalid):
                troubles.append(outcome)
            elif name == "hubspot_owner_id" and outcome and not self._can_own(outcome):
                troubles.append(Invalid(name=name, code="INVALID_OWNER_ID", message=f"{outcome} is not an owner"))
            else:
                settled[name] = outcome
        if troubles:
            raise invalid(troubles)
        rule = self.rules.broken(kind, settled)
        if rule is not None:
            raise invalid([Invalid(name=rule.field, code="VALIDATION_RULE", message=rule.message)])
        return settled

    def _can_own(self, owner_id: str) -> bool:
        """Whether records may be given to an owner: not to one that is archived."""
        return any(owner["id"] == owner_id and not owner["archived"] for owner in self.owners)

    def claim(self, kind: str, values: Values, record: Record | None) -> None:
        """See that no other record holds one of the unique values. Raises Refused."""
        shelf = self.shelves[kind]
        for name, value in values.items():
            if not value or not shelf.unique(name):
                continue
            holder = shelf.find_by(name, value)
            if holder is None or holder is record:
                continue
            if name == "email":
                message = f"Contact already exists. Existing ID: {holder.id}"
                raise conflict(message)
            message = f"{holder.id} already has that value."
            raise invalid([Invalid(name=name, code="CONFLICTING_UNIQUE_VALUE", message=message)])

    def create(self, kind: str, values: Values, origin: Origin, *, at: int | None = None) -> Record:
        """A new record of settled, claimed values; made `at` a time of the past, where one is given."""
        at = self.now() if at is None else at
        shelf = self.shelves[kind]
        record = Record(id=shelf.new_id(), kind=kind, values={}, created=at, updated=at)
        kept = {name: value for name, value in values.items() if value}
        if kind == "leads":
            kept = {"hs_pipeline": "lead-pipeline-id", "hs_pipeline_stage": "new-stage-id", **kept}
            kept["hs_v2_date_entered_current_stage"] = short_zulu(at)
        if kind == "contacts":
            kept.setdefault("lifecyclestage", "lead")
            if self.assigns and origin == self.api:
                kept.setdefault("hubspot_owner_id", self.assigns)
        record.values.update(kept)
        stamp = short_zulu(at)
        record.values |= {"hs_object_id": record.id, CREATED[kind]: stamp, MODIFIED[kind]: stamp}
        shelf.put(record)
        self.events.created(record, self._webhook_values(kind, kept), origin, at)
        for watch in self.watchers:
            watch(record, kept)
        return record

    def update(self, record: Record, values: Values, origin: Origin) -> Values:
        """Change a record by settled, claimed values; returns what did change.

        Stages never go back (apis), but for a person who picks one on the page.
        """
        held = record.values
        changed = {name: value for name, value in values.items() if held.get(name, "") != value}
        if origin != PERSON and not _forward(held.get("lifecyclestage", ""), changed.get("lifecyclestage", "")):
            del changed["lifecyclestage"]
        if record.kind == "tasks" and changed.get("hs_task_status") == "COMPLETED":
            changed["hs_task_completion_date"] = short_zulu(self.now())
        if record.kind == "leads" and "hs_pipeline_stage" in changed:
            changed["hs_v2_date_entered_current_stage"] = short_zulu(self.now())
        if not changed:
            return changed
        at = self.now()
        shelf = self.shelves[record.kind]
        shelf.set(record, changed)
        record.updated = at
        held[MODIFIED[record.kind]] = short_zulu(at)
        self.events.changed(record, self._webhook_values(record.kind, changed), origin, at)
        for watch in self.watchers:
            watch(record, changed)
        return changed

    def archive(self, record: Record, origin: Origin) -> None:
        """Delete a record, into the recycle bin."""
        self.archive_silently(record)
        self.events.deleted(record, origin, self.now())

    def archive_silently(self, record: Record) -> None:
        """Into the recycle bin, with no webhook."""
        record.updated = self.now()
        self.shelves[record.kind].archive(record)
        for kind, linked in record.links.items():
            for id_ in linked:
                other = self.shelves[kind].find(id_)
                if other is not None:
                    other.links.get(record.kind, {}).pop(record.id, None)

    def merge(self, survivor: Record, ended: Record, origin: Origin) -> None:
        """Make one record of two: the survivor keeps its values and gains those it lacks, and all associations."""
        at = self.now()
        shelf = self.shelves[survivor.kind]
        gained = {name: value for name, value in ended.values.items() if name not in survivor.values}
        links = [(kind, id_) for kind, linked in ended.links.items() for id_ in linked]
        shelf.archive(ended)
        del shelf.archived[ended.id]
        shelf.moved[ended.id] = survivor.id
        for id_, target in list(shelf.moved.items()):
            if target == ended.id:
                shelf.moved[id_] = survivor.id
        merged = [value for value in (survivor.values.get("hs_merged_object_ids", ""), ended.id) if value]
        emails = dict.fromkeys((*survivor.other_emails, ended.values.get("email", ""), *ended.other_emails))
        others = [each for each in emails if each not in {"", survivor.values.get("email", "")}]
        further = {OTHER_EMAILS: ";".join(others)} if others else {}
        shelf.set(survivor, {**gained, "hs_merged_object_ids": ";".join(merged), **further})
        survivor.updated = at
        survivor.values[MODIFIED[survivor.kind]] = short_zulu(at)
        for kind, id_ in links:
            other = self.shelves[kind].find(id_)
            if other is not None:
                associations.unlink(ended, other)
                associations.link(survivor, other)
        self.events.merged(survivor, ended, origin, at)

    def erase(self, record: Record, origin: Origin) -> None:
        """Delete a person for good: no recycle bin, and a webhook of the privacy deletion."""
        shelf = self.shelves[record.kind]
        self.archive_silently(record)
        del shelf.archived[record.id]
        self.events.deleted(record, origin, self.now(), private=True)

    def unlink(self, one: Record, other: Record, origin: Origin) -> None:
        """End all associations of two records."""
        associations.unlink(one, other)
        self.events.associated(one, other, origin, self.now(), removed=True)

    def link(self, one: Record, other: Record, numbers: list[int] | None = None, *, origin: Origin = PERSON) -> None:
        """Associate two records; a contact's first company becomes its primary one."""
        contact, company = (one, other) if one.kind == "contacts" else (other, one)
        first = (contact.kind, company.kind) == ("contacts", "companies") and not contact.links.get("companies")
        associations.link(one, other, numbers or [])
        if first:
            associations.link(contact, company, [1])
            contact.values["associatedcompanyid"] = company.id
        self.events.associated(one, other, origin, self.now())

    def properties(self, kind: str) -> dict[str, Property]:
        """The definitions of an object type, by name."""
        return self.shelves[kind].properties

    def _webhook_values(self, kind: str, values: Mapping[str, str]) -> dict[str, str]:
        if not self.events.wanted:
            return {}
        properties = self.shelves[kind].properties
        return {name: properties[name].webhook_value(value) for name, value in values.items()}

    def name(self, kind: str) -> str:
        """`CONTACT`: how messages name an object type."""
        return SINGULAR[kind].upper()


def _forward(before: str, after: str) -> bool:
    if before in STAGES and after in STAGES:
        return STAGES.index(after) >= STAGES.index(before)
    return True
