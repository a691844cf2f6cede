"""Compiles plays, triggers, clocks and first moves."""

from collections.abc import Mapping

from integration.core.model.effects import Channel
from integration.core.rules.automation_rules import AlertStep, Clock, Due, FirstMove, Play, TaskStep, TouchStep, Trigger
from integration.core.rules.conditions import Every
from integration.core.rules.patterns import AccountSignal, Match, Part, Pattern
from integration.playbook.language import schema
from integration.playbook.language.activity_patterns import distinct_of, sighting
from integration.playbook.language.names import Names
from integration.playbook.language.texts import OTHERWISE
from mappings.model.canonical import STAGES
from mappings.values.instant import DAY, Span
from mappings.yaml_files.located_yaml import Path

CHANNELS: tuple[Channel, ...] = ("call", "email", "task", "review")
COOLDOWN: Span = 7 * DAY
"""Where neither a cooldown nor a window is given. [rules: plays]"""


def compile_play(name: str, play: schema.Play, names: Names, contents: Mapping[str, schema.Content]) -> Play:
    """A play of the file."""
    path: Path = ("plays", name, "steps")
    found = [_step(name, step, (*path, index), names, contents) for index, step in enumerate(play.steps)]
    if not play.steps:
        names.report.problem(("plays", name), f"play '{name}' has no steps", key=True)
    steps = tuple(each for each in found if each is not None)
    return Play(name=name, steps=steps, label=name.replace("_", " "), was=play.was or "", separate=play.separate)


def _step(
    play: str, step: schema.Step, path: Path, names: Names, contents: Mapping[str, schema.Content]
) -> TaskStep | TouchStep | AlertStep | None:
    chosen = [key for key in (*CHANNELS, "touch", "alert") if getattr(step, key) is not None]
    if len(chosen) != 1:
        names.report.problem(path, f"a step is one of {', '.join(CHANNELS)}, touch, alert; this one is {_and(chosen)}")
        return None
    if step.alert is not None:
        return AlertStep(alert=play, text=step.alert)
    if step.touch is not None:
        known_content(step.touch, (*path, "touch"), names, contents)
        return TouchStep(content=step.touch, after=step.after or Due())
    if step.after is not None:
        names.report.problem((*path, "after"), "a task has a 'due'; 'after' is for touches", key=True)
    return task(step, path, names)


def task(step: schema.Step, path: Path, names: Names) -> TaskStep | None:
    """The one task that a step says."""
    for channel in CHANNELS:
        if (subject := getattr(step, channel)) is not None:
            return TaskStep(
                channel=channel,
                subject=subject,
                note=step.note,
                due=step.due,
                assignee=step.to,
                priority=step.priority,
            )
    names.report.problem(path, f"a task is one of {', '.join(CHANNELS)}")
    return None


def _and(chosen: list[str]) -> str:
    return " and ".join(chosen) if chosen else "none"


def known_content(content: str, path: Path, names: Names, contents: Mapping[str, schema.Content]) -> None:
    """Say so if the file lists its contents and this one is not among them."""
    if contents and content not in contents:
        names.report.unknown(path, "content", content, contents)


def compile_trigger(
    name: str, trigger: schema.Trigger, names: Names, file: schema.PlaybookFile
) -> tuple[Trigger, Play | None, AccountSignal | None]:
    """A trigger, with the play of its own that a bare touch makes and the signal that watching an account makes."""
    path: Path = ("triggers", name)
    _one_cause(name, trigger, path, names)
    cooldown = trigger.cooldown if trigger.cooldown is not None else 0 if trigger.idle else trigger.within or COOLDOWN
    pattern, account = sighting(name, trigger, path, names) if trigger.by == "lead" else None, None
    if trigger.by == "account":
        account = _account(name, trigger, cooldown, path, names)
        pattern = Pattern(parts=(Part(signal=(Match(types=(name,)),)),))
    condition = names.condition(trigger.if_, (*path, "if"))
    if trigger.enters is not None:
        entered = names.condition(trigger.enters, (*path, "enters"))
        both = tuple(each for each in (entered, condition) if each is not None)
        condition = both[0] if len(both) == 1 else Every(conditions=both)
    play = _results(name, trigger, path, names, file)
    made = Trigger(
        name=name,
        pattern=pattern,
        idle=trigger.idle,
        dated=names.dated(trigger.date, (*path, "date")),
        condition=condition,
        cooldown=cooldown,
        play=name if play else trigger.play or "",
        track=trigger.track or "",
        label=name.replace("_", " "),
    )
    return made, play, account


