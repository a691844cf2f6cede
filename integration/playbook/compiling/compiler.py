"""The compiler: YAML becomes the core's playbook, or every mistake with its place and the nearest right name."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache
from zoneinfo import available_timezones

from integration.core.rules.automation_rules import Unreached
from integration.core.rules.calendar import Calendar
from integration.core.rules.patterns import INTERNAL_SHARING
from integration.core.rules.playbook_rules import (
    OWNERS,
    PROFILE,
    FrequencyCap,
    Gate,
    Handoff,
    Playbook,
    Recycle,
    Requirement,
    SendWindow,
    TalkTrack,
    Team,
)
from integration.playbook.compiling.compile_contents import compile_contents
from integration.playbook.compiling.compile_plays import (
    compile_clock,
    compile_first_move,
    compile_play,
    compile_trigger,
)
from integration.playbook.compiling.compile_scoring import (
    compile_bands,
    compile_engagement,
    compile_fit,
    compile_segments,
)
from integration.playbook.compiling.compile_tracks import compile_track
from integration.playbook.compiling.renames import check_renames
from integration.playbook.compiling.warnings import look_over
from integration.playbook.language import schema, sections
from integration.playbook.language.names import Names
from integration.playbook.language.report import Report
from integration.playbook.language.texts import LOST, OTHERWISE
from integration.playbook.reading import country_holidays, library
from integration.playbook.reading.read_playbook import read
from mappings.model.canonical import STAGES
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.located_yaml import Path
from mappings.yaml_files.problems import Problem, TooManyProblemsError


def load(name_or_path: str, vocabulary: Vocabulary | None = None) -> tuple[Playbook | None, tuple[Problem, ...]]:
    """A shipped playbook by its name, or one of your own by its path, in the words of a vocabulary.

    None with at least one error, or a playbook with whatever warnings there are. Without a vocabulary its words are
    those that come with Coldframe.
    """
    source, file, problems = library.find(name_or_path)
    return compile_text(source, file, vocabulary) if source is not None else (None, problems)


def compile_text(
    source: str, file: str, vocabulary: Vocabulary | None = None
) -> tuple[Playbook | None, tuple[Problem, ...]]:
    """Compile the text of a playbook; `file` is the name that problems show."""
    return _compiled(source, file, vocabulary or shipped())


@lru_cache(maxsize=16)
def _compiled(source: str, file: str, words: Vocabulary) -> tuple[Playbook | None, tuple[Problem, ...]]:
    """As `compile_text`; the same text in the same words is compiled once: a playbook is never changed."""
    shape, report, problems = read(source, file, words)
    if shape is None or report is None:
        return None, problems
    try:
        playbook = replace(compile_file(shape, report, words), text=source)
    except TooManyProblemsError:
        return None, report.problems()
    return (None if report.failed() else playbook), report.problems()


def compile_file(file: schema.PlaybookFile, report: Report, vocabulary: Vocabulary) -> Playbook:
    """Compile what has the right shape; mistakes go to the report."""
    names = Names.of(file, report, vocabulary)
    names.derived = {name for name, trigger in file.triggers.items() if trigger.by == "account"}
    engagement = compile_engagement(file.engagement, names)
    triggers = [compile_trigger(name, trigger, names, file) for name, trigger in file.triggers.items()]
    plays = [compile_play(name, play, names, file.contents) for name, play in file.plays.items()]
    playbook = Playbook(
        name=file.name,
        title=file.title or file.name,
        description=file.about.strip(),
        vocabulary=vocabulary,
        fit=compile_fit(file.fit, names),
        engagement=engagement,
        bands=compile_bands(file.bands, names),
        segments=compile_segments(file, names),
        owners=_owners(file.owns, report),
        exclusions=tuple(
            names.single(text, ("handoff", "exclude", index)) for index, text in enumerate(file.handoff.exclude)
        ),
        gate=Gate(
            condition=names.condition(file.handoff.gate, ("handoff", "gate")),
            label=" or ".join(text.text for text in file.handoff.gate),
        ),
        handoff=_handoff(file, names),
        recycle=_recycle(file, names),
        unreached=_unreached(file.recycle.unreached),
        clocks=tuple(compile_clock(name, clock, names, file) for name, clock in file.clocks.items()),
        triggers=tuple(trigger for trigger, _, _ in triggers),
        plays=(*plays, *(play for _, play, _ in triggers if play is not None)),
        tracks=tuple(compile_track(name, track, names, file) for name, track in file.tracks.items()),
        first_moves=tuple(compile_first_move(source, move, names, file) for source, move in file.first_moves.items()),
        contents=compile_contents(file, names),
        account_signals=(INTERNAL_SHARING, *(signal for _, _, signal in triggers if signal is not None)),
        calendar=_calendar(file.calendar, report),
        send_windows=tuple(_windows(file, report)),
        frequency_cap=_cap(file.touches),
    )
    check_renames(file, report)
    look_over(file, playbook, names)
    return playbook


def _owners(owns: schema.Owns | None, report: Report) -> tuple[tuple[str, Team], ...]:
    """Whose each stage is; a file that names owners names one for each."""
    if owns is None:
        return tuple(OWNERS.items())
    for stage, usual in OWNERS.items():
        if getattr(owns, stage) is None:
            text = f"nobody owns '{stage}' here, and what everyone owns, no one does: say {stage}: {usual}"
            report.warn(("owns",), text, key=True)
    return tuple((stage, getattr(owns, stage) or usual) for stage, usual in OWNERS.items())


def _handoff(file: schema.PlaybookFile, names: Names) -> Handoff:
    path: Path = ("handoff",)
    handoff = file.handoff
    if handoff.play not in file.plays:
        names.report.unknown((*path, "play"), "play", handoff.play, file.plays)
    required, asks = (_wanted(key, getattr(handoff, key), names, file) for key in ("requires", "asks"))
    for index, each in enumerate(asks):
        if each in required:
            names.report.problem((*path, "asks", index), f"'{each.name}' is required: what is required is asked for")
    talk = []
    for text, wording in handoff.talk_track.items():
        condition = None if text.text == OTHERWISE else names.single(text, (*path, "talk_track", text.text), key=True)
        talk.append(TalkTrack(text=wording, condition=condition))
    answers = [name for name, clock in file.clocks.items() if clock.starts == ("stage", "mql")]
    tiers = sorted(((points, name) for name, points in (file.fit.tiers if file.fit else {}).items()), reverse=True)
    return Handoff(
        play=handoff.play,
        required=required,
        asks=asks,
        talk_tracks=tuple(talk),
        answer_within=answers[0] if answers else "",
        fit_tiers=tuple(tiers),
    )


def _wanted(key: str, wanted: list[str], names: Names, file: schema.PlaybookFile) -> tuple[Requirement, ...]:
    """Fields that sales wants to know, and that a `profile` touch asks for."""
    found = []
    for index, name in enumerate(wanted):
        if (subject := names.subject(name, ("handoff", key, index))) is not None:
            label = subject[1].label or name.removeprefix("account.").replace("_", " ")
            found.append(Requirement(field=subject[0], label=label.lower(), name=name))
    if wanted and file.contents and PROFILE not in file.contents:
        names.report.warn(
            ("handoff", key), f"a touch asks for what is missing, and 'contents' has no '{PROFILE}'", key=True
        )
    return tuple(found)


def _recycle(file: schema.PlaybookFile, names: Names) -> tuple[Recycle, ...]:
    found, reasons = [], names.vocabulary.reasons
    for (reason, stage), back in file.recycle.causes.items():
        path: Path = ("recycle", f"{reason} from {stage}".strip() if stage else reason)
        if reason not in ("", OTHERWISE, LOST, *reasons):
            names.report.unknown(path, "reason", reason, (*reasons, LOST, OTHERWISE, "unreached"), key=True)
        if stage and stage not in STAGES:
            names.report.unknown(path, "stage", stage, STAGES, key=True)
        if back.track not in file.tracks:
            names.report.unknown((*path, "track"), "track", back.track, file.tracks)
        found.append(
            Recycle(
                track=back.track,
                reasons=(reason,) if reason in reasons else (),
                left=(stage,) if stage else (),
                lost=reason == LOST,
                hold=back.hold,
            )
        )
    return tuple(found)


def _unreached(unreached: schema.Unreached | None) -> Unreached | None:
    return Unreached(attempts=unreached.attempts, over=unreached.over) if unreached else None


def _calendar(calendar: sections.Calendar, report: Report) -> Calendar:
    _zone(calendar.timezone, ("calendar", "timezone"), report)
    free: frozenset[str] = frozenset()
    if calendar.holidays is not None:
        known = country_holidays.days(calendar.holidays)
        free = known or free
        if known is None:
            report.unknown(("calendar", "holidays"), "country", calendar.holidays, country_holidays.countries())
    opens, closes = calendar.hours
    return Calendar(timezone=calendar.timezone, opens=opens, closes=closes, weekdays=calendar.days, holidays=free)


def _windows(file: schema.PlaybookFile, report: Report) -> Iterator[SendWindow]:
    for index, send in enumerate(file.touches.send):
        if send.timezone is not None:
            _zone(send.timezone, ("touches", "send", index, "timezone"), report)
        zone = send.timezone or file.calendar.timezone
        for opens, closes in send.hours:
            yield SendWindow(weekdays=send.days, opens=opens, closes=closes, timezone=zone)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(zone: str, path: Path, report: Report) -> None:
    zones = _zones()
    if zone not in zones:
        report.unknown(path, "time zone", zone, zones)


def _cap(touches: schema.Touches) -> FrequencyCap | None:
    return FrequencyCap(touches=touches.at_most[0], within=touches.at_most[1]) if touches.at_most else None
