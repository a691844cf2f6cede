"""Compiles tracks: touches, rhythms, and how leads enter and leave."""

import itertools
from collections.abc import Iterable, Iterator

from integration.core.rules.automation_rules import (
    BELONGS,
    NURTURED,
    SUPPRESSED,
    Entry,
    Exit,
    Offset,
    Rhythm,
    Slower,
    TaskStep,
    Touch,
    Track,
)
from integration.playbook.compiling.compile_plays import known_content, task
from integration.playbook.language import schema
from integration.playbook.language.grammar import ANY_ENGAGEMENT, shown
from integration.playbook.language.names import Names
from mappings.model.canonical import STAGES
from mappings.values.instant import DAY, Span
from mappings.yaml_files.located_yaml import Path

NONE = "none"
SUPPRESS = "suppressed"


def compile_track(name: str, track: schema.Track, names: Names, file: schema.PlaybookFile) -> Track:
    """A track of the file."""
    path: Path = ("tracks", name)
    if name in (NONE, SUPPRESS):
        names.report.problem(path, f"'{name}' is a word of the language; a track needs another name", key=True)
    contents = _Contents(name, track, names, file)
    entries = tuple(_entry(enter, (*path, "enter", index), names, file) for index, enter in enumerate(track.enter))
    rhythms = _rhythms(track, contents)
    if not track.touches and not track.days and not rhythms:
        names.report.problem(path, f"track '{name}' has no touches: say touches, days or every", key=True)
    return Track(
        name=name,
        entries=entries,
        exits=(*_exits(track, path, names, file), *_ends(track, rhythms, path, names, file)),
        offsets=_offsets(track, contents, path, names),
        rhythms=rhythms,
        slower=_slower(track, path, names, file),
        stages=_stages(entries),
        firm=track.firm or not any(_plain(entry) for entry in entries),
        once=track.once,
        label=name.replace("_", " "),
        was=track.was or "",
    )


class _Contents:
    """What goes out on a track at which day, as the file says it."""

    def __init__(self, name: str, track: schema.Track, names: Names, file: schema.PlaybookFile) -> None:
        path: Path = ("tracks", name)
        self.name = name
        self.by_day = sorted(track.content.items())
        self.task: TaskStep | None = task(track.task, (*path, "task"), names) if track.task else None
        for content in track.touches.values():
            known_content(content, (*path, "touches"), names, file.contents)
        for _, content in self.by_day:
            known_content(content, (*path, "content"), names, file.contents)
        if not self.by_day and not self.task and (track.days or track.every):
            names.report.problem(path, f"track '{name}' has a rhythm and no 'content' (or 'task')", key=True)
        if self.by_day and self.by_day[0][0]:
            names.report.problem((*path, "content"), "say what goes out 'from day 0'", key=True)

    def at(self, offset: Span) -> Touch:
        """The touch of a day."""
        chosen = [content for start, content in self.by_day if start <= offset]
        return Touch(content=chosen[-1] if chosen else self.name, task=self.task)


def _offsets(track: schema.Track, contents: _Contents, path: Path, names: Names) -> tuple[Offset, ...]:
    found = [Offset(after=day * DAY, touch=contents.at(day * DAY)) for day in track.days]
    for due, content in track.touches.items():
        if due.working_days:
            names.report.problem((*path, "touches"), "touches of a track are counted from its entry: day 1, after 24h")
        found.append(Offset(after=due.span, touch=Touch(content=content, task=contents.task)))
    for earlier, later in itertools.pairwise(found):
        if later.after <= earlier.after:
            key = "days" if track.days else "touches"
            names.report.problem(
                (*path, key), f"day {later.after // DAY} does not come after day {earlier.after // DAY}"
            )
    return tuple(found)


def _rhythms(track: schema.Track, contents: _Contents) -> tuple[Rhythm, ...]:
    """One rhythm for each stretch with a pace and a content of its own."""
    found: list[Rhythm] = []
    start: Span = 0
    for every, until in track.every or ():
        end = until or track.for_
        cuts = [day for day, _ in contents.by_day if start < day and (not end or day <= end)]
        for here, there in zip((start, *cuts), (*cuts, 0), strict=True):
            last = there - 1 if there else end
            found.append(Rhythm(every=every, touches=(contents.at(here),), until=last))
        start = end
    return tuple(found)


def _slower(track: schema.Track, path: Path, names: Names, file: schema.PlaybookFile) -> tuple[Slower, ...]:
    """How a track slows down: as itself says, else as all do. From the fewest unopened on, and never faster again."""
    if track.slower and track.task:
        names.report.problem((*path, "slower"), "this track's steps are tasks, which nobody opens", key=True)
    here: Path = ("touches", "slower") if track.slower is None else (*path, "slower")
    paces = sorted((file.touches.slower if track.slower is None else track.slower).items())
    for (fewer, before), (more, after) in itertools.pairwise(paces):
        place: Path = (*here, f"after {more} unopened")
        if not before:
            names.report.problem(place, f"after {fewer} unopened the touches have ended already", key=True)
        elif after and after < before:
            names.report.problem(
                place, f"{shown(after)} is faster than {shown(before)}, after {fewer} unopened", key=True
            )
    return () if track.task else tuple(_paces(paces))


