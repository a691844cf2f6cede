"""The handoff packet: what sales reads before the call. Never a bare score [001:224-232, 003:27-28, 000:109-113]."""

from collections.abc import Callable, Iterator, Mapping

from integration.core.axes import POINT
from integration.core.clocks import day_words, wall_clock
from integration.core.fold import Fold
from integration.core.playbook import Requirement
from integration.core.state import Seen
from integration.core.wording import WORDING_FIELDS, compose
from mappings.canonical import Value
from mappings.instant import DAY, Instant

_COLLEAGUES = 7 * DAY


def who(fold: Fold) -> str:
    """The lead's name, else e-mail, else id."""
    full = f"{_lead(fold, 'first_name')} {_lead(fold, 'last_name')}".strip()
    return full or _lead(fold, "email") or fold.state.lead


def shown_time(fold: Fold, at: Instant) -> str:
    """A due time in the reader's zone."""
    return wall_clock(at, fold.reads_in)


def strongest(fold: Fold) -> list[tuple[str, Seen]]:
    """The rules that spoke within the packet's memory: by points, then recency, then name."""
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


def with_packet(fold: Fold, note: str, *, due: Instant) -> str:
    """A task's body: what to do, then everything known that helps to do it."""
    packet = "\n".join(_lines(fold, due))
    return f"{note}\n\n{packet}" if note else packet


def _lines(fold: Fold, due: Instant) -> Iterator[str]:
    state, zone = fold.state, fold.playbook.calendar.timezone
    yield f"Who: {', '.join(_who_words(fold))}"
    yield f"Company: {', '.join(_company_words(fold))}"
    yield f"Source: {_lead(fold, 'source').replace('_', ' ') or 'unknown'}"
    if state.consumed:
        contents = [f"{_deed(kind, what)} ({day_words(at, zone)})" for kind, what, at in reversed(state.consumed)]
        yield f"Consumed: {'; '.join(contents)}"
    if top := strongest(fold)[:2]:
        yield f"Strongest signals: {'; '.join([told(fold, name, seen) for name, seen in top])}"
    segment, fit = fold.segment(), state.fit
    total = f"{fit // POINT} of total {(fit + state.score.value) // POINT}"
    yield f"Fit: {_fit_tier(fold)} ({total}, {fold.band()}{f', segment {segment}' if segment else ''})"
    if state.key_action:
        yield f"Latest key action: {_key_action(fold)}"
    if state.colleagues:
        for document, (people, _) in sorted(_colleagues(fold).items()):
            yield f"Colleagues: {people} people at the company viewed {document}"
    yield f"Problem: {_lead(fold, 'problem') or _job(fold) or 'unknown'}"
    budget, authority, timeline = (_lead(fold, name) or "unknown" for name in ("budget", "authority", "timeline"))
    yield f"Budget: {budget}; Authority: {authority}; Timeline: {timeline}"
    if talk := _talk(fold, due):
        yield f"Say: {talk}"
    if gaps := unanswered(fold):
        yield f"Missing: {', '.join([each.label for each in gaps])}"
    yield f"Answer due: {shown_time(fold, _answer_due(fold, due))}"


def _who_words(fold: Fold) -> list[str]:
    seniority, function = _lead(fold, "seniority").replace("_", " "), _lead(fold, "function").replace("_", " ")
    role = f"{seniority} {function}".strip()
    name = who(fold)
    rest = (_lead(fold, "title"), role, _lead(fold, "email"), _lead(fold, "phone"))
    return [name, *[word for word in rest if word and word != name]]


def _company_words(fold: Fold) -> list[str]:
    employees, industry = _account(fold, "employees"), _account(fold, "industry")
    name = _account(fold, "name") or _account(fold, "domain") or fold.state.account or "unknown"
    words = [name, f"{employees} employees" if employees else "size unknown"]
    return [*words, industry] if industry else words


def _lead(fold: Fold, name: str) -> str:
    value = fold.state.fields.get(name)
    return value if isinstance(value, str) else _text(value)


def _account(fold: Fold, name: str) -> str:
    value = fold.state.company.get(name)
    return value if isinstance(value, str) else _text(value)


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
    return f"{_deed(kind, what)}, {day_words(at, fold.playbook.calendar.timezone)}"


def _deed(kind: str, what: str) -> str:
    return f"{kind.replace('_', ' ')}: {what}" if what else kind.replace("_", " ")


def _colleagues(fold: Fold) -> dict[str, tuple[int, int]]:
    oldest = fold.now - _COLLEAGUES
    return {document: seen for document, seen in fold.state.colleagues.items() if seen[1] >= oldest}


def _talk(fold: Fold, due: Instant) -> str:
    text = next((text for check, text in fold.table.talk if check(fold)), "")
    return compose(text, Words(fold, due=due)) if text else ""


def _answer_due(fold: Fold, due: Instant) -> Instant:
    """The deadline of the clock that waits for an answer; once that is missed, of the task itself."""
    run = fold.state.clocks.get(fold.playbook.handoff.answer_within)
    return run.due if run is not None and run.stopped is None and run.due >= fold.now else due


def _of_activity(fold: Fold, name: str) -> str:
    return _text(fold.activity.properties.get(name)) if fold.activity else ""


def _text(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


class Words(Mapping[str, str]):
    """The values of WORDING_FIELDS for one lead, worked out when asked for; "" where unknown."""

    def __init__(self, fold: Fold, *, due: Instant | None, **told: str) -> None:
        self.fold, self.due, self.told = fold, due, told

    def __getitem__(self, name: str) -> str:
        if name in _TOLD:
            return self.told.get(name, "")
        if name == "due":
            return shown_time(self.fold, self.due) if self.due is not None else ""
        composed = _COMPOSED.get(name)
        return composed(self.fold) if composed else _text(self.fold.read(_SUBJECTS.get(name, name)))

    def __iter__(self) -> Iterator[str]:
        return iter(WORDING_FIELDS)

    def __len__(self) -> int:
        return len(WORDING_FIELDS)


def _nth_signal(fold: Fold, number: int) -> str:
    top = strongest(fold)
    return _signal(fold, *top[number]) if len(top) > number else ""


_TOLD = ("play", "trigger", "clock")
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
    "signal": lambda fold: _nth_signal(fold, 0),
    "second_signal": lambda fold: _nth_signal(fold, 1),
    "key_action": _key_action,
    "activity": lambda fold: fold.activity.type.replace("_", " ") if fold.activity else "",
    "asset": lambda fold: _of_activity(fold, "asset") or _of_activity(fold, "document"),
    "page": lambda fold: _of_activity(fold, "page"),
    "colleagues": lambda fold: str(max([0, *(people for people, _ in _colleagues(fold).values())])),
}
