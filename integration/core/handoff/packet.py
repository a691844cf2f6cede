"""The handoff packet: the facts about a lead that sales needs before the call. Never a bare score [rules: handoff].

How they are laid out is in task_story.py; what templates may name is in template_words.py.
"""

from collections.abc import Iterable

from integration.core.compiled.context import Context
from integration.core.handoff.deeds import deed
from integration.core.handoff.plain_words import capital, lead_words, plain_words
from integration.core.model.effects import Wording
from integration.core.model.state import Seen
from integration.core.rules.calendar import day_words, wall_clock
from integration.core.rules.conditions import alternatives
from integration.core.rules.playbook_rules import Requirement
from integration.core.rules.scoring_rules import POINT
from mappings.values.instant import DAY, Instant

_COLLEAGUES = 7 * DAY
_NAMELESS = "somebody without a name"


def who(context: Context) -> str:
    """The lead's name, else e-mail, else (in a replay) id or telephone number."""
    own = f"{lead_words(context, 'first_name')} {lead_words(context, 'last_name')}".strip()
    lead = context.state.lead if context.ids else ""
    return own or lead_words(context, "email") or lead or lead_words(context, "phone") or _NAMELESS


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
    return f"{signal(context, name, seen)}, {worth(seen)}"


def worth(seen: Seen) -> str:
    """What a signal counted, and how often it came: `10 points, 3 times in all`."""
    return f"{points(seen.points)} points{f', {seen.times} times in all' if seen.times > 1 else ''}"


def signal(context: Context, name: str, seen: Seen) -> str:
    """A signal with what it was about and its day."""
    label, what = signal_parts(context, name, seen)
    return f"{label}{f' ({what})' if what else ''} on {day_words(seen.at, context.playbook.calendar.timezone)}"


def signal_parts(context: Context, name: str, seen: Seen) -> tuple[str, str]:
    """A signal's label, and what it was about where the label does not say so."""
    label = context.table.rule_labels.get(name, name)
    what = plain_words(seen.about)
    return label, what if what.casefold() not in label.casefold() else ""


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
    why: str = "",
    since: Instant | None = None,
    before: str = "",
) -> Wording:
    """A task's templates with what caused it: the current activity, and the reason in words (`why`) as of `since`."""
    return Wording(
        subject=subject,
        notes=tuple(notes),
        play=play,
        trigger=trigger,
        clock=clock,
        why=capital(why),
        since=context.now if since is None else since,
        before=before,
        activity=context.playbook.vocabulary.label(context.activity.type) if context.activity else "",
        asset=_of_activity(context, "asset") or _of_activity(context, "document"),
        page=_of_activity(context, "page"),
    )


def key_action(context: Context) -> str:
    """The lead's latest scoring activity and its day; "" where there was none."""
    if context.state.key_action is None:
        return ""
    kind, what, at = context.state.key_action
    return f"{deed(context, kind, what)}, {day_words(at, context.playbook.calendar.timezone)}"


def colleagues(context: Context) -> dict[str, tuple[int, Instant]]:
    """What people at the lead's company viewed within a week: how many they were, and when that was noticed."""
    oldest = context.now - _COLLEAGUES
    return {document: seen for document, seen in context.state.colleagues.items() if seen[1] >= oldest}


def answer_due(context: Context, due: Instant) -> Instant:
    """The deadline of the clock that waits for an answer; once that is missed, of the task itself."""
    run = context.state.clocks.get(context.playbook.handoff.answer_within)
    return run.due if run is not None and run.stopped is None and run.due >= context.now else due


def _of_activity(context: Context, name: str) -> str:
    value = context.activity.properties.get(name) if context.activity else None
    return plain_words(value) if isinstance(value, str) else "" if value is None else str(value)
