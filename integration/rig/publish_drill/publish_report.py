"""The publish drill's figures, for people's tables and for programs."""

from collections.abc import Mapping
from statistics import median
from typing import Any

from integration.rig.publish_drill.publish_run import PublishDrill, Published
from integration.rig.publish_drill.urgent_requests import UrgentRequests

COLUMNS = ("edit", "moves", "tasks", "touches", "alerts", "recorded", "since", "kills", "seconds", "differences")
"""What a line says of one edit; where there are two numbers, what was predicted and what followed."""


def line(edit: Published) -> tuple[str, ...]:
    """One edit, as a row of COLUMNS."""
    predicted, followed = edit.predicted, edit.followed
    return (
        edit.name,
        f"{predicted.moves.total()} {followed.moves.total()}",
        f"{predicted.tasks.total()} {followed.tasks.total()}",
        f"{predicted.touches.total()} {followed.touches.total()}",
        f"{predicted.alerts} {followed.alerts}",
        f"{predicted.recorded} {followed.recorded}",
        str(followed.later),
        str(edit.kills),
        f"{edit.seconds:.1f}",
        str(len(edit.finding.differences)),
    )


def figures(drill: PublishDrill) -> dict[str, Any]:
    """Everything that was counted, for JSON."""
    return {
        "leads": drill.plan.leads,
        "kills": drill.kills,
        "seconds": round(drill.seconds, 1),
        "edits": [_plain(each) for each in drill.edits],
        "refused": drill.refused,
        "differences": drill.differences,
    }


def _plain(edit: Published) -> Mapping[str, Any]:
    predicted, followed = edit.predicted, edit.followed
    return {
        "edit": edit.name,
        "predicted": {
            "moved": predicted.moved,
            "moves": predicted.moves.total(),
            "tasks": predicted.tasks.total(),
            "handovers": predicted.handovers,
            "touches": predicted.touches.total(),
            "alerts": predicted.alerts,
            "recorded": predicted.recorded,
            "ended": {f"{what} {name}": number for (what, name), number in sorted(predicted.ended.items())},
        },
        "followed": {
            "moves": followed.moves.total(),
            "tasks": followed.tasks.total(),
            "touches": followed.touches.total(),
            "alerts": followed.alerts,
            "recorded": followed.recorded,
            "since": followed.later,
            "moved_since": followed.by_time,
        },
        "kills": edit.kills,
        "impact_seconds": round(edit.impact_seconds, 1),
        "seconds": round(edit.seconds, 1),
        "new_activity_waited": round(edit.waited, 1),
        **{name.replace(" ", "_"): number for name, number in edit.finding.figures.items()},
        "differences": edit.finding.differences,
    }


def urgent_figures(ran: UrgentRequests) -> dict[str, Any]:
    """How long requests waited while everybody was derived anew."""
    return {
        "leads": ran.leads,
        "seconds": round(ran.seconds, 1),
        "requests": len(ran.waited),
        "median_seconds": round(median(ran.waited), 1) if ran.waited else None,
        "most_seconds": round(max(ran.waited), 1) if ran.waited else None,
        "differences": ran.differences,
    }
