"""The gate: from inquiry (or back from recycled) to MQL, and what sales must know before.

Rules: [rules: stages] [rules: handoff].
"""

from integration.core.compiled.context import Context
from integration.core.funnel import stages
from integration.core.handoff import conversations, packet, plays
from integration.core.handoff.deeds import current_deed
from integration.core.model.effect_keys import key
from integration.core.model.effects import HandoffDelayed
from integration.core.model.state import Waiting
from integration.core.rules.calendar import day_words
from integration.core.rules.playbook_rules import Requirement
from mappings.values.instant import DAY, Instant, Span

GATED = ("inquiry", "recycled")
"""Stages from which the gate leads to `mql`."""
FORGOTTEN: Span = 14 * DAY
"""A handoff task older than this is not waited for, when its lead asks again [rules: stages]."""


def consider(context: Context) -> bool:
    """Make a lead in a stage of GATED an MQL if it may pass now; return whether it did.

    Source: [two-axis: handoff]; rules: [rules: stages] [rules: handoff].
    """
    state = context.state
    asked = context.demo
    if not asked and not context.table.gate(context):
        return False
    if (state.returned is not None or state.stage == "recycled") and not _qualifies(context):
        return False
    if context.table.barred(context) or context.excluded():
        return False
    if state.deferral is not None and context.deferred:
        state.qualified = state.returned is not None or state.stage == "recycled"
        state.deferral.asked = state.deferral.asked or asked
        return False
    gaps = [] if asked else packet.missing(context)
    if gaps:
        _delay_handoff(context, gaps)
        return False
    waited = list(state.held or ())
    because = "asked for a demo" if asked else _gate_words(context)
    stages.announce(context, because, why="" if asked else _why(context, waited))
    return True


def after_deferral(context: Context, *, asked: bool) -> None:
    """Look at the gate of a lead that is on hold no longer; `asked`: it asked for a demo meanwhile."""
    context.demo = asked
    consider(context)
    context.demo = False


def holds(context: Context) -> bool:
    """Whether the gate's condition holds for whoever stands here now, and nothing bars them."""
    return context.table.gate(context) and not context.table.barred(context) and not context.excluded()


def _qualifies(context: Context) -> bool:
    """Whether a lead that came back has done something new since: a scoring activity after the return and its `hold`.

    New is what comes after the return in the order of events, also at its instant. [rules: stages]
    """
    state = context.state
    if state.qualified:
        return True
    if not (context.scoring or context.demo) or context.cause == state.returned_by:
        return False
    return state.stage != "recycled" or state.hold is None or context.now >= state.hold


def ask_again(context: Context) -> None:
    """Hand an MQL over once more that asks for a demo, where nobody is at work on it: its task is closed or forgotten.

    To be called for a request that finds its lead an MQL. [rules: stages]
    """
    state, play = context.state, context.playbook.handoff.play
    if context.table.barred(context) or context.excluded():
        return
    if state.deferral is not None and context.deferred:
        state.deferral.asked = True
        return
    before = state.plays.get(play)
    if before is not None and before.open and context.now - before.began <= FORGOTTEN:
        return
    because = "asked for a demo again"
    if before is not None:
        because = f"{because}; {_earlier(context, before.began, unanswered=before.open)}"
        before.open = False
        conversations.forget(context, context.table.root("play", play))
    plays.begin(context, play, because)


def _earlier(context: Context, last: Instant, *, unanswered: bool) -> str:
    zone, first = context.playbook.calendar.timezone, context.state.handed
    when = f"first handed over on {day_words(last if first is None else first, zone)}"
    if first is not None and first != last:
        when = f"{when}, last on {day_words(last, zone)}"
    return f"{when}, and that task {'has had no answer' if unanswered else 'is closed'}"


def _gate_words(context: Context) -> str:
    label = context.playbook.gate.label
    scores = (
        f"total {packet.points(context.state.fit + context.state.score.value)}, fit {packet.points(context.state.fit)}"
    )
    return f"{label}: {scores}" if label else f"the gate holds: {scores}, band {context.band()}"


def _why(context: Context, waited: list[str]) -> str:
    """Why a lead is ready now, as sales reads it: what it did, or that what it waited for is known."""
    if waited:
        labels = ", ".join([each.label for each in context.playbook.handoff.required if each.called in waited])
        return f"Ready for sales before, but not handed over without {labels}; all is known now"
    deed = current_deed(context)
    return f"Ready for sales: {deed}" if deed else "Ready for sales by what is known of them now"


def _delay_handoff(context: Context, gaps: list[Requirement]) -> None:
    """Let the handoff wait until the required fields are known; ask for the missing ones once.

    Source: [behavioural: what sales needs]; rule: [rules: handoff].
    """
    state = context.state
    state.qualified = state.returned is not None or state.stage == "recycled"
    asked, state.held = state.held is not None, [each.called for each in gaps]
    if asked:
        return
    state.holds += 1
    number = state.holds
    because = "missing: " + ", ".join(each.label for each in gaps)
    context.effects.append(
        HandoffDelayed(
            key=key(state.lead, "held", number),
            lead=state.lead,
            at=context.now,
            because=(because,),
            missing=tuple(state.held),
        )
    )
    touch = context.playbook.handoff.profile_touch
    if touch:
        state.waiting.append(
            Waiting(
                key=key(state.lead, "profile", number),
                at=context.now,
                step=1,
                content=touch,
                because=because,
                asks=gaps[0].field,
            )
        )
        context.wake(context.now)
