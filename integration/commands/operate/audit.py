"""`coldframe audit`: who changed what."""

import json
from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.installation import installed
from integration.store.audit import audit_trail
from integration.wiring import clock
from mappings.values.instant import Instant, parse, parse_span, show_second
from mappings.yaml_files.problems import nearest


@click.command()
@click.option("--since", default="", help="From a time on (2026-11-01T00:00:00Z), or the last 24h, 7d, 2w.")
@click.option("--action", default="", help="One action alone, such as replay, erase, connect, pause.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def audit(since: str, action: str, limit: int, *, as_json: bool) -> None:
    r"""The audit trail: who signed in, paused, replayed, exported, erased, backed up, published a playbook, and when.

    Nobody can change a line, and the database keeps each for at least thirty days.

    \b
    Example:
      coldframe audit --since 7d
      coldframe audit --action erase --limit 500 --json
    """
    begin = _since(since)
    with installed() as (_, store), store.read() as conn:
        known = audit_trail.actions(conn)
        if action and action not in known:
            msg = f"no line has the action {action!r}{nearest(action, known)}; there are: {', '.join(known) or 'none'}"
            raise click.BadParameter(msg, param_hint="--action")
        found = audit_trail.found(conn, since=begin, action=action, limit=limit)
    if as_json:
        for each in found:
            row = {"at": show_second(each.at), "actor": each.actor, "action": each.action, "subject": each.subject}
            click.echo(json.dumps({**row, "detail": each.detail}))
        return
    table = fitted("at", "actor", "action", "subject", "detail", whole=["at"])
    for each in found:
        cells = (show_second(each.at), each.actor, each.action, each.subject, _said(each.detail))
        table.add_row(*map(escape, cells))
    Console().print(table if found else "The audit trail has no such line.")


def _since(text: str) -> Instant:
    """From when on; 0 for ever."""
    if not text:
        return 0
    try:
        return clock.now() - parse_span(text)
    except ValueError:
        pass
    try:
        return parse(text)
    except ValueError as error:
        msg = f"{error}; or a length of time, such as 7d"
        raise click.BadParameter(msg, param_hint="--since") from None


def _said(detail: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in detail.items())
