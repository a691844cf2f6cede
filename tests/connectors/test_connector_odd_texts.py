"""Half an emoji, NULs and stray bytes in what a CRM says: they are cleaned, and what stands beside them is read."""

import json
from typing import Any

import pytest

from connectors.base.port import Unavailable, Verdict
from connectors.salesforce.reads.bulk import rows
from mappings.values import lenient_json
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

HALF = "\ud83d"
SYSTEMS = ("hubspot", "salesforce")
LAST = {"hubspot": "lastname", "salesforce": "LastName"}
PERSON = {"hubspot": "contact", "salesforce": "Lead"}


def add(box: Sandbox, system: str, email: str, name: str) -> str:
    if system == "hubspot":
        return box.hubspot.add("contacts", {"email": email, "lastname": name})
    return box.salesforce.add("Lead", {"LastName": name, "Email": email, "Company": "Acme"})


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        (f"Silva {HALF}", "Silva \ufffd"),
        (f"{HALF}{HALF}Silva", "\ufffd\ufffdSilva"),
        ("Sil\x00va", "Sil\ufffdva"),
        ("Silva \U0001f600", "Silva \U0001f600"),
        ("\udc00Silva", "\ufffdSilva"),
    ],
)
def test_half_an_emoji_in_a_record_is_replaced_and_its_neighbours_are_read(
    box: Sandbox, crms: dict[str, Any], system: str, name: str, cleaned: str
) -> None:
    odd, plain = add(box, system, "odd@acme.example", name), add(box, system, "plain@acme.example", "Rossi")
    crm, last, person = crms[system], LAST[system], PERSON[system]
    expected = {odd: cleaned, plain: "Rossi"}
    fields = [last]
    by_id = {each.id: each.fields[last] for each in crm.read(person, [odd, plain], fields)}
    emails = ["odd@acme.example", "plain@acme.example"]
    found = {each.id: each.fields[last] for each in crm.find(emails, {person: fields})}
    changed = {each.id: each.fields[last] for each in crm.changes(person, fields, since=0).records}
    assert by_id == found == changed == expected
    whole: dict[str, Any] = {}
    after, more = "", True
    while more:
        page = crm.everything(person, fields, after=after)
        whole |= {each.id: each.fields[last] for each in page.records}
        after, more = page.after, bool(page.after)
    assert whole == expected


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_words_of_a_refusal_can_be_stored_whatever_they_hold(
    box: Sandbox, crms: dict[str, Any], system: str
) -> None:
    said = f"no {HALF} and \x00"
    own = {"status": "error", "category": "VALIDATION_ERROR", "message": said, "correlationId": "c"}
    body = json.dumps(own if system == "hubspot" else [{"errorCode": "MALFORMED_QUERY", "message": said}])
    for content in (body, f"<html>{said}</html>"):
        fault = Fault(kind="page", system=system, status=400, body=content, content_type="application/json")
        box.faults.add(fault)
        with pytest.raises(Unavailable) as caught:
            crms[system].find(["ana@acme.example"], {PERSON[system]: [LAST[system]]})
        text = f"{caught.value.receipt.code} {caught.value.receipt.message}"
        assert text == lenient_json.text(text)
        assert "no \ufffd" in text


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("ending", ["\x00", "\x00\x00\r\n\x00", "\n"])
def test_nuls_at_the_end_of_a_reply_and_control_characters_in_it_do_not_matter(
    box: Sandbox, crms: dict[str, Any], system: str, ending: str
) -> None:
    shown = {"id": "17", "properties": {"lastname": "Sil\tva"}, "createdAt": "2026-01-05T09:00:00Z"}
    salesforces = {"records": [{"Id": "00Q7Q0000000APTUA2", "LastName": "Sil\tva"}], "done": True}
    body = json.dumps({"results": [shown]} if system == "hubspot" else salesforces).replace("\\t", "\t") + ending
    crm, last = crms[system], LAST[system]
    crm.find(["ana@acme.example"], {PERSON[system]: [last]})  # describes the object, where that is done first
    box.faults.add(Fault(kind="page", system=system, status=200, body=body, content_type="application/json"))
    (record,) = crm.find(["ana@acme.example"], {PERSON[system]: [last]})
    assert record.fields == {last: "Sil\tva"}


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 5_000, "1e999", '"\ud83d'])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_reply_that_is_no_usable_json_is_an_outage_and_never_an_exception(
    box: Sandbox, crms: dict[str, Any], system: str, body: str
) -> None:
    box.faults.add(Fault(kind="page", system=system, status=200, body=body, content_type="application/json", times=0))
    with pytest.raises(Unavailable) as caught:
        crms[system].find(["ana@acme.example"], {PERSON[system]: [LAST[system]]})
    assert (caught.value.receipt.verdict, caught.value.receipt.outage) == (Verdict.RETRY, True)


def test_nuls_in_a_bulk_part_are_cleaned() -> None:
    text = '"CreatedDate","Email","Id","SystemModstamp"\n"","a\x00b@x.example","00Q7Q00000000001AA",""\n'
    (record,) = rows("Lead", ["Email"], lenient_json.text(text))
    assert record.fields == {"Email": "a\ufffdb@x.example"}
