"""HubSpot's batch writes: request bodies, and replies as receipts. Pure.

Results come back in any order and refused records apart from them (207): each input carries an
`objectWriteTraceId`, its place in the batch, which also makes HubSpot write the others when one is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.answers.replies import Refusal
from connectors.base.concerns import Concern
from connectors.base.port import (
    FieldWrite,
    HandoverWrite,
    PersonWrite,
    Raw,
    Receipt,
    Record,
    TaskWrite,
    Verdict,
    Write,
)
from connectors.base.task_rewrite import TaskRewrite
from connectors.hubspot import SYSTEM
from connectors.hubspot.faults import row
from connectors.hubspot.queries import TASK_KEY
from connectors.shared.rewriting import Rewriter, whole_text
from connectors.shared.task_rendering import says, task_html, within
from mappings.model.task_text import TaskText, shortened
from mappings.reading.transforms import date
from mappings.values.identifiers import ExternalId
from mappings.values.record_ids import genuine

Body = Mapping[str, Any]

SUBJECT_LIMIT = 255
BODY_LIMIT = 65_000
ASSOCIATIONS: Mapping[str, int] = {"contact": 204, "company": 192, "deal": 216}
"""From a task to a record. [hubspot: tasks]"""
_PRIMARY_CONTACT = 578
"""From a lead of HubSpot's to the contact whom it is about. [hubspot: leads]"""
_PLAIN = "TODO"
"""HubSpot's own word for a task that is neither a call nor an e-mail. [hubspot: tasks]"""
_TYPES = {"call": "CALL", "email": "EMAIL"}


def update_body(writes: Sequence[FieldWrite]) -> dict[str, Any]:
    """A batch update; every record at most once."""
    inputs = [
        {"id": write.id, "properties": {name: _text(value) for name, value in write.fields.items()}} for write in writes
    ]
    return {"inputs": _traced(inputs)}


def create_body(writes: Sequence[TaskWrite]) -> dict[str, Any]:
    """A batch create of tasks, each with its person."""
    return {"inputs": _traced([_task(write) for write in writes])}


def leads_body(writes: Sequence[HandoverWrite]) -> dict[str, Any]:
    """A batch create of HubSpot's leads, each with its contact."""
    return {"inputs": _traced([_lead(write) for write in writes])}


def people_body(writes: Sequence[PersonWrite]) -> dict[str, Any]:
    """A batch create of contacts."""
    inputs = [
        {"properties": {name: _text(value) for name, value in write.fields.items()}, "associations": []}
        for write in writes
    ]
    return {"inputs": _traced(inputs)}


def people_created(writes: Sequence[PersonWrite], body: Body) -> list[Receipt]:
    """What became of each contact, matched by trace id or e-mail, never by its place."""
    by_email = {str((result.get("properties") or {}).get("email")).lower(): result for result in _results(body)}
    by_trace = _by_trace(body)
    refusals = _refusals(body, [write.key for write in writes], idempotent=False)
    receipts = []
    for place, write in enumerate(writes):
        result = by_trace.get(str(place)) or by_email.get(write.email.lower())
        receipts.append(_receipt(write, result, refusals.get(place), unanswered=Verdict.UNCLEAR))
    return receipts


def updated(writes: Sequence[FieldWrite], body: Body) -> list[Receipt]:
    """What became of each update. A record that was merged away answers under its survivor's id."""
    by_id = {str(result.get("id")): result for result in _results(body)}
    by_trace = _by_trace(body)
    refusals = _refusals(body, [write.id for write in writes], idempotent=True)
    receipts = []
    for place, write in enumerate(writes):
        result = by_id.get(write.id) or by_trace.get(str(place))
        receipts.append(_receipt(write, result, refusals.get(place), unanswered=Verdict.RETRY))
    return receipts


def created(writes: Sequence[TaskWrite | HandoverWrite], body: Body) -> list[Receipt]:
    """What became of each task, or lead, matched by our key, never by its place."""
    by_key = {str((result.get("properties") or {}).get(TASK_KEY)): result for result in _results(body)}
    by_trace = _by_trace(body)
    refusals = _refusals(body, [write.key for write in writes], idempotent=False)
    receipts = []
    for place, write in enumerate(writes):
        result = by_key.get(write.key) or by_trace.get(str(place))
        receipts.append(_receipt(write, result, refusals.get(place), unanswered=Verdict.UNCLEAR))
    return receipts


