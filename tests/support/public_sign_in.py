"""The service at a public address with the sandbox's CRMs behind it, and a browser that signs in through it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import flows_signin
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from integration.settings.environment import Settings, load
from integration.signin import public_sign_in
from integration.signin.keep_sign_in import Means
from integration.signin.sign_in_request import SignInRequest
from integration.store.crm import connections
from integration.store.crm.connections import Details, Secrets
from integration.store.db.session import Store
from integration.store.schema.tables import sign_in_links
from sandbox.server import Sandbox

HERE = "https://coldframe.example"
SYSTEMS = ("hubspot", "salesforce")


def settings_at(public_url: str) -> Settings:
    given = {"COLDFRAME_SECRET_KEY": flows_signin.KEY}
    return load(given | ({"COLDFRAME_PUBLIC_URL": public_url} if public_url else {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The service at one public address, and the sandbox's CRMs behind it."""

    app: Flask
    store: Store
    sandbox: Sandbox
    means: Means

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def request(self, system: str, name: str = "") -> SignInRequest:
        return SignInRequest(
            name=name or system,
            system=system,
            grant="authorization_code",
            details=Details(client_id="client-1", api_url=f"{self.sandbox.url}/{system}"),
            secrets=Secrets(client_secret=flows_signin.SECRET),
        )

    def link(self, system: str) -> str:
        return public_sign_in.offer(self.request(system), self.means).link


Doors = Callable[..., Door]


def opened(browser: FlaskClient, address: str) -> TestResponse:
    """Open one of the service's addresses, as a browser does."""
    parts = urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}", base_url=f"{parts.scheme}://{parts.netloc}")


def sent_back(started: TestResponse) -> str:
    """Say yes (or no) on the CRM's page; the address to which it sends the browser back."""
    answer = requests.get(started.headers["Location"], timeout=10, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def way_back(browser: FlaskClient, link: str) -> str:
    started = opened(browser, link)
    assert started.status_code == 303, started.text
    return sent_back(started)


def kept(door: Door, name: str) -> Any:
    with door.store.read() as conn:
        return connections.get(conn, name)


def row_of(door: Door) -> Any:
    with door.store.read() as conn:
        return conn.execute(select(sign_in_links)).one()
