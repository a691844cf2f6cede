"""Whatever happens at an account, its signals are those of their definition; carrying a state on changes nothing."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
from core_builders import START, on, playbook
from core_histories import THOROUGH
from hypothesis import given
from hypothesis import strategies as st

from integration.core.model.account_state import AccountState
from integration.core.rules.patterns import INTERNAL_SHARING, AccountSignal
from integration.core.run.account_signals import note, unseen
from integration.core.run.decide import order
from mappings.model.canonical import Activity
from mappings.values.instant import DAY, HOUR

SIGNALS = (
    replace(INTERNAL_SHARING, cooldown=9 * DAY),
    replace(INTERNAL_SHARING, name="crowd", at_least=3, per="", within=4 * DAY, cooldown=6 * DAY),
    AccountSignal(
        name="returns",
        signal=on("page_view"),
        distinct="day",
        at_least=3,
        within=5 * DAY,
        cooldown=7 * DAY,
        to="most_engaged",
    ),
    AccountSignal(
        name="often", signal=on("page_view"), distinct="", at_least=4, within=2 * DAY, cooldown=3 * DAY, to="actor"
    ),
)
BOOK = playbook(account_signals=SIGNALS)
ENGAGED = {"ana": 3, "bob": 9, "cem": 9}


def engagement_of(lead: str) -> int:
    return ENGAGED.get(lead, 0)


@st.composite
def activities(draw: st.DrawFn) -> list[Activity]:
    made = []
    for number in range(draw(st.integers(1, 40))):
        kind = draw(st.sampled_from(("document_view", "page_view")))
        lead = draw(st.sampled_from(("ana", "bob", "cem", "dan", "")))
        properties = {"document": draw(st.sampled_from(("quote", "deck", "")))} if kind == "document_view" else {}
        if not lead:
            properties["viewer"] = draw(st.sampled_from(("x", "y", "")))
        at = START + draw(st.integers(0, 40 * 4)) * 6 * HOUR
        made.append(Activity(f"a{number}", lead, at, kind, properties, "acme"))
    return sorted(made, key=order)


def by_definition(happened: Sequence[Activity]) -> list[tuple[str, str, int]]:
    """(signal, lead, when) of all that is derived, with everything looked at again for each activity."""
    found: list[tuple[str, str, int]] = []
    told: dict[tuple[str, str, str], int] = {}
    for place, now in enumerate(happened):
        for signal in SIGNALS:
            if now.type not in signal.signal[0].types or not _value(signal, now) or (signal.per and not _about(now)):
                continue
            topic = _about(now) if signal.per else ""
            seen = [
                each
                for each in happened[: place + 1]
                if each.type == now.type
                and each.at >= now.at - signal.within
                and _value(signal, each)
                and (not signal.per or _about(each) == topic)
            ]
            if len({_value(signal, each) for each in seen}) < signal.at_least:
                continue
            for lead in _audience(signal, seen, happened[: place + 1]):
                memory = (signal.name, topic, lead if signal.to == "participants" else "")
                if memory not in told or now.at >= told[memory] + signal.cooldown:
                    told[memory] = now.at
                    found.append((signal.name, lead, now.at))
    return found


def _about(activity: Activity) -> str:
    return str(activity.properties.get("document") or "")


def _value(signal: AccountSignal, activity: Activity) -> str:
    match signal.distinct:
        case "person":
            return activity.lead or str(activity.properties.get("viewer") or "")
        case "day":
            return str(activity.at // DAY)
        case _:
            return activity.id


def _audience(signal: AccountSignal, seen: Sequence[Activity], everything: Sequence[Activity]) -> list[str]:
    known = [each.lead for each in seen if each.lead]
    match signal.to:
        case "participants":
            return sorted(set(known))
        case "actor":
            return known[-1:] if not seen[-1].lead else [seen[-1].lead]
        case "most_engaged":
            people = {each.lead for each in everything if each.lead}
            return sorted(people, key=lambda lead: (-engagement_of(lead), lead))[:1]


@THOROUGH
@given(activities())
def test_what_is_carried_on_says_what_the_definition_says_of_everything(happened: list[Activity]) -> None:
    state, found = unseen("acme"), []
    for each in happened:
        found += [(one.type, one.lead, one.at) for one in note(BOOK, state, each, engagement_of)]
        state = msgspec.json.decode(msgspec.json.encode(state), type=AccountState)
    assert sorted(found) == sorted(by_definition(happened))


def test_an_activity_of_a_large_account_leaves_no_more_work_than_one_of_a_small_one() -> None:
    """What is kept of a topic is bounded, and nobody is looked at again who was notified."""
    state = unseen("acme")
    told = [len(note(BOOK, state, _view(f"lead{number:05}", START + number), engagement_of)) for number in range(5_000)]
    assert max(told[10:]) <= 2, "only who takes part now is told, by each of the two signals"
    for topic in state.topics.values():
        assert max(len(topic.values), len(topic.known)) <= 200
        assert len(topic.waiting) <= 400


def _view(lead: str, at: int) -> Activity:
    return Activity(f"{lead}.view", lead, at, "document_view", {"document": "quote"}, "acme")
