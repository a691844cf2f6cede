"""What holds of the effects of every history on every playbook: touches, tasks, keys and due times."""

import itertools
from typing import Any

from core_histories import END, THOROUGH, histories, playbooks
from hypothesis import given
from hypothesis import strategies as st

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.handoff.plays import ANSWERS
from integration.core.model.effects import StageChanged, TaskWanted, TouchDue
from integration.core.model.events import Event, LeadChanged
from integration.core.model.state import newborn
from integration.core.rules.calendar import next_in_window
from integration.core.rules.playbook_rules import SendWindow
from integration.core.run.apply_events import advance
from mappings.model.canonical import Activity
from mappings.values.instant import HOUR, MINUTE, Instant


@THOROUGH
@given(playbooks, histories())
def test_no_touch_goes_between_a_hard_bounce_and_another_address(
    playbook: CompiledPlaybook, events: list[Event]
) -> None:
    touches = [
        effect for effect in advance(playbook, newborn("ana"), events, END).effects if isinstance(effect, TouchDue)
    ]
    address, dead = "", None
    spans: list[tuple[Instant, Instant]] = []
    for event in events:
        if isinstance(event, LeadChanged) and event.fields.get("email"):
            address = str(event.fields["email"])
            if dead is not None and dead[1] not in ("", address):
                spans.append((dead[0], event.at))
                dead = None
            elif dead is not None:
                dead = (dead[0], address)
        elif isinstance(event, Activity) and event.type == "email_bounce" and event.properties.get("hard"):
            dead = dead or (event.at, address)
    spans += [(dead[0], END)] if dead is not None else []
    assert not [touch for touch in touches for begin, end in spans if begin < touch.at < end]


@THOROUGH
@given(playbooks, histories())
def test_no_play_is_open_twice(playbook: CompiledPlaybook, events: list[Event]) -> None:
    decision = advance(playbook, newborn("ana"), events, END)
    answers = {event.at for event in events if isinstance(event, Activity) and event.type in ANSWERS}
    answers |= {
        effect.at
        for effect in decision.effects
        if isinstance(effect, StageChanged) and effect.after in ("recycled", "customer", "suppressed")
    }
    graces = {play.name: play.grace for play in playbook.playbook.plays}
    open_until: dict[str, tuple[Instant, Instant, str]] = {}
    for effect in decision.effects:
        if not isinstance(effect, TaskWanted) or effect.play not in graces:
            continue
        opening = effect.key.rsplit("/", 2)[0]
        before = open_until.get(effect.play)
        if before is not None and before[2] != opening:
            began, until, _ = before
            assert effect.at >= until or any(began <= answer <= effect.at for answer in answers), effect
            before = None
        until = effect.due_at + graces[effect.play]
        open_until[effect.play] = (effect.at, max(until, before[1] if before else until), opening)


@THOROUGH
@given(playbooks, histories())
def test_keys_are_unique_and_effects_come_in_time_order(playbook: CompiledPlaybook, events: list[Event]) -> None:
    decision = advance(playbook, newborn("ana"), events, END)
    keys = [effect.key for effect in decision.effects]
    assert len(keys) == len(set(keys))
    assert all(key.startswith("ana/") for key in keys)
    times = [effect.at for effect in decision.effects]
    assert times == sorted(times)


@THOROUGH
@given(playbooks, histories(), st.data())
def test_nothing_falls_due_before_the_state_says_so(
    playbook: CompiledPlaybook, events: list[Event], data: st.DataObject
) -> None:
    decision = advance(playbook, newborn("ana"), events, events[-1].at)
    due = decision.state.due
    wait = data.draw(st.integers(0, 120 * 24))
    until = events[-1].at + wait * HOUR
    later = advance(playbook, decision.state, [], until)
    if due is None or due > until:
        assert later.effects == ()
        assert later.lines == ()
        assert later.state == decision.state


@THOROUGH
@given(playbooks, histories())
def test_touches_keep_to_the_frequency_cap(playbook: CompiledPlaybook, events: list[Event]) -> None:
    cap = playbook.playbook.frequency_cap
    if cap is None:
        return
    sent = [
        effect.at
        for effect in advance(playbook, newborn("ana"), events, END).effects
        if isinstance(effect, TouchDue) and effect.channel == "email"
    ]
    for first, last in zip(sent, sent[cap.touches :], strict=False):
        assert last - first >= cap.within


@THOROUGH
@given(playbooks, histories())
def test_every_touch_has_an_instant_of_its_own_inside_the_send_window(
    playbook: CompiledPlaybook, events: list[Event]
) -> None:
    touches = [
        effect for effect in advance(playbook, newborn("ana"), events, END).effects if isinstance(effect, TouchDue)
    ]
    assert all(last.at - first.at >= MINUTE for first, last in itertools.pairwise(touches))
    sent = [touch.at for touch in touches if touch.channel == "email"]
    windows = playbook.playbook.send_windows
    open_at = [(window, zone) for window in windows for zone in (window.timezone, "America/New_York")]
    if windows:
        assert all(any(next_in_window(at, **_window(window, zone)) == at for window, zone in open_at) for at in sent)


def _window(window: SendWindow, timezone: str) -> dict[str, Any]:
    return {"weekdays": window.weekdays, "opens": window.opens, "closes": window.closes, "timezone": timezone}
