"""Salesforce's outbound messages as a source: unsigned; the address's secret and the organization vouch for them."""

from collections.abc import Iterator
from typing import Any

from lxml import etree

from mappings.declared.variables import Need, Variable
from mappings.values import person_names
from webhooks import signatures
from webhooks.declaration import Answer, Arrived, Receiver, Source, Taken, Trusted, admit
from webhooks.facts import Oversized, Unreadable
from webhooks.person_removal import Cut, Gone, RecordNames, as_json, without_addresses
from webhooks.sources import salesforce_messages as messages
from webhooks.sources import salesforce_sessions


def _receiver(trusted: Trusted) -> Receiver | None:
    secrets = trusted.given.several("COLDFRAME_OUTBOUND_SECRET")
    if not secrets or not trusted.accounts:
        return None

    def receive(arrived: Arrived) -> Taken:
        known = signatures.among(arrived.path["secret"], secrets)
        ours = known and messages.check(arrived.body, trusted.accounts)
        admit("genuine" if ours else "forged", lambda: "organization" if known else "secret")
        return Taken(body=salesforce_sessions.stored(arrived.body), answer=_acknowledged)

    return receive


def _acknowledged(_delivery: int) -> Answer:
    return Answer(status=200, body=messages.ACK, type=messages.CONTENT_TYPE)


class _Erasure:
    """Notification by notification."""

    def about(self, item: Any, called: RecordNames) -> set[str]:
        """A notification that was set aside is text: whoever's e-mail stands in it."""
        del called
        return person_names.emails_in(as_json(item))

    def without(self, body: bytes, gone: Gone, called: RecordNames) -> Cut:
        """As `Erasure.without`."""
        try:
            message = messages.message(body)
        except (Unreadable, Oversized):
            message = None
        if message is None:
            return without_addresses(body, gone)
        taken, names = [], []
        for notification, about in list(_notifications(message, called)):
            if any(map(gone, about)):
                taken.append(etree.tostring(notification, encoding="unicode"))
                names.append(frozenset(about))
                message.remove(notification)
        rest = etree.tostring(message.getroottree(), encoding="unicode")
        return Cut(body=person_names.blacked(rest, gone).encode(), taken=tuple(taken), names=tuple(names))


def _notifications(message: messages.Element, called: RecordNames) -> Iterator[tuple[messages.Element, set[str]]]:
    organization = messages.organization(message)
    for notification in messages.notifications(message):
        about = {name for text in notification.itertext() for name in person_names.emails_in(text)}
        try:
            noticed = messages.noticed(notification, organization)
        except ValueError:
            pass
        else:
            about.add(
                person_names.of_record(called.connection(noticed.system, organization), noticed.object, noticed.id)
            )
        yield notification, about


SALESFORCE_OUTBOUND = Source(
    name=messages.SOURCE,
    route="/salesforce/<secret>/outbound",
    receiver=_receiver,
    parse=messages.parse,
    erasure=_Erasure(),
    system=messages.SYSTEM,
    secret="COLDFRAME_OUTBOUND_SECRET",  # noqa: S106 - a variable's name
    variables=(
        Variable(
            name="COLDFRAME_OUTBOUND_SECRET",
            kind="path secrets",
            remedy="Set 24 or more random letters and digits (openssl rand -hex 24; several, parted by spaces, during "
            "a rotation): the secret in the address of Salesforce's outbound messages.",
        ),
    ),
    needs=(
        Need(
            variable="COLDFRAME_OUTBOUND_SECRET",
            needed="SALESFORCE_ORGANIZATION_ID",
            why="outbound messages are known by it",
        ),
    ),
)
