"""What HubSpot's developer platform takes as a project: built from its configuration reference, for the tests.

HubSpot itself checks a project when it is uploaded; these are the rules that it documents. [hubspot: projects]
"""

import json
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MOST = 1_000
"""Subscriptions of one app."""


def _https(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        msg = "not an https address"
        raise ValueError(msg)
    return url


def _redirect(url: str) -> str:
    """Https, or http for `localhost` alone."""
    return url if urlsplit(url).scheme == "http" and urlsplit(url).hostname == "localhost" else _https(url)


Https = Annotated[str, AfterValidator(_https)]
Uid = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
Scope = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]+$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Project(Strict):
    """`hsproject.json`."""

    name: str = Field(min_length=1)
    srcDir: Literal["src"]  # noqa: N815 - HubSpot's own names, here and below
    platformVersion: Literal["2025.2", "2026.03", "2026.09"]  # noqa: N815


class Auth(Strict):
    """Static tokens have required scopes alone and no page to come back to; OAuth needs one."""

    type: Literal["static", "oauth"]
    redirectUrls: list[Annotated[str, AfterValidator(_redirect)]] = []  # noqa: N815
    requiredScopes: list[Scope] = Field(min_length=1)  # noqa: N815
    optionalScopes: list[Scope]  # noqa: N815
    conditionallyRequiredScopes: list[Scope]  # noqa: N815

    @model_validator(mode="after")
    def _fits(self) -> "Auth":
        every = [*self.requiredScopes, *self.optionalScopes, *self.conditionallyRequiredScopes]
        wrong = (
            (len(set(every)) < len(every), "a scope twice"),
            (self.type == "oauth" and not self.redirectUrls, "OAuth without a redirect URL"),
            (self.type == "static" and bool(self.redirectUrls), "a static token with a redirect URL"),
            (self.type == "static" and len(every) > len(self.requiredScopes), "a static token with optional scopes"),
        )
        for is_so, what in wrong:
            if is_so:
                raise ValueError(what)
        return self


class Urls(Strict):
    fetch: list[Https]
    iframe: list[Https]
    img: list[Https]


class AppConfig(Strict):
    name: str = Field(min_length=1, max_length=200)
    description: str = Field(min_length=1)
    distribution: Literal["private", "marketplace"]
    auth: Auth
    permittedUrls: Urls  # noqa: N815

    @model_validator(mode="after")
    def _fits(self) -> "AppConfig":
        if self.distribution == "marketplace" and self.auth.type != "oauth":
            msg = "what is listed in the marketplace signs in by OAuth"
            raise ValueError(msg)
        return self


class App(Strict):
    """`src/app/app-hsmeta.json`."""

    uid: Uid
    type: Literal["app"]
    config: AppConfig


class Generic(Strict):
    """An event in the new format."""

    subscriptionType: Literal[  # noqa: N815
        "object.creation", "object.deletion", "object.merge", "object.restore", "object.propertyChange",
        "object.associationChange",
    ]  # fmt: skip
    objectType: Annotated[str, Field(pattern=r"^[a-z_]+$|^[0-9]+-[0-9]+$")]  # noqa: N815
    propertyName: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]*$")  # noqa: N815
    active: bool

    @model_validator(mode="after")
    def _fits(self) -> "Generic":
        if self.subscriptionType.endswith(".propertyChange") != bool(self.propertyName):
            msg = "a property's change names the property, and nothing else does"
            raise ValueError(msg)
        return self


class Classic(Strict):
    """An event in the older format."""

    subscriptionType: Annotated[  # noqa: N815
        str,
        Field(
            pattern=r"^(contact|company|deal|ticket|product|line_item)\."
            r"(creation|deletion|merge|restore|propertyChange|associationChange)$"
        ),
    ]
    propertyName: str | None = None  # noqa: N815
    active: bool


class HubEvent(Strict):
    """An event that has no format but its own."""

    subscriptionType: Literal[  # noqa: N815
        "contact.privacyDeletion", "conversation.creation", "conversation.deletion", "conversation.newMessage",
        "conversation.privacyDeletion", "conversation.propertyChange",
    ]  # fmt: skip
    active: bool


class Subscriptions(Strict):
    crmObjects: list[Generic]  # noqa: N815
    legacyCrmObjects: list[Classic]  # noqa: N815
    hubEvents: list[HubEvent]  # noqa: N815

    @model_validator(mode="after")
    def _fits(self) -> "Subscriptions":
        every = [one.model_dump_json(exclude={"active"}) for one in (*self.crmObjects, *self.legacyCrmObjects)]
        every += [one.subscriptionType for one in self.hubEvents]
        if len(set(every)) < len(every):
            msg = "a subscription twice"
            raise ValueError(msg)
        if len(every) > MOST:
            msg = f"more than {MOST} subscriptions"
            raise ValueError(msg)
        return self


class WebhookSettings(Strict):
    targetUrl: Https  # noqa: N815
    maxConcurrentRequests: int = Field(ge=5)  # noqa: N815


class WebhooksConfig(Strict):
    settings: WebhookSettings
    subscriptions: Subscriptions


class Webhooks(Strict):
    """`src/app/webhooks/*-hsmeta.json`."""

    uid: Uid
    type: Literal["webhooks"]
    config: WebhooksConfig


def checked(folder: Path) -> tuple[Project, App, Webhooks]:
    """A project as it lies in a folder. ValueError where HubSpot would not build it."""
    there = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    found = {
        "app": [one for one in there if one.startswith("src/app/") and one.count("/") == 2],
        "webhooks": [one for one in there if one.startswith("src/app/webhooks/")],
    }
    if there != sorted(["hsproject.json", *found["app"], *found["webhooks"]]):
        msg = f"files in places that no component has: {there}"
        raise ValueError(msg)
    if any(len(those) != 1 or not those[0].endswith("-hsmeta.json") for those in found.values()):
        msg = f"one file for the app and one for its webhooks, each called …-hsmeta.json: {there}"
        raise ValueError(msg)

    def text(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    app, webhooks = (
        App.model_validate_json(text(found["app"][0])),
        Webhooks.model_validate_json(text(found["webhooks"][0])),
    )
    if app.uid == webhooks.uid:
        msg = "two components with one uid"
        raise ValueError(msg)
    return Project.model_validate(json.loads(text("hsproject.json"))), app, webhooks
