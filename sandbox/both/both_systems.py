"""Both systems: a HubSpot and a Salesforce in memory, on one clock and with one list of faults; receivers of alerts."""

from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

from sandbox.hubspot.endpoints.api import HubSpotGate
from sandbox.hubspot.handle import HubSpot
from sandbox.hubspot.state.portal import Portal
from sandbox.hubspot.state.webhook_sender import Sender
from sandbox.salesforce.endpoints.api import SalesforceGate
from sandbox.salesforce.handle import Salesforce
from sandbox.salesforce.state.org import Org
from sandbox.shared.requested_faults import Faults
from sandbox.shared.sandbox_clock import Now, wall
from sandbox.sinks.all_sinks import Sinks

APP_ID = 97_366_101
PORTAL_ID = 245_118_002


class Options(TypedDict, total=False):
    """How the two systems behave where it is not the usual way."""

    now: Now
    """Milliseconds since 1970: the vendors' clock."""
    seed: int
    webhook_url: str
    """Where HubSpot sends its webhooks ("": nowhere)."""
    webhook_secret: str
    sign_url: str
    """What the webhooks are signed over, where that differs from `webhook_url`."""
    retry_pause: float
    """Seconds before a webhook's first repetition, doubling."""
    tokens: Sequence[str]
    """The access tokens that are accepted (none given: any)."""
    coldframe_fields: bool
    unique_task_key: bool
    log_size: int


_USUAL: Options = {
    "now": wall,
    "seed": 0,
    "webhook_url": "",
    "webhook_secret": "",
    "sign_url": "",
    "retry_pause": 0.2,
    "tokens": (),
    "coldframe_fields": True,
    "unique_task_key": True,
    "log_size": 2_000,
}


class BothSystems:
    """`hubspot`, `salesforce` and the `sinks` of alerts, which `reset` makes anew."""

    def __init__(self, **options: Unpack[Options]) -> None:
        self._options: Options = _USUAL | options
        self.now = self._options["now"]
        self.seed = self._options["seed"]
        self.faults = Faults()
        self._tokens = set(self._options["tokens"])
        self.hubspot, self.salesforce = self._built()
        self.sinks = self._sinks()

    def reset(self) -> None:
        """Both systems as they were at the start: no records, no faults, no log; webhooks go where they went."""
        sender = self.hubspot.sender
        self._options |= {"webhook_url": sender.url, "webhook_secret": sender.secret, "sign_url": sender.sign_url}
        sender.stop()
        self.hurry()
        self.faults.clear()
        self.hubspot, self.salesforce = self._built()
        self.sinks = self._sinks()
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

    def hurry(self) -> None:
        """Let calls go on that a fault has made hang."""
        self.hubspot.gate.stopping.set()
        self.salesforce.gate.stopping.set()
        self.sinks.hurry()

    def _sinks(self) -> Sinks:
        return Sinks(now=self.now, faults=self.faults, log_size=self._options["log_size"])

    def _built(self) -> tuple[HubSpot, Salesforce]:
        chosen = self._options
        common: dict[str, Any] = {"now": self.now, "faults": self.faults, "log_size": chosen["log_size"]}
        portal = Portal(
            now=self.now,
            seed=self.seed,
            app_id=APP_ID,
            portal_id=PORTAL_ID,
            coldframe_fields=chosen["coldframe_fields"],
            unique_task_key=chosen["unique_task_key"],
        )
        sender = Sender(
            portal.events,
            now=self.now,
            seed=self.seed,
            url=chosen["webhook_url"],
            secret=chosen["webhook_secret"],
            sign_url=chosen["sign_url"],
            pause=chosen["retry_pause"],
        )
        org = Org(now=self.now, coldframe_fields=chosen["coldframe_fields"])
        gate, door = HubSpotGate(portal, seed=self.seed, **common), SalesforceGate(org, **common)
        gate.tokens = door.tokens = self._tokens
        return HubSpot(portal, gate, sender), Salesforce(org, door)
