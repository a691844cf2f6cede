"""The impact of a publication counts what open tasks would say as what it is, and no task comes of it."""

import pytest
from flows_crms import SYSTEMS, person
from flows_playbook_changes import in_force
from flows_run import Watch, drain_all, with_parts
from joined_tasks import ANA, HANDOFF, ROI, Tasks, playbook_text, saw, with_further_reasons

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.running_playbook import published
from integration.flows.history.find_explanation import explained
from integration.flows.publishing import put_in_force
from integration.flows.publishing.impact import impact
from integration.playbook.compiling.compiler import compile_text
from integration.store.events.playbook_versions import Terms, Texts
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR
from sandbox.server import Sandbox

TERMS = Terms(author="rev ops", reason="a test")


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_lead_that_passes_a_changed_gate_and_has_an_open_call_is_a_further_reason_in_that(
    service: Service, sandbox: Sandbox, system: str, at: Watch
) -> None:
    running = with_parts(with_further_reasons(service), started=at())
    person(sandbox, system, ANA)
    at.forward(HOUR)
    saw(running, 1, "roi")
    tasks = Tasks(sandbox, system)
    assert set(tasks.all()) == {ROI}
    playbook, problems = compile_text(
        playbook_text().replace("gate: band = hot\n", "gate: band = hot|warm\n"), "ours.yaml"
    )
    assert playbook is not None, problems
    compiled = CompiledPlaybook.of(playbook)
    found = impact(published(running), compiled, TERMS, lambda _done, _total: None)
    assert (found.rewritten, found.tasks.total(), found.handovers) == (1, 0, 1)
    put_in_force.publish(
        published(running), compiled, Texts(playbook=playbook.text), TERMS, over=in_force(running).number
    )
    drain_all(running)
    at.forward(DAY)
    drain_all(running)
    assert set(tasks.all()) - {"clock/first_contact/1/escalation"} == {ROI}, "the call says it"
    assert tasks.read(ROI)[0].startswith("Call Ana ana")
    assert tasks.read(ROI)[1].count("Also: ") == 1
    _, told = explained(running.store, compiled, ANA, at()) or pytest.fail("nobody")
    fates = {each.key.partition("/")[2]: each.fate for each in told.done if each.kind == "task"}
    assert fates == {ROI: "carried out", HANDOFF: "carried out by the task that it joins"}
    closed = with_parts(running, started=at())
    tasks.close(ROI)
    assert HANDOFF not in tasks.all()
    assert impact(published(closed), compiled, TERMS, lambda _done, _total: None).rewritten == 0, "it is done"
