"""The page of `coldframe explain`: an explanation as text for a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from integration.core.rules.calendar import day_words, wall_clock
from integration.playbook.explaining.chronicle import Entry
from integration.playbook.explaining.effect_words import EffectSentence
from integration.playbook.explaining.explanation import Explanation
from integration.playbook.explaining.outlook import Offer, Outlook
from integration.playbook.language.amounts import amount, signed

_SHOWN = 40
"""Sentences of one axis; older ones become one, with their sum."""
_OFFERS = 6
_MACHINES = 10
_UNJUSTIFIED = "On record, and no longer justified by what is known now"


def page(  # noqa: PLR0913 - what is known of a lead, and by which rules
    name: str,
    told: Explanation,
    *,
    version: int | None = None,
    before_any: bool = False,
    whole: bool = False,
    levels: Sequence[str] = (),
) -> RenderableType:
    """Everything that is known of the lead, section by section; empty ones are left out."""
    where = told.standing
    by = "" if version is None else f", version {version}"
    by += " (the first: no rules were in force yet)" if version is not None and before_any else ""
    scores = f"fit {where.fit} + engagement {where.engagement} = {where.total}, {where.band}"
    return Group(
        Text(name, style="bold underline"),
        Text(f"on {wall_clock(told.at, told.timezone)}, by the playbook {told.playbook}{by}"),
        Text(scores, style="bold"),
        *_axis(told, "fit", whole=whole),
        *_axis(told, "engagement", whole=whole),
        *_section(f"To become {told.outlook.band}", _way(told.outlook)),
        *_section("Stage", (*told.stage, *_owned(told))),
        *_section("On hold", [told.hold] if told.hold else []),
        *_section("What keeps it from sales", told.gate),
        *_section("Segment", [told.segment] if told.segment else []),
        *_section("Track", [told.track]),
        *_section("What followed, and from what", _followed(_deeds(told, whole=whole), told.timezone, version)),
        *_section(_UNJUSTIFIED, _followed(told.unjustified, told.timezone, version)),
        *_section("Mail", _mail(told, whole=whole)),
        *_section("Clocks that run", told.clocks),
        *_section("Service levels", levels),
        *_section("Next, by itself", _next(told)),
    )


def _section(title: str, lines: Iterable[str]) -> Iterator[RenderableType]:
    found = list(lines)
    if found:
        yield Text(f"\n{title}", style="bold")
        yield from (Padding(Text(line), (0, 0, 0, 2), expand=False) for line in found)


def _axis(told: Explanation, axis: str, *, whole: bool) -> Iterator[RenderableType]:
    entries = [entry for entry in told.ledger if entry.axis == axis]
    value = told.fit if axis == "fit" else told.engagement
    lines = [entry.words for entry in entries] if whole else list(shortened(entries, told.timezone))
    yield from _section(f"{axis.capitalize()}: {amount(value)}", lines)


def _owned(told: Explanation) -> Iterator[str]:
    if told.owner is not None:
        yield f"{told.owner} owns the leads of this stage"


def shortened(entries: Sequence[Entry], timezone: str, most: int = _SHOWN) -> Iterator[str]:
    """The latest sentences; those before them are one, that says what they sum to."""
    early, late = (entries[:-most], entries[-most:]) if len(entries) > most + 1 else ((), entries)
    if early:
        points = sum(entry.points for entry in early)
        since, until = (day_words(each, timezone) for each in (early[0].at, early[-1].until))
        yield f"{signed(points)} by {len(early)} earlier lines, {since} to {until} (--all shows them)"
    yield from (entry.words for entry in late)


def _way(outlook: Outlook) -> Iterator[str]:
    if outlook.band is None:
        return
    yield from (gap.words for gap in outlook.missing)
    enough = [offer for offer in outlook.offers if offer.enough]
    if enough:
        yield f"one of these would be enough: {_listed(enough)}"
    elif outlook.path:
        yield f"these together would be enough: {', '.join(map(_offered, outlook.path))}"
    else:
        yield "nothing it could do at once leads there"
    rest = [offer for offer in outlook.offers if not offer.enough]
    if rest:
        yield f"would give points: {_listed(rest)}"


def _listed(offers: Sequence[Offer]) -> str:
    more = f" and {len(offers) - _OFFERS} more" if len(offers) > _OFFERS else ""
    return ", ".join(map(_offered, offers[:_OFFERS])) + more


def _offered(offer: Offer) -> str:
    return f"{offer.words} ({signed(offer.points)}{' fit' if offer.axis == 'fit' else ''})"


def _deeds(told: Explanation, *, whole: bool) -> Sequence[EffectSentence]:
    deeds = [each for each in told.done if each.kind not in {"stage", "track"}]
    return deeds if whole else deeds[-_SHOWN:]


def _followed(deeds: Iterable[EffectSentence], timezone: str, version: int | None) -> Iterator[str]:
    for each in deeds:
        why = f" (because: {', '.join(each.because)})" if each.because else ""
        rules = f"decided by version {each.version}" if each.version not in {None, version} else ""
        became = "".join(f"; {what}" for what in (each.assigned, each.fate, rules) if what)
        yield f"{day_words(each.at, timezone)}: {each.words}{why}{became}"


def _mail(told: Explanation, *, whole: bool) -> Iterator[str]:
    """What people and machines did, if there is anything of both kinds."""
    mail = told.mail
    if not mail.machines:
        return
    yield f"by people: {_times(mail.opens.people, 'open')}, {_times(mail.clicks.people, 'click')}"
    yield f"by machines: {_times(mail.opens.machines, 'open')}, {_times(mail.clicks.machines, 'click')}; none counts"
    shown = mail.machines if whole else mail.machines[-_MACHINES:]
    if len(shown) < len(mail.machines):
        yield f"{len(mail.machines) - len(shown)} earlier ones (--all shows them)"
    for each in shown:
        what = each.type.replace("_", " ") + (f", {each.times} times" if each.times > 1 else "")
        yield f"{wall_clock(each.at, told.timezone)}: {what}: {each.words}"


def _times(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _next(told: Explanation) -> Iterator[str]:
    for each in told.coming:
        yield f"{wall_clock(each.at, told.timezone)}: {each.words}"
