"""Permission sets: one for the integration user, who writes our fields, one for sales, who reads them.

Without field permissions a field that was just made stays invisible to the API: INVALID_FIELD [salesforce: errors].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connectors.answers.replies import Refusal
from connectors.base.port import Verdict
from connectors.salesforce import SYSTEM, queries
from connectors.salesforce.setup.field_definitions import Definitions, changed_many, created_many, refused, whole
from connectors.shared.provisioning import MARK, Step, Wanted, made
from mappings.values.record_ids import full

Right = tuple[bool, bool]
"""(may read, may edit)"""
_NO_SET = Refusal(verdict=Verdict.PERMANENT, code="NO_PERMISSION_SET", message="the permission set could not be made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A permission set of ours and what it allows, by `Lead.Coldframe_Fit__c`."""

    name: str
    label: str
    purpose: str
    rights: Mapping[str, Right]


def grants(needed: Sequence[Wanted]) -> tuple[Grant, Grant]:
    """The integration's set edits every field; the one of sales edits what people fill in and reads the scores."""
    fields = [one for one in needed if one.name.endswith("__c")]
    everything = {one.where: (True, True) for one in fields}
    seen = {one.where: (True, one.filled == "people") for one in fields if not one.key}
    return (
        Grant(
            name="Coldframe",
            label="Coldframe",
            purpose="Lets the integration user read and write Coldframe's fields.",
            rights=everything,
        ),
        Grant(
            name="Coldframe_Sales",
            label="Coldframe for sales",
            purpose="Lets people see scores and stages and fill in what they learned.",
            rights=seen,
        ),
    )


@dataclass(slots=True)
class Granting:
    """The permission sets of one org: looked at when made; ids of sets made meanwhile are remembered."""

    session: Definitions
    sets: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def look(self, names: Sequence[str]) -> None:
        """Read the sets of these names. Raises Unavailable."""
        soql = f"SELECT Id, Name, Description FROM PermissionSet WHERE Name IN {queries.listed(names)}"  # noqa: S608 -- quoted  # nosec B608
        self.sets = {str(row["Name"]): row for row in self.session.query(soql)}

    def steps(self, grant: Grant, users: Mapping[str, str]) -> list[Step]:
        """The set, its field permissions and its assignments to `users` (name by id). Raises Unavailable."""
        held = self.sets.get(grant.name)
        if held:
            foreign = "" if made(held.get("Description")) else "made by others"
            steps = [Step(action="keep", kind="permission set", what=grant.name, detail=foreign)]
        else:
            make = partial(self._make, grant)
            steps = [
                Step(action="create", kind="permission set", what=grant.name, detail=grant.purpose, carry_out=make)
            ]
        return [*steps, self._rights(grant), *self._assignments(grant, users)]

    def removal(self, grant: Grant) -> list[Step]:
        """Take away a set that carries our mark, its assignments first."""
        held = self.sets.get(grant.name)
        if held is None:
            return []
        if not made(held.get("Description")):
            return [Step(action="keep", kind="permission set", what=grant.name, detail="made by others")]
        ids = sorted(str(row["Id"]) for row in self._assigned(grant))
        take = partial(self._remove, str(held["Id"]), ids)
        detail = f"and its {len(ids)} assignments" if ids else ""
        return [Step(action="remove", kind="permission set", what=grant.name, detail=detail, carry_out=take)]

    def assigned(self, grant: Grant) -> int:
        """How many users have the set. Raises Unavailable."""
        return len(self._assigned(grant))

    def _make(self, grant: Grant) -> Refusal | None:
        body = {"Name": grant.name, "Label": grant.label, "Description": f"{grant.purpose} {MARK}"}
        outcome = self.session.post("sobjects/PermissionSet", body)
        refusal = refused(outcome)
        if refusal is None:
            self.sets[grant.name] = {"Id": str(whole(outcome)["id"]), **body}
        return refusal

    def _rights(self, grant: Grant) -> Step:
        held = self._existing(grant)
        missing = {name: right for name, right in grant.rights.items() if name not in held}
        lesser = {
            str(held[name]["Id"]): right
            for name, right in grant.rights.items()
            if name in held and _right(held[name]) < right
        }
        if not missing and not lesser:
            return Step(action="keep", kind="field permissions", what=grant.name, detail=f"{len(grant.rights)} fields")
        give = partial(self._give, grant, missing, lesser)
        detail = f"{len(missing) + len(lesser)} of {len(grant.rights)} fields"
        action: Any = "change" if held else "create"
        return Step(action=action, kind="field permissions", what=grant.name, detail=detail, carry_out=give)

    def _give(self, grant: Grant, missing: Mapping[str, Right], lesser: Mapping[str, Right]) -> Refusal | None:
        parent = self._id(grant)
        if not parent:
            return _NO_SET
        new = [
            {
                "attributes": {"type": "FieldPermissions"},
                "ParentId": parent,
                "SobjectType": name.partition(".")[0],
                "Field": name,
                "PermissionsRead": read,
                "PermissionsEdit": edit,
            }
            for name, (read, edit) in missing.items()
        ]
        more = [
            {"attributes": {"type": "FieldPermissions"}, "id": id_, "PermissionsRead": read, "PermissionsEdit": edit}
            for id_, (read, edit) in lesser.items()
        ]
        return created_many(self.session, new) or changed_many(self.session, more)

    def _assignments(self, grant: Grant, users: Mapping[str, str]) -> list[Step]:
        has = {full(SYSTEM, str(row["AssigneeId"])) for row in self._assigned(grant)}
        steps = []
        for user, name in users.items():
            what = f"{grant.name} → {name}"
            if user in has:
                steps.append(Step(action="keep", kind="assignment", what=what))
            else:
                give = partial(self._assign, grant, user)
                steps.append(Step(action="create", kind="assignment", what=what, carry_out=give))
        return steps

    def _assign(self, grant: Grant, user: str) -> Refusal | None:
        body = {"AssigneeId": user, "PermissionSetId": self._id(grant)}
        if not body["PermissionSetId"]:
            return _NO_SET
        return refused(self.session.post("sobjects/PermissionSetAssignment", body))

    def _remove(self, set_id: str, assignments: Sequence[str]) -> Refusal | None:
        for one in assignments:
            refusal = refused(self.session.delete(f"sobjects/PermissionSetAssignment/{one}"))
            if refusal:
                return refusal
        return refused(self.session.delete(f"sobjects/PermissionSet/{set_id}"))

    def _existing(self, grant: Grant) -> dict[str, Mapping[str, Any]]:
        if grant.name not in self.sets:
            return {}
        soql = (
            "SELECT Id, Field, PermissionsRead, PermissionsEdit FROM FieldPermissions "  # noqa: S608 -- quoted  # nosec B608
            f"WHERE ParentId = {queries.quoted(self._id(grant))}"
        )
        return {str(row["Field"]): row for row in self.session.query(soql)}

    def _assigned(self, grant: Grant) -> list[Mapping[str, Any]]:
        if grant.name not in self.sets:
            return []
        soql = (
            "SELECT Id, AssigneeId FROM PermissionSetAssignment "  # noqa: S608 -- quoted  # nosec B608
            f"WHERE PermissionSetId = {queries.quoted(self._id(grant))}"
        )
        return self.session.query(soql)

    def _id(self, grant: Grant) -> str:
        return str(self.sets[grant.name]["Id"]) if grant.name in self.sets else ""


def _right(row: Mapping[str, Any]) -> Right:
    return bool(row.get("PermissionsRead")), bool(row.get("PermissionsEdit"))
