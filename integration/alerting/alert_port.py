"""The alert port: a way by which one alert reaches people. A new way is one module that has `send` and `settled`."""

from dataclasses import dataclass
from typing import Protocol

from connectors.base.port import Receipt
from mappings.values.identifiers import ConnectionName, System
from mappings.values.instant import Instant

DIGEST = "digest"
"""What an alert is called that consists of others."""


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
    `because` what led to it, `remedy` what to do. `lead` is our id, "" where it is about no lead. A digest is an alert
    too: `entries` are the alerts in it.
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
    owner: str = ""
    """The name of the lead's owner, "" where nobody is known."""
    mentioned: str = ""
    """The e-mail of whoever has the lead's open task, else of its owner; "" where nobody is known."""
    entries: tuple["Alert", ...] = ()


class AlertWay(Protocol):
    """One way: a signed webhook, a chat, e-mail."""

    @property
    def name(self) -> str:
        """What its lane is called: `webhook`, `slack:sales-ops`."""

    @property
    def for_people(self) -> bool:
        """Whether people read what arrives, so that quiet hours and digests apply; a program takes each alert."""

    def send(self, alert: Alert, now: Instant) -> Receipt:
        """Send one alert, without raising.

        PERMANENT is for this alert alone. What concerns the way as a whole (it is away, refuses our key, asks for a
        pause) is PAUSE, or has `outage`; then nothing has arrived. UNCLEAR: the answer was lost, and the alert may
        have arrived.
        """

    def settled(self, alert: Alert, since: Instant) -> Receipt | None:
        """What became of an alert whose answer was lost, sent after `since`; without raising.

        DONE: it has arrived. None: it is to be sent, since it has not arrived, or since the receiver drops what it has
        had. UNCLEAR: nobody can say, and a person has to look. PAUSE: the way cannot be asked now.
        """

    def close(self) -> None:
        """Close the connections that are kept open."""
