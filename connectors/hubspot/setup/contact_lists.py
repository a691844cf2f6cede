"""The ready views as HubSpot's lists of contacts, made by its API, and as saved views, which a person makes.

No API makes saved views; HubSpot calls lists segments on its pages. [hubspot: lists]

A list is found by its name. It is ours where it looks at nothing but what the view looks at: HubSpot keeps no
description of a list, and one that somebody has narrowed down or made for something else is left as it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from connectors.answers.replies import TIMEOUT, Outcome, Refusal, Reply, Timeout
from connectors.base.concerns import Concern
from connectors.base.credentials import Credential
from connectors.base.port import Unavailable
from connectors.hubspot import faults, paths
from connectors.hubspot.api_session import HubSpotSession
from connectors.hubspot.queries import TYPE_IDS, kind
from connectors.hubspot.setup import list_filters
from connectors.hubspot.setup.app_scopes import LISTS
from connectors.shared.provisioning import Action, Step
from connectors.shared.ready_views import OWN_VIEW, VIEWS, View, checked, targets
from mappings.model.compiled_mapping import CrmMapping

_CONTACT = "contact"
_NO_CONTENT = 204
_ELSEWHERE = "rename or delete it in HubSpot (CRM > Segments), then run this again"


class _Lists(HubSpotSession):
    """As the session it extends: every call answers with an Outcome and raises nothing."""

    def named(self, name: str) -> Outcome:
        """GET the list of contacts of that name, with its filters."""
        return self._call("GET", paths.list_named(TYPE_IDS[_CONTACT], name), query=[("includeFilters", "true")])

    def create(self, name: str, branch: Mapping[str, Any]) -> Outcome:
        """POST a list that HubSpot keeps up to date by its filters."""
        body = {"name": name, "objectTypeId": TYPE_IDS[_CONTACT], "processingType": "DYNAMIC", "filterBranch": branch}
        return self._call("POST", paths.lists(), body)

    def change(self, list_id: str, branch: Mapping[str, Any]) -> Outcome:
        """PUT other filters."""
        return self._call("PUT", paths.lists(list_id, "update-list-filters"), {"filterBranch": branch})

    def remove(self, list_id: str) -> Outcome:
        """DELETE a list, which HubSpot keeps for 90 days."""
        return self._call("DELETE", paths.lists(list_id))

    def account(self) -> Outcome:
        """GET what the token belongs to, its time zone among it."""
        return self._call("GET", paths.ACCOUNT)


class HubSpotLists:
    """Makes and unmakes the lists of the ready views; a provisioner of its own."""

    def __init__(self, credential: Credential, *, timeout: Timeout = TIMEOUT) -> None:
        self._session = _Lists(credential, timeout)

    @property
    def needs(self) -> str:
        """The scopes."""
        return f"the token needs the scopes {' and '.join(LISTS)}: add them to the app, or to the service key"

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def plan(self, mapping: CrmMapping) -> Sequence[Step]:
        """The lists, then the saved views that a person makes. Raises Unavailable, UnwrittenError."""
        checked(mapping, [_CONTACT])
        by_hand = [self._by_hand(mapping, view) for view in VIEWS]
        types = self._types()
        lacking = _lacking(mapping, types)
        if lacking:
            return [*lacking, *by_hand]
        zone = str(_whole(self._session.account()).body.get("timeZone") or "UTC")
        steps: list[Step] = []
        for view in VIEWS:
            found = self._found(view)
            if isinstance(found, Refusal):
                return [self._denied(found), *by_hand]
            steps.append(self._step(view, list_filters.branch(mapping, _CONTACT, view, types=types, zone=zone), found))
        return [*steps, *by_hand]

    def removal(self, mapping: CrmMapping) -> Sequence[Step]:
        """Take away the lists that are ours. Raises Unavailable, UnwrittenError."""
        checked(mapping, [_CONTACT])
        types = self._types()
        steps: list[Step] = []
        for view in VIEWS:
            found = self._found(view)
            if isinstance(found, Refusal):
                return [self._denied(found)]
            if found is None:
                continue
            if _foreign(found, list_filters.branch(mapping, _CONTACT, view, types=types, zone="UTC")):
                steps.append(Step(action="keep", kind="list", what=list_name(view), detail="made or changed by others"))
            else:
                take = partial(self._session.remove, str(found["listId"]))
                steps.append(_made("remove", view, take, "its contacts stay as they are"))
        return steps

    def _step(self, view: View, wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> Step:
        if found is None:
            return _made("create", view, partial(self._session.create, list_name(view), wanted), view.says)
        foreign = _foreign(found, wanted)
        if foreign:
            return Step(action="blocked", kind="list", what=list_name(view), detail=foreign, remedy=_ELSEWHERE)
        if list_filters.same(wanted, found.get("filterBranch")):
            return Step(action="keep", kind="list", what=list_name(view))
        change = partial(self._session.change, str(found["listId"]), wanted)
        return _made("change", view, change, "the filters follow the mapping")

    def _by_hand(self, mapping: CrmMapping, view: View) -> Step:
        """What a person chooses on the page of contacts; views of their own are the only ones that know `me`."""
        filters = list(list_filters.sentences(mapping, _CONTACT, view))
        shown = ", ".join(mapping.standing[part].label for part in view.shows)
        remedy = f"Contacts > Add view > Create new view '{view.title}', with these filters; columns: {shown}"
        return Step(action="by hand", kind="saved view", what=view.title, detail="; ".join(filters), remedy=remedy)

    def _types(self) -> Mapping[str, str]:
        """The types of the contacts' properties by their names. Raises Unavailable."""
        results = _whole(self._session.properties(kind(_CONTACT))).body.get("results") or ()
        return {str(one["name"]): str(one.get("type")) for one in results if isinstance(one, dict) and "name" in one}

    def _found(self, view: View) -> Mapping[str, Any] | Refusal | None:
        """The list of that name; None where there is none, and why it may not be looked at. Raises Unavailable."""
        reply = faults.judged(self._session.named(list_name(view)), idempotent=True)
        if isinstance(reply, Reply):
            found = reply.body.get("list")
            return found if isinstance(found, dict) else None
        if reply.forbidden:
            return reply
        if reply.code == faults.GONE or reply.concern in {Concern.RECORD, Concern.OBJECT}:
            return None
        raise Unavailable(reply.receipt(""))

    def _denied(self, refusal: Refusal) -> Step:
        detail = f"{refusal.code}: {refusal.message}"
        return Step(action="blocked", kind="list", what="lists of contacts", detail=detail, remedy=self.needs)


