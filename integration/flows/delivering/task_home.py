"""Task home: the connection in which a task or a touch of a lead is at home."""

from collections.abc import Iterable

from mappings.values.identifiers import ConnectionName


def home(preferred: Iterable[ConnectionName], known: set[ConnectionName]) -> ConnectionName | None:
    """Where a task or a touch goes: the first connection that knows the lead, else the first of all."""
    names = list(preferred)
    return next((name for name in names if name in known), next(iter(names), None))
