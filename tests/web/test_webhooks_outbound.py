"""Salesforce's outbound messages: who is let in, what is kept, what is answered, what they say."""

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from webhooks_senders import NOW, Kept, Wall

from integration.settings.environment import SettingsError, load
from integration.store.db.session import Store
from integration.web.app import INTAKE, create_app
from webhooks.facts import Oversized, Unreadable
from webhooks.parsers import parse
from webhooks.sources import salesforce_messages, salesforce_sessions

SECRET = "a" * 20 + "B-_4567890"
ORG, ORG_18 = "00D5g000004AbCd", "00D5g000004AbCdEAK"
LEAD = "00Q5g00000AbCdEEAV"
DOOR = f"/webhooks/salesforce/{SECRET}/outbound"
SESSION = "00D5g000004AbCd!AQEAQsecretsession"


def notification(number: int, *, record: str = LEAD, kind: str = "Lead", more: str = "", p: str = "sf") -> str:
    return (
        f"<Notification><Id>04l5g00000{number:08d}</Id>"
        f'<sObject xsi:type="{p}:{kind}" xmlns:{p}="urn:sobject.enterprise.soap.sforce.com">'
        f"<{p}:Id>{record}</{p}:Id><{p}:SystemModstamp>2026-01-06T09:00:00.000Z</{p}:SystemModstamp>{more}</sObject>"
        "</Notification>"
    )


def message(*notifications: str, org: str = ORG_18, envelope: str = "soapenv", head: str = "") -> bytes:
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<{envelope}:Envelope '
        f'xmlns:{envelope}="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<{envelope}:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{org}</OrganizationId><ActionId>04k5g0000000001AAA</ActionId>"
        f"<SessionId>{SESSION}</SessionId>{''.join(notifications)}"
        f"</notifications></{envelope}:Body></{envelope}:Envelope>"
    )
    return text.encode()


@pytest.fixture
def app(store: Store, wall: Wall, woken: list[str]) -> Iterator[Flask]:
    settings = load(
        {
            "COLDFRAME_SECRET_KEY": "k" * 32,
            "COLDFRAME_OUTBOUND_SECRET": f"{'x' * 24} {SECRET}",
            "SALESFORCE_ORGANIZATION_ID": ORG,
            "SALESFORCE_ACCESS_TOKEN": "t",
            "SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com",
            "COLDFRAME_MAX_BODY_BYTES": "200000",
        }
    )
    built = create_app(settings, store=store, wake=woken.append, queue=list, now=wall)
    yield built
    built.extensions[INTAKE].close()


def send(client: FlaskClient, body: bytes, door: str = DOOR) -> tuple[int, bytes]:
    answer = client.post(door, data=body, headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'})
    return answer.status_code, answer.data


@pytest.mark.parametrize("org", [ORG, ORG_18])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_message_is_kept_without_its_session_id_and_acknowledged(
    client: FlaskClient, kept: Kept, woken: list[str], org: str, bom: bytes
) -> None:
    status, answer = send(client, bom + message(notification(1), org=org))
    assert (status, answer) == (200, salesforce_messages.ACK)
    (delivery,) = kept()
    assert delivery.source == "salesforce_outbound"
    assert b"<SessionId/>" in delivery.body
    assert SESSION.encode() not in delivery.body
    assert woken == ["ingest"]
    figures = client.get("/metrics").text
    assert 'coldframe_webhook_deliveries_total{source="salesforce_outbound",status="200"} 1.0' in figures
    assert SECRET not in figures
    (noticed,) = parse(delivery.source, delivery.body, delivery.received_at).noticed
    assert (noticed.system, noticed.object, noticed.id, noticed.what) == ("salesforce", "Lead", LEAD, "changed")
    assert noticed.property is None
    assert noticed.at == 1_767_690_000_000_000


@pytest.mark.parametrize(
    ("door", "body"),
    [
        (DOOR.replace("B-_", "B-x"), message(notification(1))),
        ("/webhooks/salesforce/%C3%A9/outbound", message(notification(1))),
        (DOOR, message(notification(1), org="00D5g000004AbCD")),
        (DOOR, message(notification(1), org="")),
        (DOOR, b"<a/>"),
    ],
)
def test_a_wrong_secret_or_organization_is_turned_away(client: FlaskClient, kept: Kept, door: str, body: bytes) -> None:
    assert send(client, body, door)[0] == 401
    assert kept() == []


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(12))


