"""The handoff packet: what sales reads before the call. Never a bare score [rules: handoff]."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from integration.core.compiled.context import Context
from integration.core.handoff import fit_words, own_fields
from integration.core.handoff.wording import WORDING_FIELDS, compose, one_line
from integration.core.model.effects import Wording
from integration.core.model.state import Seen
from integration.core.rules.calendar import day_words, wall_clock
from integration.core.rules.conditions import alternatives
from integration.core.rules.playbook_rules import Requirement
from integration.core.rules.scoring_rules import POINT
from mappings.values.instant import DAY, Instant

_COLLEAGUES = 7 * DAY
_NAMELESS = "somebody without a name"
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


def who(context: Context) -> str:
    """The lead's name, else e-mail, else (in a replay) id or telephone number."""
    own = f"{_lead(context, 'first_name')} {_lead(context, 'last_name')}".strip()
    lead = context.state.lead if context.ids else ""
    return own or _lead(context, "email") or lead or _lead(context, "phone") or _NAMELESS


def shown_time(context: Context, at: Instant) -> str:
    """A due time in the reader's zone."""
    return wall_clock(at, context.reads_in)


def strongest(context: Context) -> list[tuple[str, Seen]]:
    """The rules that scored within the packet's memory: by points, then recency, then name."""
    oldest = context.now - context.playbook.key_action_memory
    seen = context.state.seen
    recent = [(-each.points, -each.at, name) for name, each in seen.items() if each.at >= oldest and each.points > 0]
    recent.sort()
    return [(name, seen[name]) for _, _, name in recent]


def signal_words(context: Context, name: str, seen: Seen) -> str:
    """`case study seen (acme-story) on 6 January 2026, 10 points, 3 times in all`."""
    times = f", {seen.times} times in all" if seen.times > 1 else ""
    return f"{_signal(context, name, seen)}, {points(seen.points)} points{times}"


def _signal(context: Context, name: str, seen: Seen) -> str:
    label = context.table.rule_labels.get(name, name)
    about = f" ({seen.about})" if seen.about and seen.about.casefold() not in label.casefold() else ""
    return f"{label}{about} on {day_words(seen.at, context.playbook.calendar.timezone)}"


def points(amount: int) -> str:
    """Thousandths as people write points: `15`, `0.2`."""
    whole, rest = divmod(amount, POINT)
    return str(whole) if not rest else f"{amount / POINT:.3f}".rstrip("0")


def missing(context: Context) -> list[Requirement]:
    """The required fields that nobody has supplied yet."""
    return [each for each in context.playbook.handoff.required if not known(context, each.field)]


def unanswered(context: Context) -> list[Requirement]:
    """As `missing`, and what the playbook asks for besides."""
    return [*missing(context), *(each for each in context.playbook.handoff.asks if not known(context, each.field))]


def known(context: Context, field: str) -> bool:
    """Whether a field has a value; of several names separated by `|`, one of them."""
    return any(context.read(name) not in (None, "", ()) for name in alternatives(field))


def wording(  # noqa: PLR0913 - what sets a task off
    context: Context,
    *,
    subject: str = "",
    notes: Iterable[str] = (),
    play: str = "",
    trigger: str = "",
    clock: str = "",
) -> Wording:
    """A task's templates with what caused it: the current activity, among others."""
    return Wording(
        subject=subject,
        notes=tuple(notes),
        play=play,
        trigger=trigger,
        clock=clock,
        activity=context.playbook.vocabulary.label(context.activity.type) if context.activity else "",
        asset=_of_activity(context, "asset") or _of_activity(context, "document"),
        page=_of_activity(context, "page"),
    )


