"""The sandbox as others use it: a HubSpot and a Salesforce on one port, and handles on both."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from sandbox.clock import Now, wall
from sandbox.faults import Faults
from sandbox.front import Front
from sandbox.hubspot.api import HubSpotGate
from sandbox.hubspot.handle import HubSpot
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.sender import Sender
from sandbox.salesforce.api import SalesforceGate
from sandbox.salesforce.handle import Salesforce
from sandbox.salesforce.org import Org
from sandbox.serving import Listener

APP_ID = 97_366_101
PORTAL_ID = 245_118_002


class Sandbox:
    """Serves on 127.0.0.1 from `start` (or `with`) to `stop`.

    HubSpot answers under `{url}/hubspot` and `{url}`, Salesforce under `{url}/salesforce` and `{url}`; a person's
    pages are at `{url}/`, tests in other processes use `{url}/_sandbox`. `now` gives milliseconds since 1970 and
    is the vendors' clock; `tokens` are the access tokens that are accepted (none given: any).
    `task_outcomes` says whether the portal has the task properties by which sales answers.
    `webhook_url` is where HubSpot sends its webhooks ("": nowhere), signed with `webhook_secret` over `sign_url`
    where that differs; `retry_pause` is the seconds before the first repetition, doubling.
    """

    def __init__(  # noqa: PLR0913  # every one is a switch of the sandbox, by name
        self,
        *,
        port: int = 0,
        now: Now = wall,
        seed: int = 0,
        webhook_url: str = "",
        webhook_secret: str = "",
        sign_url: str = "",
        retry_pause: float = 0.2,
        tokens: Sequence[str] = (),
        coldframe_fields: bool = True,
        unique_task_key: bool = True,
        task_outcomes: bool = True,
        log_size: int = 2_000,
    ) -> None:
        self.now = now
        self.seed = seed
        self.faults = Faults()
        self._tokens = set(tokens)
        self._options: dict[str, Any] = {"coldframe_fields": coldframe_fields, "unique_task_key": unique_task_key}
        self._options["task_outcomes"] = task_outcomes
        self._webhooks: dict[str, Any] = {"url": webhook_url, "secret": webhook_secret, "sign_url": sign_url}
        self._webhooks["pause"] = retry_pause
        self._log_size = log_size
        self.hubspot, self.salesforce = self._built()
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
        self._hurry()
        self._listener.stop()

    def reset(self) -> None:
        """Both systems as they were at the start: no records, no faults, no log; webhooks go where they went."""
        sender = self.hubspot.sender
        self._webhooks |= {"url": sender.url, "secret": sender.secret, "sign_url": sender.sign_url}
        sender.stop()
        self._hurry()
        self.faults.clear()
        self.hubspot, self.salesforce = self._built()
        self.hubspot.sender.start()

    def send_webhooks(self, url: str, secret: str = "", *, sign_url: str = "") -> None:
        """Send HubSpot's webhooks there from now on ("": nowhere)."""
        sender = self.hubspot.sender
        sender.stop()
        sender.url, sender.secret, sender.sign_url = url, secret or sender.secret, sign_url
        sender.start()

    def drain(self, timeout: float = 30.0) -> bool:
        """Wait until every webhook has been carried or given up; False where that takes longer."""
        return self.hubspot.sender.drain(timeout)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _hurry(self) -> None:
        """Let calls go on that a fault has made hang."""
        self.hubspot.gate.stopping.set()
        self.salesforce.gate.stopping.set()

    def _built(self) -> tuple[HubSpot, Salesforce]:
        common: dict[str, Any] = {"now": self.now, "faults": self.faults, "log_size": self._log_size}
        portal = Portal(now=self.now, seed=self.seed, app_id=APP_ID, portal_id=PORTAL_ID, **self._options)
        gate = HubSpotGate(portal, seed=self.seed, **common)
        sender = Sender(portal.events, now=self.now, seed=self.seed, **self._webhooks)
        org = Org(now=self.now, coldframe_fields=self._options["coldframe_fields"])
        door = SalesforceGate(org, **common)
        gate.tokens = door.tokens = self._tokens
        return HubSpot(portal, gate, sender), Salesforce(org, door)