def rewriter(
    read: Callable[[str, Sequence[str], Sequence[str]], Sequence[Record]],
    update: Callable[[Sequence[FieldWrite]], Sequence[Receipt]],
) -> Rewriter:
    """How tasks are rewritten here."""
    return Rewriter(asked=("hs_task_body", "hs_timestamp"), read=read, fields=_rewritten, update=update)


def _rewritten(write: TaskRewrite, there: Raw) -> Raw:
    """What to write into a task; it is due no later than somebody has put it."""
    at = date(there.get("hs_timestamp"))
    body = whole_text(write, str(there.get("hs_task_body") or ""), _body, says, BODY_LIMIT)
    return {
        "hs_task_subject": shortened(" ".join(write.subject.split()), SUBJECT_LIMIT),
        "hs_task_body": body,
        **({"hs_timestamp": str(write.due_at // 1_000)} if at is None or write.due_at < at else {}),
        **(write.words.priority(write.priority) if write.priority else {}),
    }


def _body(text: TaskText) -> str:
    return within(text, BODY_LIMIT, task_html)


def _task(write: TaskWrite) -> dict[str, Any]:
    properties = {
        TASK_KEY: write.key,
        "hs_timestamp": str(write.due_at // 1_000),
        "hs_task_subject": shortened(" ".join(write.subject.split()), SUBJECT_LIMIT),
        "hs_task_body": within(write.body, BODY_LIMIT, task_html),
        **write.words.opened,
        **write.words.priority(write.priority),
        "hs_task_type": _TYPES.get(write.channel, _PLAIN),
    }
    if genuine(SYSTEM, write.owner):
        properties["hubspot_owner_id"] = write.owner
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": ASSOCIATIONS[write.object]}]
    return {"properties": properties, "associations": [{"to": {"id": write.id}, "types": types}]}


def _lead(write: HandoverWrite) -> dict[str, Any]:
    owner = {"hubspot_owner_id": write.owner} if genuine(SYSTEM, write.owner) else {}
    own = {name: _text(value) for name, value in write.fields.items()}
    name = shortened(" ".join(write.name.split()), SUBJECT_LIMIT)
    properties = {**own, TASK_KEY: write.key, "hs_lead_name": name, **owner}
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _PRIMARY_CONTACT}]
    return {"properties": properties, "associations": [{"to": {"id": write.id}, "types": types}]}


def _text(value: Any) -> str:
    """A property value as HubSpot takes it; mappings bring text, other callers may bring plain values."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _traced(inputs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "objectWriteTraceId": str(place)} for place, one in enumerate(inputs)]


def _results(body: Body) -> list[Body]:
    held = body.get("results")
    return [one for one in held if isinstance(one, dict) and one.get("id")] if isinstance(held, list) else []


def _by_trace(body: Body) -> dict[str, Body]:
    return {str(result["objectWriteTraceId"]): result for result in _results(body) if "objectWriteTraceId" in result}


def _refusals(body: Body, names: Sequence[str], *, idempotent: bool) -> dict[int, Refusal]:
    """Refusals by place: an error names its records by trace id, by id, or (where it says nothing) not at all."""
    places = {name: place for place, name in enumerate(names)}
    found: dict[int, Refusal] = {}
    for error in body.get("errors") or ():
        if not isinstance(error, dict):
            continue
        context = error.get("context")
        traces = [int(trace) for trace in _listed(context, "objectWriteTraceId") if trace.isdigit()]
        named = [places[one] for label in ("id", "ids") for one in _listed(context, label) if one in places]
        for place in traces or named:
            found[place] = row(error, idempotent=idempotent)
    return found


def _listed(context: Any, label: str) -> list[str]:
    held = context.get(label) if isinstance(context, dict) else None
    return [str(one) for one in held] if isinstance(held, list) else []


def _receipt(write: Write, result: Body | None, refusal: Refusal | None, *, unanswered: Verdict) -> Receipt:
    if result is not None:
        return Receipt(key=write.key, verdict=Verdict.DONE, id=ExternalId(str(result["id"])))
    if refusal is not None:
        return refusal.receipt(write.key, write.id)
    message = "the reply left this record out"
    silent = Refusal(verdict=unanswered, code="NO_ANSWER", message=message, concern=Concern.RECORD)
    return silent.receipt(write.key, write.id)
