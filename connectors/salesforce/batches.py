"""Salesforce's batch writes: sObject Collections, and their rows as receipts. Pure.

Rows come back in order, with 200 even where some fail (`allOrNone` false).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.answers.replies import Refusal
from connectors.base.concerns import Concern
from connectors.base.port import FieldWrite, PersonWrite, Raw, Receipt, Record, TaskWrite, Verdict, Write
from connectors.base.task_rewrite import TaskRewrite
from connectors.salesforce import SYSTEM
from connectors.salesforce.faults import row
from connectors.salesforce.queries import TASK_KEY
from connectors.shared.rewriting import Rewriter, same_words, whole_text
from connectors.shared.task_rendering import within
from mappings.model.task_text import TaskText, plain, shortened
from mappings.values import instant
from mappings.values.record_ids import full, genuine

SUBJECT_LIMIT = 255
BODY_LIMIT = 32_000
_SUBTYPES = {
    "call": "Call",
    "email": "Email",
    "task": "Task",
    "review": "Task",
    "linkedin": "Task",
    "direct_mail": "Task",
}


def update_body(writes: Sequence[FieldWrite]) -> dict[str, Any]:
    """A collection update; every record at most once."""
    records = [{"attributes": {"type": write.object}, "id": write.id, **write.fields} for write in writes]
    return {"allOrNone": False, "records": records}


def create_body(writes: Sequence[PersonWrite]) -> dict[str, Any]:
    """A collection create."""
    return {"allOrNone": False, "records": [{"attributes": {"type": each.object}, **each.fields} for each in writes]}


def upsert_body(writes: Sequence[TaskWrite]) -> dict[str, Any]:
    """A collection upsert of tasks by our key."""
    return {"allOrNone": False, "records": [_task(write) for write in writes]}


def written(writes: Sequence[Write], body: Any, *, unanswered: Verdict) -> list[Receipt] | Refusal:
    """What became of each row; a reply without a row for each write is none."""
    if not isinstance(body, list) or len(body) != len(writes):
        message = "the reply has not one row for each record"
        return Refusal(verdict=unanswered, code="NO_ANSWER", message=message, outage=True)
    return [_receipt(write, outcome, unanswered) for write, outcome in zip(writes, body, strict=True)]


def _receipt(write: Write, outcome: Any, unanswered: Verdict) -> Receipt:
    told: Mapping[str, Any] = outcome if isinstance(outcome, dict) else {}
    if told.get("success") is True:
        return Receipt(key=write.key, verdict=Verdict.DONE, id=full(SYSTEM, str(told.get("id") or write.id)))
    listed = told.get("errors")
    errors = [error for error in listed if isinstance(error, dict)] if isinstance(listed, list) else []
    if not errors:
        refusal = Refusal(
            verdict=unanswered,
            code="NO_ANSWER",
            message="the row says neither success nor error",
            concern=Concern.RECORD,
        )
        return refusal.receipt(write.key, write.id)
    return row(errors).receipt(write.key, write.id)


def rewriter(
    read: Callable[[str, Sequence[str], Sequence[str]], Sequence[Record]],
    update: Callable[[Sequence[FieldWrite]], Sequence[Receipt]],
) -> Rewriter:
    """How tasks are rewritten here."""
    return Rewriter(asked=("ActivityDate", "Description"), read=read, fields=_rewritten, update=update)


def _rewritten(write: TaskRewrite, there: Raw) -> Raw:
    """What to write into a task; it is due no later than somebody has put it."""
    text = whole_text(write, str(there.get("Description") or ""), _body, same_words, BODY_LIMIT, "\n\n")
    day, due = str(there.get("ActivityDate") or ""), instant.day_in(write.due_at, write.zone).isoformat()
    return {
        "Subject": shortened(" ".join(write.subject.split()), SUBJECT_LIMIT),
        "Description": text,
        **({"ActivityDate": due} if not day or due < day else {}),
        **(write.words.priority(write.priority) if write.priority else {}),
    }


def _body(text: TaskText) -> str:
    return within(text, BODY_LIMIT, plain)


def _task(write: TaskWrite) -> dict[str, Any]:
    task = {
        "attributes": {"type": "Task"},
        TASK_KEY: write.key,
        "WhoId": write.id,
        "Subject": shortened(" ".join(write.subject.split()), SUBJECT_LIMIT),
        "Description": _body(write.body),
        "ActivityDate": instant.day_in(write.due_at, write.zone).isoformat(),
        **write.words.opened,
        **write.words.priority(write.priority),
        "TaskSubtype": _SUBTYPES[write.channel],
    }
    return task | ({"OwnerId": write.owner} if genuine(SYSTEM, write.owner) else {})
