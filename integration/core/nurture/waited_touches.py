"""Waited touches: from when a touch that was decided, and has not reached the record yet, may still be written.

Between the decision and the writing may lie an outage, a pause, or a lead whom sales has begun to work on. Then what
was decided is looked at again, by when touches were written and not by when they were decided: never two at once, never
more than the cap, in the send window, and not while sales talks. [rules: tracks]
"""

from collections.abc import Sequence
from dataclasses import dataclass

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.model.state import LeadState
from integration.core.nurture import touches
from mappings.values.instant import MINUTE, Instant, Span

IN_TIME: Span = 10 * MINUTE
"""A touch that is written within this time of its instant is where its window put it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A touch that stands, or stood, on the record: when it was written, and whether it was an e-mail."""

    at: Instant
    email: bool


def turn(  # noqa: PLR0913 - what was decided, what went before, and now
    compiled: CompiledPlaybook,
    state: LeadState,
    *,
    content: str,
    decided: Instant,
    before: Sequence[Written],
    now: Instant,
) -> Instant:
    """From when a touch of this content may be written; NEVER where sales is at work by now, or mail comes back.

    `before` are the touches of the lead that were written of late, in order.
    """
    context = Context(compiled, state)
    context.now = now
    known = compiled.dispatch.contents.get(content)
    windows = () if now - decided <= IN_TIME else context.playbook.send_windows
    return touches.permitted(
        context,
        now,
        known,
        touched=max((each.at for each in before), default=None),
        sendings=[each.at for each in before if each.email],
        windows=windows,
    )
