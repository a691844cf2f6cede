"""Plain words: values as sales reads them, never as the program names them. Pure."""

import re

from integration.core.compiled.context import Context
from integration.core.handoff import own_fields
from integration.core.rules.calendar import zone
from integration.core.rules.scoring_rules import POINT
from mappings.model.task_text import shortened
from mappings.values.countries import country_name
from mappings.values.instant import DAY, HOUR, MINUTE, Instant, Span, to_datetime

LONGEST = 300
"""Characters of one value: what somebody wrote into a form may be a page long, and stands on the record."""
_SAID = {"ic": "individual contributor", "c_level": "C-level", "vp": "VP"}
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+\Z")

_SEGMENTS = {
    "A": "high fit, high intent",
    "B": "high fit, low intent",
    "C": "low fit, high intent",
    "D": "low fit, low intent",
}


def plain_words(value: str) -> str:
    """A value as people write it: `C-level`, `educational download`. What is no name of the program's stays."""
    return _SAID.get(value) or (value.replace("_", " ") if _NAME.match(value) else value)


def lead_words(context: Context, name: str) -> str:
    """A field of the lead as people read it; "" where it is not known."""
    return _words(context, name)


def account_words(context: Context, name: str) -> str:
    """A field of the lead's account as people read it; "" where it is not known."""
    return _words(context, f"account.{name}")


def _words(context: Context, name: str) -> str:
    value = context.read(name)
    if value is None or value == "":
        return ""
    return shortened(" ".join(plain_words(own_fields.text(value)).split()), LONGEST)


def capital(text: str) -> str:
    """A text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def duration(span: Span) -> str:
    """A time that passed, in its two largest units: `3 days 2 h`, `4 h 25 min`, `7 min`."""
    units = ((DAY, "day"), (HOUR, "h"), (MINUTE, "min"))
    first = next((place for place, (unit, _) in enumerate(units) if span >= unit), len(units) - 1)
    words: list[str] = []
    for unit, name in units[first : first + 2]:
        count, span = divmod(span, unit)
        if count or not words:
            words.append(f"{count} {name}{'s' if name == 'day' and count != 1 else ''}")
    return " ".join(words)


def where(context: Context) -> str:
    """The lead's country, and how its clock differs from the reader's: `Germany, 6 hours ahead of you`."""
    country = lead_words(context, "country") or account_words(context, "country")
    clock = _difference(lead_words(context, "timezone"), context.reads_in, context.now)
    return ", ".join([each for each in (country_name(country), clock) if each])


def _difference(theirs: str, yours: str, at: Instant) -> str:
    there, here = zone(theirs), zone(yours)
    if there is None or here is None:
        return ""
    moment = to_datetime(at)
    ahead = (moment.astimezone(there).utcoffset(), moment.astimezone(here).utcoffset())
    if ahead[0] is None or ahead[1] is None:
        return ""
    minutes = round((ahead[0] - ahead[1]).total_seconds() / 60)
    if not minutes:
        return f"your time of day ({theirs})"
    hours = f"{abs(minutes) / 60:g}"
    return f"{hours} {'hour' if hours == '1' else 'hours'} {'ahead of' if minutes > 0 else 'behind'} you ({theirs})"


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