def _one_cause(name: str, trigger: schema.Trigger, path: Path, names: Names) -> None:
    causes = [key for key in ("when", "all", "in_order") if getattr(trigger, key) is not None]
    causes = causes[:1] + [key for key in ("idle", "date", "enters") if getattr(trigger, key)]
    if not causes:
        names.report.problem(
            path, f"trigger '{name}' waits for nothing: say when, all, in_order, idle, date or enters", key=True
        )
    for extra in causes[1:]:
        names.report.problem((*path, extra), f"'{extra}' does not go with '{causes[0]}' in one trigger", key=True)


def _account(name: str, trigger: schema.Trigger, cooldown: Span, path: Path, names: Names) -> AccountSignal:
    if name in names.vocabulary.activities:
        names.report.problem(path, f"'{name}' is an activity type; this trigger needs another name", key=True)
    if trigger.when is None:
        names.report.problem((*path, "by"), "watching an account counts what 'when' finds", key=True)
    if not trigger.within:
        names.report.problem((*path, "by"), "say 'within' which span the account is watched", key=True)
    signal = names.signal(trigger.when, (*path, "when"))
    if trigger.distinct:
        seen = Pattern(parts=(Part(signal=signal),))
        distinct_of(trigger.distinct, seen, (*path, "distinct"), names, extra=("person",))
    return AccountSignal(
        name=name,
        signal=signal,
        distinct=trigger.distinct or "",
        at_least=trigger.at_least,
        within=trigger.within,
        cooldown=cooldown,
        to=trigger.for_,
    )


def _results(name: str, trigger: schema.Trigger, path: Path, names: Names, file: schema.PlaybookFile) -> Play | None:
    """Check what follows a trigger; a bare touch becomes a play of its own."""
    if trigger.track is not None and trigger.track not in file.tracks:
        names.report.unknown((*path, "track"), "track", trigger.track, file.tracks)
    if trigger.play is not None and trigger.play not in file.plays:
        names.report.unknown((*path, "play"), "play", trigger.play, file.plays)
    if trigger.play is None and trigger.touch is None and trigger.track is None:
        names.report.problem(path, f"trigger '{name}' does nothing: say play, touch or track", key=True)
    if trigger.after is not None and trigger.touch is None:
        names.report.problem(
            (*path, "after"), "'after' says when the touch of this trigger goes; there is none", key=True
        )
    if trigger.touch is None:
        return None
    known_content(trigger.touch, (*path, "touch"), names, file.contents)
    if trigger.play is not None:
        names.report.problem((*path, "touch"), "put the touch into the play", key=True)
    if name in file.plays:
        names.report.problem(path, f"there is a play '{name}' as well; give this trigger another name", key=True)
    steps = (TouchStep(content=trigger.touch, after=trigger.after or Due()),)
    return Play(name=name, steps=steps, label=name.replace("_", " "), was=trigger.was or "")


def compile_clock(name: str, clock: schema.Clock, names: Names, file: schema.PlaybookFile) -> Clock:
    """A promise with a deadline."""
    path: Path = ("clocks", name)
    kind, start = clock.starts
    known = STAGES if kind == "stage" else tuple(file.triggers)
    if start not in known:
        names.report.unknown((*path, "starts"), kind, start, known, at=len(kind) + 1)
    return Clock(
        name=name,
        within=clock.within,
        stage=start if kind == "stage" else "",
        trigger=start if kind == "trigger" else "",
        condition=names.condition(clock.if_, (*path, "if")),
        stops=names.signal(clock.stops, (*path, "stops")),
        remind_before=clock.remind,
        escalate_to=clock.escalate,
        subject=clock.say,
        label=name.replace("_", " "),
        was=clock.was or "",
    )


def compile_first_move(source: str, move: schema.FirstMove, names: Names, file: schema.PlaybookFile) -> FirstMove:
    """What happens first to leads of one source, or of all others."""
    path: Path = ("first_moves", source)
    sources = names.vocabulary.sources
    if source not in (*sources, OTHERWISE):
        names.report.unknown(path, "source", source, (*sources, OTHERWISE), key=True)
    if move.play is not None and move.play not in file.plays:
        names.report.unknown((*path, "play"), "play", move.play, file.plays)
    for key in ("track", "then"):
        if (track := getattr(move, key)) is not None and track not in file.tracks:
            names.report.unknown((*path, key), "track", track, file.tracks)
    for content in move.touches.values():
        known_content(content, (*path, "touches"), names, file.contents)
    return FirstMove(
        sources=() if source == OTHERWISE else (source,),
        play=move.play or "",
        touches=tuple(TouchStep(content=content, after=after) for after, content in move.touches.items()),
        track=move.track or "",
        then=move.then or "",
    )
