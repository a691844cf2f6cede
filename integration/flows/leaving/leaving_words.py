"""Leaving words: what the one task says that tells somebody of all leads of a colleague who has left."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_SHOWN = 50
"""Records that one task links to; the others are counted."""
_STAGES = {"sql": "with an opportunity", "sal": "accepted", "mql": "handed over", "customer": "customers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a task says."""

    subject: str
    body: str


def to_new_owner(who: str, leads: Sequence[tuple[str, str]]) -> Said:
    """For whoever owns these leads (stage, record) from now on, which `who` owned."""
    few = _counted(len(leads))
    return Said(
        subject=f"{few} of {who} {_are(len(leads))} yours now",
        body="\n".join(
            [
                f"{who} has left the company. You are the owner of {few} now: {_by_stage(leads)}.",
                *_links(leads, "filter your records by owner in the CRM"),
            ]
        ),
    )


def to_manager(who: str, leads: Sequence[tuple[str, str]]) -> Said:
    """For the manager of `who`, who had these leads (stage, record) that nobody else owns."""
    few = _counted(len(leads))
    return Said(
        subject=f"{few} of {who}, who has left, {'has' if len(leads) == 1 else 'have'} nobody",
        body="\n".join(
            [
                f"{who} has left the company and had {few} that nobody else owns: {_by_stage(leads)}.",
                "Give each to somebody who is there: change the owner of its record, then close this task.",
                *_links(leads, f"filter the records of {who} in the CRM"),
            ]
        ),
    )


def _counted(count: int) -> str:
    return "1 lead" if count == 1 else f"{count} leads"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _by_stage(leads: Sequence[tuple[str, str]]) -> str:
    counts = Counter(stage for stage, _ in leads)
    return ", ".join(f"{counts[stage]} {words}" for stage, words in _STAGES.items() if counts[stage])


def _links(leads: Sequence[tuple[str, str]], others: str) -> list[str]:
    """A line for each record, as far as they are shown, without any name: whoever may read it follows the link."""
    lines = [f"- {stage}: {link}" for stage, link in leads[:_SHOWN]]
    left = len(leads) - _SHOWN
    return [*lines, *([f"and {left} more: {others}"] if left > 0 else [])]
