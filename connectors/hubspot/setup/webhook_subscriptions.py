"""The webhooks that a HubSpot app has to send, derived from what the mapping reads.

An access token, whichever kind, cannot subscribe: a legacy public app is subscribed with its developer account's key,
any other by a file of its project (`project_files`) [hubspot: webhooks]. Without that key they are listed, to be set by
hand.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from connectors.answers.replies import Refusal
from connectors.base.port import Unavailable
from connectors.hubspot import faults
from connectors.hubspot.setup.public_app import AppSession
from connectors.shared.provisioning import Step
from mappings.model.compiled_mapping import CrmMapping

_EVENTS = ("creation", "deletion", "merge", "restore")
_PERSON_EVENTS = ("privacyDeletion",)
_OBJECTS = frozenset({"contact", "company", "deal"})
_ASSOCIATED = frozenset({"contact", "deal"})
"""What says to whom it belongs by associations: contacts to their company, deals to their contacts."""
_KIND = "webhook subscriptions"
_NOT_FOUND = 404
Event = tuple[str, str]
"""(type, property or "")"""


def wanted(mapping: CrmMapping) -> dict[str, list[Event]]:
    """The events of each object: its life, and changes of what is read; what we write ourselves is not among them."""
    found: dict[str, list[Event]] = {}
    for name in mapping.objects:
        if name in _OBJECTS:
            life = (*_EVENTS, *(("associationChange",) if name in _ASSOCIATED else ()))
            life = (*life, *(_PERSON_EVENTS if name in mapping.people else ()))
            found[name] = [(f"{name}.{event}", "") for event in life]
            found[name] += [(f"{name}.propertyChange", one) for one in mapping.reads(name)]
    return found


def listed(mapping: CrmMapping, webhook_url: str) -> list[Step]:
    """One line for each object: its events, and where an admin enters them."""
    url = webhook_url or "once COLDFRAME_PUBLIC_URL is set"
    remedy = (
        f"coldframe provision hubspot --project DIR writes an app with these subscriptions, target {url}: no access "
        "token may make them. For a legacy app, set HUBSPOT_APP_ID and HUBSPOT_DEVELOPER_API_KEY, or use its settings"
    )
    return [
        Step(action="by hand", kind=_KIND, what=name, detail=_listed(name, events), remedy=remedy)
        for name, events in wanted(mapping).items()
    ]


def steps(mapping: CrmMapping, webhook_url: str, app: AppSession) -> list[Step]:
    """Where the app sends its webhooks, and what it is subscribed to. Raises Unavailable.

    Subscriptions carry no mark of ours, and the app may serve others too: none is ever taken away.
    """
    found = [_target(app, webhook_url)]
    held = {(str(one.get("eventType")), str(one.get("propertyName") or "")) for one in _subscribed(app)}
    for name, events in wanted(mapping).items():
        missing = [event for event in events if event not in held]
        if missing:
            subscribe = partial(_subscribe, app, missing)
            action: Any = "create" if len(missing) == len(events) else "change"
            detail = _listed(name, missing)
            found.append(Step(action=action, kind=_KIND, what=name, detail=detail, carry_out=subscribe))
        else:
            found.append(Step(action="keep", kind=_KIND, what=name, detail=f"{len(events)} events"))
    return found


def _target(app: AppSession, url: str) -> Step:
    reply = faults.judged(app.target(), idempotent=True)
    if isinstance(reply, Refusal) and not _absent(reply):
        raise Unavailable(reply.receipt(""))
    there = "" if isinstance(reply, Refusal) else str(reply.body.get("targetUrl") or "")
    if there == url:
        return Step(action="keep", kind="webhook target", what=url)
    if there:
        remedy = "change it in the app's webhook settings, if nothing else needs it there"
        return Step(action="by hand", kind="webhook target", what=url, detail=f"is {there}", remedy=remedy)
    return Step(action="create", kind="webhook target", what=url, carry_out=partial(_aim, app, url))


def _aim(app: AppSession, url: str) -> Refusal | None:
    reply = faults.judged(app.aim(url), idempotent=True)
    return reply if isinstance(reply, Refusal) else None


def _subscribe(app: AppSession, events: Sequence[Event]) -> Refusal | None:
    for event, name in events:
        reply = faults.judged(app.subscribe(event, name), idempotent=True)
        if isinstance(reply, Refusal):
            return reply
    return None


def _subscribed(app: AppSession) -> Sequence[Mapping[str, Any]]:
    reply = faults.judged(app.subscribed(), idempotent=True)
    if isinstance(reply, Refusal):
        raise Unavailable(reply.receipt(""))
    return [one for one in reply.body.get("results") or () if isinstance(one, dict)]


def _absent(refusal: Refusal) -> bool:
    return refusal.code in {"OBJECT_NOT_FOUND", f"HTTP_{_NOT_FOUND}"}


def _listed(name: str, events: Sequence[Event]) -> str:
    life = ", ".join(event for event, one in events if not one)
    changes = ", ".join(one for _, one in events if one)
    return "; ".join(filter(None, (life, f"{name}.propertyChange of {changes}" if changes else "")))
