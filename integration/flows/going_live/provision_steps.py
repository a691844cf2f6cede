"""Provision steps: the plan of what a CRM needs, looked at or carried out line by line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.answers.replies import Refusal
from connectors.base.port import Verdict
from connectors.shared.provisioning import Provisioner, Step
from mappings.model.compiled_mapping import CrmMapping

_DONE = {"create": "created", "change": "changed", "remove": "removed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table: a step and, once tried, what became of it (`failed`, with the CRM's words)."""

    outcome: str
    step: Step
    error: str = ""


def run(
    provisioner: Provisioner, mapping: CrmMapping, *, act: bool, remove: bool, sure: Callable[[int], bool]
) -> Iterator[Line]:
    """Plan and take the steps, or show them alone where nothing is to `act`. Closes the provisioner."""
    try:
        steps = provisioner.removal(mapping) if remove else provisioner.plan(mapping)
        if not act or (remove and steps and not sure(sum(step.action == "remove" for step in steps))):
            yield from (Line(outcome=step.action, step=step) for step in steps)
        else:
            yield from carried_out(steps, provisioner.needs)
    finally:
        provisioner.close()


def carried_out(steps: Sequence[Step], needs: str) -> Iterator[Line]:
    """Take the steps in order; one that fails does not stop the others, unless the CRM is away or knows us not.

    `needs` says which permissions all this takes.
    """
    stopping: Refusal | None = None
    for step in steps:
        if step.carry_out is None:
            yield Line(outcome=step.action, step=step)
            continue
        refusal = stopping or step.carry_out()
        if refusal is None:
            yield Line(outcome=_DONE[step.action], step=step)
            continue
        if refusal.outage or refusal.verdict is Verdict.RELOGIN:
            stopping = refusal
        remedy = step.remedy or ("run this again" if refusal.outage else needs)
        yield Line(outcome="failed", step=replace(step, remedy=remedy), error=f"{refusal.code}: {refusal.message}")


def plain(line: Line) -> Mapping[str, str]:
    """A line as JSON's values."""
    step = line.step
    return {
        "outcome": line.outcome,
        "kind": step.kind,
        "what": step.what,
        "detail": step.detail,
        "error": line.error,
        "remedy": step.remedy,
    }