def list_name(view: View) -> str:
    """`Coldframe: Due today`. No list is one person's: that of the hot leads has everybody's."""
    return f"{OWN_VIEW}{view.title.removeprefix('My ').capitalize()}"


def _lacking(mapping: CrmMapping, types: Mapping[str, str]) -> list[Step]:
    """The properties that the lists look at and HubSpot has not."""
    written = targets(mapping, _CONTACT)
    needed = sorted({written[each.part].field for view in VIEWS for each in view.conditions} - types.keys())
    remedy = "run coldframe provision hubspot, then this again"
    return [
        Step(action="blocked", kind="property", what=f"{_CONTACT}.{name}", detail="is not there", remedy=remedy)
        for name in needed
    ]


def _foreign(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Why a list of our name is not ours; "" where it is."""
    if found.get("processingType") != "DYNAMIC":
        return "is a list that people fill by hand"
    others = sorted(set(_looked_at(found.get("filterBranch"))) - set(_looked_at(wanted)))
    return f"looks at {', '.join(others)} too: somebody made or changed it" if others else ""


def _looked_at(branch: Any) -> Iterator[str]:
    """What the filters of a branch, and of those below it, look at: properties, or else the kind of filter."""
    if not isinstance(branch, Mapping):
        return
    for one in branch.get("filters") or ():
        yield str(one.get("property") or one.get("filterType")) if isinstance(one, Mapping) else "something else"
    for inner in branch.get("filterBranches") or ():
        yield from _looked_at(inner)


def _made(action: Action, view: View, call: Callable[[], Outcome], detail: str) -> Step:
    def carry_out() -> Refusal | None:
        outcome = call()
        if isinstance(outcome, Reply) and outcome.status == _NO_CONTENT:
            return None
        judged = faults.judged(outcome, idempotent=True)
        return judged if isinstance(judged, Refusal) else None

    return Step(action=action, kind="list", what=list_name(view), detail=detail, carry_out=carry_out)


def _whole(outcome: Outcome) -> Reply:
    reply = faults.judged(outcome, idempotent=True)
    if isinstance(reply, Refusal):
        raise Unavailable(reply.receipt(""))
    return reply
