"""Tasks that an answer of sales has made pointless. Pure."""

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.funnel import missing_reasons
from integration.core.handoff import sla_clocks
from integration.core.model.state import LeadState


def pointless_tasks(compiled: CompiledPlaybook, state: LeadState) -> list[str]:
    """The keys of tasks that nobody has to see to any more: of answers that came, and of reasons that were given."""
    reminders = sla_clocks.pointless_reminders(compiled, state)
    return [*reminders, *sla_clocks.pointless_escalations(compiled, state), *missing_reasons.pointless(state)]
