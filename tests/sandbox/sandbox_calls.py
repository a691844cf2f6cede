"""How the sandbox's tests call it: a clock that stands still, and sessions that find the sandbox."""

import re
from collections.abc import Mapping
from typing import Any

import hubspot
import requests
from requests.adapters import HTTPAdapter

from sandbox.shared.sandbox_clock import read

INSTANCE = "https://sandbox.my.salesforce.example"
START = read("2026-03-02T09:00:00.250Z")


class Watch:
    """The vendors' clock: stands still until it is told to go on."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> int:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += round(seconds * 1_000)


class Api(requests.Session):
    """A session with a token, for paths below the sandbox's address."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.headers["Authorization"] = "Bearer token"

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send to the path below the sandbox's address."""
        return super().request(method, f"{self.url}{url!s}", *args, **{"timeout": 10, **kwargs})


class Detour(HTTPAdapter):
    """Sends what is meant for the instance to the sandbox instead."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send to the sandbox."""
        request.url = str(request.url).replace(INSTANCE, self.url)
        return super().send(request, *args, **kwargs)


NUMBERED: Mapping[str, str] = {
    r"^/crm/v3/(objects|properties|owners|pipelines)": r"/crm/\1/2026-09",
    r"^/crm/v4/(objects|associations)": r"/crm/\1/2026-09",
}
"""The paths of HubSpot's client, and the dated ones that took their place."""


def dated_client(url: str) -> hubspot.Client:
    """HubSpot's client with the dated paths, which its version 12 does not know yet."""

    def made(package: Any, name: str, config: Mapping[str, Any]) -> Any:
        configuration = package.Configuration(host=config["host"])
        configuration.access_token = config["access_token"]
        http = package.ApiClient(configuration=configuration)
        send = http.call_api

        def call_api(path: str, *given: Any, **more: Any) -> Any:
            for numbered, dated in NUMBERED.items():
                path = re.sub(numbered, dated, path)
            return send(path, *given, **more)

        http.call_api = call_api
        return getattr(package, name)(api_client=http)

    return hubspot.Client.create(access_token="token", host=url, base_url=url, api_factory=made)
