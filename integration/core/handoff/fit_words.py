"""How well a lead fits, in words: high or low only where the playbook says what is."""

from integration.core.compiled.context import Context
from integration.core.rules.scoring_rules import POINT

_SEGMENTS = {
    "A": "high fit, high intent",
    "B": "high fit, low intent",
    "C": "low fit, high intent",
    "D": "low fit, low intent",
}


def fit_words(context: Context) -> str:
    """`high, 40 of 40 points; hot with 75 points in all; segment A (high fit, high intent)`.

    Without a tier where the playbook does not say what is high, without points where it does not score fit.
    """
    fit, tier, segment = context.state.fit // POINT, fit_tier(context), context.segment()
    total = (context.state.fit + context.state.score.value) // POINT
    rest = f"{context.band()} with {total} points in all"
    if segment:
        both = None not in (context.playbook.segments.fit_high, context.playbook.segments.intent_high)
        rest += f"; segment {segment}{f' ({_SEGMENTS[segment]})' if both else ''}"
    if context.playbook.fit is None:
        return f"not scored; {rest}"
    cap = context.playbook.fit.cap
    scored = f"{fit} of {cap // POINT} points" if cap else f"{fit} points"
    return f"{tier}, {scored}; {rest}" if tier else f"{scored}; {rest}"


def fit_tier(context: Context) -> str:
    """The playbook's own word for so much fit, else `high` or `low` by its segments; "" where it has neither."""
    playbook, fit = context.playbook, context.state.fit
    tiers, high = playbook.handoff.fit_tiers, playbook.segments.fit_high
    if playbook.fit is None or (not tiers and high is None):
        return ""
    if tiers:
        return next((name for least, name in tiers if fit >= least), f"below {tiers[-1][1]}")
    return "high" if high is None or fit >= high else "low"
