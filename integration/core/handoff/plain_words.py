"""Plain words: values as sales reads them, never as the program names them. Pure."""

import re

from integration.core.compiled.context import Context
from integration.core.handoff import own_fields
from integration.core.rules.calendar import zone
from mappings.model.task_text import shortened
from mappings.values.countries import country_name
from mappings.values.instant import Instant, to_datetime

LONGEST = 300
"""Characters of one value: what somebody wrote into a form may be a page long, and stands on the record."""
_SAID = {"ic": "individual contributor", "c_level": "C-level", "vp": "VP"}
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+\Z")


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
    value = own_fields.text(context.read(name))
    return shortened(" ".join(plain_words(value).split()), LONGEST)


def capital(text: str) -> str:
    """A text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


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
