"""Shared wording: what a task says after others have joined it: the newest reason on top, due earlier, more urgent."""

from collections.abc import Mapping, Sequence
from typing import Any

from integration.flows.delivering.joining.carriers import in_order
from integration.store.outgoing.outgoing_rows import Outgoing

_MOST = 8
"""So many reasons a task names besides the newest."""
_URGENCY = ("low", "normal", "high")


def shared(payload: Mapping[str, Any], joining: Sequence[Outgoing]) -> dict[str, Any]:
    """What the task of that payload says once these have joined it."""
    newest_first = [row.payload for row in reversed(in_order(joining))]
    top, *others = _reasons([*newest_first, payload])
    also = [each for each in others if each.get("subject") or each.get("why")]
    subjects = [f"Also: {each['subject']}" for each in (*newest_first[1:], payload)]
    return {
        **payload,
        "subject": newest_first[0]["subject"],
        "body": "\n".join([*subjects, str(newest_first[0]["body"])]),
        "due_at": min(int(each["due_at"]) for each in (*newest_first, payload)),
        "priority": max((more_urgent(each) for each in (*newest_first, payload)), key=_URGENCY.index),
        "wording": {**top, "also": also[:_MOST]},
    }


def _reasons(payloads: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What each of these tasks is for, one after the other; a task that was taken over says what it was for before."""
    found: list[Mapping[str, Any]] = []
    for each in payloads:
        told = dict(each.get("wording") or {})
        before = told.pop("also", ())
        found += [told, *before]
    return found


def more_urgent(payload: Mapping[str, Any]) -> str:
    """How urgent a task is, `normal` where it does not say."""
    said = str(payload.get("priority") or "normal")
    return said if said in _URGENCY else "normal"


def raised(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a task has become more urgent."""
    return _URGENCY.index(more_urgent(after)) > _URGENCY.index(more_urgent(before))
