"""How the sandbox's tests call it: a clock that stands still, and sessions that find the sandbox."""

from typing import Any

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
