"""The handoff packet: what sales reads before the call. Never a bare score.

Source: [two-axis: handoff] [behavioural: what sales needs] [operating-model: handoff].
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from integration.core.compiled.context import Fold
from integration.core.handoff import own_fields
from integration.core.handoff.wording import WORDING_FIELDS, compose, one_line
from integration.core.model.effects import Wording
from integration.core.model.state import Seen
from integration.core.rules.calendar import day_words, wall_clock
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


def who(fold: Fold) -> str:
    """The lead's name, else e-mail, else (in a replay) id or telephone number."""
    full = f"{_lead(fold, 'first_name')} {_lead(fold, 'last_name')}".strip()
    return full or _lead(fold, "email") or (fold.ids and fold.state.lead) or _lead(fold, "phone") or _NAMELESS


def shown_time(fold: Fold, at: Instant) -> str:
    """A due time in the reader's zone."""
    return wall_clock(at, fold.reads_in)


def strongest(fold: Fold) -> list[tuple[str, Seen]]:
    """The rules that scored within the packet's memory: by points, then recency, then name."""
    oldest = fold.now - fold.playbook.key_action_memory
    seen = fold.state.seen
    recent = [(-each.points, -each.at, name) for name, each in seen.items() if each.at >= oldest and each.points > 0]
    recent.sort()
    return [(name, seen[name]) for _, _, name in recent]


def told(fold: Fold, name: str, seen: Seen) -> str:
    """`case study seen (acme-story) on 6 January 2026, 10 points, 3 times in all`."""
    times = f", {seen.times} times in all" if seen.times > 1 else ""
    return f"{_signal(fold, name, seen)}, {points(seen.points)} points{times}"


def _signal(fold: Fold, name: str, seen: Seen) -> str:
    label = fold.table.rule_labels.get(name, name)
    about = f" ({seen.about})" if seen.about and seen.about.casefold() not in label.casefold() else ""
    return f"{label}{about} on {day_words(seen.at, fold.playbook.calendar.timezone)}"


def points(amount: int) -> str:
    """Thousandths as people write points: `15`, `0.2`."""
    whole, rest = divmod(amount, POINT)
    return str(whole) if not rest else f"{amount / POINT:.3f}".rstrip("0")


def missing(fold: Fold) -> list[Requirement]:
    """The required fields that nobody has supplied yet."""
    return [each for each in fold.playbook.handoff.required if not known(fold, each.field)]


def unanswered(fold: Fold) -> list[Requirement]:
    """As `missing`, and what the playbook asks for besides."""
    return [*missing(fold), *(each for each in fold.playbook.handoff.asks if not known(fold, each.field))]


def known(fold: Fold, field: str) -> bool:
    """Whether a field has a value; of several names separated by `|`, one of them."""
    return any(fold.read(name) not in (None, "", ()) for name in field.split("|"))


def wording(  # noqa: PLR0913 - what sets a task off
    fold: Fold, *, subject: str = "", notes: Iterable[str] = (), play: str = "", trigger: str = "", clock: str = ""
) -> Wording:
    """A task's templates with what caused it: the current activity, among others."""
    return Wording(
        subject=subject,
        notes=tuple(notes),
        play=play,
        trigger=trigger,
        clock=clock,
        activity=fold.playbook.vocabulary.label(fold.activity.type) if fold.activity else "",
        asset=_of_activity(fold, "asset") or _of_activity(fold, "document"),
        page=_of_activity(fold, "page"),
    )


def filled(fold: Fold, wording: Wording, due: Instant) -> tuple[str, str]:
    """A task's subject, and its body: what to do, then everything known that helps to do it."""
    words = Words(fold, wording, due=due)
    note = "\n".join([compose(line, words) for line in wording.notes])
    packet = "\n".join([one_line(line) for line in _lines(fold, words, due)])
    return one_line(compose(wording.subject, words)), f"{note}\n\n{packet}" if note else packet


