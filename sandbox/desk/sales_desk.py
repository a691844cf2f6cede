"""An SDR's desk: the tasks of both systems in one shape, and closing them as a person does."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.both.both_systems import BothSystems
from sandbox.hubspot.state.refusals import Refused
from sandbox.hubspot.state.stored_records import Record
from sandbox.salesforce.state import task_statuses
from sandbox.shared import sandbox_clock

OUTCOMES: Mapping[str, str] = {
    "connected": "Connected",
    "no_answer": "No answer",
    "voicemail": "Left voicemail",
    "meeting": "Meeting booked",
    "accepted": "Accepted",
    "rejected": "Rejected",
}
REASONS: Mapping[str, str] = {
    "timing": "Timing",
    "budget": "Budget",
    "priority": "Priority",
    "competitor": "Competitor",
    "no_response": "No response",
    "too_early": "Too early",
    "bad_fit": "Bad fit",
    "bad_data": "Bad data",
}
_LEAD_STATUS = {
    "connected": "CONNECTED",
    "no_answer": "ATTEMPTED_TO_CONTACT",
    "voicemail": "ATTEMPTED_TO_CONTACT",
    "meeting": "CONNECTED",
    "accepted": "IN_PROGRESS",
    "rejected": "UNQUALIFIED",
}
_SALESFORCE_STATUS = dict.fromkeys(("connected", "meeting", "accepted"), "Working - Contacted")
_SALESFORCE_STATUS |= {"rejected": "Closed - Not Converted"}
_PRIORITIES = {"Normal": "MEDIUM", "Low": "LOW", "Niedrig": "LOW"}
_TAG = re.compile(r"<[^<>]+>")
_BREAK = re.compile(r"<(?:br|/p|/li|/h\d|/div)\b[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task of either system. `due` is ISO 8601 in UTC, or a date; `key` Coldframe's; `body` as stored."""

    system: str
    id: str
    key: str
    subject: str
    body: str
    due: str
    priority: str
    type: str
    status: str
    open: bool
    outcome: str
    owner: str
    lead: str
    lead_id: str
    email: str
    company: str
    score: str
    created: str


def tasks(sandbox: BothSystems) -> list[Task]:
    """All tasks, open ones first, the earliest due on top."""
    found = [*_hubspot(sandbox), *_salesforce(sandbox)]
    return sorted(found, key=lambda task: (not task.open, task.due or "9999", task.id))


def plain(body: str) -> str:
    """A task's body as text: HubSpot's is HTML, Salesforce's is not."""
    text = _TAG.sub("", _BREAK.sub("\n", body))
    return re.sub(r"\n{3,}", "\n\n", html.unescape(text)).strip()


def close(sandbox: BothSystems, system: str, id_: str, *, outcome: str, reason: str = "") -> None:
    """Complete a task with an outcome, and move the lead's status as a person would.

    HubSpot keeps the outcome in the portal's own task fields `task_outcome` and `task_rejection_reason`,
    Salesforce in CallDisposition ("Rejected: timing"). Raises Refused, KeyError.
    """
    if outcome not in OUTCOMES or (reason and reason not in REASONS):
        raise Refused(status=400, category="VALIDATION_ERROR", message=f"no outcome {outcome!r} {reason!r}")
    if outcome == "rejected" and not reason:
        raise Refused(status=400, category="VALIDATION_ERROR", message="a rejection wants a reason")
    if system == "hubspot":
        _close_hubspot(sandbox, id_, outcome, reason)
    else:
        _close_salesforce(sandbox, id_, outcome, reason)


def _close_hubspot(sandbox: BothSystems, id_: str, outcome: str, reason: str) -> None:
    hubspot = sandbox.hubspot
    said = {"task_outcome": outcome} | ({"task_rejection_reason": reason} if outcome == "rejected" else {})
    there = hubspot.portal.properties("tasks")
    told = {name: value for name, value in said.items() if name in there}  # a portal has them once they are made
    hubspot.set("tasks", id_, {"hs_task_status": "COMPLETED", **told})
    status = "BAD_TIMING" if reason == "timing" else _LEAD_STATUS[outcome]
    for contact in hubspot.record("tasks", id_).links.get("contacts", {}):
        hubspot.set("contacts", contact, {"hs_lead_status": status})


