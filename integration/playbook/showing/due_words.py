"""Due times in words, as the pages of a playbook show them."""

from integration.core.rules.automation_rules import Due
from integration.playbook.language import grammar


def due(when: Due) -> str:
    """A due time in words."""
    if when.working_days:
        return "next working day" if when.working_days == 1 else f"{when.working_days} working days"
    if not when.span:
        return "at once"
    kind = " working" if when.working else " at any time" if when.any_time else ""
    return grammar.shown(when.span) + kind
