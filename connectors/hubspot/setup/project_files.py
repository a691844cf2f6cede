"""The files of a project of HubSpot's developer platform: the app that Coldframe needs, for HubSpot's CLI to upload.

Legacy apps cannot be made any more, and no token may subscribe to webhooks: an app's scopes and subscriptions stand in
such files alone. [hubspot: projects]
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.hubspot.setup import app_scopes
from connectors.hubspot.setup.webhook_subscriptions import wanted
from connectors.shared.vendor import Project, ProjectRequest
from mappings.model.compiled_mapping import CrmMapping

PLATFORM = "2026.09"
PROJECT, APP, WEBHOOKS = "hsproject.json", "src/app/app-hsmeta.json", "src/app/webhooks/webhooks-hsmeta.json"
AT_ONCE = 10
"""Deliveries that HubSpot may send at the same time."""
_API = "https://api.hubapi.com"
_HUB_EVENTS = frozenset({"privacyDeletion"})
"""Events without a generic form (`object.…`)."""
_CHANGES_ALONE = ("task", "lead")
"""What sends webhooks in the generic form alone, and of which only changes are of use: how sales answers in them."""
_LISTS = ("crmObjects", "legacyCrmObjects", "hubEvents")
Subscription = dict[str, Any]


def project(mapping: CrmMapping, request: ProjectRequest) -> Project:
    """The files by their paths in the project, and what to do with them, a sentence each."""
    auth = _oauth(mapping, request.redirect_urls) if request.several else _static(mapping)
    app = {
        "uid": "coldframe_app",
        "type": "app",
        "config": {
            "name": "Coldframe",
            "description": "Scores leads and hands them to sales as tasks.",
            "distribution": "private",
            "auth": auth,
            "permittedUrls": {"fetch": [_API], "iframe": [], "img": []},
        },
    }
    settings = {"targetUrl": request.webhook_url, "maxConcurrentRequests": AT_ONCE}
    webhooks = {
        "uid": "coldframe_webhooks",
        "type": "webhooks",
        "config": {"settings": settings, "subscriptions": subscriptions(mapping)},
    }
    texts = {
        PROJECT: _text({"name": "coldframe", "srcDir": "src", "platformVersion": PLATFORM}),
        APP: _text(app),
        WEBHOOKS: _text(webhooks),
    }
    return Project(files=texts, steps=tuple(_steps(mapping, several=request.several)), kept=_kept)


def subscriptions(mapping: CrmMapping) -> dict[str, list[Subscription]]:
    """What the app subscribes to: in the generic form where there is one, the others as events of the account."""
    found: dict[str, list[Subscription]] = {name: [] for name in _LISTS}
    for name, events in wanted(mapping).items():
        for event, changed in events:
            kind = event.partition(".")[2]
            if kind in _HUB_EVENTS:
                found["hubEvents"].append({"subscriptionType": event, "active": True})
            else:
                found["crmObjects"].append(_generic(kind, name, changed))
    for name in _CHANGES_ALONE:
        found["crmObjects"] += [_generic("propertyChange", name, changed) for changed in mapping.reads(name)]
    return found


def _generic(kind: str, name: str, changed: str) -> Subscription:
    more = {"propertyName": changed} if changed else {}
    return {"subscriptionType": f"object.{kind}", "objectType": name, **more, "active": True}


def _static(mapping: CrmMapping) -> dict[str, Any]:
    """A token that does not change, for one account. Such an app has required scopes alone."""
    required = [*app_scopes.SCOPES, *app_scopes.LISTS, *app_scopes.further(mapping)]
    return {"type": "static", "requiredScopes": required, "optionalScopes": [], "conditionallyRequiredScopes": []}


def _oauth(mapping: CrmMapping, redirect_urls: Sequence[str]) -> dict[str, Any]:
    """Signing in, for several accounts, some of which may not be able to give every scope."""
    return {
        "type": "oauth",
        "redirectUrls": list(redirect_urls),
        "requiredScopes": list(app_scopes.SCOPES),
        "optionalScopes": [*app_scopes.LISTS, *app_scopes.further(mapping)],
        "conditionallyRequiredScopes": [],
    }


def _kept(path: str, old: str, new: str) -> str:
    """The new text of a file in whose place an old one stands.

    HubSpot refuses to build a project that has lost a subscription: those that are not wanted any more stay, inactive.
    """
    if path != WEBHOOKS:
        return new
    try:
        before: Any = json.loads(old)["config"]["subscriptions"]
        held = {name: [one for one in before.get(name) or () if isinstance(one, dict)] for name in _LISTS}
    except (ValueError, KeyError, TypeError, AttributeError):
        return new
    after: dict[str, Any] = json.loads(new)
    found = after["config"]["subscriptions"]
    for name, those in held.items():
        there = [_named(one) for one in found[name]]
        found[name] += [{**one, "active": False} for one in those if _named(one) not in there]
    return _text(after)


def _named(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "active"}


def _steps(mapping: CrmMapping, *, several: bool) -> Iterator[str]:
    if app_scopes.OPT_OUTS in app_scopes.further(mapping) and not several:
        yield (
            f"Without Marketing Hub Enterprise, HubSpot refuses the scope {app_scopes.OPT_OUTS}: take opted_out out of "
            "the mapping's write, and write the project again, before anything else."
        )
    yield "Install HubSpot's CLI and sign in: npm install -g @hubspot/cli, then hs account auth."
    yield "Upload the project: hs project upload, in its folder."
    where = "Development > Projects > coldframe > Coldframe"
    if several:
        yield f"In HubSpot, {where} > Distribution: allow the accounts that may install it."
        yield f"{where} > Auth shows the client secret (set HUBSPOT_CLIENT_SECRET) and the client id."
        yield "Sign in for each account: coldframe connect hubspot --client-id CLIENT_ID [--name NAME]."
    else:
        yield f"In HubSpot, {where} > Distribution: install it in your account."
        yield f"{where} > Auth shows the client secret (set HUBSPOT_CLIENT_SECRET) and the access token."
        yield "Set HUBSPOT_ACCESS_TOKEN to the token, or run coldframe connect hubspot --grant token."
    yield "Then coldframe provision hubspot makes the properties, and coldframe doctor says what is missing."


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
