"""Outcomes of calls and meetings by what people see: read by the portal's labels, shown where nothing reads them."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest
from edited_texts import edited_text
from flows_crms import calls, person
from flows_run import Watch, history

from integration.examining import doctor_words
from integration.flows.reading import reconcile
from integration.store.events import unrecognised_words
from integration.wiring.whole_service import Service
from mappings.language import mapping_files
from mappings.language.mapping_compiler import compile_mapping
from mappings.model.compiled_mapping import CrmMapping
from mappings.values.instant import HOUR, MINUTE
from mappings.yaml_files.located_yaml import load
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

Drain: TypeAlias = Callable[[Service], int]
Look: TypeAlias = Callable[[], None]
EMAIL = "ana@acme.example"
OWN = "0a1b2c3d-0000-4000-8000-000000000001"
LISTING = {"system": "hubspot", "method": "GET", "path": "*/calling/v1/dispositions"}


def by_label(*cases: str, text: str = "") -> CrmMapping:
    """The shipped mapping with further cases for calls, before its own."""
    shipped = text or mapping_files.shipped("hubspot").text
    start = shipped.index("  call:\n")
    at = shipped.index("      cases:", start)
    end = shipped.index("\n", at) + 1
    located, problems = load(shipped[:end] + "".join(f"        - {case}\n" for case in cases) + shipped[end:], "h.yaml")
    assert located is not None, problems
    mapping, problems = compile_mapping(located)
    assert mapping is not None, problems
    return mapping


@pytest.fixture
def portal(service: Service) -> Service:
    """The service whose mapping names the portal's own outcomes by what people see."""
    mapping = by_label(
        "{when: {hs_call_disposition: [Interested, 'Call back*']}, is: call_attempt, outcome: connected}",
        "{when: {hs_call_disposition: Not interested}, is: sales_rejected, "
        "reason: {from: hs_call_disposition, as: picklist, values: {Not interested: bad_fit}}}",
    )
    hubspot = replace(service.connections["hubspot"], mapping=mapping)
    return replace(service, connections={**service.connections, "hubspot": hubspot})


@pytest.fixture
def look(portal: Service, drain_all: Drain, at: Watch, woken: list[str]) -> Look:
    """A minute passes, both CRMs are asked for what is new, and what follows happens."""

    def looking() -> None:
        at.forward(MINUTE)
        for name in portal.connections:
            reconcile.poll(portal, name)
            while f"poll:{name}" in woken:
                woken.remove(f"poll:{name}")
                reconcile.poll(portal, name)
        drain_all(portal)

    looking()
    return looking


