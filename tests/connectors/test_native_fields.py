"""The CRMs' own fields, over HTTP: HubSpot's stage moved back and read back, opt-outs in both, Salesforce's status."""

from collections.abc import Iterator
from typing import Any

import pytest
from connector_ground import HASTE, TOKEN

from connectors.base.credentials import Credential
from connectors.base.port import FieldWrite, Verdict
from connectors.hubspot.connector import HubSpotConnector
from connectors.hubspot.own_ways.consent import OPTED_OUT
from connectors.hubspot.own_ways.lifecycle import NOT_TAKEN, STAGE
from connectors.salesforce.connector import SalesforceConnector
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

UPDATE, READ, OUT = "*/contacts/batch/update", "*/contacts/batch/read", "*/statuses/batch/unsubscribe-all"


@pytest.fixture
def hubspot(box: Sandbox) -> Iterator[HubSpotConnector]:
    crm = HubSpotConnector(Credential(token=TOKEN, api_url=f"{box.url}/hubspot"), timeout=HASTE)
    yield crm
    crm.close()


@pytest.fixture
def salesforce(box: Sandbox) -> Iterator[SalesforceConnector]:
    url, instance = f"{box.url}/salesforce", "https://sandbox.my.salesforce.example"
    crm = SalesforceConnector(Credential(token=TOKEN, api_url=url, instance_url=instance), timeout=HASTE)
    yield crm
    crm.close()


def contact(box: Sandbox, number: int = 0, **values: str) -> str:
    return box.hubspot.add("contacts", {"email": f"p{number}@acme.example", **values})


def write(record: str, **fields: Any) -> FieldWrite:
    return FieldWrite(key=f"k:{record}", object="contact", id=record, fields=fields)


def stage(box: Sandbox, record: str) -> str:
    return box.hubspot.values("contacts", record).get(STAGE, "")


def sent(box: Sandbox, path: str) -> list[Any]:
    return [entry.body for entry in box.hubspot.log.entries(path=path.removeprefix("*"))]


def test_a_stage_moves_forward_in_one_call_and_is_read_back(box: Sandbox, hubspot: HubSpotConnector) -> None:
    ana = contact(box)
    (receipt,) = hubspot.apply([write(ana, lifecyclestage="salesqualifiedlead", coldframe_fit="40")])
    assert receipt.verdict is Verdict.DONE
    assert stage(box, ana) == "salesqualifiedlead"
    assert (len(sent(box, UPDATE)), len(sent(box, READ))) == (1, 1)


def test_only_what_moves_back_is_cleared_in_a_call_of_its_own_and_set_again_all_in_batches(
    box: Sandbox, hubspot: HubSpotConnector
) -> None:
    forth = [contact(box, number, lifecyclestage="lead") for number in range(60)]
    back = [contact(box, number, lifecyclestage="opportunity") for number in range(60, 100)]
    receipts = hubspot.apply([write(one, lifecyclestage="marketingqualifiedlead") for one in (*forth, *back)])
    assert {receipt.verdict for receipt in receipts} == {Verdict.DONE}
    assert {stage(box, one) for one in (*forth, *back)} == {"marketingqualifiedlead"}
    first, cleared, anew = sent(box, UPDATE)
    assert len(first["inputs"]) == 100
    assert {one["id"] for one in cleared["inputs"]} == set(back)
    assert {one["properties"][STAGE] for one in cleared["inputs"]} == {""}
    assert {one["id"]: one["properties"] for one in anew["inputs"]} == {
        one: {STAGE: "marketingqualifiedlead"} for one in back
    }
    assert len(sent(box, READ)) == 2


def test_writes_without_a_stage_cost_no_reading(box: Sandbox, hubspot: HubSpotConnector) -> None:
    hubspot.apply([write(contact(box), coldframe_fit="40")])
    assert sent(box, READ) == []


@pytest.mark.parametrize("call", [1, 2])
def test_what_breaks_off_between_clearing_and_setting_heals_with_the_next_try(
    box: Sandbox, hubspot: HubSpotConnector, call: int
) -> None:
    ana = contact(box, lifecyclestage="customer")
    box.faults.add(Fault(kind="drop", system="hubspot", path=UPDATE, times=1, skip=call))
    (receipt,) = hubspot.apply([write(ana, lifecyclestage="lead")])
    assert receipt.verdict is Verdict.RETRY
    assert receipt.outage
    assert stage(box, ana) == ("customer" if call == 1 else "")
    (receipt,) = hubspot.apply([write(ana, lifecyclestage="lead")])
    assert receipt.verdict is Verdict.DONE
    assert stage(box, ana) == "lead"