def _lines(fold: Fold, words: "Words", due: Instant) -> Iterator[str]:
    yield f"Who: {', '.join(_who_words(fold))}"
    company = _company_words(fold)
    if company:
        yield f"Company: {', '.join(company)}"
    yield from _interest(fold)
    yield from _answers(fold)
    yield from own_fields.lines(fold)
    if talk := _talk(fold, words):
        yield f"Say: {talk}"
    if gaps := _gaps(fold, company):
        yield f"Missing: {', '.join(gaps)}"
    yield f"Answer due: {shown_time(fold, _answer_due(fold, due))}"


def _interest(fold: Fold) -> Iterator[str]:
    """Where the lead came from, what it did, and what that comes to."""
    state, zone = fold.state, fold.playbook.calendar.timezone
    if source := _lead(fold, "source"):
        yield f"Source: {source.replace('_', ' ')}"
    if state.consumed:
        contents = [f"{_deed(fold, kind, what)} ({day_words(at, zone)})" for kind, what, at in reversed(state.consumed)]
        yield f"Consumed: {'; '.join(contents)}"
    if top := strongest(fold)[:2]:
        yield f"Strongest signals: {'; '.join([told(fold, name, seen) for name, seen in top])}"
    segment, fit = fold.segment(), state.fit
    total = f"{fit // POINT} of total {(fit + state.score.value) // POINT}"
    yield f"Fit: {_fit_tier(fold)} ({total}, {fold.band()}{f', segment {segment}' if segment else ''})"
    if state.key_action:
        yield f"Latest key action: {_key_action(fold)}"
    for document, (people, _) in sorted(_colleagues(fold).items()):
        yield f"Colleagues: {people} people at the company viewed {document}"


def _answers(fold: Fold) -> Iterator[str]:
    """What is known of the answers that sales asks for."""
    if problem := _lead(fold, "problem") or _job(fold):
        yield f"Problem: {problem}"
    answers = [(name.capitalize(), _lead(fold, name)) for name in ("budget", "authority", "timeline")]
    if answers := [(name, answer) for name, answer in answers if answer]:
        yield "; ".join([f"{name}: {answer}" for name, answer in answers])


def _who_words(fold: Fold) -> list[str]:
    seniority, function = _lead(fold, "seniority").replace("_", " "), _lead(fold, "function").replace("_", " ")
    role = f"{seniority} {function}".strip()
    name = who(fold)
    rest = (_lead(fold, "title"), role, _lead(fold, "email"), _lead(fold, "phone"))
    return [name, *[word for word in rest if word and word != name]]


def _company_words(fold: Fold) -> list[str]:
    """What is known of the company; nothing where nothing is."""
    employees, industry = _account(fold, "employees"), _account(fold, "industry")
    name = _account(fold, "name") or _account(fold, "domain") or (fold.state.account if fold.ids else "")
    return [word for word in (name, f"{employees} employees" if employees else "", industry) if word]


def _gaps(fold: Fold, company: list[str]) -> list[str]:
    """What sales would want to know and nobody has supplied: what the playbook requires or asks for first."""
    wanted = unanswered(fold)
    named = {name for each in wanted for name in each.field.split("|")}
    rest = [label for label, field in _ASKED if not known(fold, field) and named.isdisjoint(field.split("|"))]
    return [*[each.label for each in wanted], *[label for label in rest if label != "company" or not company]]


def _lead(fold: Fold, name: str) -> str:
    value = fold.state.fields.get(name)
    return value if isinstance(value, str) else own_fields.text(value)


def _account(fold: Fold, name: str) -> str:
    value = fold.state.company.get(name)
    return value if isinstance(value, str) else own_fields.text(value)


def _job(fold: Fold) -> str:
    job = fold.job()
    if not job:
        return ""
    label = next((each.label for each in fold.playbook.segments.jobs if each.name == job and each.label), job)
    return f"probably {label.replace('_', ' ')}"


