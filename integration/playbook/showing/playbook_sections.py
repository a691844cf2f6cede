"""A playbook in sections of rows and sentences: stages, points, plays, tracks. For pages of any kind."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from integration.core.rules.automation_rules import Due
from integration.core.rules.playbook_rules import OWNERS
from integration.playbook.language import grammar, schema
from integration.playbook.language.grammar import ConditionText, PatternText
from integration.playbook.language.names import FUNNEL
from integration.playbook.showing import touch_rows
from integration.playbook.showing.due_words import due
from integration.playbook.showing.score_rows import Row, cap_words, decay_words, fit_rows, looking, points, rule_row
from mappings.values.instant import DAY

STAGES: tuple[Row, ...] = (
    ("inquiry, recycled", "mql", "the gate holds, or a demo_request"),
    ("mql", "sal", "sales_accepted, a connected call, or meeting_booked"),
    ("mql, sal", "sql", "sales_qualified or opportunity_created"),
    ("mql, sal, sql", "recycled", "sales_rejected with a reason, nobody reached, opportunity_lost"),
    ("sql", "customer", "opportunity_won"),
    ("any", "suppressed", "unsubscribe, decline, spam_complaint, privacy deletion"),
)
"""The same in every playbook. [rules: stages]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table with its title and its columns ("" where none is named), or, without rows, a sentence about the last."""

    title: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    text: str = ""


def sections(file: schema.PlaybookFile) -> tuple[Section, ...]:
    """The whole playbook, section by section; what it leaves out is left out."""
    return (
        *_section("Signals", ("signal", "any of"), ((name, _any(texts)) for name, texts in file.signals.items())),
        *_scores(file),
        *_section("Personas", ("persona", "if"), ((name, _any(texts)) for name, texts in file.personas.items())),
        *_section(
            "Buying jobs", ("job", "shown by"), ((name, " or ".join(texts)) for name, texts in file.buying_jobs.items())
        ),
        *_section("Funnel", ("stage", "shown by"), ((name, _any(getattr(file.funnel, name))) for name in FUNNEL)),
        *_section("Stages", ("from", "to", "on"), STAGES),
        *_section("Whose leads they are", ("stage", "owner"), _owners(file.owns)),
        *_handoff(file),
        *_section("Way back from sales", ("reason", "goes to"), _recycle(file.recycle)),
        *_section("Clocks", ("clock", "starts", "stops", "within", "then"), _clocks(file)),
        *_section("First moves", ("source", "what happens"), _first_moves(file)),
        *_section("Tracks", ("track", "what happens"), _tracks(file)),
        *_section("Triggers", ("trigger", "when", "then"), _triggers(file)),
        *_section("Plays", ("play", "steps"), _plays(file)),
        *_section("Touches", ("", ""), touch_rows.limits(file.touches)),
        *_section("Contents", ("content", "goes by", "what it is"), touch_rows.contents(file)),
    )


def _section(title: str, columns: Sequence[str], rows: Iterable[Row]) -> Iterator[Section]:
    """A table; nothing where there are no rows."""
    found = tuple(row for row in rows if any(row[1:]))
    if found:
        yield Section(title=title, columns=tuple(columns), rows=found)


def _line(text: str) -> Iterator[Section]:
    if text:
        yield Section(text=text)


def _scores(file: schema.PlaybookFile) -> Iterator[Section]:
    if file.fit is not None:
        yield from _section(f"Fit{cap_words(file.fit.max)}", ("", "if", "points"), fit_rows(file.fit))
    if file.engagement is not None:
        yield from _section(
            f"Engagement{cap_words(file.engagement.max)}",
            ("", "points", "for"),
            (rule_row(name, rule) for name, rule in file.engagement.points.items()),
        )
        yield from _line(decay_words(file.engagement.decay))
    bands = [(name, _any(getattr(file.bands, name))) for name in ("hot", "warm")]
    yield from _section("Bands", ("band", "if"), [*bands, ("cold", "otherwise")])
    if file.segments is not None:
        fit, intent = points(file.segments.high_fit), points(file.segments.high_intent)
        yield from _line(
            f"Segment A: fit from {fit} and engagement from {intent}; B: fit only; C: engagement only; D: neither."
        )


def _any(texts: Sequence[ConditionText] | Sequence[PatternText] | None) -> str:
    return " or ".join(text.text for text in texts or ())


def _owners(owns: schema.Owns | None) -> Iterator[Row]:
    for team in ("marketing", "sales"):
        stages = [stage for stage, usual in OWNERS.items() if (getattr(owns, stage, None) or usual) == team]
        if stages:
            yield ", ".join(stages), team


def _handoff(file: schema.PlaybookFile) -> Iterator[Section]:
    handoff = file.handoff
    rows = [("gate", f"{_any(handoff.gate)}, or a demo_request"), ("excluded", _any(handoff.exclude))]
    rows += [("must be known", ", ".join(handoff.requires)), ("is asked for", ", ".join(handoff.asks))]
    rows += [("play", handoff.play)]
    yield from _section("Handoff to sales", ("", ""), [row for row in rows if row[1]])


def _recycle(recycle: schema.Recycle) -> Iterator[Row]:
    for (reason, stage), back in recycle.causes.items():
        hold = f", not again before {grammar.shown(back.hold)}" if back.hold else ""
        yield f"{reason} {f'from {stage}' if stage else ''}".strip(), back.track + hold
    if recycle.unreached is not None:
        over = grammar.shown(recycle.unreached.over)
        yield "no_response", f"after {recycle.unreached.attempts} attempts over {over}"


def _clocks(file: schema.PlaybookFile) -> Iterator[Row]:
    for name, clock in file.clocks.items():
        yield (
            name.replace("_", " "),
            " ".join(clock.starts),
            _any(clock.stops),
            due(clock.within),
            f"escalates to {clock.escalate}" if clock.escalate else "alert",
        )


def _first_moves(file: schema.PlaybookFile) -> Iterator[Row]:
    for source, move in file.first_moves.items():
        parts = [f"play {move.play}"] if move.play else []
        parts += [f"touch {content} ({_offset(when)})" for when, content in move.touches.items()]
        parts += [f"track {move.track}"] if move.track else []
        parts += [f"then {move.then}"] if move.then else []
        yield source, ", ".join(parts)


def _offset(when: Due) -> str:
    return f"day {when.span // DAY}" if not when.working_days and when.span % DAY == 0 else due(when)


def _tracks(file: schema.PlaybookFile) -> Iterator[Row]:
    for name, track in file.tracks.items():
        yield name, "\n".join((*_enters(track), *_goes(track), *_leaves(track)))


def _enters(track: schema.Track) -> Iterator[str]:
    for enter in track.enter:
        parts = [f"stage {enter.stage}"] if enter.stage else []
        parts += [_any(each) for each in (enter.when, enter.if_) if each]
        parts += [enter.date.text] if enter.date else []
        parts += [f"from {', '.join(enter.from_)}"] if enter.from_ else []
        yield f"begins: {', '.join(parts)}"


def _goes(track: schema.Track) -> Iterator[str]:
    parts = [f"{_offset(when)} {content}" for when, content in track.touches.items()]
    parts += [f"days {', '.join(str(day) for day in track.days)}"] if track.days else []
    for every, until in track.every or ():
        parts.append(f"every {grammar.shown(every)}" + (f" until day {until // DAY}" if until else ""))
    parts += [f"for {grammar.shown(track.for_)}"] if track.for_ else []
    parts += [
        f"{content} from day {start // DAY}" if start else content for start, content in sorted(track.content.items())
    ]
    parts += [f"each a task for {track.task.to.replace('_', ' ')}"] if track.task else []
    yield f"touches: {', '.join(parts)}"
    if track.slower is not None:
        yield f"slower: {touch_rows.paces(track.slower)}"


def _leaves(track: schema.Track) -> Iterator[str]:
    for leave in track.leave:
        parts = [_any(each) for each in (leave.when, leave.if_) if each]
        parts += [
            f"{key} {grammar.shown(span)}" for key, span in (("idle", leave.idle), ("after", leave.stayed)) if span
        ]
        parts += ["done"] if leave.done else []
        parts += [f"{leave.unopened} unopened"] if leave.unopened else []
        yield f"ends: {', '.join(parts)} → {leave.to or 'where it belongs'}"
    if track.then is not None:
        rest = f" after {grammar.shown(track.then[1])}" if track.then[1] else ""
        yield f"ends: done → {track.then[0]}{rest}"


def _triggers(file: schema.PlaybookFile) -> Iterator[Row]:
    for name, trigger in file.triggers.items():
        cause = (
            looking(trigger)
            or (trigger.date.text if trigger.date else "")
            or (f"{grammar.shown(trigger.idle)} idle" if trigger.idle else f"becomes {_any(trigger.enters)}")
        )
        cause += f", if {_any(trigger.if_)}" if trigger.if_ else ""
        results = [f"{key} {value}" for key in ("play", "touch", "track") if (value := getattr(trigger, key))]
        results += [f"after {due(trigger.after)}"] if trigger.after else []
        yield name.replace("_", " "), cause, " ".join(results)


def _plays(file: schema.PlaybookFile) -> Iterator[Row]:
    for name, play in file.plays.items():
        called = name.replace("_", " ")
        yield f"{called} (separate)" if play.separate else called, "\n".join(_step(step) for step in play.steps)


def _step(step: schema.Step) -> str:
    key = next(key for key in ("call", "email", "task", "review", "touch", "alert") if getattr(step, key) is not None)
    when = f" in {due(step.due)}" if step.due else ""
    whom = f" for {step.to.replace('_', ' ')}" if step.to != "owner" else ""
    return f"{key}{when}{whom}: {getattr(step, key)}"
