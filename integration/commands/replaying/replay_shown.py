"""What a replay prints: effects, leads and their ledgers, as JSON lines or as tables for people [rules: replay]."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from integration.commands.shared.fitted_tables import fitted
from integration.core.model.effects import KINDS, Effect
from integration.core.model.ledger import Line
from integration.core.rules.scoring_rules import POINT
from integration.core.run.lateness import TOO_LATE
from integration.core.run.standing import Standing
from mappings.values.instant import HOUR, SECOND, Instant, parse, show, show_second

_NAMES = {"before": "from", "after": "to"}
_COMMON = frozenset({"key", "lead", "at", "because"})
_OWN = frozenset({"cause", "deadline", "wording"})
"""What is internal and not printed."""
_quoted = msgspec.json.Encoder().encode


_IN_HOUR = tuple(f"{second // 60:02}:{second % 60:02}" for second in range(3_600))


@lru_cache(maxsize=16_384)
def _hour(number: int) -> str:
    return show(number * HOUR)[:14]


def time_text(at: Instant) -> str:
    """As `show`, for many instants of few days."""
    hour, rest = divmod(at, HOUR)
    second, fraction = divmod(rest, SECOND)
    return f"{_hour(hour)}{_IN_HOUR[second]}.{fraction:06}Z" if fraction else f"{_hour(hour)}{_IN_HOUR[second]}Z"


def amount(points: int) -> int | float:
    """Thousandths as points: whole ones as integers."""
    return points / POINT if points % POINT else points // POINT


def effect_line(effect: Effect, *, late: bool = False) -> bytes:
    """One effect as a line of JSON; `late`: recorded and withheld, since it came too late to be carried out."""
    shape, names, values = _SHAPES[type(effect)]
    told = shape.copy()
    told.update(zip(names, values(effect), strict=True))
    told["at"] = time_text(effect.at)
    if "due_at" in told:
        told["due_at"] = time_text(told["due_at"])
    if "joins" in told and not told["joins"]:
        del told["joins"]
    if late:
        told["withheld"] = TOO_LATE
    return _quoted(told)


def _shape(kind: type[Effect]) -> tuple[dict[str, Any], tuple[str, ...], Callable[[Effect], tuple[Any, ...]]]:
    """A kind of effect as JSON with its parts in order, what its fields are called there, and what reads them."""
    own = {name: _NAMES.get(name, name) for name in kind.__slots__ if name not in _COMMON | _OWN}
    called = {"lead": "lead", "key": "key", **own, "because": "because"}
    told = {"kind": "effect", "at": None, "lead": None, "effect": KINDS[kind], **dict.fromkeys(called.values())}
    return told, tuple(called.values()), attrgetter(*called)


_SHAPES = {kind: _shape(kind) for kind in KINDS}


def ledger_text(lines: Iterable[Line]) -> bytes:
    """Ledger lines as JSON, separated by commas: points by rule and activity, cap, floor or decay."""
    return ",".join(
        [
            f'{{"at":"{time_text(at)}{_what_line(axis, kind, rule)}{_text(activity)}{_amount(points)}'
            for at, axis, kind, rule, activity, points in lines
        ]
    ).encode()


@lru_cache(maxsize=4_096)
def _what_line(axis: str, kind: str, rule: str) -> str:
    return f'","axis":"{axis}","line":"{kind}","rule":{_text(rule)},"activity":'


def _text(value: str) -> str:
    """A text as JSON: in quotation marks, with escapes only where there is something to escape."""
    return _quoted(value).decode()


@lru_cache(maxsize=4_096)
def _amount(points: int) -> str:
    return f',"points":{amount(points)}}}'


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
    table = fitted("when", "lead", "effect", "what", "because", whole=["when"], title="What would have happened")
    for line in lines:
        told = msgspec.json.decode(line)
        withheld = f" (withheld: {told['withheld']})" if "withheld" in told else ""
        table.add_row(
            _time(told["at"]), told["lead"], told["effect"], _what(told) + withheld, "; ".join(told["because"])
        )
    return table


def _time(text: str) -> str:
    return show_second(parse(text))


def _what(told: dict[str, Any]) -> str:
    match told["effect"]:
        case "stage" | "track":
            return f"{told['from'] or '-'} -> {told['to'] or '-'}"
        case "task":
            return f"{told['channel']} by {_time(told['due_at'])} ({told['assignee']}): {told['subject']}"
        case "touch":
            way = "" if told["channel"] == "email" else f" by {told['channel'].replace('_', ' ')}"
            return f"{told['content']}{way} ({told['track'] or 'first move or trigger'} {told['step']})"
        case "handoff_held":
            return "missing " + ", ".join(told["missing"])
        case "escalation":
            return f"{told['clock']}: {told['subject']}"
        case _:
            return f"{told['alert']}: {told['text']}"


def leads_table(lines: Iterable[bytes]) -> Table:
    """Standings for people, and the last thing that changed each score."""
    scores, places = ("fit", "engagement", "total"), ("band", "segment", "stage", "track")
    table = fitted("lead", *scores, *places, "last change", right=scores, whole=scores, title="Where everybody stands")
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
