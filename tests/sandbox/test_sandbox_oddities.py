"""What the real CRMs do that is odd, and what stands before them: pages, limits of addresses, hidden and encrypted."""

import json

import pytest
from sandbox_calls import Api

from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

DATA = "/salesforce/services/data/v66.0"
OWNERS = "/hubspot/crm/owners/2026-09"


def soql(api: Api, text: str) -> tuple[int, str]:
    answer = api.get(f"{DATA}/query", params={"q": text})
    told = answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.text
    return answer.status_code, told[0]["message"] if isinstance(told, list) else told if answer.text[:1] == "<" else ""


def test_an_edge_answers_with_a_page_a_date_and_what_it_was_told_to_ask_for(box: Sandbox, api: Api) -> None:
    box.faults.add(Fault(kind="page", system="hubspot", status=420, retry_after="Mon, 05 Jan 2026 09:00:30 GMT"))
    box.faults.add(Fault(kind="page", system="hubspot", status=301, location="https://moved.example/"))
    box.faults.add(Fault(kind="page", system="hubspot", status=200, body="\x00", content_type="text/plain"))
    first, second, third = (api.get(OWNERS, allow_redirects=False) for _ in range(3))
    assert (first.status_code, first.headers["Retry-After"][:3], "<html>" in first.text) == (420, "Mon", True)
    assert first.headers["Date"].endswith("GMT")
    assert (second.status_code, second.headers["Location"]) == (301, "https://moved.example/")
    assert (third.text, third.headers["Content-Type"]) == ("\x00", "text/plain")
    assert api.get(OWNERS).json()["results"]


def test_a_page_may_strike_only_the_calls_that_name_a_record(box: Sandbox, api: Api) -> None:
    box.faults.add(Fault(kind="page", system="salesforce", record="ana@acme.example", status=502, times=0))
    assert soql(api, "SELECT Id FROM Lead WHERE Email = 'bo@acme.example'")[0] == 200
    assert soql(api, "SELECT Id FROM Lead WHERE Email = 'ana@acme.example'")[0] == 502


@pytest.mark.parametrize(("length", "status"), [(15_000, 200), (16_300, 431), (16_500, 414)])
def test_salesforces_edge_takes_no_address_beyond_its_limit(box: Sandbox, api: Api, length: int, status: int) -> None:
    del box
    text = "SELECT Id FROM Lead WHERE LastName = ''"
    room = length - len(f"{DATA.removeprefix('/salesforce')}/query?q=") - len(text.replace(" ", "+"))
    answer = api.get(f"{DATA}/query?q=" + text.replace(" ", "+").replace("''", f"'{'x' * room}'"))
    assert answer.status_code == status
    assert ("<html>" in answer.text) is (status != 200)


def test_an_encrypted_field_is_shown_and_cannot_be_filtered_by(box: Sandbox, api: Api) -> None:
    box.salesforce.add("Lead", {"LastName": "Silva", "Company": "Acme", "Email": "ana@acme.example"})
    box.salesforce.encrypt("Lead", "Email")
    status, said = soql(api, "SELECT Id FROM Lead WHERE Email IN ('ana@acme.example')")
    assert (status, said) == (400, "field 'Email' can not be filtered in a query call")
    assert api.get(f"{DATA}/query", params={"q": "SELECT Email FROM Lead"}).json()["records"][0]["Email"]
    fields = api.get(f"{DATA}/sobjects/Lead/describe").json()["fields"]
    assert [(one["encrypted"], one["filterable"]) for one in fields if one["name"] == "Email"] == [(True, False)]


def test_an_object_that_is_hidden_is_not_there_for_this_user(box: Sandbox, api: Api) -> None:
    api.post("/_sandbox/org", json={"hide": ["Opportunity"], "remove": ["Lead.HasOptedOutOfEmail"]})
    assert api.get(f"{DATA}/sobjects/Opportunity/describe").json()[0]["errorCode"] == "NOT_FOUND"
    assert soql(api, "SELECT Id FROM Opportunity") == (400, "sObject type 'Opportunity' is not supported.")
    assert "Opportunity" not in [one["name"] for one in api.get(f"{DATA}/sobjects").json()["sobjects"]]
    assert "HasOptedOutOfEmail" not in box.salesforce.org.fields["Lead"]
    api.post("/_sandbox/org", json={"show": ["Opportunity"]})
    assert soql(api, "SELECT Id FROM Opportunity")[0] == 200


def test_half_an_emoji_is_written_as_its_escape(box: Sandbox, api: Api) -> None:
    id_ = box.hubspot.add("contacts", {"email": "ana@acme.example", "lastname": "Silva \ud83d"})
    answer = api.get(f"/hubspot/crm/objects/2026-09/contacts/{id_}")
    assert b"Silva \\ud83d" in answer.content
    assert json.loads(answer.content)["properties"]["lastname"] == "Silva \ud83d"


@pytest.mark.parametrize("many", [100, 101, 250])
def test_associations_come_a_hundred_at_a_time_from_every_place_that_tells_of_them(
    box: Sandbox, api: Api, many: int
) -> None:
    deal = box.hubspot.add("deals", {"dealname": "Acme"})
    contacts = [box.hubspot.add("contacts", {"email": f"p{number}@acme.example"}) for number in range(many)]
    for one in contacts:
        box.hubspot.link("deals", deal, "contacts", one)
    places = {
        "listing": lambda _after: api.get("/hubspot/crm/objects/2026-09/deals?associations=contacts").json()["results"][
            0
        ]["associations"]["contacts"],
        "of one record": lambda after: api.get(
            f"/hubspot/crm/objects/2026-09/deals/{deal}/associations/contacts", params={"after": after, "limit": 100}
        ).json(),
        "batch": lambda after: api.post(
            "/hubspot/crm/associations/2026-09/deals/contacts/batch/read",
            json={"inputs": [{"id": deal, "after": after} if after else {"id": deal}]},
        ).json()["results"][0],
    }
    for name, ask in places.items():
        found: list[str] = []
        after = ""
        while True:
            told = ask(after)
            page = told.get("to") or told.get("results")
            assert len(page) <= 100
            found += [str(one.get("toObjectId") or one["id"]) for one in page]
            after = told.get("paging", {}).get("next", {}).get("after", "")
            if not after or name == "listing":
                break
        assert found == (contacts[:100] if name == "listing" else contacts)
        assert bool(after) is (name == "listing" and many > 100)
    bad = api.post(
        "/hubspot/crm/associations/2026-09/deals/contacts/batch/read", json={"inputs": [{"id": deal, "after": "?"}]}
    )
    assert bad.status_code == 400
