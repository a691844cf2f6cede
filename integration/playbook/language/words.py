"""The kinds of text and number in a playbook, as pydantic types.

Each reads one written form (`14d`, `2h working`, `day 3`, `80%`) into a value of the core, says in the JSON Schema what
it looks like, and says where in the text a mistake begins.
"""

import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from pydantic import PlainValidator, WithJsonSchema

from integration.core.rules.automation_rules import Due
from integration.core.rules.scoring_rules import POINT, Limit
from integration.playbook.language import grammar
from integration.playbook.language.grammar import ConditionText, DatedText, PatternText, Unreadable
from integration.playbook.language.texts import cause_form, kind_of, mistake, source_form, wording
from integration.playbook.language.written_forms import NAME_FORM, SPAN_FORM, read_as, shaped
from mappings.model.canonical import ACTIVITY_TYPES
from mappings.values.instant import DAY, HOUR, Span
from mappings.vocabulary.value import CANONICAL
from mappings.yaml_files.problems import nearest

Parsed = TypeVar("Parsed")

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_MOST_POINTS = 100_000  # of a line: a score of many such lines still fits where the store keeps it
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_DUE = re.compile(
    r"(?P<span>\d+\s*[a-z])(?P<working>\s+working)?|(?P<next>next working day)|(?P<days>\d+) working days?"
)
_ANY_TIME = re.compile(r"(?P<due>.*\S)\s+any time")
_OFFSET = re.compile(r"day (?P<day>\d+)|after (?P<span>.+)|(?P<next>next working day)")
_EVERY = re.compile(r"(?P<every>\S+)(?:\s+until day (?P<until>\d+))?")
_LIMIT = re.compile(r"(?P<times>\d+) per (?P<window>day|\S+?)(?: per (?P<by>[a-z_]+))?")
_CAP = re.compile(r"(?P<times>\d+) in (?P<within>.+)")
_START = re.compile(r"(?P<kind>stage|trigger) (?P<name>[a-z][a-z0-9_-]*)")
_THEN = re.compile(r"(?P<name>[a-z][a-z0-9_-]*)(?: after (?P<rest>.+))?")
_HOURS = re.compile(r"(?P<h1>\d{2}):(?P<m1>\d{2})-(?P<h2>\d{2}):(?P<m2>\d{2})")
_AFTER_UNOPENED = re.compile(r"after ([1-9]\d*) unopened")
_CAUSE = re.compile(r"(?P<reason>[a-z][a-z0-9_]*)?(?:(?:^|\s+)from (?P<stage>[a-z]+))?")


def _matched(pattern: re.Pattern[str], text: str, example: str) -> re.Match[str]:
    if (found := pattern.fullmatch(text.strip())) is None:
        msg = f"'{text}' cannot be read here (such as: {example})"
        raise Unreadable(msg)
    return found


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        msg = f"'{text}' is no name: small letters, digits, _ and - only"
        raise Unreadable(msg)
    return text


def _points(value: Any) -> int:
    number = _exact(value)
    if number is None or abs(number) > _MOST_POINTS or number * POINT % 1:
        most = "100,000" if number is not None and abs(number) > _MOST_POINTS else "three decimals"
        text = f"{kind_of(value)} is not a number of points (at most {most})"
        raise mistake(text)
    return int(number * POINT)


def _exact(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):  # ValueError: more digits than Python writes
        return None
    return number if number.is_finite() else None


def _percent(text: str) -> int:
    found = _matched(re.compile(r"(\d+(?:\.\d)?)%"), text, "80%")
    share = Decimal(found[1])
    if share > 100:  # noqa: PLR2004 - per cent
        msg = f"{text} is more than all"
        raise Unreadable(msg)
    return int(share * 10)


def _due(text: str) -> Due:
    found = _matched(_DUE, text, "24h, 2h working, next working day")
    if found["span"]:
        return Due(span=grammar.span(found["span"]), working=bool(found["working"]))
    days = 1 if found["next"] else int(found["days"])
    grammar.bounded(days * DAY, text)
    return Due(working_days=days)


def _task_due(text: str) -> Due:
    found = _ANY_TIME.fullmatch(text.strip())
    if found is None:
        return _due(text)
    due = _due(found["due"])
    if not due.span or due.working:
        msg = f"'{found['due']}' is in working time; 'any time' goes with a plain span (such as: 30m any time)"
        raise Unreadable(msg)
    return replace(due, any_time=True)