def _fit_tier(fold: Fold) -> str:
    for least, name in fold.playbook.handoff.fit_tiers:
        if fold.state.fit >= least:
            return name
    return "high" if (fold.segment() or "B") in "AB" else "low"


def _key_action(fold: Fold) -> str:
    action = fold.state.key_action
    if action is None:
        return ""
    kind, what, at = action
    return f"{_deed(fold, kind, what)}, {day_words(at, fold.playbook.calendar.timezone)}"


def _deed(fold: Fold, kind: str, what: str) -> str:
    label = fold.playbook.vocabulary.label(kind)
    return f"{label}: {what}" if what else label


def _colleagues(fold: Fold) -> dict[str, tuple[int, int]]:
    oldest = fold.now - _COLLEAGUES
    return {document: seen for document, seen in fold.state.colleagues.items() if seen[1] >= oldest}


def _talk(fold: Fold, words: "Words") -> str:
    text = next((text for check, text in fold.table.talk if check(fold)), "")
    return compose(text, words) if text else ""


def _answer_due(fold: Fold, due: Instant) -> Instant:
    """The deadline of the clock that waits for an answer; once that is missed, of the task itself."""
    run = fold.state.clocks.get(fold.playbook.handoff.answer_within)
    return run.due if run is not None and run.stopped is None and run.due >= fold.now else due


def _of_activity(fold: Fold, name: str) -> str:
    return own_fields.text(fold.activity.properties.get(name)) if fold.activity else ""


class Words(Mapping[str, str]):
    """The values of WORDING_FIELDS for one lead and one cause, worked out when asked for.

    What is not known reads `(company not on record)`.
    """

    def __init__(self, fold: Fold, wording: Wording, *, due: Instant | None) -> None:
        self.fold, self.wording, self.due = fold, wording, due

    def __getitem__(self, name: str) -> str:
        return self._value(name) or f"({name.replace('_', ' ')} not on record)"

    def _value(self, name: str) -> str:
        if name in _OF_CAUSE:
            return str(getattr(self.wording, name))
        if name == "due":
            return shown_time(self.fold, self.due) if self.due is not None else ""
        if name == "signal":
            return _nth_signal(self.fold, 0) or self.wording.activity
        composed = _COMPOSED.get(name)
        return composed(self.fold) if composed is not None else self._field(name)

    def _field(self, name: str) -> str:
        words = self.fold.playbook.vocabulary
        if name in words.own_lead:
            return own_fields.text_of(self.fold, name)
        if name in words.own_account:
            return own_fields.text_of(self.fold, f"account.{name}")
        return own_fields.text(self.fold.read(_SUBJECTS.get(name, name)))

    def __iter__(self) -> Iterator[str]:
        return iter(WORDING_FIELDS)

    def __len__(self) -> int:
        return len(WORDING_FIELDS)


def _nth_signal(fold: Fold, number: int) -> str:
    top = strongest(fold)
    return _signal(fold, *top[number]) if len(top) > number else ""


_OF_CAUSE = ("play", "trigger", "clock", "activity", "asset", "page")
_SUBJECTS = {
    "company": "account.name",
    "domain": "account.domain",
    "employees": "account.employees",
    "revenue": "account.revenue",
    "industry": "account.industry",
}
_COMPOSED: Mapping[str, Callable[[Fold], str]] = {
    "name": who,
    "first_name": lambda fold: _lead(fold, "first_name") or who(fold),
    "company": lambda fold: _account(fold, "name") or _account(fold, "domain"),
    "fit": lambda fold: str(fold.state.fit // POINT),
    "engagement": lambda fold: str(fold.state.score.value // POINT),
    "total": lambda fold: str((fold.state.fit + fold.state.score.value) // POINT),
    "fit_tier": _fit_tier,
    "second_signal": lambda fold: _nth_signal(fold, 1),
    "key_action": _key_action,
    "colleagues": lambda fold: str(max([0, *(people for people, _ in _colleagues(fold).values())])),
}
