"""Charts: where bars and words stand on a drawing, in pixels. The page draws them as SVG and needs no script."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from integration.backtest.side_by_side import Comparison, Load, Ratio

Series: TypeAlias = Literal["a", "b", "both", "rest"]
Anchor: TypeAlias = Literal["start", "middle", "end"]

WIDTH = 880
_LEFT, _RIGHT, _TOP, _HEIGHT = 44, 12, 22, 210
_ROW, _THICK, _NAMES, _VALUES = 26, 18, 190, 190
_WIDEST_BAR, _NARROWEST_SLOT = 22.0, 26.0
_LABEL_WIDTH = 52
_OWNERS = 12
_ENDS: tuple[tuple[float, Anchor], ...] = (
    (0, "start"),
    (WIDTH / 2, "middle"),
    (WIDTH, "end"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A rectangle; `tip` says what it stands for."""

    x: float
    y: float
    width: float
    height: float
    series: Series
    tip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Words at a place; `anchor` as in SVG."""

    x: float
    y: float
    text: str
    anchor: Anchor = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One horizontal bar: the label beside it, all that it stands for, its length, and its value in words."""

    series: Series
    label: str
    what: str
    share: float
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing with its title and what it shows in words, for who cannot see it. `rules` are the heights of lines."""

    name: str
    title: str
    description: str
    height: float
    bars: tuple[Bar, ...]
    words: tuple[Word, ...]
    rules: tuple[float, ...] = ()


def weeks(found: Comparison, names: tuple[str, str]) -> Chart:
    """MQLs per week, both playbooks side by side."""
    mondays = sorted(found.a.weeks.keys() | found.b.weeks.keys())
    top = _round_up(max([1, *found.a.weeks.values(), *found.b.weeks.values()]))
    slot = (WIDTH - _LEFT - _RIGHT) / max(1, len(mondays))
    thick = min(_WIDEST_BAR, slot * 0.4)
    base = _TOP + _HEIGHT
    bars: list[Bar] = []
    ticks = {tick: base - _HEIGHT * tick / top for tick in (0, top // 2, top)}
    words = [Word(x=_LEFT - 8, y=y + 4, text=str(tick), anchor="end") for tick, y in ticks.items()]
    every = max(1, -(-_LABEL_WIDTH // max(1, int(slot))))
    for place, monday in enumerate(mondays):
        middle = _LEFT + slot * (place + 0.5)
        if place % every == 0:
            words.append(Word(x=middle, y=base + 18, text=_day(monday), anchor="middle"))
        for series, name, counts, x in (
            ("a", names[0], found.a.weeks, middle - thick),
            ("b", names[1], found.b.weeks, middle),
        ):
            count = counts.get(monday, 0)
            height = _HEIGHT * count / top
            tip = f"Week of {_day(monday)}, {name}: {count}"
            if count:
                bars.append(_bar(x, base - height, thick - 1, height, series, tip))
            if count and slot >= _NARROWEST_SLOT:
                words.append(Word(x=x + thick / 2, y=base - height - 5, text=str(count), anchor="middle"))
    return Chart(
        name="weeks",
        title="MQLs per week",
        description=f"{names[0]}: {_listed(found.a.weeks)}. {names[1]}: {_listed(found.b.weeks)}.",
        height=base + 28,
        bars=tuple(bars),
        words=tuple(words),
        rules=tuple(ticks.values()),
    )


def overlap(found: Comparison, names: tuple[str, str]) -> Chart:
    """One bar: MQLs under A alone, under both, under B alone."""
    parts: Sequence[tuple[Series, str, int]] = (
        ("a", f"only {names[0]}", len(found.only_a)),
        ("both", "both", found.both),
        ("b", f"only {names[1]}", len(found.only_b)),
    )
    whole = max(1, sum(count for *_, count in parts))
    bars, words, x = list[Bar](), list[Word](), 0.0
    for (series, label, count), (end, anchor) in zip(parts, _ENDS, strict=True):
        width = WIDTH * count / whole
        if count:
            bars.append(_bar(x, 4, max(width - 2, 1), 44, series, f"{label}: {count}"))
        words.append(Word(x=end, y=70, text=f"{label}: {count}", anchor=anchor))
        x += width
    return Chart(
        name="overlap",
        title="Who would have become an MQL",
        description=", ".join(f"{label}: {count}" for _, label, count in parts) + f", neither: {found.neither}.",
        height=80,
        bars=tuple(bars),
        words=tuple(words),
    )


def gates(found: Comparison, names: tuple[str, str]) -> Chart | None:
    """Precision and recall of both gates; None without outcomes."""
    if found.a.gate is None or found.b.gate is None:
        return None
    rows: list[tuple[Series, str, Ratio]] = [
        ("a", f"precision, {names[0]}", found.a.gate.precision),
        ("b", f"precision, {names[1]}", found.b.gate.precision),
        ("a", f"recall, {names[0]}", found.a.gate.recall),
        ("b", f"recall, {names[1]}", found.b.gate.recall),
    ]
    return _rows(
        "gates",
        "The gates against won leads",
        [
            Row(series=series, label=label, what=label, share=ratio.share or 0.0, value=said(ratio))
            for series, label, ratio in rows
        ],
        whole=1.0,
    )


def loads(found: Comparison, names: tuple[str, str]) -> Chart | None:
    """Tasks per SDR and working day, of the busiest; None if nobody would get any."""
    of_a, of_b = ({load.owner: load for load in side.loads} for side in (found.a, found.b))
    owners = sorted(of_a.keys() | of_b.keys(), key=lambda owner: (-_tasks(of_a, owner) - _tasks(of_b, owner), owner))
    rows: list[Row] = []
    for owner in owners[:_OWNERS]:
        for series, name, of in (("a", names[0], of_a), ("b", names[1], of_b)):
            load = of.get(owner)
            per_day = load.per_day if load else 0.0
            said_of = f"{per_day:.1f} a day ({_tasks(of, owner)})"
            shown = owner if series == "a" else ""
            rows.append(Row(series=_series(series), label=shown, what=f"{owner}, {name}", share=per_day, value=said_of))
    if not rows:
        return None
    whole = max(row.share for row in rows) or 1.0
    return _rows("loads", "Tasks per person and working day", rows, whole=whole)


def _rows(name: str, title: str, rows: Sequence[Row], *, whole: float) -> Chart:
    """Horizontal bars, one a row, in pairs."""
    width = WIDTH - _NAMES - _VALUES
    bars, words, y = list[Bar](), list[Word](), 4.0
    for number, row in enumerate(rows):
        bars.append(_bar(_NAMES, y, width, _THICK, "rest", ""))
        if row.share:
            bars.append(_bar(_NAMES, y, width * row.share / whole, _THICK, row.series, f"{row.what}: {row.value}"))
        if row.label:
            words.append(Word(x=_NAMES - 10, y=y + 13, text=_short(row.label), anchor="end"))
        words.append(Word(x=_NAMES + width + 10, y=y + 13, text=row.value))
        y += _ROW - 4 if number % 2 == 0 else _ROW + 8
    description = "; ".join(f"{row.what}: {row.value}" for row in rows) + "."
    return Chart(name=name, title=title, description=description, height=y, bars=tuple(bars), words=tuple(words))


def said(ratio: Ratio) -> str:
    """`12 of 40, 30 %`; `0 of 0` where there is nothing to divide by."""
    return f"{ratio.count} of {ratio.of}" + (
        f", {ratio.share:.0%}".replace("%", " %") if ratio.share is not None else ""
    )


def _bar(x: float, y: float, width: float, height: float, series: str, tip: str) -> Bar:  # noqa: PLR0913, PLR0917 - a rectangle has that many sides
    return Bar(
        x=round(x, 1), y=round(y, 1), width=round(width, 1), height=round(height, 1), series=_series(series), tip=tip
    )


def _series(name: str) -> Series:
    return {"a": "a", "b": "b", "both": "both"}.get(name, "rest")  # type: ignore[return-value] # the values are its names


def _tasks(of: Mapping[str, Load], owner: str) -> int:
    return of[owner].tasks if owner in of else 0


def _round_up(number: int) -> int:
    """An even number at the top of the scale, so that its half is one too."""
    return number + number % 2


def _short(label: str) -> str:
    most = 27
    return label if len(label) <= most else label[: most - 1] + "…"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _listed(counts: Mapping[date, int]) -> str:
    told: Iterable[str] = (f"{count} in the week of {_day(day)}" for day, count in sorted(counts.items()) if count)
    return ", ".join(told) or "none"
