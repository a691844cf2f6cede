"""Waited touches: from when a touch that was decided, and has not reached the record yet, may still be written.

Between the decision and the writing may lie an outage, a pause, or a lead whom sales has begun to work on. Then what
was decided is looked at again, by when touches were written and not by when they were decided: never two at once, never
more than the cap, in the send window, and not while sales talks. [rules: tracks]
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.model.state import LeadState
from integration.core.nurture import touches
from mappings.values.instant import MINUTE, Instant, Span

IN_TIME: Span = 10 * MINUTE
"""A touch that is written within this time of its instant is where its window put it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A touch that stands, or stood, on the record: when it was written, its time there, and whether it was an e-mail.

    Its time is the one by which a workflow starts: when it fell due, or when it was written, where that is later.
    """

    at: Instant
    named: Instant
    email: bool


class Turn(NamedTuple):
    """From when a touch may be written, and the time that the record is to name with it."""

    at: Instant
    named: Instant


def turn(  # noqa: PLR0913 - what was decided, what went before, and now
    compiled: CompiledPlaybook,
    state: LeadState,
    *,
    content: str,
    decided: Instant,
    before: Sequence[Written],
    now: Instant,
) -> Turn:
    """From when a touch of this content may be written; NEVER where sales is at work by now, or mail comes back.

    `before` are the touches of the lead that were written of late, in order. The record names the time for which the
    touch was decided; where that is no time of its own among those that were named before, or more than the cap with
    them (a late activity has led to another past), it names when it is written, which is in the send window then.
    """
    context = Context(compiled, state)
    context.now = now
    known = compiled.dispatch.contents.get(content)
    fits = _fits(context, decided, before, email=known is None or known.channel == "email")
    windows = () if fits and now - decided <= IN_TIME else context.playbook.send_windows
    at = touches.permitted(
        context,
        now,
        known,
        touched=max((each.at for each in before), default=None),
        sendings=[each.at for each in before if each.email],
        windows=windows,
    )
    return Turn(at, decided if fits else max(now, at))


def _fits(context: Context, decided: Instant, before: Sequence[Written], *, email: bool) -> bool:
    """Whether this time is one of its own behind all that were named, and within the cap."""
    if any(decided < each.named + touches.APART for each in before):
        return False
    cap, mails = context.playbook.frequency_cap, sorted(each.named for each in before if each.email)
    return not email or cap is None or len(mails) < cap.touches or decided >= mails[-cap.touches] + cap.within
