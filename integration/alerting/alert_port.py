"""The alert port: a way by which one alert reaches people. A new way is one module that has `send`."""

from dataclasses import dataclass
from typing import Protocol

from connectors.base.port import Receipt
from mappings.values.identifiers import ConnectionName, System
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLink:
    """A record in a CRM that an alert is about; `url` opens it, "" where its address is not known."""

    connection: ConnectionName
    system: System
    object: str
    id: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The text and the details of one alert.

    `key` is the same whenever the same alert is sent again, so that a receiver can drop the second. `alert` is its
    name in the playbook, or one of the service's own (`connection_paused`). `text` is one sentence for people,
    `because` what led to it, `remedy` what to do. `lead` is our id, "" where it is about no lead.
    """

    key: str
    alert: str
    text: str
    at: Instant
    raised_at: Instant
    because: tuple[str, ...] = ()
    remedy: str = ""
    lead: str = ""
    records: tuple[RecordLink, ...] = ()


class AlertWay(Protocol):
    """One way: a signed webhook, a chat, e-mail."""

    @property
    def name(self) -> str:
        """What lanes and settings call it: a word in lower case, such as `webhook`."""

    def send(self, alert: Alert, now: Instant) -> Receipt:
        """Send one alert, without raising; sending it twice must reach people once.

        PERMANENT is for this alert alone. What concerns the way as a whole (it is away, refuses our key, asks for a
        pause) is PAUSE, or has `outage`.
        """

    def close(self) -> None:
        """Close the connections that are kept open."""
