"""sObject Collections: up to 200 rows, answered in order with 200 even where rows fail [salesforce: collections]."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from sandbox.salesforce.soql.soql_answer import attributes
from sandbox.salesforce.state import salesforce_ids
from sandbox.salesforce.state.org import Org, Values
from sandbox.salesforce.state.refusals import Refused
from sandbox.salesforce.state.row_writes import Change, Checker, carried_out
from sandbox.shared.http_call import Answer, Call, reply, texts

MOST = 200
_RETRIEVED = 2_000
Check: TypeAlias = Callable[[Mapping[str, Any]], Change]
_ROLLED_BACK = Refused(
    code="ALL_OR_NONE_OPERATION_ROLLED_BACK",
    message="Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class Collections:
    """The endpoints under `/composite/sobjects`."""

    def __init__(self, org: Org) -> None:
        self.org = org

    def create(self, call: Call, version: str) -> Answer:
        """POST new records."""
        del version
        checker = _checker(self.org, call)
        return self._write(call, lambda row: checker.insert(self._object(row), row), upserting=False)

    def update(self, call: Call, version: str) -> Answer:
        """PATCH records by id."""
        del version
        checker = _checker(self.org, call)
        seen: set[str] = set()

        def check(row: Mapping[str, Any]) -> Change:
            id_ = row.get("Id") or row.get("id")
            if not id_:
                raise Refused(code="MISSING_ARGUMENT", message="Id not specified in an update call")
            if salesforce_ids.long(id_) in seen:
                raise Refused(code="DUPLICATE_VALUE", message=f"duplicate id specified: {id_}", fields=["Id"])
            seen.add(salesforce_ids.long(id_))
            return checker.update(self._object(row), id_, row)

        return self._write(call, check, upserting=False)

    def upsert(self, call: Call, version: str, object_name: str, field: str) -> Answer:
        """PATCH records by an external id, made where they are missing."""
        del version
        name = self.org.named(object_name)
        self.org.by_external(name, field, "")
        checker = _checker(self.org, call)
        seen: set[str] = set()

        def check(row: Mapping[str, Any]) -> Change:
            if self._object(row) != name:
                raise Refused(code="INVALID_TYPE", message=f"expected records of type {name}")
            key = str(row.get(field) or "").lower()
            if key and key in seen:
                raise Refused(code="DUPLICATE_VALUE", message=f"Duplicate external id specified: {row[field]}")
            seen.add(key)
            return checker.upsert(name, field, row)

        return self._write(call, check, upserting=True)

    def delete(self, call: Call, version: str) -> Answer:
        """DELETE records by `ids`."""
        del version
        named = [one for one in call.argument("ids").split(",") if one]
        _within(named)
        checker = _checker(self.org, call)
        rows: list[dict[str, Any]] = []
        for id_ in named:
            object_name = salesforce_ids.object_of(id_)
            try:
                self.org.delete(object_name, checker.delete(object_name, id_))
            except Refused as refusal:
                rows.append({"id": id_, "success": False, "errors": [refusal.row()]})
            else:
                rows.append({"id": id_, "success": True, "errors": []})
        return reply(rows)

    def retrieve(self, call: Call, version: str, object_name: str) -> Answer:
        """GET or POST: records by id with chosen fields, in order; null where there is none."""
        name = self.org.named(object_name)
        if call.method == "POST":
            body = call.json()
            named, wanted = texts(body.get("ids"), "ids"), texts(body.get("fields"), "fields")
        else:
            named, wanted = call.argument("ids").split(","), call.argument("fields").split(",")
        if len(named) > _RETRIEVED:
            raise Refused(code="EXCEEDED_ID_LIMIT", message=f"cannot retrieve more than {_RETRIEVED} records")
        for field in wanted:
            if field not in self.org.fields[name]:
                message = f"No such column '{field}' on sobject of type {name}"
                raise Refused(code="INVALID_FIELD", message=message)
        return reply([self._shown(name, salesforce_ids.long(id_), wanted, version) for id_ in named])

    def _shown(self, name: str, id_: str, wanted: Sequence[str], version: str) -> dict[str, Any] | None:
        record: Values | None = self.org.records[name].get(id_)
        if record is None:
            return None
        shown: dict[str, Any] = {"attributes": attributes(name, id_, version)}
        return shown | {field: record.get(field) for field in (*wanted, "Id")}

    def _object(self, row: Mapping[str, Any]) -> str:
        attributes_ = row.get("attributes")
        if not isinstance(attributes_, dict) or not attributes_.get("type"):
            raise Refused(code="INVALID_INPUT", message="Include an entity type in the attributes of every record")
        return self.org.named(str(attributes_["type"]))

    def _write(self, call: Call, check: Check, *, upserting: bool) -> Answer:
        body = call.json()
        records = body.get("records")
        if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
            raise Refused(code="JSON_PARSER_ERROR", message="The HTTP entity body wants a list of records")
        _within(records)
        outcomes: list[Change | Refused] = []
        for one in records:
            try:
                outcomes.append(check(one))
            except Refused as refusal:
                if refusal.code == "JSON_PARSER_ERROR":
                    raise
                outcomes.append(refusal)
        if body.get("allOrNone") and any(isinstance(one, Refused) for one in outcomes):
            outcomes = [one if isinstance(one, Refused) else _ROLLED_BACK for one in outcomes]
        return reply([self._row(outcome, upserting=upserting) for outcome in outcomes])

    def _row(self, outcome: Change | Refused, *, upserting: bool) -> dict[str, Any]:
        if isinstance(outcome, Change):
            try:
                self.org.claim(outcome.object, outcome.values, outcome.record)
            except Refused as refusal:  # a unique value twice among these rows
                outcome = refusal
        if isinstance(outcome, Refused):
            return {"success": False, "errors": [outcome.row()]}
        row: dict[str, Any] = {"id": carried_out(self.org, outcome), "success": True, "errors": []}
        if upserting:
            row["created"] = outcome.record is None
        return row


def _within(rows: Sequence[object]) -> None:
    if len(rows) > MOST:
        message = f"record limit reached. cannot submit more than {MOST} records in this call"
        raise Refused(code="EXCEEDED_ID_LIMIT", message=message)
    if not rows:
        raise Refused(code="REQUIRED_FIELD_MISSING", message="at least one record is wanted")


def _checker(org: Org, call: Call) -> Checker:
    allow = "allowsave=true" in call.headers.get("sforce-duplicate-rule-header", "").lower().replace(" ", "")
    return Checker(org, call.record_faults, allow_save=allow)
