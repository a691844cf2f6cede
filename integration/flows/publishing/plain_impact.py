"""Plain impact: what proposed rules would do, as JSON's values, for scripts and for the console."""

from collections import Counter
from typing import Any

from integration.flows.publishing.impact import SCORES, Impact
from integration.flows.publishing.rereading import Reread
from mappings.values.instant import show_second


def plain(found: Impact) -> dict[str, Any]:
    """For scripts: counts, the moves of each kind as lists."""
    return {
        "leads": found.leads,
        "changed": found.moved,
        "rescored": found.rescored,
        "moves": [
            {"what": what, "before": before, "after": after, "leads": count}
            for (what, before, after), count in _sorted(found.moves)
        ],
        "scores": _by_groups(*found.scores),
        "tasks": dict(_sorted(found.tasks)),
        "rewritten": found.rewritten,
        "handovers": found.handovers,
        "last_handover": None if found.last_handover is None else show_second(found.last_handover),
        "touches": dict(_sorted(found.touches)),
        "alerts": found.alerts,
        "recorded": found.recorded,
        "renamed": [
            {"what": what, "before": before, "after": after, "leads": count}
            for (what, before, after), count in _sorted(found.renamed)
        ],
        "ended": [{"what": what, "name": name, "leads": count} for (what, name), count in _sorted(found.ended)],
        "failed": found.failed,
    }


def plain_mapping(read: Reread) -> dict[str, Any]:
    """For scripts: what changed mappings would read and write otherwise."""
    return {
        "records": read.records,
        "fields": [{"of": of, "field": name, "records": n} for (of, name), n in _sorted(read.fields)],
        "writes": [{"object": of, "field": name, "records": n} for (of, name), n in _sorted(read.writes)],
        "no_longer_written": [{"object": of, "field": name} for of, name in sorted(read.unwritten)],
    }


def _by_groups(before: Counter[int], after: Counter[int]) -> list[dict[str, int]]:
    """Every group from the lowest to the highest that anybody has, with its first and its last score."""
    there = before.keys() | after.keys()
    groups = range(min(there, default=0), max(there, default=-SCORES) + 1, SCORES)
    return [{"from": it, "to": it + SCORES - 1, "before": before[it], "after": after[it]} for it in groups]


def _sorted(counter: Counter[Any]) -> list[tuple[Any, int]]:
    return sorted(counter.items(), key=lambda each: (-each[1], each[0]))
