"""One row's write, whichever endpoint it came through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.state import salesforce_ids
from sandbox.salesforce.state.org import Org, Values
from sandbox.salesforce.state.refusals import Refused, deleted
from sandbox.shared.requested_faults import Fault

_LOCKED = "unable to obtain exclusive access to this record or 1 records: "
_PEOPLE = {"Lead", "Contact"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A checked write: a new record where `record` is None."""

    object: str
    record: Values | None
    values: Values


def carried_out(org: Org, change: Change) -> str:
    """Do it; the record's id."""
    if change.record is None:
        return str(org.insert(change.object, change.values)["Id"])
    org.update(change.object, change.record, change.values)
    return str(change.record["Id"])


class Checker:
    """Checks the rows of one call. `allow_save` lets duplicates pass that a rule would only warn of."""

    def __init__(self, org: Org, faults: Sequence[Fault] = (), *, allow_save: bool = False) -> None:
        self.org = org
        self._faults = faults
        self._allow_save = allow_save

    def insert(self, object_name: str, values: Mapping[str, Any]) -> Change:
        """A new record. Raises Refused."""
        self._strike("", values)
        settled = self.org.checked(object_name, values, record=None)
        if self.org.duplicate_rule and not self._allow_save and object_name in _PEOPLE:
            self._duplicates(object_name, settled)
        return Change(object=object_name, record=None, values=settled)

    def update(self, object_name: str, id_: object, values: Mapping[str, Any]) -> Change:
        """A change to the record with this id. Raises Refused."""
        record = self._found(object_name, id_)
        self._strike(record["Id"], values)
        settled = self.org.checked(object_name, values, record=record)
        return Change(object=object_name, record=record, values=settled)

    def upsert(self, object_name: str, field: str, values: Mapping[str, Any]) -> Change:
        """A change to the record with this external id, or a new one. Raises Refused."""
        key = values.get(field)
        if not isinstance(key, str) or not key:
            raise Refused(code="MISSING_ARGUMENT", message=f"{field} not specified")
        record = self.org.by_external(object_name, field, key)
        if record is None:
            return self.insert(object_name, values)
        self._strike(record["Id"], values)
        settled = self.org.checked(object_name, values, record=record)
        return Change(object=object_name, record=record, values=settled)

    def delete(self, object_name: str, id_: object) -> Values:
        """The record to delete. Raises Refused."""
        record = self._found(object_name, id_)
        self._strike(record["Id"], {})
        return record

    def _found(self, object_name: str, id_: object) -> Values:
        long = salesforce_ids.long(id_)
        if long and long in self.org.bin[object_name]:
            raise deleted()
        try:
            return self.org.find(object_name, id_)
        except Refused as refusal:
            if refusal.code != "NOT_FOUND":
                raise
            raise Refused(code="INVALID_CROSS_REFERENCE_KEY", message="invalid cross reference id") from refusal

    def _strike(self, id_: str, values: Mapping[str, Any]) -> None:
        for fault in self._faults:
            if fault.strikes(id_, values.values()):
                code = fault.code or "UNABLE_TO_LOCK_ROW"
                raise Refused(code=code, message=fault.message or _LOCKED + id_)

    def _duplicates(self, object_name: str, settled: Values) -> None:
        """The standard rules: the same e-mail, or the same name at the same company, among leads and contacts."""
        results = []
        for name in ("Contact", "Lead"):
            twins = [one for one in self.org.all(name) if not one.get("IsConverted") and self._alike(one, settled)]
            if twins:
                results.append(_matched(name, [str(one["Id"]) for one in twins]))
        if results:
            rule = f"Standard_{object_name}_Duplicate_Rule"
            words = "Use one of these records?"
            told = {"allowSave": True, "duplicateRule": rule, "duplicateRuleEntityType": object_name}
            raise Refused(
                code="DUPLICATES_DETECTED",
                message=words,
                extra={"duplicateResult": {**told, "errorMessage": words, "matchResults": results}},
            )

    def _alike(self, one: Values, other: Values) -> bool:
        email = str(other.get("Email") or "").lower()
        if email and str(one.get("Email") or "").lower() == email:
            return True
        name = self._name(other)
        return all(name) and self._name(one) == name

    def _name(self, record: Values) -> tuple[str, str, str]:
        account = self.org.records["Account"].get(str(record.get("AccountId") or ""), {})
        told = (record.get("FirstName"), record.get("LastName"), record.get("Company") or account.get("Name"))
        first, last, company = (str(each or "").lower() for each in told)
        return first, last, company


def _matched(object_name: str, ids: Sequence[str]) -> dict[str, Any]:
    records = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {"attributes": {"type": object_name}, "Id": one},
        }
        for one in ids
    ]
    told = {"entityType": object_name, "errors": [], "matchEngine": "FuzzyMatchEngine", "size": len(ids)}
    rule = f"Standard_{object_name}_Match_Rule_v1_0"
    return {**told, "matchRecords": records, "rule": rule, "success": True}
