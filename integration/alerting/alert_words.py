"""Alert words: what an alert says to people, before a medium gives it its form."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from integration.alerting.alert_port import DIGEST, Alert, RecordLink

_LONGEST = 600
"""Characters of one line: a name or a subject that somebody has made very long does not fill a message."""
_ENTRY = 300
"""Characters of an alert's line in a digest."""
_MOST_LINKS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One line, and the record that it is about: (label, address)."""

    text: str
    links: tuple[tuple[str, str], ...] = ()


def title(alert: Alert) -> str:
    """The name of an alert, as people read it: `first contact breach`; of a digest, how many alerts there are."""
    if alert.alert == DIGEST:
        return f"{len(alert.entries)} alerts"
    return alert.alert.replace("_", " ")


def subject(alert: Alert) -> str:
    """What an alert is about, in one line: its sentence; of a digest, how many there are of each name."""
    return f"{title(alert)}: {_counted(alert.entries)}" if alert.entries else cut(alert.text or title(alert))


def lines(alert: Alert) -> Iterator[Line]:
    """What an alert says below its title; a digest has a line for each alert in it, the oldest first."""
    if alert.alert == DIGEST:
        yield Line(_counted(alert.entries))
        for each in alert.entries:
            said = _said(each)
            yield Line(cut(f"{title(each)}: {said}" if said else title(each), _ENTRY), links(each))
        return
    yield Line(cut(_said(alert)), links(alert))
    yield from (Line(_label(each)) for each in alert.records if not each.url)
    yield from (Line(cut(each)) for each in alert.because if each != alert.text)
    if alert.owner:
        yield Line(cut(f"Owner: {alert.owner}"))
    if alert.remedy:
        yield Line(cut(f"What to do: {alert.remedy}"))


def links(alert: Alert) -> tuple[tuple[str, str], ...]:
    """The records in the CRMs that an alert is about: (label, address)."""
    return tuple((_label(each), each.url) for each in alert.records if each.url)[:_MOST_LINKS]


def cut(text: str, most: int = _LONGEST) -> str:
    """A text in one line that can be sent anywhere, and no longer than that."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    whole = " ".join(plain.encode("utf-8", "replace").decode().split())
    return whole if len(whole) <= most else whole[: most - 1] + "…"


def left_out(count: int) -> str:
    """The last line of a digest that has no room for all."""
    return f"and {count} more: coldframe alerts list"


def _said(alert: Alert) -> str:
    """The sentence of an alert, unless it says no more than its title."""
    return "" if alert.text == title(alert) else alert.text


def _label(record: RecordLink) -> str:
    """What a link says; a record whose address is not known is named by its id."""
    return (
        f"{record.object} in {record.connection}"
        if record.url
        else (f"{record.object} {record.id} in {record.connection}")
    )


def _counted(entries: tuple[Alert, ...]) -> str:
    counted = Counter(title(each) for each in entries)
    return ", ".join(f"{count} {name}" for name, count in counted.most_common())
