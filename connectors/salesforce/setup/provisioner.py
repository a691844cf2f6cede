"""Provisions our custom fields, permission sets and their assignments in a Salesforce org."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from connectors.answers.replies import TIMEOUT, Refusal, Timeout
from connectors.base.credentials import Credential
from connectors.salesforce import SYSTEM, queries
from connectors.salesforce.setup import field_shapes
from connectors.salesforce.setup.field_definitions import Defined, Definitions, defined, refused
from connectors.salesforce.setup.permission_sets import Granting, grants
from connectors.shared.provisioning import Step, Wanted, absent, made, wanted
from mappings.checking.fitting import takes
from mappings.model.compiled_mapping import CrmMapping

TASK = "Task"
_FIELD = "tooling/sobjects/CustomField"


class SalesforceProvisioner:
    """Makes and unmakes our fields.

    `sales` are user names of people in sales who get the permission set that shows the scores.
    """

    def __init__(self, credential: Credential, *, sales: Sequence[str] = (), timeout: Timeout = TIMEOUT) -> None:
        self._session = Definitions(credential, timeout)
        self._sales = tuple(dict.fromkeys(sales))

    @property
    def needs(self) -> str:
        """The permissions."""
        return "this user needs Customize Application, View Setup, and to manage and assign permission sets"

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def plan(self, mapping: CrmMapping) -> Sequence[Step]:
        """The steps to all that the mapping needs: fields, then what lets users see them. Raises Unavailable."""
        needed = wanted(mapping, task=TASK, key=queries.TASK_KEY)
        there = defined(self._session, _by_object(needed))
        fields = [self._field(one, there.get(field_shapes.full_name(one))) for one in needed]
        return [*fields, *self._grants(needed)]

    def removal(self, mapping: CrmMapping) -> Sequence[Step]:
        """Take away permission sets and fields with our mark: those of the mapping, and all called Coldframe_…."""
        needed = wanted(mapping, task=TASK, key=queries.TASK_KEY)
        granting, sets = Granting(self._session), grants(needed)
        granting.look([grant.name for grant in sets])
        steps = [step for grant in sets for step in granting.removal(grant)]
        for name, found in defined(self._session, _by_object(needed)).items():
            if made(found.metadata.get("description")):
                take = partial(self._remove, found.id)
                step = Step(action="remove", kind="field", what=name, detail="with its values", carry_out=take)
                steps.append(step)
        return steps

    def _field(self, one: Wanted, held: Defined | None) -> Step:
        if held is None and not one.name.endswith("__c"):
            remedy = "a standard field cannot be made: map a custom one"
            return Step(action="blocked", kind="field", what=one.where, detail="is no custom field", remedy=remedy)
        if held is None:
            make = partial(self._create, one)
            return Step(action="create", kind="field", what=one.where, detail=field_shapes.summary(one), carry_out=make)
        found = field_shapes.described(held.metadata)
        if one.filled == "coldframe" and not takes(SYSTEM, one.kind, found):
            remedy = f"rename or delete it in Salesforce, or map another field; a {one.kind} is wanted"
            return Step(action="blocked", kind="field", what=one.where, detail=f"is a {found}", remedy=remedy)
        changes, detail = _changes(one, held.metadata)
        if changes:
            change = partial(self._change, held, changes)
            return Step(action="change", kind="field", what=one.where, detail=detail, carry_out=change)
        foreign = "" if made(held.metadata.get("description")) else "made by others"
        return Step(action="keep", kind="field", what=one.where, detail=foreign)

    def _grants(self, needed: Sequence[Wanted]) -> list[Step]:
        granting, (integration, sales) = Granting(self._session), grants(needed)
        granting.look([integration.name, sales.name])
        user, name = self._session.user()
        steps = granting.steps(integration, {user: name} if user else {})
        if not user:
            remedy = "assign it in Setup, or give the token the scope openid"
            what = f"{integration.name} → the integration user"
            steps.append(Step(action="by hand", kind="assignment", what=what, detail="user unknown", remedy=remedy))
        people = self._people()
        steps += granting.steps(sales, people)
        unknown = [each for each in self._sales if each not in people.values()]
        for each in unknown:
            remedy = "name an active user by user name"
            steps.append(Step(action="blocked", kind="assignment", what=f"{sales.name} → {each}", remedy=remedy))
        if not self._sales:
            count = granting.assigned(sales)
            steps.append(
                Step(
                    action="keep" if count else "by hand",
                    kind="assignment",
                    what=sales.name,
                    detail=f"{count} users have it",
                    remedy="" if count else "assign it to sales in Setup, or run this with --sales USERNAME",
                )
            )
        return steps

    def _people(self) -> dict[str, str]:
        if not self._sales:
            return {}
        names = queries.listed(self._sales)
        soql = f"SELECT Id, Username FROM User WHERE IsActive = true AND Username IN {names}"  # noqa: S608 -- quoted  # nosec B608
        return {str(row["Id"]): str(row["Username"]) for row in self._session.query(soql)}

    def _create(self, one: Wanted) -> Refusal | None:
        return refused(self._session.post(_FIELD, field_shapes.created(one)))

    def _change(self, held: Defined, changes: Mapping[str, Any]) -> Refusal | None:
        body = {"Metadata": {**held.metadata, **changes}}
        return refused(self._session.patch(f"{_FIELD}/{held.id}", body))

    def _remove(self, field_id: str) -> Refusal | None:
        return refused(self._session.delete(f"{_FIELD}/{field_id}"))


def _by_object(needed: Sequence[Wanted]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in needed:
        found.setdefault(one.object, []).append(one.name)
    return found


def _changes(one: Wanted, held: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The parts of the definition to replace and what that says; values that are there already stay."""
    changes: dict[str, Any] = {}
    said: list[str] = []
    value_set = held.get("valueSet") or {}
    definition = value_set.get("valueSetDefinition") or {}
    offered = [value for value in definition.get("value") or () if isinstance(value, dict)]
    live = {str(value.get("valueName")): "" for value in offered if value.get("isActive") is not False}
    missing = absent(one.choices, live) if "valueSetDefinition" in value_set else []
    if missing:
        kept = [value for value in offered if str(value.get("valueName")) in live]
        changes["valueSet"] = {
            **value_set,
            "valueSetDefinition": {**definition, "value": [*kept, *field_shapes.values(missing)]},
        }
        said.append(f"adds {', '.join(value for value, _ in missing)}")
    if one.key and not (held.get("unique") and held.get("externalId")):
        changes |= {"unique": True, "externalId": True, "caseSensitive": True}
        said.append("unique external id")
    if isinstance(held.get("length"), int) and held["length"] < one.limit and one.filled == "coldframe":
        changes["length"] = one.limit
        said.append(f"length {one.limit}")
    if made(held.get("description")):
        differing = {name: text for name, text in field_shapes.texts(one).items() if held.get(name) != text}
        changes |= differing
        said += differing
    return changes, "; ".join(said)
