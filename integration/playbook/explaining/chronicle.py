"""Chronicle: a lead's history run through the engine, with a description of every line of its ledger."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.model.effects import Effect
from integration.core.model.events import Event
from integration.core.model.ledger import Axis, Kind, Line
from integration.core.model.state import newborn
from integration.core.rules.calendar import day_words
from integration.core.rules.scoring_rules import POINT, FitGroup
from integration.core.run.decide import settle, take
from integration.core.run.due_work import next_due, pass_time
from integration.core.scoring.machines import marked
from integration.playbook.explaining.activity_words import deed
from integration.playbook.explaining.field_moves import FieldMoves
from integration.playbook.explaining.mail_activity import Mail, mail
from integration.playbook.language.amounts import amount, signed
from mappings.model.canonical import Activity
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One sentence of the ledger: `points` in thousandths, from `at` until `until` where several lines are one.

    The number that the words begin with is `points`; all entries of an axis sum to its score.
    """

    at: Instant
    until: Instant
    axis: Axis
    line: Kind
    rule: str
    activity: str
    points: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronicle:
    """What a history comes to at an instant: the working copy there, the ledger in words, and every effect."""

    context: Context
    entries: tuple[Entry, ...]
    effects: tuple[Effect, ...]
    mail: Mail


@dataclass(frozen=True, slots=True)
class _Sources:
    """What lines are put into words from; `labels` are used up as the lines of fit come by."""

    deeds: dict[str, Activity]
    labels: list[str]
    moves: FieldMoves


def chronicle(compiled: CompiledPlaybook, lead: LeadId, events: Sequence[Event], at: Instant) -> Chronicle:
    """Apply events, sorted by `order`, and let time pass until `at` (inclusive); later events are left out."""
    playbook, context = compiled.playbook, Context(compiled, newborn(lead))
    deeds: dict[str, Activity] = {}
    labels, moves = list[str](), FieldMoves(playbook)
    for event in marked(playbook.vocabulary.machine, (each for each in events if each.at <= at)):
        if isinstance(event, Activity):
            deeds[event.id] = event
        before = dict(context.state.fit_rules)
        moves.look(context)
        take(context, event)
        moves.note(context, event.id)
        labels += _refitted(playbook.fit.groups if playbook.fit else (), before, context.state.fit_rules)
    pass_time(context, at, settle)
    context.now = at
    context.state.due = next_due(context)
    sources = _Sources(deeds, labels, moves)
    entries = tuple(_entry(compiled, line, until, sources) for line, until in _runs(context.lines))
    told_apart = mail(deeds.values(), playbook.vocabulary.machine)
    return Chronicle(context=context, entries=entries, effects=tuple(context.effects), mail=told_apart)


def _refitted(groups: Iterable[FitGroup], before: dict[str, int], after: dict[str, int]) -> list[str]:
    """The labels of the fit rules that stopped and began to count, in the order of their ledger lines."""
    labels: list[str] = []
    for group in groups:
        was, now = before.get(group.name, -1), after.get(group.name, -1)
        if was != now:
            labels += [
                prefix + (group.rules[place].label or group.rules[place].name)
                for prefix, place in (("no longer ", was), ("", now))
                if place >= 0
            ]
    return labels


def _runs(lines: Iterable[Line]) -> Iterator[tuple[Line, Instant]]:
    """Ledger lines; daily decay in a row is one line with its sum, that goes on until the given instant."""
    run: tuple[Line, Instant] | None = None
    for line in lines:
        if run is not None and _goes_on(run[0], line):
            run = run[0]._replace(points=run[0].points + line.points), line.at
            continue
        if run is not None:
            yield run
        run = line, line.at
    if run is not None:
        yield run


def _goes_on(run: Line, line: Line) -> bool:
    both = run.line == line.line == "decay" and run.rule == line.rule
    return both and not (run.activity or line.activity) and not line.rule.startswith("idle")


def _entry(compiled: CompiledPlaybook, line: Line, until: Instant, sources: _Sources) -> Entry:
    return Entry(
        at=line.at,
        until=until,
        axis=line.axis,
        line=line.line,
        rule=line.rule,
        activity=line.activity,
        points=line.points,
        words=_words(compiled, line, until, sources),
    )


def _words(compiled: CompiledPlaybook, line: Line, until: Instant, sources: _Sources) -> str:
    """`15 points on 6 January 2026: viewed pricing`, or what was lost `after 14 idle days, on 20 January 2026`."""
    playbook = compiled.playbook
    zone = playbook.calendar.timezone
    day = day_words(line.at, zone)
    axis = playbook.fit if line.axis == "fit" else playbook.engagement
    cap = axis.cap if axis is not None else None
    match line.line:
        case "cap":
            return f"{signed(line.points)} on {day}: {line.axis} stops at {amount(cap or 0)}"
        case "floor":
            return f"{signed(line.points)} on {day}: {line.axis} never falls below 0"
        case "decay":
            when = f"on {day}" if until == line.at else f"from {day} to {day_words(until, zone)}"
            return f"{signed(line.points)} {decayed(line.rule, again=bool(line.activity))}, {when}"
        case "expiry":
            what = _cause(compiled, line, sources)
            return f"{signed(line.points)} on {day}, when the points ended of: {what}"
        case _:
            fits = line.axis == "fit" and sources.labels
            what = sources.labels.pop(0) if fits else _cause(compiled, line, sources)
            return f"{_given(line.points)} on {day}: {what}"


def _cause(compiled: CompiledPlaybook, line: Line, sources: _Sources) -> str:
    """What a line of engagement is for: an activity, or a field that changed."""
    what = scored(compiled, line.rule, sources.deeds.get(line.activity))
    moved = sources.moves.words(line.activity, line.rule)
    return f"{what} ({moved})" if moved else what


def _given(points: int) -> str:
    if points < 0:
        return signed(points)
    return f"{amount(points)} point{'' if points == POINT else 's'}"


def scored(compiled: CompiledPlaybook, rule: str, activity: Activity | None) -> str:
    """`viewed pricing`, with the rule where its name says something else."""
    label = compiled.dispatch.rule_labels.get(rule, rule.replace("_", " "))
    if activity is None:
        return label
    words = deed(activity, compiled.playbook.vocabulary)
    same = label.casefold() in words.casefold() or label == activity.type.replace("_", " ")
    return words if same else f"{words} ({label})"


def decayed(rule: str, *, again: bool = False) -> str:
    """What a decay line says; `again`: an activity that does not end idleness counts only as much as what is kept."""
    kind, _, rest = rule.partition(" ")
    if kind == "idle":
        days = rest.removesuffix(" d")
        return f"because the {days} idle days go on" if again else f"after {days} idle days"
    if kind == "half-life":
        return f"by the half-life of {rest.removesuffix(' d')} days"
    return "by what older activities lose each month"


def lost(line: Line) -> str:
    """What a line says of points that go by themselves: by decay, or at the end of their span."""
    return decayed(line.rule) if line.line == "decay" else f"when points of {line.rule.replace('_', ' ')} end"