def _offset(text: str) -> Due:
    found = _matched(_OFFSET, text, "day 3, after 24h, next working day")
    if found["day"]:
        return Due(span=grammar.bounded(int(found["day"]) * DAY, text))
    return Due(working_days=1) if found["next"] else Due(span=grammar.span(found["span"]))


def _every(text: str) -> tuple[tuple[Span, Span], ...]:
    rhythms = []
    for piece in text.split(" then "):
        found = _matched(_EVERY, piece, "14d, 15d until day 84 then 30d")
        until = grammar.bounded(int(found["until"] or 0) * DAY, piece)
        rhythms.append((grammar.span(found["every"]), until))
    if any(not until for _, until in rhythms[:-1]):
        msg = "only the last rhythm may be without an end"
        raise Unreadable(msg)
    return tuple(rhythms)


def _limit(text: str) -> Limit:
    found = _matched(_LIMIT, text, "1 per day per asset, 3 per 7d")
    within = 0 if found["window"] == "day" else grammar.span(found["window"])
    return Limit(times=int(found["times"]), within=within, by=found["by"] or "")


def _cap(text: str) -> tuple[int, Span]:
    found = _matched(_CAP, text, "2 in 7d")
    return int(found["times"]), grammar.span(found["within"])


def _start(text: str) -> tuple[str, str]:
    found = _matched(_START, text, "stage mql, trigger pricing_integration")
    return found["kind"], found["name"]


def _then(text: str) -> tuple[str, Span]:
    found = _matched(_THEN, text, "newsletter, suppressed after 14d")
    return found["name"], grammar.span(found["rest"]) if found["rest"] else 0


def _before(text: str) -> Span:
    return grammar.span(_matched(re.compile(r"(\S+) before"), text, "4h before")[1])


def _step_after(text: str) -> Span:
    return grammar.span(_matched(re.compile(r"after (\S+)"), text, "after 14d")[1])


def _after_unopened(text: str) -> int:
    return int(_matched(_AFTER_UNOPENED, text, "after 4 unopened")[1])


def _pace(text: str) -> Span:
    return 0 if text.strip() == "end" else grammar.span(text)


def _half_life(text: str) -> int:
    if (length := grammar.span(text)) % DAY:
        msg = f"'{text}' is not a whole number of days"
        raise Unreadable(msg)
    return length // DAY


def _from_day(text: str) -> Span:
    return grammar.bounded(int(_matched(re.compile(r"from day (\d+)"), text, "from day 90")[1]) * DAY, text)


def weekdays(text: str) -> tuple[int, ...]:
    """Read `Mon-Fri` or `Tue, Thu` (Monday is 0); Unreadable otherwise."""
    chosen: set[int] = set()
    for piece in text.split(","):
        ends = [end.strip() for end in piece.split("-")]
        for end in ends:
            if end not in WEEKDAYS:
                msg = f"'{end}' is no day of the week{nearest(end, WEEKDAYS)}"
                raise Unreadable(msg, text.index(end))
        chosen.update(range(WEEKDAYS.index(ends[0]), WEEKDAYS.index(ends[-1]) + 1))
    return tuple(sorted(chosen))


def day_hours(text: str) -> tuple[int, int]:
    """Read `09:00-17:00` as minutes after midnight; Unreadable otherwise."""
    found = _matched(_HOURS, text, "09:00-17:00")
    opens, closes = int(found["h1"]) * 60 + int(found["m1"]), int(found["h2"]) * 60 + int(found["m2"])
    if not 0 <= opens < closes <= DAY // HOUR * 60:
        msg = f"'{text}' has no hours in it"
        raise Unreadable(msg)
    return opens, closes


def _cause(text: str) -> tuple[str, str]:
    found = _matched(_CAUSE, text, "timing, from sql, timing from sql, otherwise")
    return found["reason"] or "", found["stage"] or ""


