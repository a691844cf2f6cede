"""Gaps: which part of a condition is not true of a lead, in words, and how many points are missing."""

from collections.abc import Iterator
from dataclasses import dataclass

from integration.core.compiled.condition_checks import checker
from integration.core.compiled.context import Context
from integration.core.rules.conditions import Compare, Condition, Every, Not, Some, alternatives
from integration.core.rules.scoring_rules import Band
from integration.playbook.language.amounts import amount
from mappings.model.canonical import Field, Value
from mappings.values.instant import show
from mappings.vocabulary.value import Vocabulary

SCORES = ("fit", "engagement", "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing that is missing. `points`: so many thousandths of `subject`, 0 where it is not about a score."""

    subject: str
    points: int
    words: str


def holds(condition: Condition, context: Context) -> bool:
    """Whether a condition holds of a lead now."""
    return checker(condition)(context)


def gaps(condition: Condition, context: Context) -> tuple[Gap, ...]:
    """What is missing; of alternatives, the one that lacks least. Empty if the condition holds."""
    return () if holds(condition, context) else tuple(_gaps(condition, context))


def _gaps(condition: Condition, context: Context) -> Iterator[Gap]:
    match condition:
        case Compare():
            yield from _gap(condition, context)
        case Every(conditions=parts):
            for part in parts:
                yield from gaps(part, context)
        case Some(conditions=parts):
            yield from min((gaps(part, context) for part in parts), key=_size, default=())
        case Not(condition=inner):
            yield Gap(subject="", points=0, words=f"not: {words(inner, context.playbook.vocabulary)}")


def _size(found: tuple[Gap, ...]) -> tuple[int, int]:
    return sum(each.points for each in found), len(found)


def _gap(compare: Compare, context: Context) -> Iterator[Gap]:
    if compare.subject == "band" and compare.op == "is":
        wanted: list[Band] = [band for band in context.playbook.bands if band.name in compare.values]
        yield from min((gaps(band.condition, context) for band in wanted), key=_size, default=())
        return
    if compare.subject == "segment" and compare.op == "is":
        yield from min((tuple(_to_segment(str(each), context)) for each in compare.values), key=_size, default=())
        return
    value = next((found for name in alternatives(compare.subject) if (found := context.read(name)) is not None), None)
    if compare.subject in SCORES and compare.op in ("at_least", "above") and isinstance(value, int):
        bound = int(str(compare.values[0])) + (compare.op == "above")
        said = f"{bound - value and amount(bound - value)} points of {compare.subject} are missing"
        yield Gap(subject=compare.subject, points=bound - value, words=f"{said} ({amount(value)} of {amount(bound)})")
        return
    vocabulary = context.playbook.vocabulary
    yield Gap(
        subject=compare.subject, points=0, words=f"{words(compare, vocabulary)}{_now(compare, value, vocabulary)}"
    )
    if compare.subject == "track" and compare.op == "is":
        yield from _to_track({str(each) for each in compare.values}, context)


def _to_segment(name: str, context: Context) -> Iterator[Gap]:
    """What a segment asks of both scores: A of fit and engagement, B of fit, C of engagement."""
    segments = context.playbook.segments
    for axis, high, of in (("fit", segments.fit_high, "AB"), ("engagement", segments.intent_high, "AC")):
        if high is not None and name in of:
            yield from gaps(Compare(subject=axis, op="at_least", values=(high,)), context)


def _to_track(names: set[str], context: Context) -> Iterator[Gap]:
    """What the plain conditions of these tracks ask for."""
    for track in context.playbook.tracks:
        for entry in track.entries if track.name in names else ():
            if entry.condition is not None and not (entry.created or entry.stage or entry.signal or entry.idle):
                yield from gaps(entry.condition, context)


def _now(compare: Compare, value: Value, vocabulary: Vocabulary) -> str:
    if value in (None, "", ()):
        return " (not known)"
    scored = compare.subject in SCORES and isinstance(value, int)
    shown = amount(int(str(value))) if scored else _text(value, _field(compare.subject, vocabulary))
    return f" (it is {shown})"


def value_words(value: Value, name: str, vocabulary: Vocabulary) -> str:
    """A field's value for people: `unknown` where there is none."""
    return "unknown" if value in (None, "", ()) else _text(value, _field(name, vocabulary))


def words(condition: Condition, vocabulary: Vocabulary) -> str:
    """A condition as a person says it: `company size of at least 50`, `band is hot`."""
    match condition:
        case Compare():
            return _compared(condition, vocabulary)
        case Every(conditions=parts):
            return " and ".join(words(part, vocabulary) for part in parts) or "always"
        case Some(conditions=parts):
            return " or ".join(words(part, vocabulary) for part in parts) or "never"
        case Not(condition=inner):
            return f"not ({words(inner, vocabulary)})"


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


def _compared(compare: Compare, vocabulary: Vocabulary) -> str:
    label = subject(compare.subject, vocabulary)
    if compare.op in ("known", "unknown"):
        return f"{label} is {compare.op}"
    field = None if compare.subject in SCORES else _field(compare.subject, vocabulary)
    scored = compare.subject in SCORES
    values = [amount(int(str(each))) if scored else _text(each, field) for each in compare.values]
    return f"{label} {_OPS[compare.op]} {' or '.join(values)}"


def subject(name: str, vocabulary: Vocabulary) -> str:
    """A field's name for people: the label of the vocabulary, else the name itself."""
    field, first = _field(name, vocabulary), name.split("|", maxsplit=1)[0]
    label = field.label if field is not None and field.label and first != "stage" else first.replace("_", " ")
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _field(name: str, vocabulary: Vocabulary) -> Field | None:
    first = name.split("|", maxsplit=1)[0]
    if first.startswith("account."):
        return vocabulary.account.get(first.removeprefix("account."))
    return vocabulary.lead.get(first)


def _text(value: Value, field: Field | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    if field is not None and field.kind == "time" and isinstance(value, int):
        return show(value).removesuffix("T00:00:00Z")
    return str(value).replace("_", " ")
