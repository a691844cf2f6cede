"""A delivery without one person: that person's items are gone, the others are what they were."""

import json
from functools import partial
from typing import Any

import pytest
import webhooks_senders as senders

from mappings.values import person_names
from webhooks import parsers, persons

ACTIVITIES, HUBSPOT, SALESFORCE = "activities", "hubspot", "salesforce_outbound"

parse = partial(parsers.parse, received_at=senders.NOW)

ANA = "ana@acme.example"
CONTACT = 177_516_799_952
LEAD = "00Q5g00000AbCdEEAV"


def cut(source: str, body: bytes, *names: str) -> persons.Cut:
    return persons.without(source, body, set(names).__contains__)


def test_activities_of_others_are_read_as_before() -> None:
    others = [
        senders.activity(1),
        senders.activity(2, properties={"page": "pricing", "n": 1.5, "ok": True, "of": None}),
    ]
    body = senders.activities(others[0], senders.activity(3, email="ANA@acme.example"), others[1])
    found = cut(ACTIVITIES, body, person_names.of_email(ANA))
    assert parse(ACTIVITIES, found.body) == parse(ACTIVITIES, senders.activities(*others))
    assert [json.loads(each)["id"] for each in found.taken] == ["a3"]
    assert found.names == (frozenset({person_names.of_email(ANA)}),)


@pytest.mark.parametrize("lead", ["17", 17, "hubspot:contact:17", "salesforce:Lead:00Q5g00000AbCdE"])
def test_activities_are_somebodys_by_id_too(lead: Any) -> None:
    source_id = {"17": "record:activities:lead:17"}.get(str(lead), f"record:{lead}".replace("AbCdE", "AbCdEEAV"))
    found = cut(ACTIVITIES, senders.activities(senders.activity(1, email=None, lead=lead)), source_id)
    assert len(found.taken) == 1
    assert parse(ACTIVITIES, found.body).heard == ()


def test_events_of_hubspot_are_somebodys_by_record_and_by_the_address_they_tell() -> None:
    mine = [
        senders.event(1),
        senders.event(2, objectId=5, propertyValue=ANA.upper()),
        senders.event(3, subscriptionType="x"),
    ]
    other = senders.event(4, objectId=6, propertyName="firstname", propertyValue="Bob")
    body = senders.events(*mine, other)
    found = cut(HUBSPOT, body, person_names.of_email(ANA), person_names.of_record("hubspot", "contact", str(CONTACT)))
    assert len(found.taken) == 3
    assert parse(HUBSPOT, found.body) == parse(HUBSPOT, senders.events(other))


def test_notifications_of_salesforce_are_somebodys_by_record() -> None:
    def notification(number: int, record: str) -> str:
        return (
            f"<Notification><Id>04l5g0000000000{number}</Id><sObject xsi:type='sf:Lead' xmlns:sf='urn:s'>"
            f"<sf:Id>{record}</sf:Id><sf:LastName>Name{number}</sf:LastName></sObject></Notification>"
        )

    def message(*each: str) -> bytes:
        text = "".join(each)
        return (
            "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/' "
            "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><e:Body>"
            f"<notifications xmlns='http://soap.sforce.com/2005/09/outbound'>{text}</notifications></e:Body></e:Envelope>"
        ).encode()

    other = "00Q5g00000ZbCdEEAV"
    body = message(notification(1, LEAD), notification(2, other))
    found = cut(SALESFORCE, body, person_names.of_record("salesforce", "Lead", LEAD))
    assert len(found.taken) == 1
    assert "Name1" in found.taken[0]
    assert b"Name1" not in found.body
    assert [each.id for each in parse(SALESFORCE, found.body).noticed] == [other]


@pytest.mark.parametrize(
    "body",
    [
        b'{"activities": "ana@acme.example"',
        b'{"activities": [{"id": 1, "note": "\\u0061na\\u0040acme.example"}]}',
        b'[["ana@acme.example", {"ana@acme.example": 1}]]',
        b"<x>ana@acme.example</x>",
        b"\xff ana@acme.example",
    ],
)
@pytest.mark.parametrize("source", [ACTIVITIES, HUBSPOT, SALESFORCE])
def test_of_what_nobody_can_read_the_address_at_least_is_gone(source: str, body: bytes) -> None:
    assert person_names.of_email(ANA) in persons.named(source, parse(source, body), persons.readable(body))
    found = cut(source, body, person_names.of_email(ANA))
    assert ANA.encode() not in found.body
    assert ANA not in persons.readable(found.body)


def test_what_others_say_of_somebody_stays_without_the_address() -> None:
    said = senders.activity(1, properties={"note": f"with {ANA}", "list": ["x", ANA.upper()]})
    found = cut(ACTIVITIES, senders.activities(said), person_names.of_email(ANA))
    assert found.taken == ()
    (heard,) = parse(ACTIVITIES, found.body).heard
    assert heard.properties == {"note": "with [erased]", "list": ("x", "[erased]")}


def test_half_an_emoji_stays_as_it_was_sent_in_what_is_taken_out_and_in_what_stays() -> None:
    items = [
        {"id": "1", "email": "ana@x.example", "\ud83d": "\udfff"},
        {"id": "2", "email": "bob@x.example", "é": "\udfff"},
    ]
    cut = persons.without(
        "activities", json.dumps({"activities": items}).encode(), {"email:ana@x.example"}.__contains__
    )
    assert [json.loads(each) for each in cut.taken] == items[:1]
    assert json.loads(cut.body) == {"activities": items[1:]}
    assert "é".encode() in cut.body
