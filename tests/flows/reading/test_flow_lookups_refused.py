"""Objects and companies that a CRM will not show, and what is left of those who were looked for."""

import json

import pytest
from flows_crms import SYSTEMS, calls, person
from flows_lookups import FIND, REFUSED, paused, visit, waiting, wish
from flows_run import Watch, dead, drain_all, lead

from integration.flows.privacy.erase_person import erase
from integration.store.people import record_references
from integration.wiring.whole_service import Service
from mappings.values import person_names
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_object_that_this_user_may_not_read_holds_back_no_other(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    ana = person(sandbox, system, "ana@acme.example")
    if system == "hubspot":
        deal = sandbox.hubspot.add("deals", {"dealname": "Acme"})
        sandbox.faults.add(
            Fault(kind="status", system="hubspot", path="*/deals/*", status=403, code="MISSING_SCOPES", times=0)
        )
        wish(service, system, "deal", deal)
        wish(service, system, "contact", ana)
    else:
        deal = sandbox.salesforce.add(
            "Opportunity", {"Name": "Acme", "StageName": "Prospecting", "CloseDate": "2026-03-01"}
        )
        sandbox.salesforce.hide("Opportunity")
        wish(service, system, "Opportunity", deal)
        wish(service, system, "Lead", ana)
    drain_all(service)
    assert lead(service, "ana@acme.example").email
    (letter,) = dead(service)
    assert letter.reason.startswith("deal: MISSING_SCOPES" if system == "hubspot" else "Opportunity: NOT_FOUND")
    assert paused(service, at) == set()


def test_a_company_that_is_refused_does_not_hold_back_its_people(service: Service, sandbox: Sandbox, at: Watch) -> None:
    ana = person(sandbox, "hubspot", "ana@acme.example")
    (acme,) = sandbox.hubspot.find("companies", domain="acme.example")
    sandbox.faults.add(
        Fault(
            kind="page",
            system="hubspot",
            path="*/companies/batch/read",
            times=0,
            status=400,
            record=acme.id,
            body=REFUSED["hubspot"],
            content_type="application/json",
        )
    )
    wish(service, "hubspot", "contact", ana)
    drain_all(service)
    assert lead(service, "ana@acme.example").email
    (letter,) = dead(service)
    assert json.loads(letter.payload)["wishes"] == [{"object": "company", "id": acme.id}]
    assert paused(service, at) == set()


def test_a_proxys_yes_without_records_buries_nobody(service: Service, sandbox: Sandbox, at: Watch) -> None:
    ana = person(sandbox, "hubspot", "ana@acme.example")
    wish(service, "hubspot", "contact", ana)
    drain_all(service)
    path = {"system": "hubspot", "method": "POST", "path": FIND["hubspot"]}
    before = calls(sandbox, path)
    sandbox.faults.add(
        Fault(kind="page", status=200, body='{"status": "ok"}', content_type="application/json", times=0, **path)  # type: ignore[arg-type]
    )
    wish(service, "hubspot", "contact", ana)
    drain_all(service)
    assert calls(sandbox, path) > before
    assert "hubspot" in paused(service, at)
    assert [each.external_id for each in waiting(service, "hubspot", at())] == [ana]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_whoever_is_erased_leaves_the_letters_of_look_ups_and_the_others_stay(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    ana = person(sandbox, "salesforce", "ana@acme.example")
    sandbox.salesforce.encrypt("Lead", "Email")
    visit(service, at, ["ana@acme.example", "bo@acme.example"])
    drain_all(service)
    sandbox.faults.add(
        Fault(
            kind="page",
            system="salesforce",
            path="*/composite/sobjects/Lead",
            times=0,
            status=400,
            body=REFUSED["salesforce"],
            content_type="application/json",
        )
    )
    with service.store.write() as conn:
        who = lead(service, "ana@acme.example").id
        record_references.link(
            conn, [record_references.Reference(connection="salesforce", object="Lead", external_id=ana, lead_id=who)]
        )
    wish(service, "salesforce", "Lead", ana)
    drain_all(service)
    assert len(dead(service)) == 2
    erase(service, person_names.of_email("ana@acme.example"), actor="test")
    (letter,) = dead(service)
    assert json.loads(letter.payload)["wishes"] == [{"email": "bo@acme.example"}]
    assert ana[:15] not in str(letter)
