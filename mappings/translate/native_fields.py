"""Native fields: those that both we and people write, such as a lifecycle stage or a lead's budget. Pure.

A lifecycle stage, a lead's status, an opt-out, what sales found out: sales sets them, and so do we. Two questions are
answered here, and nowhere else. What did a reading bring: our own write coming back, or somebody's choice? And what may
we write, given what stands there? Never over a choice that was not read yet, never over words that the mapping does not
know, and never what the field says already in words of its own. [rules: stages]
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mappings.model.canonical import STANDING_FIELDS, Fields, Kind
from mappings.model.compiled_mapping import ObjectMapping, Target
from mappings.reading import transforms
from mappings.reading.same_value import normal, same
from mappings.translate.cut_text import cut
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldState:
    """What is known of one native field of one record.

    `value` stood there when last read; `sent` is the last that we wrote or were about to write, at `sent_at` by our
    clock. `read` is what the last reading said, of the record as it was at `seen` by the CRM's clock. `wrote` is what
    the CRM last took from us, whatever has become of it since.
    """

    value: Any = None
    sent: Any = None
    sent_at: Instant = 0
    wrote: Any = None
    read: Any = None
    seen: Instant = 0

    def knows(self, kind: Kind, raw: Any) -> bool:
        """Whether this value was read before, or is our own."""
        return same(kind, raw, self.value) or (normal(kind, self.sent) is not None and same(kind, raw, self.sent))


def is_new_choice(held: FieldState, kind: Kind, raw: Any, *, modified_at: Instant | None) -> bool:
    """Whether what stands in a record that is as it was at `modified_at` is a choice not read before."""
    if normal(kind, raw) is None or held.knows(kind, raw):
        return False
    return (modified_at or 0) > held.seen or not same(kind, raw, held.read)


def after_reading(
    held: FieldState | None, kind: Kind, raw: Any, *, modified_at: Instant | None, asked_at: Instant
) -> tuple[FieldState, bool | None]:
    """What is known after a reading that was asked for at `asked_at`, and whether somebody else chose the value.

    None where nothing was known: then it counts as any other field does. A reading that our own write overtook, or that
    is older than the last one (a search index lags), says nothing.
    """
    seen = modified_at or 0
    if held is None:
        return FieldState(value=raw, read=raw, seen=seen), None
    overtaken = held.sent_at > asked_at
    again = seen < held.seen or (seen == held.seen and same(kind, raw, held.read))
    if overtaken or again:
        return held, False
    if held.knows(kind, raw):
        return replace(held, value=raw, read=raw, seen=seen), False
    return replace(held, value=raw, sent=None, sent_at=0, read=raw, seen=seen), True


def taken_away(held: FieldState, target: Target, wish: Any, stands: Any) -> bool:
    """Whether somebody has cleared what we wrote of what sales found out: it is written once, and not again."""
    kind = STANDING_FIELDS[target.name].kind
    return target.found_out and normal(kind, stands) is None and same(kind, wish, held.wrote)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a record's native fields said, and what is known `after` it.

    `silent` are the lead fields that are only our own value coming back, or were read before; `chose` are those that
    somebody else chose, even where the record said the same before.
    """

    after: Mapping[str, FieldState]
    silent: frozenset[str]
    chose: frozenset[str]


def reading(
    mapping: ObjectMapping,
    raw: Mapping[str, Any],
    held: Mapping[str, FieldState],
    *,
    modified_at: Instant | None,
    asked_at: Instant,
) -> Reading:
    """What a whole record says about the fields that we write as well."""
    after = dict(held)
    silent: set[str] = set()
    chose: set[str] = set()
    for target in mapping.native:
        if target.field in raw:
            kind = STANDING_FIELDS[target.name].kind
            value = raw[target.field]
            known = held.get(target.field)
            after[target.field], news = after_reading(known, kind, value, modified_at=modified_at, asked_at=asked_at)
            if news is not None:
                (chose if news else silent).update(_decided_by(mapping, target.field, raw))
    return Reading(after=after, silent=frozenset(silent), chose=frozenset(chose))


def _decided_by(mapping: ObjectMapping, field: str, raw: Mapping[str, Any]) -> Iterator[str]:
    """The lead fields that a record's value of this field decides."""
    for rule in mapping.lead:
        first = next((each for each in rule.sources if transforms.apply(each, raw.get(each.field)) is not None), None)
        if first is not None and first.field == field:
            yield rule.name


def to_write(mapping: ObjectMapping, target: Target, standing: Fields, stands: Any) -> Any:
    """What to write into a native field where `stands` stands now; None to leave it as it is.

    Text for words, True for a box to tick. A blank never clears such a field, and a tick is never taken away.
    """
    value = standing.get(target.name)
    kind = STANDING_FIELDS[target.name].kind
    if kind == "boolean":
        return True if value is True and transforms.boolean(stands) is not True else None
    word = _word(target, value)
    if word is None or same(kind, word, stands) or _means(mapping, target, stands) == value:
        return None
    return word if _replaceable(mapping, target, stands) else None


def _word(target: Target, value: Any) -> str | None:
    """The word of ours in the field's own: of a stage only what the file says, what sales found out as it is."""
    if value is None or not target.found_out:
        return None if value is None else target.values.get(str(value))
    return cut(target.values.get(str(value), str(value)), target.limit)


def _means(mapping: ObjectMapping, target: Target, stands: Any) -> Any:
    """What the field says in canonical terms, where the mapping reads it as the same thing that it writes."""
    for rule in mapping.lead:
        for source in rule.sources:
            if rule.name == target.name and source.field == target.field:
                return transforms.apply(source, stands)
    return None


def _replaceable(mapping: ObjectMapping, target: Target, stands: Any) -> bool:
    """Whether a value is blank, or one that the mapping knows: any other is somebody's choice, and stays.

    What sales found out takes the place of whatever stood there before: a later word there would count by now.
    """
    if target.found_out:
        return True
    word = normal("choice", stands)
    known = {str(each).casefold() for each in target.values.values()} | target.over
    for rule in mapping.lead:
        known |= {each for source in rule.sources if source.field == target.field for each in source.values}
    return word is None or word in known