@pytest.mark.parametrize(
    "head",
    [
        f"<!DOCTYPE x [{BOMB}]>",
        '<!DOCTYPE x [<!ENTITY a11 SYSTEM "file:///etc/passwd">]>',
        '<!doctype x SYSTEM "http://127.0.0.1:1/evil.dtd">',
    ],
)
def test_a_document_type_is_refused_at_once(client: FlaskClient, kept: Kept, head: str) -> None:
    body = message(notification(1, more="<sf:Title>&a11;</sf:Title>"), head=head)
    started = time.process_time()
    assert send(client, body)[0] == 400
    with pytest.raises(Unreadable):
        salesforce_messages.parse(body, NOW)
    with pytest.raises(Unreadable):
        salesforce_messages.parse(body.decode().replace("UTF-8", "UTF-16").encode("utf-16"), NOW)
    assert time.process_time() - started < 1
    assert kept() == []


def test_what_is_no_xml_is_refused_and_too_much_too(client: FlaskClient) -> None:
    assert send(client, b"")[0] == 400
    assert send(client, b"{}")[0] == 400
    assert send(client, message(notification(1))[:-20])[0] == 400
    assert send(client, message(*map(notification, range(101))))[0] == 413
    assert send(client, message(*map(notification, range(100))))[0] == 200
    assert send(client, b" " * 200_001)[0] == 413


def test_prefixes_vary_and_nil_is_nothing_and_short_ids_are_made_long() -> None:
    body = message(
        notification(1, p="ns1", record=LEAD[:15], more='<ns1:LastModifiedById xsi:nil="true"/>'),
        notification(2, kind="Task", record="00T5g00000AbCdEEAV", more="<sf:IsDeleted>true</sf:IsDeleted>"),
        envelope="S",
    )
    first, second = parse("salesforce_outbound", body, NOW).noticed
    assert (first.object, first.id, first.by_person) == ("Lead", LEAD, False)
    assert (second.object, second.what) == ("Task", "deleted")
    assert first.key != second.key


def test_a_bad_notification_is_set_aside_and_its_neighbours_are_not() -> None:
    body = message(notification(1), notification(2, record="../x"), "<Notification><Id>1</Id></Notification>")
    found = parse("salesforce_outbound", body, NOW)
    assert len(found.noticed) == 1
    assert [bad.index for bad in found.rejected] == [1, 2]


def test_recorded_messages_load(samples: Path) -> None:
    found = [
        salesforce_messages.parse(path.read_bytes(), NOW)
        for path in sorted((samples / "salesforce_outbound").glob("*.xml"))
    ]
    assert len(found) == 4
    assert [len(each.noticed) for each in found if each.noticed] == [3]
    assert all(not each.rejected for each in found)
    whole = next((samples / "salesforce_outbound").glob("*Message1.xml")).read_bytes()
    assert b"GSRAzG9lPxyKRPjJ3" not in salesforce_sessions.stored(whole)
    with pytest.raises(Oversized):
        salesforce_messages.parse(message(*map(notification, range(101))), NOW)


