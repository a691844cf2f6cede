"""Account signals: when people of one company do something together, each known lead gets a derived activity."""

from collections.abc import Callable
from copy import deepcopy

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.account_state import AccountState, Topic, unseen
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
_TOPICS = 100
"""So many topics of an account are kept before those are looked for that no window reaches any more."""
_ACCOUNT = ""
"""Under which name it is noted that an account was notified, whoever it was."""
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
    name = f"{signal.name}/{about_what}"
    topic = state.topics.get(name)
    if topic is None:
        topic = state.topics[name] = Topic()
        _prune(playbook, state, activity.at)
    oldest = activity.at - signal.within
    _remember(topic.values, value, activity.at, oldest, max(_PEOPLE, signal.at_least))
    _remember(topic.known, activity.lead, activity.at, oldest, _PEOPLE)
    _take_part(topic, signal, activity)
    if len(topic.values) < signal.at_least:
        return []
    audience = _audience(state, topic, signal, activity, engagement_of)
    people = len(topic.values) if signal.distinct == "person" else len(topic.known)
    for lead in audience:
        topic.notified[lead if signal.to == "participants" else _ACCOUNT] = activity.at
    return [_derived(signal, activity, lead, about_what, people) for lead in audience]


def _take_part(topic: Topic, signal: AccountSignal, activity: Activity) -> None:
    """Whoever was notified long enough ago may be notified again; so may whoever takes part now, unless they were."""
    notified, waiting = topic.notified, topic.waiting
    while notified:
        lead, at = next(iter(notified.items()))
        if activity.at < at + signal.cooldown:
            break
        del notified[lead]
        if lead in topic.known:
            waiting[lead] = at
    if signal.to != "participants":
        waiting.clear()
    elif activity.lead and activity.lead not in notified:
        waiting[activity.lead] = activity.at
        if len(waiting) > 2 * _PEOPLE:
            topic.waiting = {lead: at for lead, at in waiting.items() if lead in topic.known}


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


def _remember(times: dict[str, Instant], latest: str, at: Instant, oldest: Instant, most: int) -> None:
    """Note the last time of one more distinct value ("" is none), and forget what the window no longer reaches."""
    if latest:
        times.pop(latest, None)
        times[latest] = at
    while times:
        first = next(iter(times))
        if times[first] >= oldest and len(times) <= most:
            return
        del times[first]


def _audience(
    state: AccountState, topic: Topic, signal: AccountSignal, activity: Activity, engagement_of: Callable[[str], int]
) -> list[str]:
    """Who is to be notified now. While an account's cooldown lasts nobody is, and nobody's engagement is asked for."""
    if signal.to == "participants":
        waiting, topic.waiting = topic.waiting, {}
        return sorted(lead for lead in waiting if lead in topic.known)
    if topic.notified:
        return []
    if signal.to == "actor":
        return [activity.lead] if activity.lead else list(topic.known)[-1:]
    if len(state.people) <= 1:
        return list(state.people)
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
    """Forget the topics that no window reaches, whenever there are twice as many as were left the last time."""
    if len(state.topics) <= max(_TOPICS, state.most_topics):
        return
    reach = max([_MEMORY, *(max(each.within, each.cooldown) for each in playbook.account_signals)])
    state.topics = {name: topic for name, topic in state.topics.items() if _latest(topic, now) >= now - reach}
    state.most_topics = 2 * len(state.topics)


def _latest(topic: Topic, now: Instant) -> Instant:
    """When something was last done or notified about a topic; now where it has just begun."""
    return max([times[next(reversed(times))] for times in (topic.values, topic.notified) if times], default=now)
