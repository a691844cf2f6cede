"""Tasks that an answer of sales has made pointless. Pure."""

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.funnel import missing_reasons
from integration.core.handoff import sla_clocks
from integration.core.model.state import LeadState


def pointless_tasks(compiled: CompiledPlaybook, state: LeadState) -> list[str]:
    """The keys of tasks that nobody has to see to any more: late answers that came, reasons that were given."""
    return [*sla_clocks.pointless_escalations(compiled, state), *missing_reasons.pointless(state)]