def test_a_stage_that_something_else_sets_at_once_is_told_in_clear_words(
    box: Sandbox, hubspot: HubSpotConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo = contact(box, 1, lifecyclestage="customer"), contact(box, 2, lifecyclestage="customer")
    update = box.hubspot.portal.update

    def by_workflow(record: Any, values: Any, origin: Any) -> Any:
        changed = update(record, values, origin)
        if record.id == ana and values.get(STAGE) == "lead":
            record.values[STAGE] = "customer"  # a workflow of the portal's
        return changed

    monkeypatch.setattr(box.hubspot.portal, "update", by_workflow)
    receipts = hubspot.apply([write(one, lifecyclestage="lead", coldframe_fit="7") for one in (ana, bo)])
    assert [receipt.verdict for receipt in receipts] == [Verdict.RETRY, Verdict.DONE]
    assert receipts[0].code == NOT_TAKEN
    assert "set to 'lead', the lifecycle stage reads back as 'customer'" in receipts[0].message
    assert box.hubspot.values("contacts", ana)["coldframe_fit"] == "7"


def test_a_pause_asked_for_at_the_reading_back_leaves_the_write_waiting(
    box: Sandbox, hubspot: HubSpotConnector
) -> None:
    ana = contact(box)
    box.faults.add(Fault(kind="rate_limited", system="hubspot", path=READ, times=1, retry_after=7))
    (receipt,) = hubspot.apply([write(ana, lifecyclestage="customer")])
    assert receipt.verdict is Verdict.PAUSE
    assert receipt.retry_after == 7_000_000


def test_an_opt_out_goes_through_hubspots_subscriptions_with_the_fields_beside_it(
    box: Sandbox, hubspot: HubSpotConnector
) -> None:
    ana, bo, out = contact(box, 1), contact(box, 2), contact(box, 3, hs_email_optout="true")
    nameless = box.hubspot.add("contacts", {"lastname": "Silva"})
    receipts = hubspot.apply(
        [
            write(ana, hs_email_optout="true", coldframe_stage="suppressed"),
            write(bo, coldframe_fit="3"),
            write(out, hs_email_optout="true"),
            write(nameless, hs_email_optout="true"),
        ]
    )
    assert {receipt.verdict for receipt in receipts} == {Verdict.DONE}
    assert box.hubspot.values("contacts", ana)[OPTED_OUT] == "true"
    assert box.hubspot.values("contacts", ana)["coldframe_stage"] == "suppressed"
    assert OPTED_OUT not in box.hubspot.values("contacts", bo)
    (unsubscribed,) = sent(box, OUT)
    assert unsubscribed == {"inputs": ["p1@acme.example"]}, "once, and only who is not out already"
    assert all(OPTED_OUT not in one["properties"] for body in sent(box, UPDATE) for one in body["inputs"])


def test_a_token_that_may_not_unsubscribe_fails_the_opt_out_alone_and_doctor_says_so(
    box: Sandbox, hubspot: HubSpotConnector
) -> None:
    ana, bo = contact(box, 1), contact(box, 2)
    assert [one for one in hubspot.examine({}) if one.subject == "opt-outs"] == []
    box.hubspot.gate.preferences.allowed = False
    receipts = hubspot.apply([write(ana, hs_email_optout="true", coldframe_fit="3"), write(bo, coldframe_fit="4")])
    assert [receipt.verdict for receipt in receipts] == [Verdict.PERMANENT, Verdict.DONE]
    assert "communication_preferences.statuses.batch.write" in receipts[0].message
    assert box.hubspot.values("contacts", ana)["coldframe_fit"] == "3"
    (finding,) = [one for one in hubspot.examine({}) if one.subject == "opt-outs"]
    assert "scope communication_preferences.statuses.batch.write" in finding.remedy
    box.hubspot.gate.preferences.allowed = True


def test_salesforce_takes_its_own_fields_as_any_other(box: Sandbox, salesforce: SalesforceConnector) -> None:
    ana = box.salesforce.add("Lead", {"LastName": "Silva", "Company": "Acme", "Email": "ana@acme.example"})
    fields = {"Status": "Closed - Not Converted", "HasOptedOutOfEmail": True}
    (receipt,) = salesforce.apply([FieldWrite(key="k", object="Lead", id=ana, fields=fields)])
    assert receipt.verdict is Verdict.DONE
    assert fields.items() <= box.salesforce.record("Lead", ana).items()


def test_the_sandbox_lets_a_person_pick_an_earlier_stage_and_no_app(box: Sandbox) -> None:
    ana = contact(box, lifecyclestage="customer")
    box.hubspot.set("contacts", ana, {STAGE: "lead"}, origin=box.hubspot.portal.api)
    assert stage(box, ana) == "customer"
    box.hubspot.set("contacts", ana, {STAGE: "lead"})
    assert stage(box, ana) == "lead"
