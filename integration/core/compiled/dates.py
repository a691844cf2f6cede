"""Dates: when what a date sets off falls due, by the date that is known now."""

from integration.core.compiled.context import NEVER, Context
from integration.core.rules.calendar import day_words, minutes
from integration.core.rules.patterns import Dated
from mappings.values.instant import Instant


def falls(context: Context, dated: Dated) -> Instant | None:
    """The instant itself; None while no date is known."""
    date = context.read(dated.subject)
    return date + dated.offset if isinstance(date, int) and not isinstance(date, bool) else None


def coming(context: Context) -> Instant:
    """The next instant that a date sets something off at; NEVER without one. What is past stays past."""
    soonest = NEVER
    for dated in context.table.dates:
        at = falls(context, dated)
        if at is not None and context.now < at < soonest:
            soonest = at
    return soonest


def words(context: Context, dated: Dated) -> str:
    """`90 d before the renewal date (1 September 2026)`, of a date that is known."""
    subject, vocabulary = dated.subject.rpartition(".")[2], context.playbook.vocabulary
    fields = vocabulary.account if dated.subject[:8] == "account." else vocabulary.lead
    label = (fields[subject].label if subject in fields else "") or subject.replace("_", " ")
    day = day_words((falls(context, dated) or 0) - dated.offset, context.playbook.calendar.timezone)
    side = "before" if dated.offset < 0 else "after"
    apart = f"{minutes(abs(dated.offset))} {side}" if dated.offset else "on"
    return f"{apart} {label} ({day})"