TOKEN = SESSION.partition("!")[2]
ENTITIES = "".join(f"&#x{ord(letter):x};" for letter in SESSION)
INNER = f"&lt;SessionId&gt;{SESSION}&lt;/SessionId&gt;"
IN_BASE64 = base64.b64encode(f"Bearer {SESSION}".encode()).decode()
DISGUISES = {
    "as it is": f"<SessionId>{SESSION}</SessionId>",
    "with a prefix and attributes": f'<o:SessionId xmlns:o="urn:x" a="{SESSION}">{SESSION}</o:SessionId>',
    "as CDATA": f"<SessionId><![CDATA[{SESSION}]]></SessionId>",
    "in two halves of CDATA": f"<SessionId><![CDATA[{SESSION[:20]}]]><![CDATA[{SESSION[20:]}]]></SessionId>",
    "as entities": f"<SessionId>{ENTITIES}</SessionId>",
    "cut by a comment": f"<SessionId>{SESSION[:20]}<!-- x -->{SESSION[20:]}</SessionId>",
    "in an element of its own": f"<SessionId><v>{SESSION}</v></SessionId>",
    "in small letters": f"<sessionid>{SESSION}</sessionid>",
    "with a closing tag that has a blank": f"<SessionId\n>{SESSION}</SessionId\t>",
    "in a comment": f"<SessionId>{SESSION}</SessionId><!-- {SESSION} -->",
    "in an instruction": f"<SessionId>{SESSION}</SessionId><?x {SESSION}?>",
    "in an address": f"<SessionId>{SESSION}</SessionId><EnterpriseUrl>https://x/?sid={quote(SESSION)}</EnterpriseUrl>",
    "in an address alone": f"<PartnerUrl>https://x/?sid={quote(SESSION)}</PartnerUrl>",
    "in base64 elsewhere": f"<SessionId>{SESSION}</SessionId><PartnerUrl>{IN_BASE64}</PartnerUrl>",
    "in hex elsewhere": f"<SessionId>{SESSION}</SessionId><PartnerUrl>{SESSION.encode().hex()}</PartnerUrl>",
    "as text of another": f"<PartnerUrl>{INNER}</PartnerUrl>",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32", "iso-8859-1", "cp037"])
@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_session_id_is_never_stored_however_it_is_written(disguise: str, encoding: str) -> None:
    name = {"utf-16-be": "UTF-16", "utf-32": "UCS-4", "cp037": "EBCDIC-CP-US"}.get(encoding, encoding.upper())
    text = message(notification(1)).decode().replace(f"<SessionId>{SESSION}</SessionId>", DISGUISES[disguise])
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    body = (mark + text.replace('encoding="UTF-8"', f'encoding="{name}"')).encode(encoding)
    if encoding == "cp037":
        with pytest.raises(Unreadable):  # refused at the door, so that nothing is kept
            salesforce_sessions.stored(body)
        return
    assert salesforce_messages.check(body, [ORG])
    kept = salesforce_sessions.stored(body)
    spelled = [SESSION, TOKEN, quote(TOKEN), TOKEN.encode().hex(), TOKEN[:14]]
    alone = [base64.b64encode(b"\0" * shift + TOKEN.encode()).decode()[4:-4] for shift in range(3)]
    for each in (*spelled, *alone):
        assert each.encode() not in kept
        assert each.encode("utf-16-le") not in kept
    (noticed,) = parse("salesforce_outbound", kept, NOW).noticed
    assert noticed.id == LEAD


def test_a_message_is_kept_with_everything_else_that_it_said() -> None:
    body = message(notification(1, more="<sf:Title>Vice President &amp; more \u2013 00D</sf:Title>"))
    kept = salesforce_sessions.stored(body)
    same = [
        etree.tostring(etree.fromstring(each), method="c14n") for each in (kept, body.replace(SESSION.encode(), b""))
    ]
    assert same[0] == same[1]
    assert salesforce_sessions.stored(kept) == kept


@pytest.mark.parametrize(
    ("known", "told", "same"),
    [
        (ORG, ORG, True),
        (ORG, ORG_18, True),
        (ORG_18, ORG, True),
        (ORG_18, ORG_18, True),
        (ORG_18, ORG + "EAJ", False),
        (ORG_18, ORG + "eak", False),
        (ORG, ORG.lower(), False),
        (ORG_18, ORG_18.lower(), False),
        (ORG, ORG[:14], False),
        (ORG, ORG + "E", False),
        (ORG, ORG + "EAKX", False),
        ("", "", False),
        (ORG, "", False),
        (ORG, "00D5g00000\u0410AbCd", False),
    ],
)
def test_organizations_are_compared_whole_where_18_characters_are_known_and_else_by_15_with_their_case(
    known: str, told: str, *, same: bool
) -> None:
    assert salesforce_messages.check(message(notification(1), org=told), [known]) is same


def test_a_secret_without_an_organization_does_not_start() -> None:
    given = {"COLDFRAME_SECRET_KEY": "k" * 32, "COLDFRAME_OUTBOUND_SECRET": SECRET}
    with pytest.raises(SettingsError, match="SALESFORCE_ORGANIZATION_ID: is not set"):
        load(given)
    assert load({**given, "COLDFRAME_OUTBOUND_SECRET": ""}).given.several("COLDFRAME_OUTBOUND_SECRET") == ()
    with pytest.raises(SettingsError, match="24 or more") as caught:
        load({**given, "COLDFRAME_OUTBOUND_SECRET": "../short"})
    assert "../short" not in str(caught.value)
