"""How decisions are written down: standings as canonical fields, effects as rows, tasks as payloads."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from integration.core.effects import KINDS, Effect, Escalated, TaskWanted, TouchDue
from integration.core.standing import Standing
from integration.store.effects import EffectRow
from mappings.canonical import Fields
from mappings.instant import Instant

_REASONS = 5


def as_fields(where: Standing, now: Instant) -> Fields:
    """Where a lead stands, as the canonical fields that mappings write to a CRM."""
    return {
        "fit": where.fit,
        "engagement": where.engagement,
        "total": where.total,
        "band": where.band,
        "segment": where.segment,
        "stage": where.stage,
        "track": where.track,
        "recycle_reason": where.recycle_reason,
        "reasons": "\n".join(where.reasons[:_REASONS]),
        "scored_at": now,
        "opted_out": where.opted_out or None,
    }


def as_row(effect: Effect, now: Instant, withheld: str | None = None) -> EffectRow:
    """An effect as it is stored under its key; `withheld` says why it is not carried out."""
    payload = asdict(effect)
    for name in ("key", "lead", "at", "because", "cause", "deadline"):
        payload.pop(name, None)
    return EffectRow(
        key=effect.key,
        lead_id=effect.lead,
        kind=KINDS[type(effect)],
        at=effect.at,
        payload=payload,
        because=effect.because,
        decided_at=now,
        withheld=withheld,
    )


def as_task(effect: TaskWanted | Escalated) -> Mapping[str, Any]:
    """A task as it waits in the outbox."""
    if isinstance(effect, Escalated):
        channel, priority = "task", "high"
    else:
        channel, priority = effect.channel, effect.priority
    return {
        "subject": effect.subject,
        "body": effect.body,
        "due_at": effect.due_at,
        "channel": channel,
        "priority": priority,
        "assignee": effect.assignee,
    }


def as_touch(effect: TouchDue) -> Mapping[str, Any]:
    """A touch as it waits in the outbox: the canonical fields that tell the marketing system to deliver it."""
    return {"touch": effect.content, "touch_at": effect.at}
