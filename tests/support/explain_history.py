"""A small history as a replay file has it, with a known outcome under two-axis and behavioural."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mappings.values.instant import DAY, HOUR, parse, show

START = parse("2026-01-05T09:00:00Z")  # a Monday


def account(account: str, /, **fields: Any) -> dict[str, Any]:
    return {"kind": "account", "account": account, "at": show(START), "fields": fields}


def lead(who: str, /, day: int = 0, **fields: Any) -> dict[str, Any]:
    return {"kind": "lead", "lead": who, "at": show(START + day * DAY), "fields": fields}


def deed(number: int, who: str, day: float, kind: str, **properties: Any) -> dict[str, Any]:
    at = show(START + round(day * 24) * HOUR)
    return {"kind": "activity", "id": f"a{number}", "lead": who, "at": at, "type": kind, "properties": properties}


def history() -> list[dict[str, Any]]:
    """Five people.

    - ana fits and views pricing three times: MQL under two-axis on day 3 alone (behavioural wants fields); won.
    - bo fits and views pricing three times; lost. Nobody owns bo.
    - chi does not fit but asks for a demo: MQL under both; no outcome.
    - dov knows all that behavioural asks for and reaches 90 there, but does not fit: MQL under behavioural alone; won.
    - eva does little, and is won all the same.
    """
    fits = {"seniority": "director", "source": "newsletter"}
    views = [("ana", 1, 1.0), ("ana", 2, 2.0), ("ana", 3, 3.0), ("bo", 4, 8.0), ("bo", 5, 9.0), ("bo", 6, 10.0)]
    told = {"problem": "churn", "authority": "decides", "timeline": "Q2"}
    return [
        account("acme", name="Acme", employees=120, industry="software", owner="Max"),
        account("tiny", name="Tiny", employees=20),
        lead("ana", account="acme", email="ana@acme.example", owner="Ines", **fits),
        lead("bo", account="globex", **fits),
        account("globex", name="Globex", employees=120, industry="software"),
        lead("chi", account="tiny", owner="Tom"),
        lead("dov", account="tiny", owner="Tom", seniority="ic", **told),
        lead("eva", account="tiny"),
        *[deed(number, who, day, "page_view", page="pricing") for who, number, day in views],
        deed(7, "chi", 2.0, "demo_request"),
        *[deed(number, "dov", 14.0 + number / 8, "page_view", page="pricing") for number in (8, 9, 10)],
        deed(11, "ana", 20.0, "opportunity_won"),
        deed(12, "bo", 21.0, "opportunity_lost"),
        deed(13, "dov", 22.0, "opportunity_won"),
        deed(14, "eva", 1.0, "page_view", page="blog"),
        deed(15, "eva", 23.0, "opportunity_won"),
    ]


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """The rows as a file of JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
