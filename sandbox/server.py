"""The sandbox as others use it: a HubSpot and a Salesforce on one port, and handles on both."""

from types import TracebackType
from typing import Self, Unpack

from sandbox.both.both_systems import BothSystems, Options
from sandbox.serving.http_server import Listener
from sandbox.serving.vendor_routes import Front


class Sandbox(BothSystems):
    """Serves on 127.0.0.1 from `start` (or `with`) to `stop`.

    HubSpot answers under `{url}/hubspot` and `{url}`, Salesforce under `{url}/salesforce` and `{url}`; a person's
    pages are at `{url}/`, tests in other processes use `{url}/_sandbox`.
    """

    def __init__(self, *, port: int = 0, **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self.front = Front(self)
        self._listener = Listener(port, self.front.serve)
        self.port: int = self._listener.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Begin to answer and to send webhooks."""
        self._listener.start()
        self.hubspot.sender.start()
        return self

    def stop(self) -> None:
        """End all connections and threads."""
        self.hubspot.sender.stop()
        self.hurry()
        self._listener.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