Name = Annotated[str, read_as(_name), shaped("A name.", NAME_FORM, "pricing")]
Condition = Annotated[
    ConditionText,
    read_as(grammar.condition),
    shaped("A condition on fields and scores; clauses joined by `and`.", ".+", "employees 50-300", "fit >= 20"),
]
Pattern = Annotated[
    PatternText,
    read_as(grammar.pattern),
    WithJsonSchema(
        {
            "description": "An activity or a signal, with conditions on its properties.",
            "examples": ["page_view page=pricing"],
            "anyOf": [
                {"enum": [*ACTIVITY_TYPES, grammar.ANY_ENGAGEMENT]},
                {"type": "string", "pattern": "^[a-z_]+.*$"},
            ],
        }
    ),
]
Evidence = Annotated[str, shaped("An activity, or a condition on fields.", ".+", "problem ~ cost")]
Points = Annotated[int, PlainValidator(_points), WithJsonSchema({"type": "number", "description": "Points."})]
Percent = Annotated[int, read_as(_percent), shaped("A share.", r"\d+(\.\d)?%", "80%")]
Length = Annotated[Span, read_as(grammar.span), shaped("A length of time.", SPAN_FORM, "24h", "14d")]
DueTime = Annotated[
    Due,
    read_as(_due),
    shaped("When it is due.", rf"{SPAN_FORM}( working)?|next working day|\d+ working days?", "24h", "2h working"),
]
TaskDue = Annotated[
    Due,
    read_as(_task_due),
    shaped(
        "When a task is due: in working time, unless `any time` is said.",
        rf"{SPAN_FORM}( working| any time)?|next working day|\d+ working days?",
        "24h",
        "30m any time",
        "2h working",
    ),
]
Offset = Annotated[
    Due, read_as(_offset), shaped("When it goes.", rf"day \d+|after {SPAN_FORM}|next working day", "day 3")
]
Every = Annotated[
    tuple[tuple[Span, Span], ...],
    read_as(_every),
    shaped("How often.", rf"{SPAN_FORM}( until day \d+ then {SPAN_FORM})*( until day \d+)?", "14d"),
]
ScoreLimit = Annotated[
    Limit,
    read_as(_limit),
    shaped("At most so often.", rf"\d+ per (day|{SPAN_FORM})( per [a-z_]+)?", "1 per day per asset"),
]
Cap = Annotated[tuple[int, Span], read_as(_cap), shaped("At most so many.", rf"\d+ in {SPAN_FORM}", "2 in 7d")]
Start = Annotated[
    tuple[str, str], read_as(_start), shaped("What starts it.", f"(stage|trigger) {NAME_FORM}", "stage mql")
]
Then = Annotated[
    tuple[str, Span],
    read_as(_then),
    shaped("The next track (or none, suppressed).", rf"{NAME_FORM}( after {SPAN_FORM})?", "newsletter"),
]
Before = Annotated[Span, read_as(_before), shaped("So long before.", f"{SPAN_FORM} before", "4h before")]
IdleStep = Annotated[Span, read_as(_step_after), shaped("After so long idle.", f"after {SPAN_FORM}", "after 14d")]
HalfLifeDays = Annotated[int, read_as(_half_life), shaped("Half is left after this.", r"\d+\s*[dw]", "30d")]
FromDay = Annotated[Span, read_as(_from_day), shaped("From this day on.", r"from day \d+", "from day 90")]
Days = Annotated[
    tuple[int, ...], read_as(weekdays), shaped("Days of the week.", "[A-Z][a-z]{2}.*", "Mon-Fri", "Tue, Thu")
]
Hours = Annotated[tuple[int, int], read_as(day_hours), shaped("Hours.", r"\d{2}:\d{2}-\d{2}:\d{2}", "09:00-17:00")]
AfterUnopened = Annotated[
    int,
    read_as(_after_unopened),
    shaped("After so many e-mails in a row that nobody opened.", r"after [1-9]\d* unopened", "after 4 unopened"),
]
Pace = Annotated[
    Span,
    read_as(_pace),
    shaped("So far apart at the least, or `end`.", rf"{SPAN_FORM}|end", "14d", "end"),
]
ByDate = Annotated[
    DatedText,
    read_as(grammar.dated),
    shaped(
        "So long before or after a date.",
        rf"({SPAN_FORM} (before|after)|on) [A-Za-z_][\w.]*",
        "90d before renewal_date",
    ),
]
Wording = Annotated[
    str, PlainValidator(wording), shaped("What people read; {fields} are filled in.", ".+", "Call {name}")
]
Cause = Annotated[
    tuple[str, str],
    read_as(_cause),
    shaped("Why a lead came back.", cause_form(CANONICAL), "timing", "from sql", "otherwise"),
]
Source = Annotated[str, read_as(_name), shaped("Where a lead comes from.", source_form(CANONICAL), "webinar")]
