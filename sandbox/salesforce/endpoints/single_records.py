"""Single records: read, create, change, upsert, delete, and what changed in a span of time."""

from typing import Any

from sandbox.salesforce.soql.soql_answer import attributes
from sandbox.salesforce.state import salesforce_ids
from sandbox.salesforce.state.org import Org, Values
from sandbox.salesforce.state.refusals import Refused, not_found
from sandbox.salesforce.state.row_writes import Checker, carried_out
from sandbox.shared import sandbox_clock
from sandbox.shared.http_call import Answer, Call, reply


class Records:
    """The endpoints under `/sobjects/<object>` that are about one record."""

    def __init__(self, org: Org) -> None:
        self.org = org

    def read(self, call: Call, version: str, object_name: str, id_: str) -> Answer:
        """GET a record, whole or the `fields` asked for."""
        name = self.org.named(object_name)
        return reply(self._shown(call, version, name, self._found(name, id_)))

    def read_external(self, call: Call, version: str, object_name: str, field: str, key: str) -> Answer:
        """GET a record by an external id."""
        name = self.org.named(object_name)
        record = self.org.by_external(name, field, key)
        if record is None:
            raise not_found(key)
        return reply(self._shown(call, version, name, record))

    def create(self, call: Call, version: str, object_name: str) -> Answer:
        """POST a new record."""
        del version
        change = self._checker(call).insert(self.org.named(object_name), call.json())
        return reply({"id": carried_out(self.org, change), "success": True, "errors": []}, 201)

    def update(self, call: Call, version: str, object_name: str, id_: str) -> Answer:
        """PATCH a record."""
        del version
        name = self.org.named(object_name)
        self._found(name, id_)
        carried_out(self.org, self._checker(call).update(name, id_, call.json()))
        return Answer(status=204)

    def upsert(self, call: Call, version: str, object_name: str, field: str, key: str) -> Answer:
        """PATCH a record by an external id: 201 where it was made, 200 where it was there."""
        del version
        name = self.org.named(object_name)
        values = call.json()
        if field in values:
            message = f"The {field} field should not be specified in the sobject data."
            raise Refused(code="INVALID_FIELD", message=message)
        change = self._checker(call).upsert(name, field, {**values, field: key})
        created = change.record is None
        body = {"id": carried_out(self.org, change), "success": True, "errors": [], "created": created}
        return reply(body, 201 if created else 200)

    def delete(self, call: Call, version: str, object_name: str, id_: str) -> Answer:
        """DELETE a record."""
        del version
        name = self.org.named(object_name)
        self._found(name, id_)
        self.org.delete(name, self._checker(call).delete(name, id_))
        return Answer(status=204)

    def updated(self, call: Call, version: str, object_name: str) -> Answer:
        """GET the ids of records changed between `start` and `end`."""
        del version
        start, end = _span(call)
        name = self.org.named(object_name)
        found = [one["Id"] for one in self.org.all(name) if start <= one["SystemModstamp"] < end]
        return reply({"ids": found, "latestDateCovered": end})

    def deleted(self, call: Call, version: str, object_name: str) -> Answer:
        """GET the ids of records deleted between `start` and `end`."""
        del version
        start, end = _span(call)
        binned = self.org.bin[self.org.named(object_name)].values()
        found = [
            {"id": one["Id"], "deletedDate": one["SystemModstamp"]}
            for one in binned
            if start <= one["SystemModstamp"] < end
        ]
        return reply({"deletedRecords": found, "earliestDateAvailable": start, "latestDateCovered": end})

    def _found(self, name: str, id_: str) -> Values:
        try:
            return self.org.find(name, id_)
        except Refused as refusal:
            if refusal.code == "MALFORMED_ID" and not salesforce_ids.long(id_):
                raise not_found(id_) from refusal
            raise

    def _shown(self, call: Call, version: str, name: str, record: Values) -> dict[str, Any]:
        fields = self.org.fields[name]
        asked = [one for one in call.argument("fields").split(",") if one]
        for field in asked:
            if field not in fields:
                message = f"No such column '{field}' on sobject of type {name}"
                raise Refused(code="INVALID_FIELD", message=message)
        shown: dict[str, Any] = {"attributes": attributes(name, record["Id"], version)}
        shown.update((field, record.get(field)) for field in (*asked, "Id") if asked)
        if not asked:
            shown.update((field, record.get(field)) for field in fields)
        return shown

    def _checker(self, call: Call) -> Checker:
        allow = "allowsave=true" in call.headers.get("sforce-duplicate-rule-header", "").lower().replace(" ", "")
        return Checker(self.org, call.record_faults, allow_save=allow)


def _span(call: Call) -> tuple[str, str]:
    try:
        start = sandbox_clock.offset(sandbox_clock.read(call.argument("start").replace(" ", "+")))
        end = sandbox_clock.offset(sandbox_clock.read(call.argument("end").replace(" ", "+")))
    except ValueError as trouble:
        raise Refused(code="INVALID_REPLICATION_DATE", message=f"start and end: {trouble}") from trouble
    return start, end
