"""The org: what the API, the people on the pages and the tests all change, under one lock."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sandbox.salesforce.state import salesforce_ids, task_statuses
from sandbox.salesforce.state.field_values import Field
from sandbox.salesforce.state.refusals import Refused, converted, deleted, not_found
from sandbox.salesforce.state.starting_objects import OBJECTS, schema
from sandbox.salesforce.state.task_statuses import Word
from sandbox.shared import change_order, sandbox_clock
from sandbox.shared.sandbox_clock import Now
from sandbox.shared.validation_rules import Rules

Values: TypeAlias = dict[str, Any]
_USERS = (
    ("Integration", "Coldframe", "Europe/Berlin"),
    ("Nadia", "Rasmussen", "Europe/Copenhagen"),
    ("Joaquim", "Teles", "America/Los_Angeles"),
    ("Hanna", "Lindqvist", "Europe/Stockholm"),
    ("Petra", "Novak", "Europe/Prague"),
)
"""First name, last name, time zone; the API's own user first, the manager of all others last."""
_NAMED = {"Lead", "Contact", "User"}
_ADDRESSES = {
    "Lead": ("Address", ""),
    "Contact": ("MailingAddress", "Mailing"),
    "Account": ("BillingAddress", "Billing"),
}
_PARTS = ("Street", "City", "State", "PostalCode", "Country")
_CLOSED = {"Closed Won", "Closed Lost"}
_RESPONDED = {"Responded", "Registered", "Attended"}


