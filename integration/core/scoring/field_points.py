"""Field points: points for a change of a field of the lead or its account, by the time of the change itself.

A value that arrives first is no change, unless the rule asks for `from: unknown`; what a record is when it is first
read is never one. A change is nothing that the lead does: it ends no idleness, and opens no gate by itself.
"""

from collections.abc import Iterable, Mapping

from integration.core.compiled.context import Context
from integration.core.compiled.plans import ChangePlan, RulePlan
from integration.core.model.events import AccountChanged, LeadChanged
from integration.core.rules.conditions import caseless
from integration.core.scoring import scores
from mappings.model.canonical import Activity, Fields, Value

_BLANKS: tuple[Value, ...] = (None, "", ())


def fulfilled(
    changes: Mapping[str, Iterable[ChangePlan]], known: Fields, event: LeadChanged | AccountChanged
) -> list[RulePlan]:
    """The rules that a change gives points by, given what was known before it, in the playbook's order."""
    if event.initial or not known:
        return []
    given = [
        change.rule
        for name, value in event.fields.items()
        for change in changes.get(name, ())
        if _moved(change, known.get(name), value)
    ]
    return sorted(given, key=lambda rule: rule.place)


def _moved(change: ChangePlan, before: Value, after: Value) -> bool:
    """Whether a field that went from one value to another did so as a rule wants it."""
    if _same(before, after):
        return False
    left, came = change.before, change.after
    if left is None and came is None:
        return before not in _BLANKS and after not in _BLANKS
    if came is None:
        return left is not None and after not in _BLANKS and left(before) and not left(after)
    if left is None:
        return before not in _BLANKS and came(after) and not came(before)
    return left(before) and came(after)


def _same(one: Value, other: Value) -> bool:
    if one in _BLANKS and other in _BLANKS:
        return True
    if isinstance(one, tuple) and isinstance(other, tuple):
        return {caseless(each) for each in one} == {caseless(each) for each in other}
    return caseless(one) == caseless(other)


def give(context: Context, event: LeadChanged | AccountChanged, rules: list[RulePlan]) -> None:
    """Give the points, each in the ledger with the id of the change."""
    scores.accrue(context, Activity(id=event.id, lead=context.state.lead, at=event.at, type="", properties={}), rules)
