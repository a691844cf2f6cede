"""The story that a task tells: who, why now, what they did, one sentence to open with; then what to do, and by when.

What is not known is left out; what sales would want to know and nobody supplied is named as missing. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from integration.core.compiled.context import Context
from integration.core.handoff import own_fields, packet
from integration.core.handoff.deeds import deed_parts, named_page
from integration.core.handoff.plain_words import account_words, duration, fit_words, lead_words, plain_words, where
from integration.core.handoff.template_words import Words
from integration.core.handoff.wording import compose, one_line
from integration.core.hours.working_hours import WorkingHours, after, read
from integration.core.model.effects import Wording
from integration.core.rules.calendar import day_words
from integration.core.rules.conditions import alternatives
from mappings.model.task_text import TICK, Line, Link, Mark, Part, TaskText, shortened
from mappings.values.instant import DAY, MINUTE, Instant
from mappings.vocabulary.web_links import web_link

_SUBJECT = 250
_NOTE = 2_000
_ASKED = (
    ("company", "account.name|account.domain"),
    ("company size", "account.employees"),
    ("source", "source"),
    ("problem", "problem|buying_job"),
    ("budget", "budget"),
    ("authority", "authority"),
    ("timeline", "timeline"),
)
"""What every packet names (label, field): a value that is not known is listed as missing."""
_CALLED = {"employees": "company size"}
_SIGNALS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a task tells that is not in its lead's state: who had the task before, how to close it, where to look."""

    reads_in: str = ""
    """The zone (IANA) of whoever gets the task, in which times are written; the playbook's where that is ""."""
    hours: str | None = None
    """Their working hours, in which the task is due and the clocks count; None where nobody's are known."""
    spent: str = ""
    """Of an escalation, whose time it was that passed."""
    had_by: str = ""
    closing: tuple[str, ...] = ()
    records: tuple[tuple[str, Link], ...] = ()
    """(label, link): `Record`, `Company`."""


NOTHING_BESIDE = Beside()


def with_beside(text: TaskText, beside: Beside) -> TaskText:
    """A text that was written before it was known how to close the task and where to look, with both."""
    more = (tuple(_closing(beside)), tuple(_records(beside)))
    return TaskText((*text.sections, *[each for each in more if each]))


def filled(context: Context, wording: Wording, due: Instant, beside: Beside = NOTHING_BESIDE) -> tuple[str, TaskText]:
    """A task's subject and text; `due` is its due time, of an escalation the time that was promised."""
    words = Words(context, wording, due=due)
    subject = shortened(one_line(compose(wording.subject, words)), _SUBJECT)
    sections = [
        tuple(_opening(context, wording, due, beside)),
        tuple(_signals(context)),
        tuple(_behaviour(context)),
        tuple(_background(context)),
        tuple(_talk(context, words)),
        tuple(_to_do(context, wording, words, beside)),
        tuple(_open_ends(context, wording, due, beside)),
        tuple(_records(beside)),
    ]
    return subject, TaskText(tuple([each for each in sections if each]))


def reason(context: Context, wording: Wording, due: Instant) -> str:
    """One of the things that a task is for: what it is called, and what to do, line by line."""
    words = Words(context, wording, due=due)
    return "\n".join([one_line(compose(wording.subject, words)), *[compose(line, words) for line in wording.notes]])


def _line(label: str, *parts: Part, mark: Mark = "", spare: int = 0) -> Line:
    """A line of which no value begins another."""
    return Line(label, tuple([one_line(part) if isinstance(part, str) else part for part in parts]), mark, spare)


def _opening(context: Context, wording: Wording, due: Instant, beside: Beside) -> Iterator[Line]:
    """Who it is, and why now."""
    yield _line("Who", ", ".join(_who(context)))
    if company := _company(context):
        yield _line("Company", ", ".join(company))
    if place := where(context):
        yield _line("Where", place)
    if wording.clock:
        yield _line("Late", _late(context, wording, due, beside))
    if beside.spent:
        yield _line("Time", beside.spent)
    for each in (wording, *wording.also):
        if each.why:
            day = day_words(context.now if each.since is None else each.since, context.reads_in)
            first = each is wording
            yield _line("Why now" if first else "Also", f"{each.why}, {'on' if first else 'since'} {day}")
    if wording.before:
        yield _line("Before", wording.before)


def _late(context: Context, wording: Wording, promised: Instant, beside: Beside) -> str:
    """What was promised, by how much it is late, and who had it."""
    late = context.now - promised
    since = f", {duration(late)} late when this was written" if late >= MINUTE else ""
    had = f"; {beside.had_by} had the task" if beside.had_by else ""
    return f"{wording.clock} was promised by {packet.shown_time(context, promised)}{since}{had}"


def _who(context: Context) -> list[str]:
    """Name, title, what the title does not say of rank and function, and how to reach them."""
    name, title = packet.who(context), lead_words(context, "title")
    role = [lead_words(context, "seniority"), lead_words(context, "function")]
    rest = [title, *[word for word in role if word.casefold() not in title.casefold()]]
    rest += [lead_words(context, "email"), lead_words(context, "phone")]
    return [name, *[word for word in rest if word and word != name]]


def _company(context: Context) -> list[str]:
    """What is known of the company; nothing where nothing is."""
    employees, industry = account_words(context, "employees"), account_words(context, "industry")
    ids = context.state.account if context.ids else ""
    name = account_words(context, "name") or account_words(context, "domain") or ids
    return [word for word in (name, f"{employees} employees" if employees else "", industry) if word]