class Org:
    """Records, fields and rules of one Salesforce org."""

    def __init__(self, *, now: Now, coldframe_fields: bool) -> None:
        self.now = now
        self.lock = threading.RLock()
        self.rules = Rules()
        self.duplicate_rule = False
        """Whether a new Lead or Contact with an e-mail that is there already is refused."""
        self.changes = change_order.ChangeOrder()
        self.watchers: list[Callable[[str, Values], None]] = [self.changes.note]
        """Called with the object and the record whenever one is made or changed: what flows start on."""
        self.assigns = ""
        """To whom the org's rule gives a Lead that the API creates; "" where it has no rule."""
        self.fields: dict[str, dict[str, Field]] = {
            name: schema(name, coldframe_fields=coldframe_fields) for name in OBJECTS
        }
        self.records: dict[str, dict[str, Values]] = {name: {} for name in OBJECTS}
        self.bin: dict[str, dict[str, Values]] = {name: {} for name in OBJECTS}
        self._unique: dict[tuple[str, str], dict[str, str]] = {}
        self._numbers = dict.fromkeys(OBJECTS, 40_000)
        self.hidden: set[str] = set()
        """Objects that the API's user may not see: to it, there are none of these names."""
        self.api_user = ""
        for first, last, timezone in _USERS:
            email = f"{first}.{last}@fernhill-systems.example".lower()
            user = {"FirstName": first, "LastName": last, "Email": email, "Username": email, "IsActive": True}
            made = self.insert("User", user | {"TimeZoneSidKey": timezone}, by="")
            self.api_user = self.api_user or made["Id"]
        *_, manager = self.records["User"]
        for id_, user in self.records["User"].items():
            if id_ not in {manager, self.api_user}:
                user["ManagerId"] = manager
        self.set_task_words(task_statuses.STATUSES, task_statuses.PRIORITIES, restricted=False)

    def add_coldframe_fields(self) -> None:
        """Give the objects the fields that `coldframe provision` would make."""
        for name in OBJECTS:
            self.fields[name] = schema(name, coldframe_fields=True) | self.fields[name]

    def set_task_words(self, statuses: Sequence[Word], priorities: Sequence[Word], *, restricted: bool = True) -> None:
        """Give tasks these statuses and priorities, and no others where the picklists are `restricted`."""
        fields = self.fields["Task"]
        for field, holder, flag, words in (
            ("Status", "TaskStatus", "IsClosed", statuses),
            ("Priority", "TaskPriority", "IsHighPriority", priorities),
        ):
            self.records[holder].clear()
            for row in task_statuses.rows_of(words, flag):
                self.insert(holder, row, by="")
            fields[field] = task_statuses.picklist(fields[field], words, restricted=restricted)

    def remove_field(self, object_name: str, field: str) -> None:
        """Take a field away, with its values, as an administrator would (or hide it: the API shows no difference)."""
        with self.lock:
            self.fields[object_name].pop(field, None)
            for record in self.records[object_name].values():
                record.pop(field, None)

    def encrypt(self, object_name: str, field: str) -> None:
        """Keep a field encrypted, as Shield's probabilistic scheme does."""
        self.fields[object_name][field].encrypted = True

    def named(self, object_name: str) -> str:
        """The object's right name, whatever the case. Raises Refused."""
        for name in OBJECTS:
            if name.lower() == object_name.lower() and name not in self.hidden:
                return name
        raise Refused(code="NOT_FOUND", message="The requested resource does not exist", status=404)

    def find(self, object_name: str, id_: object) -> Values:
        """The live record. Raises Refused: malformed, deleted or not there."""
        long = salesforce_ids.long(id_)
        if not long or salesforce_ids.object_of(long) != object_name:
            message = f"{object_name} ID: id value of incorrect type: {id_}"
            raise Refused(code="MALFORMED_ID", message=message, fields=["Id"])
        record = self.records[object_name].get(long)
        if record is not None:
            return record
        if long in self.bin[object_name]:
            raise deleted()
        raise not_found(str(id_))

    def by_external(self, object_name: str, field: str, value: str) -> Values | None:
        """The live record with this external id. Raises Refused where the field is none."""
        known = self.fields[object_name].get(field)
        if known is None or not known.external:
            raise not_found(field)
        id_ = self._index(object_name, field).get(value.lower())
        return self.records[object_name][id_] if id_ else None

    def checked(self, object_name: str, values: Mapping[str, Any], *, record: Values | None) -> Values:
        """The values as they will be stored. Raises Refused with the first thing that is wrong."""
        fields = self.fields[object_name]
        settled: Values = {}
        for name, value in values.items():
            if name in {"attributes", "Id", "id"}:
                continue
            field = fields.get(name) or fields.get(_cased(fields, name))
            if field is None:
                message = f"No such column '{name}' on sobject of type {object_name}"
                raise Refused(code="INVALID_FIELD", message=message)
            if not (field.updateable if record is not None else field.createable):
                message = (
                    f"Unable to create/update fields: {field.name}. Please check the security settings of this field "
                    "and verify that it is read/write for your profile or permission set."
                )
                raise Refused(code="INVALID_FIELD_FOR_INSERT_UPDATE", message=message, fields=[field.name])
            settled[field.name] = field.settled(value)
            if field.type == "reference" and settled[field.name] is not None:
                settled[field.name] = self._pointed(field, settled[field.name])
        self._owned(object_name, settled, record)
        self._require(object_name, settled, record)
        self.claim(object_name, settled, record)
        if record is not None and record.get("IsConverted"):
            raise converted()
        rule = self.rules.broken(object_name, settled)
        if rule is not None:
            raise Refused(code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message=rule.message, fields=[rule.field])
        return settled

    def insert(
        self, object_name: str, settled: Mapping[str, Any], *, by: str | None = None, at: int | None = None
    ) -> Values:
        """A new record of checked values; `by` is a user id, the API's user where None; `at` its time, else now."""
        at = self.now() if at is None else at
        user = self.api_user if by is None else by
        self._numbers[object_name] += 1
        stamp = sandbox_clock.offset(at)
        fields = self.fields[object_name]
        record: Values = {"Id": salesforce_ids.minted(object_name, self._numbers[object_name])}
        record |= {name: field.default for name, field in fields.items() if field.default is not None}
        if "OwnerId" in fields and user:
            record["OwnerId"] = self.assigns if self.assigns and object_name == "Lead" and by is None else user
        record |= {name: value for name, value in settled.items() if value is not None}
        record |= {"CreatedDate": stamp, "CreatedById": user or None}
        self.records[object_name][record["Id"]] = record
        self._indexed(object_name, record, {})
        self._touch(object_name, record, stamp, user)
        return record

    def update(self, object_name: str, record: Values, settled: Mapping[str, Any], *, by: str | None = None) -> None:
        """Change a record by checked values."""
        before = dict(record)
        record.update(settled)
        for name in [name for name, value in settled.items() if value is None]:
            del record[name]
        self._indexed(object_name, record, before)
        self._touch(object_name, record, sandbox_clock.offset(self.now()), by or self.api_user)

    def delete(self, object_name: str, record: Values) -> None:
        """Into the recycle bin."""
        del self.records[object_name][record["Id"]]
        self.bin[object_name][record["Id"]] = record
        self._indexed(object_name, {"Id": record["Id"]}, record)
        record["IsDeleted"] = True
        record["SystemModstamp"] = record["LastModifiedDate"] = sandbox_clock.offset(self.now())

    def undelete(self, object_name: str, id_: str) -> Values:
        """Out of the recycle bin."""
        record = self.bin[object_name].pop(id_)
        record["IsDeleted"] = False
        self.records[object_name][id_] = record
        self._indexed(object_name, record, {})
        self._touch(object_name, record, sandbox_clock.offset(self.now()), self.api_user)
        return record

    def all(self, object_name: str, *, bin_too: bool = False) -> Iterator[Values]:
        """The live records, and where asked for those in the recycle bin."""
        yield from self.records[object_name].values()
        if bin_too:
            yield from self.bin[object_name].values()

    def _touch(self, object_name: str, record: Values, stamp: str, user: str) -> None:
        record["SystemModstamp"] = record["LastModifiedDate"] = stamp
        record["LastModifiedById"] = user or None
        if object_name in _NAMED:
            record["Name"] = " ".join(record[part] for part in ("FirstName", "LastName") if record.get(part))
        if object_name in _ADDRESSES:
            name, prefix = _ADDRESSES[object_name]
            parts = {part[0].lower() + part[1:]: record.get(prefix + part) for part in _PARTS}
            record[name] = parts if any(parts.values()) else None
        if object_name == "Opportunity":
            record["IsClosed"] = record.get("StageName") in _CLOSED
            record["IsWon"] = record.get("StageName") == "Closed Won"
        if object_name == "Task":
            self._task(record, stamp)
        if object_name == "CampaignMember":
            record["HasResponded"] = record.get("Status") in _RESPONDED
            if record["HasResponded"]:
                record.setdefault("FirstRespondedDate", stamp[:10])
        for watch in self.watchers:
            watch(object_name, record)

    def _task(self, record: Values, stamp: str) -> None:
        record["IsClosed"] = task_statuses.closed(self.records["TaskStatus"].values(), record.get("Status"))
        record["IsHighPriority"] = task_statuses.high(self.records["TaskPriority"].values(), record.get("Priority"))
        record["CompletedDateTime"] = (record.get("CompletedDateTime") or stamp) if record["IsClosed"] else None
        contact = self.records["Contact"].get(record.get("WhoId") or "")
        record["AccountId"] = contact.get("AccountId") if contact else None

    def _owned(self, object_name: str, settled: Values, record: Values | None) -> None:
        """Nobody who has left is given anything; what they have they keep. Raises Refused."""
        owner = str(settled.get("OwnerId") or "")
        user = self.records["User"].get(owner)
        if user is None or user.get("IsActive") or (record is not None and record.get("OwnerId") == owner):
            return
        message = f"operation performed with inactive user [{owner[:15]}] as owner of {object_name.lower()}"
        raise Refused(code="INACTIVE_OWNER_OR_USER", message=message)

    def _pointed(self, field: Field, value: str) -> str:
        long = salesforce_ids.long(value)
        target = salesforce_ids.object_of(long)
        if not long or target not in field.to:
            message = f"{field.label}: id value of incorrect type: {value}"
            raise Refused(code="MALFORMED_ID", message=message, fields=[field.name])
        record = self.records[target].get(long)
        if record is None:
            if long in self.bin[target]:
                raise deleted()
            raise Refused(code="INVALID_CROSS_REFERENCE_KEY", message="invalid cross reference id")
        if record.get("IsConverted"):
            raise converted()
        return long

    def _require(self, object_name: str, settled: Values, record: Values | None) -> None:
        fields = self.fields[object_name]
        if record is None:
            missing = [name for name, field in fields.items() if field.required and settled.get(name) is None]
        else:
            missing = [name for name, value in settled.items() if value is None and fields[name].required]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise Refused(code="REQUIRED_FIELD_MISSING", message=message, fields=missing)

    def claim(self, object_name: str, settled: Values, record: Values | None) -> None:
        """See that no other record holds one of the unique values. Raises Refused."""
        for name, value in settled.items():
            if value is None or not self.fields[object_name][name].unique:
                continue
            holder = self._index(object_name, name).get(value.lower())
            if holder is not None and (record is None or holder != record["Id"]):
                message = f"duplicate value found: {name} duplicates value on record with id: {holder}"
                raise Refused(code="DUPLICATE_VALUE", message=message)

    def _index(self, object_name: str, field: str) -> dict[str, str]:
        if (object_name, field) not in self._unique:
            held = ((record.get(field), record["Id"]) for record in self.records[object_name].values())
            self._unique[object_name, field] = {value.lower(): id_ for value, id_ in held if value}
        return self._unique[object_name, field]

    def _indexed(self, object_name: str, record: Values, before: Mapping[str, Any]) -> None:
        for (name, field), index in self._unique.items():
            if name != object_name or record.get(field) == before.get(field):
                continue
            if before.get(field):
                index.pop(before[field].lower(), None)
            if record.get(field):
                index[record[field].lower()] = record["Id"]


def _cased(fields: Mapping[str, Field], name: str) -> str:
    """The field's own spelling: the API takes any case."""
    low = name.lower()
    return next((known for known in fields if known.lower() == low), "")
