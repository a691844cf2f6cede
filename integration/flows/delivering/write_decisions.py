"""Writes decisions as rows: standings as canonical fields, effects as rows, tasks as payloads, and where they go."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from integration.core.model.effects import KINDS, Effect, Escalated, TaskWanted, TouchDue, Wording
from integration.core.run.standing import Standing
from integration.store.events.decided_effects import EffectRow
from integration.store.outgoing.outgoing_rows import Outgoing
from mappings.model.canonical import FOUND_OUT, Fields
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

_REASONS = 5
_COMMON = ("key", "lead", "at", "because")
_OWN = ("cause", "deadline", "wording")
"""What deciding and delivering need of an effect, and nobody reads."""


def as_fields(where: Standing, now: Instant, by: str = "") -> Fields:
    """Where a lead stands, as the canonical fields that mappings write to a CRM; `by` which rules."""
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
        "persona": where.persona,
        "buying_job": where.buying_job,
        "funnel_stage": where.funnel_stage,
        "top_signals": "\n".join(where.signals) or None,
        "last_activity": where.last_activity,
        "sla_due": where.answer_due,
        "overdue_since": where.overdue_since,
        "active_again": where.active_again,
        "next_touch": where.next_touch,
        "next_touch_at": where.next_touch_at,
        "scored_by": by or None,
        "opted_out": where.opted_out or None,
        **{name: where.found_out.get(name) for name in FOUND_OUT},
    }


def as_row(effect: Effect, now: Instant, withheld: str | None = None, version: int | None = None) -> EffectRow:
    """An effect as it is stored under its key; `withheld` says why it is not carried out, `version` by which rules."""
    payload = asdict(effect)
    for name in (*_COMMON, *_OWN):
        payload.pop(name, None)
    if not payload.get("joins"):
        payload.pop("joins", None)
    return EffectRow(
        key=effect.key,
        lead_id=effect.lead,
        kind=KINDS[type(effect)],
        at=effect.at,
        payload=payload,
        because=effect.because,
        decided_at=now,
        withheld=withheld,
        version=version,
    )


def as_task(effect: TaskWanted | Escalated) -> dict[str, Any]:
    """A task as it waits in the outbox: the whole effect, and what every task of a CRM has."""
    told = asdict(effect)
    for name in ("key", "lead", "because", "cause"):
        told.pop(name, None)
    if not effect.joins:
        told.pop("joins")
    kind = KINDS[type(effect)]
    return {"kind": kind, "channel": "task", "priority": "high", **told} if kind == "escalation" else told


def task_effect(row: Outgoing) -> TaskWanted | Escalated:
    """The effect that waits as this row of the outbox; one of a former version has no wording."""
    told = {"at": row.created_at, "assignee": "owner", **row.payload}
    wording = _wording(told.get("wording", {}))
    about = {name: told[name] for name in ("at", "due_at", "assignee", "subject", "body")}
    if told.get("kind") == "escalation":
        about |= {"clock": told["clock"], "deadline": told.get("deadline")}
        return Escalated(key=row.key, lead=row.lead_id, wording=wording, **about)
    return TaskWanted(
        key=row.key,
        lead=row.lead_id,
        wording=wording,
        play=told.get("play", ""),
        step=told.get("step", 1),
        channel=told["channel"],
        priority=told["priority"],
        **about,
    )


def _wording(said: Mapping[str, Any]) -> Wording:
    also = tuple(_wording(each) for each in said.get("also", ()))
    return Wording(**{**said, "notes": tuple(said.get("notes", ())), "also": also})


def as_touch(effect: TouchDue, *, channels: bool) -> Mapping[str, Any]:
    """A touch as it waits in the outbox: the canonical fields by which the marketing system delivers it.

    Its channel is among them where the playbook names any, so that nobody else needs a field for it.
    """
    told = {"touch": effect.content, "touch_at": effect.at}
    return {**told, "touch_channel": effect.channel} if channels else told


def home(preferred: Iterable[ConnectionName], known: set[ConnectionName]) -> ConnectionName | None:
    """Where a task or a touch goes: the first connection that knows the lead, else the first of all."""
    names = list(preferred)
    return next((name for name in names if name in known), next(iter(names), None))
