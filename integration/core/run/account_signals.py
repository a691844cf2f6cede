"""Account signals: when people of one company do something together, each known lead gets a derived activity."""

from collections.abc import Callable
from copy import deepcopy

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.account_state import AccountState, unseen
from integration.core.rules.calendar import day_number
from integration.core.rules.patterns import AccountSignal
from integration.core.rules.playbook_rules import Playbook
from integration.core.run.decide import order
from integration.core.scoring.scores import named
from mappings.model.canonical import Activity, Value
from mappings.values.instant import DAY, Instant

__all__ = ["AccountState", "note", "observe", "unseen"]

_PEOPLE = 200
"""So many people of an account are kept apart; beyond it those seen longest ago are forgotten."""
_MEMORY = 90 * DAY


def observe(
    compiled: CompiledPlaybook, state: AccountState, activity: Activity, engagement_of: Callable[[str], int]
) -> tuple[AccountState, tuple[Activity, ...]]:
    """Apply one activity of somebody at the account; the new state and the activities derived from it.

    Activities come sorted by `order`; one at or before the watermark changes nothing. `engagement_of` gives a lead's
    engagement at the time of the activity; it is asked only where a signal goes to the most engaged. Derived ids name
    their cause. The given state is not changed.
    """
    copy = deepcopy(state)
    derived = note(compiled, copy, activity, engagement_of)
    return copy, tuple(derived)


def note(
    compiled: CompiledPlaybook, state: AccountState, activity: Activity, engagement_of: Callable[[str], int]
) -> list[Activity]:
    """As `observe`, on a state of one's own, in place."""
    place = order(activity)
    if state.watermark is not None and place <= state.watermark:
        return []
    state.watermark = place
    if activity.machine:
        return []
    if activity.lead:
        state.people.pop(activity.lead, None)
        state.people[activity.lead] = activity.at
        _forget(state.people)
    playbook = compiled.playbook
    derived: list[Activity] = []
    for number, tests in compiled.dispatch.account_arms.get(activity.type, ()):
        if tests is None or tests(activity.properties):
            derived += _signal(playbook, state, playbook.account_signals[number], activity, engagement_of)
    return derived


def _forget(people: dict[str, Instant]) -> None:
    while len(people) > _PEOPLE:
        del people[next(iter(people))]


def _signal(
    playbook: Playbook,
    state: AccountState,
    signal: AccountSignal,
    activity: Activity,
    engagement_of: Callable[[str], int],
) -> list[Activity]:
    about_what = named(activity.properties, signal.per) if signal.per else ""
    person = activity.lead or str(activity.properties.get("viewer") or "")
    value = _value(playbook, signal, activity, person)
    if (signal.per and not about_what) or not value:
        return []
    topic = f"{signal.name}/{about_what}"
    oldest = activity.at - signal.within
    values = _with(state.views, f"{topic}/values", (value, activity.at), oldest, max(_PEOPLE, signal.at_least))
    known = _with(state.views, f"{topic}/known", (activity.lead, activity.at), oldest, _PEOPLE)
    if len(values) < signal.at_least:
        return []
    if signal.to != "participants" and _cools(state.told.get(topic), signal, activity):
        return []  # whoever it is about, it has been said: the most engaged are not looked for
    people = len(values) if signal.distinct == "person" else len(known)
    told: list[Activity] = []
    for lead in _audience(state, signal, activity, [each for each, _ in known], engagement_of):
        memory = f"{topic}/{lead}" if signal.to == "participants" else topic
        if _cools(state.told.get(memory), signal, activity):
            continue
        state.told.pop(memory, None)
        state.told[memory] = activity.at
        told.append(_derived(signal, activity, lead, about_what, people))
    _prune(playbook, state, activity.at)
    return told


def _cools(last: Instant | None, signal: AccountSignal, activity: Activity) -> bool:
    return last is not None and activity.at < last + signal.cooldown


def _value(playbook: Playbook, signal: AccountSignal, activity: Activity, person: str) -> str:
    match signal.distinct:
        case "":
            return activity.id
        case "person" | "lead" | "viewer":
            return person
        case "day":
            return str(day_number(activity.at, playbook.calendar.timezone))
        case _:
            return named(activity.properties, signal.distinct)


def _with(
    views: dict[str, list[tuple[str, int]]], key: str, latest: tuple[str, Instant], oldest: Instant, most: int
) -> list[tuple[str, int]]:
    """Distinct values of the window with the last time of each, this one included (an empty value is not)."""
    kept = [view for view in views.get(key, ()) if view[0] != latest[0] and view[1] >= oldest]
    if latest[0]:
        kept.append(latest)
    views[key] = kept[-most:]
    return views[key]


def _audience(
    state: AccountState,
    signal: AccountSignal,
    activity: Activity,
    known: list[str],
    engagement_of: Callable[[str], int],
) -> list[str]:
    match signal.to:
        case "participants":
            return sorted(known)
        case "actor":
            return [activity.lead] if activity.lead else known[-1:]
        case "most_engaged" if len(state.people) <= 1:
            return list(state.people)
        case "most_engaged":
            return sorted(state.people, key=lambda lead: (-engagement_of(lead), lead))[:1]


def _derived(signal: AccountSignal, cause: Activity, lead: str, about_what: Value, people: int) -> Activity:
    properties: dict[str, Value] = {"people": people}
    if signal.per:
        properties[signal.per] = about_what
    return Activity(
        id=f"derived:{signal.name}/{cause.id}/{lead}",
        lead=lead,
        at=cause.at,
        type=signal.name,
        properties=properties,
        account=cause.account,
        derived=True,
    )


def _prune(playbook: Playbook, state: AccountState, now: Instant) -> None:
    """Forget what no window reaches any more."""
    if len(state.told) + len(state.views) <= _PEOPLE:
        return
    reach = max([_MEMORY, *(max(each.within, each.cooldown) for each in playbook.account_signals)])
    state.told = {memory: at for memory, at in state.told.items() if at > now - reach}
    state.views = {key: views for key, views in state.views.items() if views and views[-1][1] > now - reach}
