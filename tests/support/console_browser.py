"""A browser of the console without a screen: it keeps cookies, reads a page's form token, and signs in by a link."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from integration.settings.console_settings import Role
from integration.settings.environment import Settings
from integration.store.db.session import Store
from integration.web.console.access.new_link import new_link

_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


@dataclass
class ConsoleBrowser:
    """`base` is the address under which it comes; by https, cookies have their prefix."""

    client: FlaskClient
    base: str = "http://127.0.0.1:8000"

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, base_url=self.base, **more)

    def post(self, path: str, fields: dict[str, str] | None = None, *, token: str | None = None) -> TestResponse:
        """Send a form, with the token of the page that this browser has open unless another is given."""
        given = self.form_token() if token is None else token
        return self.client.post(path, data={**(fields or {}), "csrf_token": given}, base_url=self.base)

    def form_token(self) -> str:
        found = _TOKEN.search(self.get("/console/sign-in").text)
        assert found is not None
        return found[1]


@dataclass
class ConsoleGround:
    """The application with the console, and what signs somebody in."""

    app: Flask
    settings: Settings
    store: Store
    now: Any
    base: str = "http://127.0.0.1:8000"

    def stranger(self) -> ConsoleBrowser:
        return ConsoleBrowser(self.app.test_client(), self.base)

    def link(self, role: Role = "admin", name: str = "ana@acme.example") -> str:
        return new_link(self.settings, self.store, self.now(), role=role, name=name)

    def signed_in(self, role: Role = "admin", name: str = "ana@acme.example") -> ConsoleBrowser:
        browser = self.stranger()
        token = self.link(role, name).partition("link=")[2]
        answer = browser.post("/console/enter", {"link": token})
        assert answer.status_code == 303, answer.text
        return browser


Grounds: TypeAlias = Callable[..., ConsoleGround]
"""Builds an application with these settings."""
