"""Ready views: the four lists that sales works from, defined once on what a mapping writes. Pure.

Each CRM shows them in its own way: list views and reports, lists and saved views. What a view needs and a mapping does
not write is named, not left out: a view that lacks a condition would show other people than it says.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mappings.model.compiled_mapping import CrmMapping, Target

Test: TypeAlias = Literal["is", "is not", "today", "known"]
OWN_VIEW = "Coldframe: "
"""How the name of whatever is made for a view begins, so that people see whose it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must be true of one part of a standing: that it is one of `values` (or none), falls on today, is known."""

    part: str
    test: Test
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One list: its title, what it is for, who is in it, and which parts of the standing it shows.

    `mine`: only records that the person who looks at it owns.
    """

    title: str
    says: str
    conditions: tuple[Condition, ...]
    shows: tuple[str, ...]
    mine: bool = False

    @property
    def name(self) -> str:
        """The title as a name in a program: `Due_today`."""
        return self.title.replace(" ", "_")

    @property
    def parts(self) -> tuple[str, ...]:
        """Every part of a standing that it needs."""
        return tuple(dict.fromkeys([*(each.part for each in self.conditions), *self.shows]))


VIEWS: tuple[View, ...] = (
    View(
        title="My hot leads",
        says="Your own leads who are hot now, until they are customers: whom to call first.",
        conditions=(
            Condition(part="band", test="is", values=("hot",)),
            Condition(part="stage", test="is not", values=("customer", "suppressed")),
        ),
        shows=("total", "stage", "top_signals", "sla_due", "last_activity"),
        mine=True,
    ),
    View(
        title="Due today",
        says="Leads whom sales has promised an answer by the end of today.",
        conditions=(Condition(part="sla_due", test="today"),),
        shows=("sla_due", "stage", "total", "top_signals"),
    ),
    View(
        title="Breached",
        says="Leads whose answer is overdue and has not come yet, with the time since when.",
        conditions=(Condition(part="overdue_since", test="known"),),
        shows=("overdue_since", "sla_due", "stage", "total"),
    ),
    View(
        title="Recycled coming back",
        says="Leads whom sales has given back, and who have become active again since then.",
        conditions=(
            Condition(part="stage", test="is", values=("recycled",)),
            Condition(part="active_again", test="known"),
        ),
        shows=("active_again", "recycle_reason", "total", "top_signals", "next_touch"),
    ),
)


class UnwrittenError(ValueError):
    """The mapping does not write what the views need; the message names object, parts and views."""


def targets(mapping: CrmMapping, object_name: str) -> Mapping[str, Target]:
    """The field of our own that takes each part of the standing, on one object."""
    found: dict[str, Target] = {}
    here = mapping.objects.get(object_name)
    for target in here.write if here else ():
        if not target.native:
            found.setdefault(target.name, target)
    return found


def words(target: Target, condition: Condition) -> Sequence[str]:
    """A condition's values as the CRM has them."""
    return [target.values.get(value, value) for value in condition.values]


def checked(mapping: CrmMapping, objects: Sequence[str]) -> None:
    """See that all that the views need is written to each of these objects. Raises UnwrittenError."""
    lacking = list(_lacking(mapping, objects))
    if lacking:
        told = f"the {mapping.system} mapping does not write what the views need: {'; '.join(lacking)}"
        msg = f"{told}. Add these lines under `write` (docs/mapping.md), and run coldframe provision {mapping.system}"
        raise UnwrittenError(msg)


def _lacking(mapping: CrmMapping, objects: Sequence[str]) -> Iterator[str]:
    for name in objects:
        written = targets(mapping, name)
        wanted: dict[str, list[str]] = {}
        for view in VIEWS:
            for part in view.parts:
                if part not in written:
                    wanted.setdefault(part, []).append(view.title)
        yield from (f"{part} of {name} (for {', '.join(titles)})" for part, titles in wanted.items())