def _signals(context: Context) -> Iterator[Line]:
    """The two strongest signals, as a list, and the latest key action."""
    if top := packet.strongest(context)[:_SIGNALS]:
        yield _line(f"Strongest signals of the last {context.playbook.key_action_memory // DAY} days")
    for name, seen in top:
        label, what = packet.signal_parts(context, name, seen)
        page = next((page for _, asset, _, page in context.state.consumed if page and asset == seen.about), "")
        about: tuple[Part, ...] = (": ", *named_page(what, page)) if what else ()
        day = day_words(seen.at, context.playbook.calendar.timezone)
        yield _line("", label, *about, f", {day} ({packet.worth(seen)})", mark="item")
    if context.state.key_action is not None:
        kind, what, at = context.state.key_action
        page = next((page for each, asset, _, page in context.state.consumed if (each, asset) == (kind, what)), "")
        day = day_words(at, context.playbook.calendar.timezone)
        yield _line("Latest key action", *deed_parts(context, kind, what, page), f", {day}")


def _behaviour(context: Context) -> Iterator[Line]:
    """What the lead read and did besides its latest key action, the latest first, and what its colleagues viewed."""
    state, zone = context.state, context.playbook.calendar.timezone
    said = state.key_action[:2] if state.key_action is not None else None
    rest = [each for each in reversed(state.consumed) if each[:2] != said]
    if rest:
        yield _line("Read and done", spare=4)
    for kind, what, at, page in rest:
        yield _line("", *deed_parts(context, kind, what, page), f", {day_words(at, zone)}", mark="item", spare=4)
    for document, (people, at) in sorted(packet.colleagues(context).items()):
        seen = (f"{people} people at the company viewed ", web_link(plain_words(document)), f", {day_words(at, zone)}")
        yield _line("Colleagues", *seen, spare=3)


def _background(context: Context) -> Iterator[Line]:
    """Where the lead came from and since when it is known, how well it fits, and what it answered."""
    source, since = lead_words(context, "source"), _known_since(context)
    if source:
        yield _line("Source", f"{source}, known since {since}" if since else source, spare=1)
    elif since:
        yield _line("Known since", since, spare=1)
    yield _line("Fit", fit_words(context), spare=1)
    problem = lead_words(context, "problem")
    if problem or (problem := _job(context)):
        yield _line("Problem", problem)
    for name in ("budget", "authority", "timeline"):
        if answer := lead_words(context, name):
            yield _line(name.capitalize(), answer)
    for own in own_fields.lines(context):
        yield _line("", own, spare=2)


def _known_since(context: Context) -> str:
    """The day since which the lead is known; "" for who is known since today."""
    born, timezone = context.state.born, context.playbook.calendar.timezone
    if born is None or day_words(born, timezone) == day_words(context.now, timezone):
        return ""
    return day_words(born, timezone)


def _talk(context: Context, words: Words) -> Iterator[Line]:
    """One sentence to open with."""
    text = next((text for check, text in context.table.talk if check(context)), "")
    if text:
        yield _line("Open with", shortened(compose(text, words), _NOTE))


def _to_do(context: Context, wording: Wording, words: Words, beside: Beside) -> Iterator[Line]:
    """What to do, line by line, with what can be ticked off."""
    further = [note for each in wording.also for note in (f"{TICK}{each.subject}" if each.subject else "", *each.notes)]
    wanted = [note for note in (*wording.notes, *further) if note]
    notes = list(dict.fromkeys([shortened(one_line(compose(note, words)), _NOTE) for note in wanted]))
    if wording.clock and not notes:
        ask = f"Ask {beside.had_by} to answer" if beside.had_by else "See to it that somebody answers"
        notes = [f"{TICK}{ask} {packet.who(context)} today, or give the lead to somebody who can"]
    if notes:
        yield _line("To do")
    for note in notes:
        yield _line("", note.removeprefix(TICK), mark="todo" if note.startswith(TICK) else "item")


def _open_ends(context: Context, wording: Wording, due: Instant, beside: Beside) -> Iterator[Line]:
    """What is missing, by when an answer is due, and how to close the task."""
    if gaps := _gaps(context):
        yield _line("Missing", ", ".join(gaps))
    if wording.clock:
        yield _line("Answer was due", packet.shown_time(context, due))
    else:
        promised = packet.answer_due(context, due)
        answer = _when_they_work(context, promised, beside) if promised != due else due
        also = f", promised by {packet.shown_time(context, promised)}" if answer != promised else ""
        yield _line("Answer due", f"{packet.shown_time(context, answer)}{also}")
        if answer != due:
            yield _line("Task due", packet.shown_time(context, due))
    yield from _closing(beside)


def _when_they_work(context: Context, at: Instant, beside: Beside) -> Instant:
    """When whoever gets the task works next from then on, as the due time of the task itself is counted."""
    return after(read(beside.hours or "") or WorkingHours(), context.playbook.calendar, at, 0)


def _closing(beside: Beside) -> Iterator[Line]:
    for number, each in enumerate(beside.closing):
        yield _line("" if number else "How to close it", each)


def _records(beside: Beside) -> Iterator[Line]:
    for label, link in beside.records:
        yield _line(label, link, spare=2)


def _gaps(context: Context) -> list[str]:
    """What sales would want to know and nobody has supplied: what the playbook requires or asks for first."""
    wanted = packet.unanswered(context)
    named = {name for each in wanted for name in alternatives(each.field)}
    rest = [
        label for label, field in _ASKED if not packet.known(context, field) and named.isdisjoint(alternatives(field))
    ]
    found = [_CALLED.get(each.label, each.label) for each in wanted]
    found += [label for label in rest if label != "company" or not _company(context)]
    guessed = bool(context.job())
    return [f"{label} (only guessed so far)" if guessed and label == "problem" else label for label in found]


def _job(context: Context) -> str:
    job = context.job()
    if not job:
        return ""
    label = next((each.label for each in context.playbook.segments.jobs if each.name == job and each.label), job)
    return f"probably {plain_words(label)}"
