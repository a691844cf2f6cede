"""The summary of a comparison in a few sentences, the same on every output."""

from collections.abc import Iterator

from integration.backtest.side_by_side import Comparison, Gate, days
from mappings.values.instant import to_datetime


def names(found: Comparison) -> tuple[str, str]:
    """What both playbooks are called; distinguished where they have one name."""
    a, b = found.a.playbook, found.b.playbook
    return (a, b) if a != b else (f"{a} (A)", f"{b} (B)")


def sentences(found: Comparison) -> list[str]:
    """What one would say aloud."""
    return list(_sentences(found))


def _sentences(found: Comparison) -> Iterator[str]:
    a, b = names(found)
    since, until = (f"{day.day} {day:%B %Y}" for day in (to_datetime(found.since), to_datetime(found.until)))
    yield f"{found.leads} leads and {found.activities} activities from {since} to {until}."
    yield (
        f"{found.a.mqls} would have become MQLs under {a}, {found.b.mqls} under {b}: {found.both} under both, "
        f"{len(found.only_a)} under {a} alone, {len(found.only_b)} under {b} alone; {found.neither} under neither."
    )
    for name, side in ((a, found.a), (b, found.b)):
        if side.median is not None:
            yield f"{name}: half of them within {days(side.median)} of their first activity ({side.timed} leads)."
        if side.held:
            yield f"{name}: {side.held} passed the gate and waited, since fields that sales needs were missing."
    if found.a.gate is None or found.b.gate is None:
        yield "The history knows no won or lost opportunities, so nothing can be said of precision and recall."
        return
    yield f"{found.won} leads were won, {found.lost} lost."
    for name, gate in ((a, found.a.gate), (b, found.b.gate)):
        yield f"{name} let through {gate.recall.count} of the {gate.recall.of} won, and {_others(gate)}."


def _others(gate: Gate) -> str:
    return f"{gate.false_positive} that were not ({gate.lost} lost, {gate.open} without an outcome yet)"
