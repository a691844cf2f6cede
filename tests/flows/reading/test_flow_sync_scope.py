"""What this user may not see of the past stops neither the sync nor the look for drift."""

from flows_crms import person
from flows_run import lead

from integration.flows.reading import first_sync
from integration.flows.upkeep import drift
from integration.wiring.whole_service import Service
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

EMAIL = "ana@acme.example"


def forbid(sandbox: Sandbox, path: str) -> None:
    sandbox.faults.add(Fault(kind="status", system="hubspot", path=path, status=403, code="MISSING_SCOPES", times=0))


def test_an_object_that_is_hidden_is_left_out_and_told(service: Service, sandbox: Sandbox) -> None:
    person(sandbox, "hubspot", EMAIL)
    sandbox.hubspot.add("emails", {"hs_timestamp": "2026-01-05T09:00:00Z"})
    forbid(sandbox, "*/objects/*/emails")
    steps = first_sync.sync(service, "hubspot", lambda _step: None, others=list(service.connections))
    by_object = {step.object: step.course for step in steps}
    assert "MISSING_SCOPES" in by_object["email"].skipped
    assert all(course.done for course in by_object.values())
    assert lead(service, EMAIL).email == EMAIL


def test_an_object_that_is_hidden_is_a_warning_of_the_mapping_and_not_its_end(
    service: Service, sandbox: Sandbox
) -> None:
    forbid(sandbox, "*/properties/*/emails")
    (found,) = [each for each in drift.misfits(service.connections["hubspot"]) if each.subject == "email"]
    assert found.problem.severity == "warning"
