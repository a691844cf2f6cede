"""Unseen first: which of several contents a touch brings, by what the person has seen [two-axis: triggers]."""

from integration.core.compiled.context import Context
from mappings.model.canonical import Activity
from mappings.values.instant import Instant
from mappings.vocabulary.assets import identity

_NAMED_BY = ("asset", "document", "webinar", "url")
"""Properties that say which content an activity was about."""


def chosen(context: Context, content: str) -> str:
    """The content itself, or of several the first that the person has neither seen nor been sent.

    After the last one, what the playbook says instead; without that, the one that was seen or sent longest ago.
    """
    known = context.table.contents.get(content)
    if known is None or not known.first_unseen:
        return content
    met = context.state.met
    for each in known.first_unseen:
        if each not in met:
            return each
    return known.otherwise or min(known.first_unseen, key=lambda each: met[each])


def saw(context: Context, activity: Activity) -> None:
    """Note what a person's activity was about, by the same rule as points per asset [rules: scores]."""
    assets, properties = context.table.assets, activity.properties
    for name in _NAMED_BY:
        for content in assets.get(identity(properties.get(name), address=name == "url"), ()):
            _meet(context, content, activity.at)


def sent(context: Context, content: str) -> None:
    """Note that a content goes out to the person now, by whichever touch."""
    if content in context.table.choices:
        _meet(context, content, context.now)


def _meet(context: Context, content: str, at: Instant) -> None:
    context.state.met[content] = at
