"""What a task says about the last time its lead was with sales: when it was given back, by whom, and why."""

from integration.core.compiled.context import Context
from integration.core.handoff.wording import one_line
from integration.core.rules.calendar import day_words

_LONGEST = 300
"""Characters of a note that are repeated."""


def last_time(context: Context) -> str:
    """`given back on 6 January 2026 by Nadia Lind: timing, “call again in May”`; "" for who was never given back."""
    back = context.state.given_back
    if back is None:
        return ""
    words = f"given back on {day_words(back.at, context.playbook.calendar.timezone)}"
    if back.by:
        words = f"{words} by {one_line(back.by)}"
    told = [back.reason.replace("_", " ") or "without a reason"]
    if back.after:
        told.append(back.after)
    note = one_line(back.note)
    if note:
        told.append(f"“{note if len(note) <= _LONGEST else f'{note[: _LONGEST - 1]}…'}”")
    return f"{words}: {', '.join(told)}"