def filled(context: Context, wording: Wording, due: Instant) -> tuple[str, str]:
    """A task's subject, and its body: what to do, the newest reason first, then everything known that helps."""
    words = Words(context, wording, due=due)
    note = "\n".join([compose(line, words) for line in wording.notes])
    for each in wording.also:
        note = "\n".join([*([note] if note else []), f"Also: {reason(context, each, due)}"])
    packet = "\n".join([one_line(line) for line in _lines(context, words, due)])
    return one_line(compose(wording.subject, words)), f"{note}\n\n{packet}" if note else packet


def reason(context: Context, wording: Wording, due: Instant) -> str:
    """One of the things that a task is for: what it is called, and what to do, line by line."""
    words = Words(context, wording, due=due)
    return "\n".join([one_line(compose(wording.subject, words)), *[compose(line, words) for line in wording.notes]])


def _lines(context: Context, words: "Words", due: Instant) -> Iterator[str]:
    yield f"Who: {', '.join(_who_words(context))}"
    company = _company_words(context)
    if company:
        yield f"Company: {', '.join(company)}"
    yield from _interest(context)
    yield from _answers(context)
    yield from own_fields.lines(context)
    if talk := _talk(context, words):
        yield f"Say: {talk}"
    if gaps := _gaps(context, company):
        yield f"Missing: {', '.join(gaps)}"
    yield f"Answer due: {shown_time(context, _answer_due(context, due))}"


def _interest(context: Context) -> Iterator[str]:
    """Where the lead came from, what it did, and what that comes to."""
    state, zone = context.state, context.playbook.calendar.timezone
    if source := _lead(context, "source"):
        yield f"Source: {source.replace('_', ' ')}"
    if state.consumed:
        read = [f"{_deed(context, kind, what)} ({day_words(at, zone)})" for kind, what, at in reversed(state.consumed)]
        yield f"Consumed: {'; '.join(read)}"
    if top := strongest(context)[:2]:
        yield f"Strongest signals: {'; '.join([signal_words(context, name, seen) for name, seen in top])}"
    yield f"Fit: {fit_words.fit_words(context)}"
    if state.key_action:
        yield f"Latest key action: {_key_action(context)}"
    for document, (people, _) in sorted(_colleagues(context).items()):
        yield f"Colleagues: {people} people at the company viewed {document}"


def _answers(context: Context) -> Iterator[str]:
    """What is known of the answers that sales asks for."""
    if problem := _lead(context, "problem") or _job(context):
        yield f"Problem: {problem}"
    answers = [(name.capitalize(), _lead(context, name)) for name in ("budget", "authority", "timeline")]
    if answers := [(name, answer) for name, answer in answers if answer]:
        yield "; ".join([f"{name}: {answer}" for name, answer in answers])


def _who_words(context: Context) -> list[str]:
    seniority, function = _lead(context, "seniority").replace("_", " "), _lead(context, "function").replace("_", " ")
    role = f"{seniority} {function}".strip()
    name = who(context)
    rest = (_lead(context, "title"), role, _lead(context, "email"), _lead(context, "phone"))
    return [name, *[word for word in rest if word and word != name]]


def _company_words(context: Context) -> list[str]:
    """What is known of the company; nothing where nothing is."""
    employees, industry = _account(context, "employees"), _account(context, "industry")
    name = _account(context, "name") or _account(context, "domain") or (context.state.account if context.ids else "")
    return [word for word in (name, f"{employees} employees" if employees else "", industry) if word]


def _gaps(context: Context, company: list[str]) -> list[str]:
    """What sales would want to know and nobody has supplied: what the playbook requires or asks for first."""
    wanted = unanswered(context)
    named = {name for each in wanted for name in alternatives(each.field)}
    rest = [label for label, field in _ASKED if not known(context, field) and named.isdisjoint(alternatives(field))]
    return [*[each.label for each in wanted], *[label for label in rest if label != "company" or not company]]


def _lead(context: Context, name: str) -> str:
    value = context.state.fields.get(name)
    return value if isinstance(value, str) else own_fields.text(value)


def _account(context: Context, name: str) -> str:
    value = context.state.company.get(name)
    return value if isinstance(value, str) else own_fields.text(value)