def _close_salesforce(sandbox: BothSystems, id_: str, outcome: str, reason: str) -> None:
    salesforce = sandbox.salesforce
    disposition = OUTCOMES[outcome] + (f": {reason}" if outcome == "rejected" else "")
    values = {
        "Status": task_statuses.closing(salesforce.org.records["TaskStatus"].values()),
        "CallDisposition": disposition,
    }
    salesforce.set("Task", id_, values)
    who = salesforce.record("Task", id_).get("WhoId") or ""
    lead = salesforce.org.records["Lead"].get(who)
    if lead is not None and not lead.get("IsConverted") and outcome in _SALESFORCE_STATUS:
        salesforce.set("Lead", who, {"Status": _SALESFORCE_STATUS[outcome]})


def _hubspot(sandbox: BothSystems) -> list[Task]:
    hubspot = sandbox.hubspot
    contacts = hubspot.portal.shelves["contacts"]
    companies = hubspot.portal.shelves["companies"]
    found: list[Task] = []
    for record in hubspot.records("tasks"):
        contact = next((contacts.find(id_) for id_ in record.links.get("contacts", {})), None)
        person = contact.values if contact else {}
        linked = contact.links.get("companies", {}) if contact else {}
        company = next((companies.find(id_) for id_ in linked), None)
        found.append(_from_hubspot(record, person, company.values.get("name", "") if company else ""))
    return found


def _from_hubspot(record: Record, person: Mapping[str, str], company: str) -> Task:
    values = record.values
    outcome = values.get("task_outcome", "")
    if values.get("task_rejection_reason"):
        outcome = f"{outcome}: {values['task_rejection_reason']}"
    return Task(
        system="hubspot",
        id=record.id,
        key=values.get("coldframe_key", ""),
        subject=values.get("hs_task_subject", ""),
        body=values.get("hs_task_body", ""),
        due=values.get("hs_timestamp", ""),
        priority=values.get("hs_task_priority", "") or "NONE",
        type=values.get("hs_task_type", "TODO"),
        status=values.get("hs_task_status", "NOT_STARTED"),
        open=values.get("hs_task_status") != "COMPLETED",
        outcome=outcome,
        owner=values.get("hubspot_owner_id", ""),
        lead=" ".join(person[name] for name in ("firstname", "lastname") if person.get(name)),
        lead_id=person.get("hs_object_id", ""),
        email=person.get("email", ""),
        company=company or person.get("company", ""),
        score=person.get("coldframe_score", ""),
        created=sandbox_clock.short_zulu(record.created),
    )


def _salesforce(sandbox: BothSystems) -> list[Task]:
    salesforce = sandbox.salesforce
    return [_from_salesforce(record, salesforce.org.records) for record in salesforce.records("Task")]


def _from_salesforce(record: Mapping[str, Any], records: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Task:
    who = record.get("WhoId") or ""
    person = records["Lead"].get(who) or records["Contact"].get(who) or {}
    account = records["Account"].get(person.get("AccountId") or "") or {}
    score = person.get("Coldframe_Score__c")
    return Task(
        system="salesforce",
        id=record["Id"],
        key=record.get("Coldframe_Key__c") or "",
        subject=record.get("Subject") or "",
        body=html.escape(record.get("Description") or "", quote=False),
        due=record.get("ActivityDate") or "",
        priority="HIGH" if record.get("IsHighPriority") else _PRIORITIES.get(record.get("Priority") or "", "NONE"),
        type=(record.get("TaskSubtype") or "Task").upper(),
        status=record.get("Status") or "",
        open=not record.get("IsClosed"),
        outcome=record.get("CallDisposition") or "",
        owner=record.get("OwnerId") or "",
        lead=person.get("Name") or "",
        lead_id=who,
        email=person.get("Email") or "",
        company=person.get("Company") or account.get("Name") or "",
        score="" if score is None else f"{score:g}",
        created=sandbox_clock.short_zulu(sandbox_clock.read(record["CreatedDate"])),
    )
