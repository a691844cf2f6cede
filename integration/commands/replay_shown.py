"""What a replay prints: effects, leads and their ledgers, as JSON lines or as tables for people [semantics 12]."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from integration.core.axes import POINT
from integration.core.effects import (
    AlertRaised,
    Effect,
    Escalated,
    HandoffHeld,
    StageChanged,
    TaskWanted,
    TouchDue,
    TrackChanged,
)
from integration.core.ledger import Line
from integration.core.standing import Standing
from mappings.instant import DAY, MINUTE, SECOND, Instant, show

_KINDS: dict[type[Effect], str] = {
    StageChanged: "stage",
    TaskWanted: "task",
    TrackChanged: "track",
    TouchDue: "touch",
    AlertRaised: "alert",
    Escalated: "escalation",
    HandoffHeld: "handoff_held",
}
_NAMES = {"before": "from", "after": "to"}
_COMMON = frozenset({"key", "lead", "at", "because"})
_quoted = msgspec.json.Encoder().encode


@lru_cache(maxsize=4_096)
def _day(number: int) -> str:
    return show(number * DAY)[:11]


def time_text(at: Instant) -> str:
    """As `show`, for many instants of few days."""
    day, rest = divmod(at, DAY)
    minutes, rest = divmod(rest, MINUTE)
    seconds, fraction = divmod(rest, SECOND)
    text = f"{_day(day)}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return f"{text}.{fraction:06}Z" if fraction else f"{text}Z"


def amount(points: int) -> int | float:
    """Thousandths as points: whole ones as integers."""
    return points / POINT if points % POINT else points // POINT


def effect_line(effect: Effect) -> bytes:
    """One effect as a line of JSON."""
    told: dict[str, Any] = {
        "kind": "effect",
        "at": time_text(effect.at),
        "lead": effect.lead,
        "effect": _KINDS[type(effect)],
        "key": effect.key,
    }
    for name, called in _own(effect.__slots__):
        value = getattr(effect, name)
        told[called] = time_text(value) if name == "due_at" else value
    told["because"] = effect.because
    return _quoted(told)


@lru_cache(maxsize=64)
def _own(fields: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The fields that only this kind of effect has, and what they are called."""
    return tuple((name, _NAMES.get(name, name)) for name in fields if name not in _COMMON)


def ledger_entry(line: Line) -> bytes:
    """One ledger line as JSON: points by rule and activity, cap, floor or decay."""
    at, axis, kind, rule, activity, points = line
    return b"".join(
        (b'{"at":"', time_text(at).encode(), _what_line(axis, kind, rule), _quoted(activity), _amount(points))
    )


@lru_cache(maxsize=4_096)
def _what_line(axis: str, kind: str, rule: str) -> bytes:
    return f'","axis":"{axis}","line":"{kind}","rule":{_quoted(rule).decode()},"activity":'.encode()


@lru_cache(maxsize=4_096)
def _amount(points: int) -> bytes:
    return f',"points":{amount(points)}}}'.encode()


def lead_line(lead: str, where: Standing, end: Instant, ledger: bytes) -> bytes:
    """Where one lead stands, with its ledger, as a line of JSON."""
    told = {
        "kind": "lead",
        "at": time_text(end),
        "lead": lead,
        "fit": where.fit,
        "engagement": where.engagement,
        "total": where.total,
        "band": where.band,
        "segment": where.segment,
        "stage": where.stage,
        "track": where.track,
        "suppressed": where.suppressed,
        "recycle_reason": where.recycle_reason,
        "persona": where.persona,
        "buying_job": where.buying_job,
        "funnel_stage": where.funnel_stage,
    }
    return _quoted(told)[:-1] + b',"ledger":[' + ledger + b"]}"


def effects_table(lines: Iterable[bytes]) -> Table:
    """Effects for people: when, who, what."""
    table = Table(title="What would have happened", title_justify="left", show_lines=False)
    for heading in ("when", "lead", "effect", "what", "because"):
        table.add_column(heading, overflow="fold")
    for line in lines:
        told = msgspec.json.decode(line)
        table.add_row(told["at"], told["lead"], told["effect"], _what(told), "; ".join(told["because"]))
    return table


def _what(told: dict[str, Any]) -> str:
    match told["effect"]:
        case "stage" | "track":
            return f"{told['from'] or '-'} -> {told['to'] or '-'}"
        case "task":
            return f"{told['channel']} by {told['due_at']} ({told['assignee']}): {told['subject']}"
        case "touch":
            return f"{told['content']} ({told['track'] or 'first move or trigger'} {told['step']})"
        case "handoff_held":
            return "missing " + ", ".join(told["missing"])
        case "escalation":
            return f"{told['clock']}: {told['subject']}"
        case _:
            return f"{told['alert']}: {told['text']}"


def leads_table(lines: Iterable[bytes]) -> Table:
    """Standings for people, and the last thing that changed each score."""
    table = Table(title="Where everybody stands", title_justify="left")
    for heading in ("lead", "fit", "engagement", "total"):
        table.add_column(heading, justify="left" if heading == "lead" else "right")
    for heading in ("band", "segment", "stage", "track", "last change"):
        table.add_column(heading, overflow="fold")
    for line in lines:
        told = msgspec.json.decode(line)
        table.add_row(
            told["lead"],
            *(str(told[score]) for score in ("fit", "engagement", "total")),
            *(told[name] or "-" for name in ("band", "segment", "stage", "track")),
            _last_change(told["ledger"]),
        )
    return table


def _last_change(ledger: list[dict[str, Any]]) -> str:
    if not ledger:
        return "-"
    last = ledger[-1]
    return f"{last['points']:+g} {last['axis']}: {last['rule']} ({last['at'][:10]})"


def print_tables(effects: Iterable[bytes], leads: Iterable[bytes]) -> None:
    """Both tables on standard output."""
    console = Console(markup=False, highlight=False)
    console.print(effects_table(effects))
    console.print(leads_table(leads))
