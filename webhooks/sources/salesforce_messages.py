"""Salesforce's outbound messages: SOAP, at most 100 notifications, each a record with some of its fields.

They are unsigned: whoever sends them is known by a secret in the address and by the organization's id. They carry the
latest values, not those of the event, and come in any order, so all they say is that a record has changed; the record
itself is read. [salesforce: outbound messages]
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

from lxml import etree

from mappings.reading import transforms
from mappings.values import bounds, record_ids
from mappings.values.identifiers import System
from mappings.values.instant import Instant
from webhooks import lenient
from webhooks.facts import Noticed, Oversized, Parsed, Rejected, Unreadable, What

SYSTEM = System("salesforce")
SOURCE = "salesforce_outbound"

MOST = 100
"""Notifications that one message may carry."""
CONTENT_TYPE = "text/xml; charset=utf-8"
ACK = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    b"</soapenv:Body></soapenv:Envelope>"
)
"""What Salesforce wants to hear; anything else, and it sends the message again for a day."""

Element: TypeAlias = Any
"""An element of lxml's, which comes without types."""

_OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def check(body: bytes, organizations: Sequence[str]) -> bool:
    """Whether a message comes from one of these organizations (15 or 18 characters); raises Unreadable or Oversized."""
    found = message(body)
    if found is None:
        return False
    _count(found)
    told = organization(found)
    if not told:
        return False
    return any([record_ids.same(SYSTEM, told, each) for each in organizations])  # noqa: C419 - all of them, in the same time


def parse(body: bytes, received_at: Instant) -> Parsed:
    """Every changed record that a stored message names; raises as `check` would have.

    Of one whose time cannot be, the time is not believed; that the record has to be read is.
    """
    found = message(body)
    if found is None:
        return Parsed()
    _count(found)
    told: list[Noticed] = []
    rejected: list[Rejected] = []
    for index, notification in enumerate(notifications(found)):
        item = partial(etree.tostring, notification, encoding="unicode")
        try:
            notice = noticed(notification, organization(found))
        except ValueError as error:
            rejected.append(lenient.rejected(index, str(error), item()))
            continue
        wrong = bounds.wrong_clock(notice.at, received_at) if notice.at else None
        told.append(notice if wrong is None and notice.at else notice.untimed(received_at))
        if wrong is not None:
            rejected.append(lenient.rejected(index, wrong, item()))
    return Parsed(noticed=tuple(told), rejected=tuple(rejected))


def message(body: bytes) -> Element | None:
    """The `notifications` element; None where the envelope holds none. Raises Unreadable."""
    return envelope(body).find(f".//{_OUTBOUND}notifications")


def envelope(body: bytes) -> Element:
    """The root of a message; a document type is refused unread. Raises Unreadable."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    if b"<!DOCTYPE" in body[:1_000_000].upper():
        raise Unreadable(_NO_TYPES)
    try:
        root = etree.fromstring(body.removeprefix(b"\xef\xbb\xbf"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        msg = f"not XML: {error}"
        raise Unreadable(msg) from None
    if root.getroottree().docinfo.doctype:
        raise Unreadable(_NO_TYPES)
    return root


_NO_TYPES = "a document type is not taken"


def notifications(found: Element) -> Iterator[Element]:
    """Each notification of a message."""
    yield from found.iterfind(f"{_OUTBOUND}Notification")


def _count(found: Element) -> None:
    number = sum(1 for _ in notifications(found))
    if number > MOST:
        msg = f"{number} notifications in one message; at most {MOST} are taken"
        raise Oversized(msg)


def organization(message: Element) -> str:
    """The id of the organization that sent a message; "" where it names none."""
    return (message.findtext(f"{_OUTBOUND}OrganizationId") or "").strip()


def noticed(notification: Element, organization: str = "") -> Noticed:
    """The changed record that one notification names; ValueError where it names none."""
    record = notification.find(f"{_OUTBOUND}sObject")
    if record is None:
        msg = "missing element `sObject`"
        raise ValueError(msg)
    fields = dict(_fields(record))
    name = (record.get(f"{_XSI}type") or "").rpartition(":")[2]
    key = record_ids.full(SYSTEM, fields.get("Id") or "")
    if not name or not record_ids.genuine(SYSTEM, key):
        msg = "`sObject`: its type or its Id is missing"
        raise ValueError(msg)
    at = transforms.date(_first(fields, ("SystemModstamp", "LastModifiedDate", "CreatedDate")))
    what: What = "deleted" if fields.get("IsDeleted") == "true" else "changed"
    notified = (notification.findtext(f"{_OUTBOUND}Id") or "").strip()
    return Noticed(
        system=SYSTEM,
        object=name,
        id=key,
        at=at or 0,
        what=what,
        property=None,
        value=None,
        key=f"{SYSTEM}:{notified or f'{name}:{key}:{at or 0}'}",
        account=organization,
    )


def _fields(record: Element) -> Iterator[tuple[str, str | None]]:
    """Field names and values, whatever the prefix; None where the message says `nil`."""
    for child in record.iterchildren(tag=etree.Element):
        empty = child.get(f"{_XSI}nil") in {"true", "1"}
        yield etree.QName(child).localname, None if empty else lenient.text((child.text or "").strip())


def _first(fields: dict[str, str | None], names: Iterable[str]) -> str | None:
    return next((value for name in names if (value := fields.get(name))), None)
