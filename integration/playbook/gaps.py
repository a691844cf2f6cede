"""Gaps: what of a condition does not hold for a lead, in words, and how many points are missing."""

from collections.abc import Iterator
from dataclasses import dataclass

from integration.core.axes import Band
from integration.core.checks import checker
from integration.core.conditions import Compare, Condition, Every, Not, Some
from integration.core.fold import Fold
from integration.playbook.amounts import amount
from mappings.canonical import ACCOUNT_FIELDS, LEAD_FIELDS, Value

SCORES = ("fit", "engagement", "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing that is missing. `points`: so many thousandths of `subject`, 0 where it is not about a score."""

    subject: str
    points: int
    words: str


def holds(condition: Condition, fold: Fold) -> bool:
    """Whether a condition holds of a lead now."""
    return checker(condition)(fold)


def gaps(condition: Condition, fold: Fold) -> tuple[Gap, ...]:
    """What is missing; of alternatives, the one that lacks least. Empty if the condition holds."""
    return () if holds(condition, fold) else tuple(_gaps(condition, fold))


def _gaps(condition: Condition, fold: Fold) -> Iterator[Gap]:
    match condition:
        case Compare():
            yield from _gap(condition, fold)
        case Every(conditions=parts):
            for part in parts:
                yield from gaps(part, fold)
        case Some(conditions=parts):
            yield from min((gaps(part, fold) for part in parts), key=_size, default=())
        case Not(condition=inner):
            yield Gap(subject="", points=0, words=f"not: {words(inner)}")


def _size(found: tuple[Gap, ...]) -> tuple[int, int]:
    return sum(each.points for each in found), len(found)


def _gap(compare: Compare, fold: Fold) -> Iterator[Gap]:
    if compare.subject == "band" and compare.op == "is":
        wanted: list[Band] = [band for band in fold.playbook.bands if band.name in compare.values]
        yield from min((gaps(band.condition, fold) for band in wanted), key=_size, default=())
        return
    if compare.subject == "segment" and compare.op == "is":
        yield from min((tuple(_to_segment(str(each), fold)) for each in compare.values), key=_size, default=())
        return
    value = next((found for name in compare.subject.split("|") if (found := fold.read(name)) is not None), None)
    if compare.subject in SCORES and compare.op in ("at_least", "above") and isinstance(value, int):
        bound = int(str(compare.values[0])) + (compare.op == "above")
        said = f"{bound - value and amount(bound - value)} points of {compare.subject} are missing"
        yield Gap(subject=compare.subject, points=bound - value, words=f"{said} ({amount(value)} of {amount(bound)})")
        return
    yield Gap(subject=compare.subject, points=0, words=f"{words(compare)}{_now(compare, value)}")
    if compare.subject == "track" and compare.op == "is":
        yield from _to_track({str(each) for each in compare.values}, fold)


def _to_segment(name: str, fold: Fold) -> Iterator[Gap]:
    """What a segment asks of both scores: A of fit and engagement, B of fit, C of engagement."""
    segments = fold.playbook.segments
    for axis, high, of in (("fit", segments.fit_high, "AB"), ("engagement", segments.intent_high, "AC")):
        if high is not None and name in of:
            yield from gaps(Compare(subject=axis, op="at_least", values=(high,)), fold)


def _to_track(names: set[str], fold: Fold) -> Iterator[Gap]:
    """What the plain conditions of these tracks ask for."""
    for track in fold.playbook.tracks:
        for entry in track.entries if track.name in names else ():
            if entry.condition is not None and not (entry.created or entry.stage or entry.signal or entry.idle):
                yield from gaps(entry.condition, fold)


def _now(compare: Compare, value: Value) -> str:
    if value in (None, "", ()):
        return " (not known)"
    shown = amount(value) if compare.subject in SCORES and isinstance(value, int) else _text(value)
    return f" (it is {shown})"


def words(condition: Condition) -> str:
    """A condition as a person says it: `company size of at least 50`, `band is hot`."""
    match condition:
        case Compare():
            return _compared(condition)
        case Every(conditions=parts):
            return " and ".join(words(part) for part in parts) or "always"
        case Some(conditions=parts):
            return " or ".join(words(part) for part in parts) or "never"
        case Not(condition=inner):
            return f"not ({words(inner)})"


_OPS = {
    "is": "is",
    "is_not": "is not",
    "at_least": "is at least",
    "at_most": "is at most",
    "above": "is above",
    "below": "is below",
    "contains": "contains",
    "includes": "includes",
}


def _compared(compare: Compare) -> str:
    label = subject(compare.subject)
    if compare.op in ("known", "unknown"):
        return f"{label} is {compare.op}"
    scored = compare.subject in SCORES
    values = [amount(int(str(each))) if scored else _text(each) for each in compare.values]
    return f"{label} {_OPS[compare.op]} {' or '.join(values)}"


def subject(name: str) -> str:
    """A field's name for people: `company size`-like labels of the canonical fields, else the name itself."""
    first = name.split("|", maxsplit=1)[0]
    field = ACCOUNT_FIELDS.get(first.removeprefix("account.")) if first.startswith("account.") else None
    field = field or LEAD_FIELDS.get(first)
    label = field.label if field is not None and field.label and first != "stage" else first.replace("_", " ")
    return label[:1].lower() + label[1:]


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value).replace("_", " ")
