"""Provisions our property groups and properties in a HubSpot account, and the webhooks its app has to send."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from connectors.answers.replies import TIMEOUT, Outcome, Refusal, Timeout
from connectors.base.credentials import Credential
from connectors.base.port import Unavailable
from connectors.hubspot import SYSTEM, faults
from connectors.hubspot.queries import KINDS, OPTIONAL, TASK_KEY, kind
from connectors.hubspot.setup import property_shapes, webhook_subscriptions
from connectors.hubspot.setup.app_scopes import SCOPES
from connectors.hubspot.setup.property_definitions import Definitions, refused
from connectors.hubspot.setup.public_app import App, AppSession
from connectors.shared.provisioning import Step, Wanted, absent, made, wanted
from mappings.checking.fitting import takes
from mappings.model.compiled_mapping import CrmMapping

GROUP = "coldframe"
TASK = "task"
Held = Mapping[str, Mapping[str, Any]]
"""Definitions by name."""


class HubSpotProvisioner:
    """Makes and unmakes our properties."""

    def __init__(
        self, credential: Credential, *, webhook_url: str = "", app: App | None = None, timeout: Timeout = TIMEOUT
    ) -> None:
        self._session = Definitions(credential, timeout)
        self._webhook_url = webhook_url
        self._app = AppSession(app, credential.api_url, timeout) if app else None

    @property
    def needs(self) -> str:
        """The scopes."""
        writing = ", ".join(each for each in SCOPES if each.endswith(".write"))
        return f"the token needs the scopes {writing} (tasks come with contacts)"

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()
        if self._app:
            self._app.close()

    def plan(self, mapping: CrmMapping) -> Sequence[Step]:
        """The steps to all that the mapping needs, groups before their properties. Raises Unavailable."""
        needed = wanted(mapping, task=TASK, key=TASK_KEY)
        steps: list[Step] = []
        for object_name in dict.fromkeys(one.object for one in needed):
            held, groups = self._existing(object_name), self._groups(object_name)
            ours = [one for one in needed if one.object == object_name]
            if GROUP in groups:
                steps.append(Step(action="keep", kind="property group", what=f"{object_name}.{GROUP}"))
            elif any(one.name not in held for one in ours):
                make = partial(self._session.create_group, kind(object_name), property_shapes.group(GROUP))
                steps.append(_step("create", "property group", f"{object_name}.{GROUP}", make))
            steps += [self._property(one, held.get(one.name)) for one in ours]
        if self._app and self._webhook_url:
            return [*steps, *webhook_subscriptions.steps(mapping, self._webhook_url, self._app)]
        return [*steps, *webhook_subscriptions.listed(mapping, self._webhook_url)]

    def removal(self, mapping: CrmMapping) -> Sequence[Step]:
        """The steps that take away every property with our mark, and the groups that are then empty."""
        steps: list[Step] = []
        for object_name in dict.fromkeys([*mapping.objects, *(each for each in KINDS if each not in OPTIONAL)]):
            held, groups = self._existing(object_name), self._groups(object_name)
            ours = [name for name, found in held.items() if made(found.get("description"))]
            for name in ours:
                take = partial(self._session.remove_property, kind(object_name), name)
                steps.append(_step("remove", "property", f"{object_name}.{name}", take, "with its values"))
            left = [name for name, found in held.items() if found.get("groupName") == GROUP and name not in ours]
            if GROUP in groups and left:
                detail = f"holds properties that others made: {', '.join(sorted(left))}"
                steps.append(Step(action="keep", kind="property group", what=f"{object_name}.{GROUP}", detail=detail))
            elif GROUP in groups:
                take = partial(self._session.remove_group, kind(object_name), GROUP)
                steps.append(_step("remove", "property group", f"{object_name}.{GROUP}", take))
        return steps

    def _property(self, one: Wanted, held: Mapping[str, Any] | None) -> Step:
        if held is None:
            make = partial(self._session.create_property, kind(one.object), property_shapes.created(one, GROUP))
            return _step("create", "property", one.where, make, property_shapes.summary(one))
        hindrance = _hindrance(one, held)
        if hindrance:
            detail, remedy = hindrance
            return Step(action="blocked", kind="property", what=one.where, detail=detail, remedy=remedy)
        changes, detail = _changes(one, held)
        if changes:
            change = partial(self._session.change_property, kind(one.object), one.name, changes)
            return _step("change", "property", one.where, change, detail)
        foreign = "" if made(held.get("description")) else "made by others"
        return Step(action="keep", kind="property", what=one.where, detail=foreign)

    def _existing(self, object_name: str) -> Held:
        return {str(one["name"]): one for one in _results(self._session.properties(kind(object_name)))}

    def _groups(self, object_name: str) -> frozenset[str]:
        return frozenset(str(one["name"]) for one in _results(self._session.groups(kind(object_name))))


def _hindrance(one: Wanted, held: Mapping[str, Any]) -> tuple[str, str] | None:
    """What HubSpot cannot change in a property that is there."""
    found = str(held.get("type"))
    if one.filled == "coldframe" and not takes(SYSTEM, one.kind, found):
        remedy = f"rename or delete it in HubSpot, or map another property; a {one.kind} is wanted"
        return f"is a {found}", remedy
    if one.key and not held.get("hasUniqueValue"):
        remedy = "HubSpot cannot make a property unique later: delete it there, then run this again"
        return "has no unique values", remedy
    metadata = held.get("modificationMetadata") or {}
    if one.filled == "coldframe" and (metadata.get("readOnlyValue") or held.get("calculated")):
        return "is read-only", "map another property"
    return None


def _changes(one: Wanted, held: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The body of the change and what it says; options that are there already stay as they are."""
    changes: dict[str, Any] = {}
    said: list[str] = []
    options = [option for option in held.get("options") or () if isinstance(option, dict)]
    missing = absent(one.choices, {str(option.get("value")): str(option.get("label")) for option in options})
    if missing and held.get("type") == "enumeration":
        changes["options"] = [*options, *property_shapes.options(missing, start=len(options))]
        said.append(f"adds {', '.join(value for value, _ in missing)}")
    if made(held.get("description")):
        texts = {"label": one.label, "description": one.description}
        differing = {name: text for name, text in texts.items() if held.get(name) != text}
        changes |= differing
        said += differing
    return changes, "; ".join(said)


def _step(action: Any, what: str, where: str, call: Callable[[], Outcome], detail: str = "") -> Step:
    def carry_out() -> Refusal | None:
        return refused(call())

    return Step(action=action, kind=what, what=where, detail=detail, carry_out=carry_out)


def _results(outcome: Outcome) -> Iterator[Mapping[str, Any]]:
    reply = faults.judged(outcome, idempotent=True)
    if isinstance(reply, Refusal):
        raise Unavailable(reply.receipt(""))
    yield from (one for one in reply.body.get("results") or () if isinstance(one, dict) and "name" in one)