def called(sandbox: Sandbox, at: Watch, contact: str, outcome: str) -> None:
    """A person logs a call with this outcome."""
    values = {"hs_timestamp": str(at() // 1_000), "hs_call_disposition": outcome}
    sandbox.hubspot.link("calls", sandbox.hubspot.add("calls", values), "contacts", contact)


def said(service: Service) -> list[tuple[str, dict[str, object]]]:
    return [(row.type, dict(row.properties)) for row in history(service, EMAIL)]


def shown(service: Service) -> list[tuple[str, str]]:
    """What `coldframe doctor` would show: place and word."""
    with service.store.read() as conn:
        return [tuple(each.word[1:]) for each in unrecognised_words.oftenest(conn, 9, ("outcome",))]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("label", "answer"),
    [
        ("Interested", ("call_attempt", {"outcome": "connected"})),
        ("interested ", ("call_attempt", {"outcome": "connected"})),
        ("Call back in spring", ("call_attempt", {"outcome": "connected"})),
        ("Not interested", ("sales_rejected", {"reason": "bad_fit"})),
    ],
)
def test_a_portals_own_outcome_is_read_by_what_people_see(  # noqa: PLR0917 - fixtures, and what a case names
    portal: Service, sandbox: Sandbox, at: Watch, look: Look, label: str, answer: tuple[str, dict[str, str]]
) -> None:
    sandbox.hubspot.portal.call_outcomes[OWN] = label
    contact = person(sandbox, "hubspot", EMAIL)
    called(sandbox, at, contact, OWN)
    look()
    assert said(portal) == [answer]
    assert shown(portal) == []


def test_ids_are_read_as_ever_and_labels_are_asked_for_once_an_hour(
    portal: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    contact = person(sandbox, "hubspot", EMAIL)
    for _ in range(3):
        called(sandbox, at, contact, "f240bbac-87c9-4f6e-bf70-924b57d47db7")
        look()
    assert said(portal) == [("call_attempt", {"outcome": "connected"})] * 3
    assert calls(sandbox, LISTING) == 1


def test_an_outcome_that_was_made_within_the_hour_is_asked_for_and_read(
    portal: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    contact = person(sandbox, "hubspot", EMAIL)
    called(sandbox, at, contact, "f240bbac-87c9-4f6e-bf70-924b57d47db7")
    look()
    sandbox.hubspot.portal.call_outcomes[OWN] = "Interested"
    at.forward(MINUTE)
    called(sandbox, at, contact, OWN)
    look()
    assert said(portal) == [("call_attempt", {"outcome": "connected"})] * 2
    assert shown(portal) == []


@pytest.mark.parametrize("label", ["Gatekeeper", ""])
def test_an_outcome_that_nothing_reads_is_shown_by_its_label_or_else_by_its_id(
    portal: Service, sandbox: Sandbox, at: Watch, look: Look, label: str
) -> None:
    if label:
        sandbox.hubspot.portal.call_outcomes[OWN] = label
    contact = person(sandbox, "hubspot", EMAIL)
    called(sandbox, at, contact, OWN)
    look()
    assert said(portal) == []
    assert shown(portal) == [("call.hs_call_disposition", label or OWN)]
    (finding,) = doctor_words.examined(portal.store, portal.rules.vocabulary)
    assert f"no line of the mapping reads '{label or OWN}'" in finding.detail
    assert "`ignores:`" in finding.remedy


def test_a_meeting_says_what_it_says_a_cancelled_one_nothing_and_another_word_is_shown(
    portal: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    sandbox.hubspot.portal.properties("meetings")["hs_meeting_outcome"].options["OURS"] = "Walked out"
    contact = person(sandbox, "hubspot", EMAIL)
    for outcome in ("CANCELED", "COMPLETED", "OURS", ""):
        values = {"hs_timestamp": str(at() // 1_000), "hs_meeting_outcome": outcome}
        sandbox.hubspot.link("meetings", sandbox.hubspot.add("meetings", values), "contacts", contact)
    look()
    assert [kind for kind, _ in said(portal)] == ["meeting_booked"]
    assert shown(portal) == [("meeting.hs_meeting_outcome", "Walked out")]


def test_salesforces_call_result_that_nothing_reads_is_shown(portal: Service, sandbox: Sandbox, look: Look) -> None:
    who = person(sandbox, "salesforce", EMAIL)
    about = {"Subject": "Call", "TaskSubtype": "Call", "Status": "Completed", "WhoId": who}
    for result in ("Gatekeeper", "Connected", None):
        sandbox.salesforce.add("Task", {**about, "CallDisposition": result})
    look()
    assert said(portal) == [("call_attempt", {"outcome": "connected"})]
    assert shown(portal) == [("Task.CallDisposition", "Gatekeeper")]


@pytest.mark.parametrize(("status", "code"), [(403, "MISSING_SCOPES"), (404, "OBJECT_NOT_FOUND"), (410, "GONE")])
def test_where_labels_may_not_be_asked_for_ids_are_read_and_the_others_shown(  # noqa: PLR0917 - fixtures, and a case
    portal: Service, sandbox: Sandbox, at: Watch, look: Look, status: int, code: str
) -> None:
    sandbox.faults.add(Fault(**LISTING, kind="status", status=status, code=code, message="no", times=0))
    sandbox.hubspot.portal.call_outcomes[OWN] = "Interested"
    contact = person(sandbox, "hubspot", EMAIL)
    called(sandbox, at, contact, "f240bbac-87c9-4f6e-bf70-924b57d47db7")
    called(sandbox, at, contact, OWN)
    look()
    assert said(portal) == [("call_attempt", {"outcome": "connected"})]
    assert shown(portal) == [("call.hs_call_disposition", OWN)]


def test_an_outage_of_the_labels_loses_no_call(portal: Service, sandbox: Sandbox, at: Watch, look: Look) -> None:
    sandbox.faults.add(Fault(**LISTING, kind="status", status=503, times=1))
    sandbox.hubspot.portal.call_outcomes[OWN] = "Interested"
    called(sandbox, at, person(sandbox, "hubspot", EMAIL), OWN)
    look()
    at.forward(HOUR)
    look()
    look()
    assert said(portal) == [("call_attempt", {"outcome": "connected"})]


def test_what_is_ignored_on_purpose_is_a_part_of_the_mapping() -> None:
    text = edited_text(
        mapping_files.shipped("hubspot").text,
        (
            "      at: hs_timestamp\n      cases: # HubSpot's own",
            "      at: hs_timestamp\n      ignores: {hs_call_disposition: Gatekeeper}\n      cases: # HubSpot's own",
        ),
    )
    activity = by_label(text=text).objects["call"].activity
    assert activity is not None
    assert activity.ignores == {"hs_call_disposition": ("gatekeeper",)}
    assert "hs_call_disposition" in activity.reads
