"""What HubSpot refuses since 2026-09 because an administrator has set it so: which rule it was, and where to change it.

Provoked over HTTP, for every write there is: one record is refused, and its neighbours are written.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from connector_ground import DUE, TOKEN

from connectors.base.concerns import Concern
from connectors.base.credentials import Credential
from connectors.base.port import FieldWrite, PersonWrite, Receipt, TaskWrite, Verdict
from connectors.hubspot import faults
from connectors.hubspot.connector import HubSpotConnector
from connectors.hubspot.faults import CONDITIONAL, NO_ASSOCIATIONS, REQUIRED
from mappings.model.task_text import of_plain
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault


@pytest.fixture
def crm(box: Sandbox) -> Iterator[HubSpotConnector]:
    with closing(HubSpotConnector(Credential(token=TOKEN, api_url=f"{box.url}/hubspot"))) as made:
        yield made


def people(box: Sandbox, count: int = 3) -> list[str]:
    return [box.hubspot.add("contacts", {"email": f"p{number}@acme.example"}) for number in range(count)]


def scored(ids: list[str], bands: list[str]) -> list[FieldWrite]:
    return [
        FieldWrite(key=f"f:{one}", object="contact", id=one, fields={"coldframe_fit": "7", "coldframe_band": band})
        for one, band in zip(ids, bands, strict=True)
    ]


def task(record: str, **more: Any) -> TaskWrite:
    given = {"key": f"t:{record}", "subject": "Call Ana", "body": of_plain("Fit 40")} | more
    return TaskWrite(object="contact", id=record, due_at=DUE, **given)


def told(receipt: Receipt, code: str, *words: str) -> None:
    assert (receipt.verdict, receipt.code, receipt.concern) == (Verdict.PERMANENT, code, Concern.RECORD)
    assert "an administrator has set" in receipt.message
    for word in words:
        assert word in receipt.message


def test_a_property_that_another_ones_value_requires_refuses_that_record_alone(
    box: Sandbox, crm: HubSpotConnector
) -> None:
    ids = people(box)
    box.hubspot.require(object="contacts", field="jobtitle", when="coldframe_band", value="hot")
    receipts = crm.apply(scored(ids, ["cold", "hot", "warm"]))
    assert [one.verdict for one in receipts] == [Verdict.DONE, Verdict.PERMANENT, Verdict.DONE]
    told(receipts[1], CONDITIONAL, "'jobtitle'", "'coldframe_band'", "Settings > Properties > coldframe_band >")
    assert box.hubspot.values("contacts", ids[2])["coldframe_fit"] == "7"
    box.hubspot.set("contacts", ids[1], {"jobtitle": "Director"})
    assert [one.verdict for one in crm.apply(scored(ids[1:2], ["hot"]))] == [Verdict.DONE]


def test_a_property_that_every_new_record_needs_refuses_the_contact_without_it(
    box: Sandbox, crm: HubSpotConnector
) -> None:
    box.hubspot.require(object="contacts", field="lastname")
    given = {"ana": {"lastname": "Silva"}, "bo": {}, "cy": {"lastname": "Wu"}}
    writes = [
        PersonWrite(
            key=name, object="contact", email=f"{name}@new.example", fields={"email": f"{name}@new.example"} | more
        )
        for name, more in given.items()
    ]
    receipts = crm.apply(writes)
    assert [one.verdict for one in receipts] == [Verdict.DONE, Verdict.PERMANENT, Verdict.DONE]
    told(receipts[1], REQUIRED, "'lastname'", "Settings > Objects", "Create record")
    assert box.hubspot.counts()["contacts"] == 2


def test_a_property_that_every_new_task_needs_refuses_the_task_without_it(box: Sandbox, crm: HubSpotConnector) -> None:
    ana, bo = people(box, 2)
    owner = str(box.hubspot.portal.owners[0]["id"])
    box.hubspot.require(object="tasks", field="hubspot_owner_id")
    receipts = crm.apply([task(ana, owner=owner), task(bo)])
    assert [one.verdict for one in receipts] == [Verdict.DONE, Verdict.PERMANENT]
    told(receipts[1], REQUIRED, "'hubspot_owner_id'")
    assert not receipts[1].of_owner, "it was refused for want of an owner, not for the one it has"
    assert box.hubspot.counts()["tasks"] == 1


def test_a_rule_for_a_propertys_values_says_which_and_where(box: Sandbox, crm: HubSpotConnector) -> None:
    ids = people(box)
    box.hubspot.rule(object="contacts", field="coldframe_band", pattern="hot", message="Enter only what is known")
    receipts = crm.apply(scored(ids, ["cold", "hot", "warm"]))
    assert [one.verdict for one in receipts] == [Verdict.DONE, Verdict.PERMANENT, Verdict.DONE]
    told(receipts[1], "VALIDATION_RULE", "Settings > Properties > coldframe_band > Rules", "Enter only what is known")


def test_several_rules_of_one_record_are_all_named(box: Sandbox, crm: HubSpotConnector) -> None:
    (ana,) = people(box, 1)
    for field in ("jobtitle", "city"):
        box.hubspot.require(object="contacts", field=field, when="coldframe_band", value="hot")
    (receipt,) = crm.apply(scored([ana], ["hot"]))
    told(receipt, CONDITIONAL, "'jobtitle'", "'city'")


@pytest.mark.parametrize("code", ["INVALID_OPTION", "INVALID_NUMBER", "PROPERTY_DOESNT_EXIST"])
def test_a_value_that_fits_no_property_of_its_type_is_no_rule_of_an_administrators(code: str) -> None:
    error = {"code": code, "message": "No.", "context": {"propertyName": ["city"]}}
    refusal = faults.row({"category": "VALIDATION_ERROR", "message": "No.", "errors": [error]}, idempotent=True)
    assert (refusal.code, refusal.message) == (code, "No.")


def test_a_rule_that_stands_in_the_message_alone_is_found_there() -> None:
    listed = [{"isValid": False, "message": "Enter only letters", "error": "INVALID_ALPHA", "name": "firstname"}]
    said = f"Property values were not valid: {json.dumps(listed)}"
    for message in (said, f"{said} (and more)"):
        refusal = faults.row({"category": "VALIDATION_ERROR", "message": message}, idempotent=True)
        assert refusal.code == "INVALID_ALPHA"
        assert "Settings > Properties > firstname > Rules" in refusal.message
        assert "Enter only letters" in refusal.message


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"code": CONDITIONAL, "message": "x", "context": {"propertyName": "jobtitle"}}]},
        {"errors": [{"code": CONDITIONAL, "message": "x", "context": []}]},
        {"errors": [{"code": REQUIRED, "message": None}, 3, None]},
        {"message": "Property values were not valid: [3, null, {}]"},
        {"message": "Property values were not valid: [{]"},
        {"message": None, "errors": None},
    ],
)
def test_a_refusal_of_another_shape_is_still_one(body: dict[str, Any]) -> None:
    refusal = faults.row({"category": "VALIDATION_ERROR", **body}, idempotent=True)
    assert (refusal.verdict, bool(refusal.code)) == (Verdict.PERMANENT, True)


def test_who_may_not_edit_associations_is_no_records_fault_and_everything_waits(
    box: Sandbox, crm: HubSpotConnector
) -> None:
    ana, bo = people(box, 2)
    box.faults.add(
        Fault(
            kind="status",
            system="hubspot",
            path="*/tasks/batch/create",
            status=400,
            code="VALIDATION_ERROR",
            message="Missing 'Edit Associations' permission.",
        )
    )
    receipts = crm.apply([task(ana), task(bo)])
    assert [(one.verdict, one.code) for one in receipts] == [(Verdict.PAUSE, NO_ASSOCIATIONS)] * 2
    assert "Users & Teams" in receipts[0].message
    assert box.hubspot.log.counts()["POST /crm/objects/2026-09/tasks/batch/create"] == 1, "nothing is halved for it"
    assert [one.verdict for one in crm.apply([task(ana), task(bo)])] == [Verdict.DONE] * 2