def _job(context: Context) -> str:
    job = context.job()
    if not job:
        return ""
    label = next((each.label for each in context.playbook.segments.jobs if each.name == job and each.label), job)
    return f"probably {label.replace('_', ' ')}"


def _key_action(context: Context) -> str:
    action = context.state.key_action
    if action is None:
        return ""
    kind, what, at = action
    return f"{_deed(context, kind, what)}, {day_words(at, context.playbook.calendar.timezone)}"


def _deed(context: Context, kind: str, what: str) -> str:
    label = context.playbook.vocabulary.label(kind)
    return f"{label}: {what}" if what else label


def _colleagues(context: Context) -> dict[str, tuple[int, int]]:
    oldest = context.now - _COLLEAGUES
    return {document: seen for document, seen in context.state.colleagues.items() if seen[1] >= oldest}


def _talk(context: Context, words: "Words") -> str:
    text = next((text for check, text in context.table.talk if check(context)), "")
    return compose(text, words) if text else ""


def _answer_due(context: Context, due: Instant) -> Instant:
    """The deadline of the clock that waits for an answer; once that is missed, of the task itself."""
    run = context.state.clocks.get(context.playbook.handoff.answer_within)
    return run.due if run is not None and run.stopped is None and run.due >= context.now else due


def _of_activity(context: Context, name: str) -> str:
    return own_fields.text(context.activity.properties.get(name)) if context.activity else ""


class Words(Mapping[str, str]):
    """The values of WORDING_FIELDS for one lead and one cause, worked out when asked for.

    What is not known reads `(company not on record)`.
    """

    def __init__(self, context: Context, wording: Wording, *, due: Instant | None) -> None:
        self.context, self.wording, self.due = context, wording, due

    def __getitem__(self, name: str) -> str:
        return self._value(name) or f"({name.replace('_', ' ')} not on record)"

    def _value(self, name: str) -> str:
        if name in _OF_CAUSE:
            return str(getattr(self.wording, name))
        if name == "due":
            return shown_time(self.context, self.due) if self.due is not None else ""
        if name == "signal":
            return _nth_signal(self.context, 0) or self.wording.activity
        composed = _COMPOSED.get(name)
        return composed(self.context) if composed is not None else self._field(name)

    def _field(self, name: str) -> str:
        words = self.context.playbook.vocabulary
        if name in words.own_lead:
            return own_fields.text_of(self.context, name)
        if name in words.own_account:
            return own_fields.text_of(self.context, f"account.{name}")
        return own_fields.text(self.context.read(_SUBJECTS.get(name, name)))

    def __iter__(self) -> Iterator[str]:
        return iter(WORDING_FIELDS)

    def __len__(self) -> int:
        return len(WORDING_FIELDS)


def _nth_signal(context: Context, number: int) -> str:
    top = strongest(context)
    return _signal(context, *top[number]) if len(top) > number else ""


_OF_CAUSE = ("play", "trigger", "clock", "activity", "asset", "page")
_SUBJECTS = {
    "company": "account.name",
    "domain": "account.domain",
    "employees": "account.employees",
    "revenue": "account.revenue",
    "industry": "account.industry",
}
_COMPOSED: Mapping[str, Callable[[Context], str]] = {
    "name": who,
    "first_name": lambda context: _lead(context, "first_name") or who(context),
    "company": lambda context: _account(context, "name") or _account(context, "domain"),
    "fit": lambda context: str(context.state.fit // POINT),
    "engagement": lambda context: str(context.state.score.value // POINT),
    "total": lambda context: str((context.state.fit + context.state.score.value) // POINT),
    "fit_tier": fit_words.fit_tier,
    "second_signal": lambda context: _nth_signal(context, 1),
    "key_action": _key_action,
    "colleagues": lambda context: str(max([0, *(people for people, _ in _colleagues(context).values())])),
}
