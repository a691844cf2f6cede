"""Prints a mapping preview, for people and for scripts."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from integration.commands.shared.fitted_tables import fitted
from integration.flows.looking.preview import Preview
from mappings.model.canonical import Field
from mappings.vocabulary.value import Vocabulary


def plain(seen: Preview) -> dict[str, Any]:
    """The preview as JSON: what was read, what it became, the points, what would be written."""
    where = seen.standing
    return {
        "connection": seen.connection,
        "record": {"object": seen.record.object, "id": seen.record.id},
        "company": {"object": seen.company.object, "id": seen.company.id} if seen.company else None,
        "lead": dict(seen.lead),
        "account": dict(seen.account),
        "fit": [{"rule": rule, "points": points} for rule, points in seen.fit],
        "standing": {"fit": where.fit, "total": where.total, "stage": where.stage, "excluded": where.excluded},
        "known": seen.known,
        "writes": [
            {
                "field": name,
                "now": seen.held[name],
                "then": value,
                "changes": seen.change(name),
                "from": "record" if seen.known or name not in seen.history else "history",
            }
            for name, value in seen.writes.items()
        ],
    }


def shown(seen: Preview, playbook: str, words: Vocabulary) -> Group:
    """Four tables: what was read and what it is, the points of fit, and the writes."""
    record = f"{seen.connection} {seen.record.object} {seen.record.id}"
    parts: list[Any] = [Text(record, style="bold"), _fields("lead", seen.lead, words.lead)]
    if seen.account:
        parts.append(_fields("account", seen.account, words.account))
    points = fitted("points", f"fit, by {escape(playbook)}", whole=["points"])
    for rule, amount in seen.fit:
        points.add_row(f"{amount:+g}", escape(rule))
    points.add_row(f"[bold]{seen.standing.fit}[/]", "fit" + (", but excluded" if seen.standing.excluded else ""))
    return Group(*(part for each in (*parts, points, *_writes(seen)) for part in (each, "")))


def _writes(seen: Preview) -> Iterator[Any]:
    """What would change; what follows from a past that nobody has read yet, apart; then what stays."""
    past = frozenset() if seen.known else seen.history
    changes = [name for name in seen.writes if name not in past and seen.change(name)]
    table = fitted("would be written", "now", "then")
    for name in changes:
        table.add_row(escape(name), _said(seen.held[name]), _said(seen.writes[name]))
    yield table if changes else Text("Nothing would be written that this record alone decides.")
    if past & set(seen.writes):
        yield Text("What follows depends on what they have done, which `coldframe sync` reads:", style="bold")
        later = fitted("from their history", "now", "if they had done nothing")
        for name in (each for each in seen.writes if each in past):
            later.add_row(escape(name), _said(seen.held[name]), _said(seen.writes[name]))
        yield later
    stays = [name for name in seen.writes if name not in past and not seen.change(name)]
    if stays:
        yield Text(f"Stays as it is: {', '.join(stays)}", style="dim")


def _fields(title: str, values: Any, known: Any) -> Table:
    table = fitted(title, "", "")
    for name, value in values.items():
        field: Field = known[name]
        table.add_row(name, _said(value), f"[dim]{escape(field.label)}[/]")
    silent = [name for name in known if name not in values]
    table.add_row("[dim]unknown[/]", f"[dim]{', '.join(silent)}[/]", "") if silent else None
    return table


def _said(value: Any) -> str:
    if value is None or value == "":
        return "[dim]-[/]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return escape(", ".join(value) if isinstance(value, tuple) else str(value))
