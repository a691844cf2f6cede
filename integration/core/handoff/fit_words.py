"""How well a lead fits, in words: high or low only where the playbook says what is."""

from integration.core.compiled.context import Context
from integration.core.rules.scoring_rules import POINT


def fit_words(context: Context) -> str:
    """`high (40 of total 75, hot, segment A)`; without a tier where the playbook does not say what is high."""
    fit, tier, segment = context.state.fit, fit_tier(context), context.segment()
    rest = f"{context.band()}{f', segment {segment}' if segment else ''}"
    total = (fit + context.state.score.value) // POINT
    if context.playbook.fit is None:
        return f"not scored (total {total}, {rest})"
    words = f"{fit // POINT} of total {total}, {rest}"
    return f"{tier} ({words})" if tier else words


def fit_tier(context: Context) -> str:
    """The playbook's own word for so much fit, else `high` or `low` by its segments; "" where it has neither."""
    playbook, fit = context.playbook, context.state.fit
    tiers, high = playbook.handoff.fit_tiers, playbook.segments.fit_high
    if playbook.fit is None or (not tiers and high is None):
        return ""
    if tiers:
        return next((name for least, name in tiers if fit >= least), f"below {tiers[-1][1]}")
    return "high" if high is None or fit >= high else "low"