def _paces(paces: Iterable[tuple[int, Span]]) -> Iterator[Slower]:
    """Each pace; the end comes when the next touch would have gone by the pace before it."""
    before = 0
    for count, every in paces:
        yield Slower(unopened=count, every=every or before, ends=not every)
        before = every


def _entry(enter: schema.Enter, path: Path, names: Names, file: schema.PlaybookFile) -> Entry:
    if enter.stage is not None and enter.stage not in STAGES:
        names.report.unknown((*path, "stage"), "stage", enter.stage, STAGES)
    for index, left in enumerate(enter.left):
        if left not in STAGES:
            names.report.unknown((*path, "left", index), "stage", left, STAGES)
    for index, reason in enumerate(enter.reasons):
        if reason not in names.vocabulary.reasons:
            names.report.unknown((*path, "reasons", index), "reason", reason, names.vocabulary.reasons)
    for index, origin in enumerate(enter.from_ or ()):
        if origin not in (*file.tracks, NONE):
            names.report.unknown((*path, "from", index), "track", origin, (*file.tracks, NONE))
    if enter.from_ is not None and not (enter.stage or enter.when or enter.idle or enter.date):
        names.report.problem(
            (*path, "from"), "'from' goes with when, stage, idle or date; else say it in that track's 'leave'", key=True
        )
    engaged = bool(enter.when) and all(each.name == ANY_ENGAGEMENT for each in enter.when or ())
    return Entry(
        stage=enter.stage or "",
        left=tuple(enter.left),
        reasons=tuple(enter.reasons),
        signal=() if engaged else names.signal(enter.when, (*path, "when")),
        idle=enter.idle,
        dated=names.dated(enter.date, (*path, "date")),
        condition=names.condition(enter.if_, (*path, "if")),
        origin=None if enter.from_ is None else tuple("" if each == NONE else each for each in enter.from_),
        engaged=engaged,
    )


def _plain(entry: Entry) -> bool:
    """Whether a condition alone takes leads onto the track, wherever they are."""
    events = entry.stage or entry.signal or entry.idle or entry.dated or entry.engaged or entry.created
    return not events and entry.origin is None


def _stages(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Marketing's stages, and the one at which a track is entered; that one alone if no other way leads there."""
    entered = [entry.stage for entry in entries]
    beyond = tuple(dict.fromkeys(stage for stage in entered if stage and stage not in NURTURED))
    if beyond and all(stage in beyond for stage in entered):
        return beyond
    return (*NURTURED, *beyond)


def _exits(track: schema.Track, path: Path, names: Names, file: schema.PlaybookFile) -> Iterable[Exit]:
    for index, leave in enumerate(track.leave):
        here: Path = (*path, "leave", index)
        if not (leave.when or leave.if_ or leave.idle or leave.stayed or leave.unopened or leave.done):
            names.report.problem(here, "say when it is left: when, if, idle, stayed, unopened or done")
        engaged = bool(leave.when) and all(each.name == ANY_ENGAGEMENT for each in leave.when or ())
        yield Exit(
            signal=() if engaged else names.signal(leave.when, (*here, "when")),
            engaged=engaged,
            condition=names.condition(leave.if_, (*here, "if")),
            idle=leave.idle,
            after=leave.stayed,
            unopened=leave.unopened,
            completed=leave.done,
            to=_destination(leave.to, (*here, "to"), names, file),
        )


def _ends(
    track: schema.Track, rhythms: tuple[Rhythm, ...], path: Path, names: Names, file: schema.PlaybookFile
) -> Iterable[Exit]:
    """The way off when the track is over."""
    if track.then is None:
        return
    to, rest = _destination(track.then[0], (*path, "then"), names, file), track.then[1]
    if track.for_:
        yield Exit(after=track.for_ + rest, to=to)
        return
    if rhythms and not rhythms[-1].until:
        names.report.problem((*path, "then"), "this rhythm never ends, so nothing comes after it: say 'for'", key=True)
    yield Exit(completed=True, after=rest, to=to)


def _destination(to: str | None, path: Path, names: Names, file: schema.PlaybookFile) -> str:
    match to:
        case None:
            return BELONGS
        case "none":
            return ""
        case "suppressed":
            return SUPPRESSED
        case _ if to not in file.tracks:
            names.report.unknown(path, "track", to, (*file.tracks, NONE, SUPPRESS))
    return to
