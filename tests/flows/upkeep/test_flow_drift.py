"""Drift: what a CRM has lost is found by the hourly look, reported once, and kept for doctor until it is back."""

from collections.abc import Mapping, Sequence

import pytest
from flows_run import Watch
from structlog.testing import capture_logs

from integration.flows.upkeep import drift
from integration.flows.upkeep.drift import last, watch
from integration.store.audit import audit_trail
from integration.store.outgoing import alerts
from integration.store.progress.drift_looks import Trouble
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault


def errors(service: Service, connection: str) -> list[Trouble]:
    looked = last(service.store, connection)
    assert looked is not None
    return [each for each in looked.troubles if each.severity == "error"]


def trail(service: Service) -> list[tuple[str, Mapping[str, Sequence[str]]]]:
    with service.store.read() as conn:
        return [(entry.subject, entry.detail) for entry in audit_trail.recent(conn, 10) if entry.action == "drift"]


def test_crms_that_have_everything_leave_no_trace_but_the_look(service: Service, at: Watch) -> None:
    assert watch(service) == 0
    assert trail(service) == []
    looked = last(service.store, "salesforce")
    assert looked is not None
    assert (looked.at, looked.troubles) == (at(), ())


def test_a_deleted_field_is_told_once_and_again_when_it_is_back(service: Service, sandbox: Sandbox, at: Watch) -> None:
    watch(service)
    held = sandbox.hubspot.portal.properties("contacts")["coldframe_score"]
    sandbox.hubspot.portal.remove_property("contacts", "coldframe_score")
    with capture_logs() as logs:
        assert watch(service) == 1
    (warned,) = [line for line in logs if line["event"] == "drift"]
    assert (warned["log_level"], warned["connection"]) == ("warning", "hubspot")
    assert (warned["subject"], warned["remedy"]) == ("contact.coldframe_score", "run coldframe provision hubspot")
    at.forward(HOUR)
    with capture_logs() as logs:
        assert watch(service) == 0, "the same again is no news"
    assert [line for line in logs if line["event"] == "drift"] == []
    assert [each.subject for each in errors(service, "hubspot")] == ["contact.coldframe_score"]
    sandbox.hubspot.portal.properties("contacts")["coldframe_score"] = held
    assert watch(service) == 1
    assert errors(service, "hubspot") == []
    newest, older = trail(service)
    assert (len(older[1]["come"]), len(older[1]["gone"])) == (1, 0)
    assert (len(newest[1]["come"]), len(newest[1]["gone"])) == (0, 1)


def test_what_a_look_finds_new_is_one_alert_and_none_for_what_was_there_before(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    def raised() -> list[str]:
        with service.store.read() as conn:
            return [each.text for each in alerts.recent(conn, 0) if each.alert == "drift"]

    watch(service)
    assert raised() == []
    for name in ("coldframe_score", "coldframe_fit"):
        sandbox.hubspot.portal.remove_property("contacts", name)
    watch(service)
    at.forward(HOUR)
    watch(service)
    (text,) = raised()
    assert text.startswith("hubspot does not have what its mapping needs: contact.coldframe_")
    assert text.endswith(", and 1 more")
    sandbox.hubspot.portal.remove_property("contacts", "coldframe_band")
    at.forward(HOUR)
    watch(service)
    assert len(raised()) == 2


def test_a_renamed_picklist_value_is_told_for_writing_and_for_reading(service: Service, sandbox: Sandbox) -> None:
    properties = sandbox.hubspot.portal.properties("contacts")
    properties["coldframe_band"].options = {"cold": "Cold", "lukewarm": "Warm", "hot": "Hot"}
    properties["lead_source"].options = {"web_seminar": "Web seminar", "other": "Other"}
    watch(service)
    (error,) = errors(service, "hubspot")
    assert (error.subject, "has no value 'warm' (did you mean 'lukewarm'?)" in error.text) == (
        "contact.coldframe_band",
        True,
    )
    looked = last(service.store, "hubspot")
    assert looked is not None
    warnings = [each.text for each in looked.troubles if each.severity == "warning"]
    assert any(
        "'lead_source' has no value 'webinar' (did you mean 'web_seminar'?), so nothing reads as 'webinar'" in text
        for text in warnings
    )


def test_a_lost_permission_is_told(service: Service, sandbox: Sandbox) -> None:
    field = sandbox.salesforce.org.fields["Lead"]["Coldframe_Fit__c"]
    field.updateable = False
    watch(service)
    (error,) = errors(service, "salesforce")
    assert error.subject == "Lead.Coldframe_Fit__c"
    assert "read-only for this user" in error.text
    assert error.remedy == "run coldframe provision salesforce"


def test_an_object_that_is_hidden_is_told_and_the_others_are_still_looked_at(
    service: Service, sandbox: Sandbox
) -> None:
    sandbox.faults.add(
        Fault(kind="status", system="salesforce", path="*/Contact/describe", status=404, code="NOT_FOUND", times=0)
    )
    sandbox.salesforce.org.remove_field("Lead", "Coldframe_Fit__c")
    watch(service)
    assert [each.subject for each in errors(service, "salesforce")] == ["Lead.Coldframe_Fit__c", "Contact"]


@pytest.mark.parametrize("kind", ["unavailable", "drop", "unauthorized", "rate_limited"])
def test_a_crm_that_is_away_has_not_drifted(service: Service, sandbox: Sandbox, kind: str) -> None:
    watch(service)
    sandbox.faults.add(Fault(kind=kind, times=0))  # type: ignore[arg-type] -- the parameter is one of the kinds
    with capture_logs() as logs:
        assert watch(service) == 0
    assert {line["connection"] for line in logs if line["event"] == "drift not looked for"} == {"hubspot", "salesforce"}
    assert errors(service, "hubspot") == []


def test_no_personal_data_or_secret_is_kept_of_a_look(service: Service, sandbox: Sandbox) -> None:
    sandbox.hubspot.add("contacts", {"email": "canary@acme.example"})
    sandbox.hubspot.portal.remove_property("contacts", "coldframe_fit")
    watch(service)
    kept = repr([trail(service), last(service.store, "hubspot"), drift.misfits(service.connections["hubspot"])])
    assert "canary" not in kept
