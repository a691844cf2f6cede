"""Examines whether this user may create tasks in the org, and whether these carry our key."""

from collections.abc import Callable, Mapping
from typing import Any

from connectors.answers.examination_words import Described, fields_findings, unavailable
from connectors.base.port import Finding, Unavailable
from connectors.salesforce import queries
from connectors.salesforce.setup.record_rules import RULES


def tasks_examined(crm: Described, description: Callable[[str], Mapping[str, Any]]) -> list[Finding]:
    """What `coldframe doctor` says of tasks; never raises."""
    findings = fields_findings(RULES.name, "field", crm, "Task", [queries.TASK_KEY])
    try:
        task = description("Task")
    except Unavailable as away:
        return [unavailable(RULES.name, "create tasks", away.receipt)]
    key = next((field for field in task.get("fields") or () if field.get("name") == queries.TASK_KEY), None)
    if key and not (key.get("externalId") and key.get("unique")):
        remedy = f"run coldframe provision salesforce: it makes {queries.TASK_KEY} a unique external id"
        findings.append(Finding(subject=f"Task.{queries.TASK_KEY}", ok=False, detail="not unique", remedy=remedy))
    allowed = bool(task.get("createable"))
    remedy = "" if allowed else "give this user the permission to create tasks (Edit Tasks)"
    return [*findings, Finding(subject="create tasks", ok=allowed, detail="allowed" * allowed, remedy=remedy)]
