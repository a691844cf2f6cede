"""Impact shown: what proposed rules would do, as tables."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.markup import escape
from rich.table import Table

from integration.commands.shared.fitted_tables import fitted
from integration.flows.publishing.impact import Impact
from integration.flows.publishing.rereading import Reread
from integration.store.events.playbook_versions import Terms
from mappings.values.instant import show_second

_MOST = 12
"""Moves shown of each kind; the others are counted in one line."""


def mapping_tables(read: Reread) -> Iterator[Table]:
    """For people: which fields say something else, and what is written for the first time or no more."""
    fields = fitted("of", "field", "records", title="Read otherwise")
    fields.add_row("records looked at", "", str(read.records))
    for (of, name), count in _sorted(read.fields):
        fields.add_row(of, escape(name), str(count))
    yield fields
    if read.writes or read.unwritten:
        writes = fitted("object", "field", "records", title="Written")
        for (of, name), count in _sorted(read.writes):
            writes.add_row(escape(of), escape(name), str(count))
        for of, name in sorted(read.unwritten):
            writes.add_row(escape(of), escape(name), "no more: what stands there stays")
        yield writes


def tables(found: Impact, terms: Terms, number: int) -> Iterator[Table]:
    """For people: the sums first, then who moves where, then what follows for whom."""
    sums = fitted("what version " + str(number) + " would do", "leads")
    sums.add_row("leads that are derived anew", str(found.leads))
    sums.add_row("whose score changes", str(found.rescored))
    sums.add_row("whose band, segment, stage or track changes", str(found.moved))
    if found.failed:
        some = ", ".join(found.failed[:3])
        sums.add_row(f"[red]that cannot be derived by it, such as {escape(some)}[/]", str(len(found.failed)))
    yield sums
    if found.moves:
        moves = fitted("", "from", "to", "leads", title="Who moves")
        for what in dict.fromkeys(what for what, _, _ in found.moves):
            mine = [(pair, count) for (kind, *pair), count in _sorted(found.moves) if kind == what]
            for (before, after), count in mine[:_MOST]:
                moves.add_row(what, escape(before), escape(after), str(count))
            if len(mine) > _MOST:
                moves.add_row(what, "…", "…", str(sum(count for _, count in mine[_MOST:])))
        yield moves
    yield _work(found, terms)
    if found.renamed:
        renamed = fitted("what", "from", "to", "leads", title="Goes on under another name")
        for (what, before, after), count in _sorted(found.renamed):
            renamed.add_row(what, escape(before), escape(after), str(count))
        yield renamed
    if found.ended:
        ended = fitted("what", "name", "leads", title="Ends, since it is there no more")
        for (what, name), count in _sorted(found.ended):
            ended.add_row(what, escape(name), str(count))
        yield ended


def _work(found: Impact, terms: Terms) -> Table:
    work = fitted("what follows", "for", "how many")
    for who, count in _sorted(found.tasks):
        work.add_row("tasks", escape(who), str(count))
    if not found.tasks:
        work.add_row("tasks", "", "0")
    if found.handovers:
        until = show_second(found.last_handover) if found.last_handover is not None else ""
        work.add_row("of them for leads that pass the gate now", f"until {until}", str(found.handovers))
    elif terms.quiet:
        work.add_row("nobody is handed over for passing the gate now (--quiet)", "", "")
    if found.rewritten:
        work.add_row("further reasons in open tasks: no tasks of their own", "", str(found.rewritten))
    for track, count in _sorted(found.touches):
        work.add_row("nurture e-mails and other touches", escape(track), str(count))
    if found.alerts:
        work.add_row("alerts", "", str(found.alerts))
    work.add_row("recorded only: they belong to the time before", "", str(found.recorded))
    return work


def _sorted(counter: Counter[Any]) -> list[tuple[Any, int]]:
    return sorted(counter.items(), key=lambda each: (-each[1], each[0]))
