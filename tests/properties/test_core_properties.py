"""What holds of every history on every playbook, whatever the order of arrival."""

import itertools
from typing import Any

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.handoff.plays import ANSWERS
from integration.core.model.effects import Escalated, StageChanged, TaskWanted, TouchDue
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.state import LeadState, newborn
from integration.core.rules.calendar import next_in_window
from integration.core.rules.playbook_rules import SendWindow
from integration.core.run.decide import Decision, decide, order
from integration.core.run.fold_events import advance
from integration.core.run.standing import standing
from integration.playbook.compiling.compiler import load
from mappings.model.canonical import Activity
from mappings.values.instant import DAY, HOUR, MINUTE, Instant, parse

START = parse("2026-01-05T09:00:00Z")
NAMES = ("two-axis", "behavioural", "operating-model", "five-tracks", "fit-engagement", "standard")
_LOADED = {name: CompiledPlaybook.of(found) for name in NAMES if (found := load(name)[0]) is not None}

THOROUGH = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

DEEDS = (
    ("email_open", {}),
    ("email_open", {"touch": "newsletter"}),
    ("email_click", {"url": "https://example.com/a"}),
    ("page_view", {"page": "pricing", "url": "/pricing"}),
    ("page_view", {"page": "integrations"}),
    ("page_view", {"page": "security"}),
    ("page_view", {"page": "product"}),
    ("page_view", {"page": "comparison"}),
    ("page_view", {"page": "case_study"}),
    ("page_view", {"page": "blog"}),
    ("content_download", {"asset": "guide", "asset_type": "educational"}),
    ("content_download", {"asset": "story", "asset_type": "case_study"}),
    ("content_download", {"asset": "calc", "asset_type": "roi_calculator"}),
    ("document_view", {"document": "quote", "doc_type": "pricing", "seconds": 200}),
    ("internal_sharing", {"document": "quote", "people": 3}),
    ("webinar_signup", {"webinar": "w"}),
    ("webinar_attend", {"webinar": "w", "minutes": 45, "asked_question": True}),
    ("form_reached", {"form": "demo"}),
    ("demo_request", {}),
    ("product_usage", {"event": "capacity_limit"}),
    ("call_attempt", {"outcome": "no_answer"}),
    ("call_attempt", {"outcome": "connected"}),
    ("meeting_booked", {}),
    ("sales_accepted", {}),
    ("sales_qualified", {}),
    ("sales_rejected", {"reason": "timing"}),
    ("sales_rejected", {"reason": "budget"}),
    ("sales_rejected", {}),
    ("opportunity_created", {}),
    ("opportunity_won", {}),
    ("opportunity_lost", {"reason": "competitor"}),
    ("unsubscribe", {}),
    ("resubscribe", {}),
    ("something_new", {"odd": ["a", 1]}),
    ("email_bounce", {"hard": True}),
    ("email_bounce", {"hard": False}),
    ("email_bounce", {}),
)
TOLD = (
    {"source": "educational_download", "seniority": "director", "function": "sales", "email": "ana@acme.example"},
    {"source": "demo_request"},
    {"source": "trade_show", "country": "US", "timezone": "America/New_York"},
    {"seniority": "ic"},
    {"problem": "costs", "authority": "yes", "timeline": "Q2", "budget": "50k"},
    {"is_student": True},
    {"is_student": False},
    {"opted_out": True},
    {"opted_out": False},
    {"stage": "sal"},
    {"stage": "inquiry"},
    {"owner": "u1"},
    {"email": "ana@new.example"},
    {"stage": "mql"},
)
FIRM = (
    {"name": "Acme", "employees": 120, "industry": "software", "country": "US", "technologies": ("salesforce",)},
    {"employees": 8},
    {"employees": 2_000, "owner": "o1"},
)

moments = st.one_of(
    st.integers(0, 24 * 30).map(lambda hours: START + hours * HOUR),
    st.integers(0, 130).map(lambda days: START + days * DAY),
    st.integers(0, 130 * 24 * 60).map(lambda minutes: START + minutes * (HOUR // 60)),
)


@st.composite
def histories(draw: st.DrawFn, longest: int = 30) -> list[Event]:
    events: list[Event] = []
    for number in range(draw(st.integers(1, longest))):
        at, kind = draw(moments), draw(st.integers(0, 9))
        if kind == 0:
            events.append(AccountChanged(id=f"c{number}", at=at, account="acme", fields=draw(st.sampled_from(FIRM))))
        elif kind == 1:
            told = {**draw(st.sampled_from(TOLD)), "account": "acme"}
            events.append(LeadChanged(id=f"l{number}", at=at, fields=told))
        else:
            name, properties = draw(st.sampled_from(DEEDS))
            events.append(Activity(id=f"a{number}", lead="ana", at=at, type=name, properties=properties))
    return sorted(events, key=order)


playbooks = st.sampled_from(NAMES).map(lambda name: _LOADED[name])


END = START + 250 * DAY
"""Later than every event and every moment that is drawn."""


def sums(decision: Decision, until: Instant) -> tuple[int, int]:
    fit = sum(line.points for line in decision.lines if line.axis == "fit" and line.at <= until)
    engagement = sum(line.points for line in decision.lines if line.axis == "engagement" and line.at <= until)
    return fit, engagement


def stored(state: LeadState) -> LeadState:
    return msgspec.json.decode(msgspec.json.encode(state), type=LeadState)


@THOROUGH
@given(playbooks, histories(), st.data())
def test_arriving_in_any_order_with_duplicates_ends_in_the_same_state(
    playbook: CompiledPlaybook, events: list[Event], data: st.DataObject
) -> None:
    wanted = advance(playbook, newborn("ana"), events, END)
    arriving = data.draw(st.permutations([*events, *events[:3]]))
    known: dict[str, Event] = {}
    decision = advance(playbook, newborn("ana"), [], START)
    for event in arriving:
        late = decision.state.watermark is not None and order(event) <= decision.state.watermark
        known[event.id] = event
        if late:
            everything = sorted(known.values(), key=order)
            decision = advance(playbook, newborn("ana"), everything, everything[-1].at)
        else:
            decision = advance(playbook, stored(decision.state), [event], event.at)
    final = advance(playbook, newborn("ana"), sorted(known.values(), key=order), END)
    assert final == wanted
    assert advance(playbook, decision.state, [], END).state == wanted.state


@THOROUGH
@given(playbooks, histories(), st.data())
def test_the_ledger_sums_to_the_score_at_every_instant(
    playbook: CompiledPlaybook, events: list[Event], data: st.DataObject
) -> None:
    whole = advance(playbook, newborn("ana"), events, END)
    at = data.draw(st.one_of(moments, st.sampled_from([event.at for event in events])))
    past = advance(playbook, newborn("ana"), [event for event in events if event.at <= at], at)
    assert sums(whole, at) == (past.state.fit, past.state.score.value)
    assert sums(whole, END) == (whole.state.fit, whole.state.score.value)


@THOROUGH
@given(playbooks, histories(), st.integers(0, 200 * 24), st.integers(0, 200 * 24))
def test_waiting_never_raises_engagement(
    playbook: CompiledPlaybook, events: list[Event], first: int, second: int
) -> None:
    state = advance(playbook, newborn("ana"), events, events[-1].at).state
    sooner = advance(playbook, state, [], events[-1].at + first * HOUR)
    later = advance(playbook, sooner.state, [], events[-1].at + (first + second) * HOUR)
    assert 0 <= later.state.score.value <= sooner.state.score.value <= state.score.value


@THOROUGH
@given(playbooks, histories(), st.data())
def test_resuming_from_a_saved_state_changes_nothing(
    playbook: CompiledPlaybook, events: list[Event], data: st.DataObject
) -> None:
    whole = advance(playbook, newborn("ana"), events, END)
    cuts = sorted(data.draw(st.lists(moments, min_size=1, max_size=4)))
    state, effects, lines = newborn("ana"), [], []
    rest = list(events)
    for cut in [*cuts, END]:
        now = [event for event in rest if event.at <= cut]
        rest = rest[len(now) :]
        part = advance(playbook, stored(state), now, cut)
        state = part.state
        effects += part.effects
        lines += part.lines
    assert tuple(effects) == whole.effects
    assert tuple(lines) == whole.lines
    assert state == whole.state


@THOROUGH
@given(playbooks, histories(12))
def test_one_event_at_a_time_is_the_same_as_all_at_once(playbook: CompiledPlaybook, events: list[Event]) -> None:
    whole = advance(playbook, newborn("ana"), events, events[-1].at)
    state, effects = newborn("ana"), []
    for event in events:
        before = stored(state)
        decision = decide(playbook, state, event, event.at)
        assert state == before, "the given state is not changed"
        state = decision.state
        effects += decision.effects
    assert tuple(effects) == whole.effects
    assert state == whole.state


@THOROUGH
@given(playbooks, histories())
def test_suppressed_people_get_no_touch_and_no_task(playbook: CompiledPlaybook, events: list[Event]) -> None:
    decision = advance(playbook, newborn("ana"), events, END)
    silent = False
    for effect in decision.effects:
        if isinstance(effect, StageChanged):
            silent = effect.after == "suppressed"
        assert not (silent and isinstance(effect, TaskWanted | TouchDue | Escalated)), effect


_BY_TABLE = {
    ("inquiry", "mql"),
    ("recycled", "mql"),
    ("mql", "sal"),
    *((before, "sql") for before in ("inquiry", "recycled", "mql", "sal")),
    *((before, "recycled") for before in ("mql", "sal", "sql", "suppressed")),
    *((before, "customer") for before in ("inquiry", "recycled", "mql", "sal", "sql")),
    *((before, "suppressed") for before in ("inquiry", "recycled", "mql", "sal", "sql", "customer")),
    ("suppressed", "inquiry"),
}


@THOROUGH
@given(playbooks, histories())
def test_a_stage_moves_by_the_table_or_by_a_persons_choice(playbook: CompiledPlaybook, events: list[Event]) -> None:
    decision = advance(playbook, newborn("ana"), events, END)
    chosen = any(isinstance(event, LeadChanged) and "stage" in event.fields for event in events)
    before = "inquiry"
    for effect in decision.effects:
        if isinstance(effect, StageChanged):
            assert effect.before == before
            assert chosen or (before, effect.after) in _BY_TABLE, effect
            before = effect.after
    assert before == decision.state.stage


@THOROUGH
@given(playbooks, histories())
def test_who_came_back_becomes_an_mql_only_by_something_new(playbook: CompiledPlaybook, events: list[Event]) -> None:
    """A new subscription alone opens no gate: something that the lead does after it may."""
    decision = advance(playbook, newborn("ana"), events, END)
    chosen = {event.at for event in events if isinstance(event, LeadChanged) and "stage" in event.fields}
    deeds = {event.at for event in events if isinstance(event, Activity)}
    changes = [effect for effect in decision.effects if isinstance(effect, StageChanged)]
    for earlier, later in itertools.pairwise(changes):
        if earlier.before == "suppressed" and later.after == "mql" and later.at not in chosen:
            assert any(earlier.at <= at <= later.at for at in deeds), later
            told = [event for event in events if earlier.at <= event.at <= later.at and isinstance(event, Activity)]
            assert any(event.type not in ("resubscribe", "unsubscribe", "email_bounce") for event in told), later


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
        effect.at for effect in advance(playbook, newborn("ana"), events, END).effects if isinstance(effect, TouchDue)
    ]
    for first, last in zip(sent, sent[cap.touches :], strict=False):
        assert last - first >= cap.within


@THOROUGH
@given(playbooks, histories())
def test_every_touch_has_an_instant_of_its_own_inside_the_send_window(
    playbook: CompiledPlaybook, events: list[Event]
) -> None:
    sent = [
        effect.at for effect in advance(playbook, newborn("ana"), events, END).effects if isinstance(effect, TouchDue)
    ]
    assert all(last - first >= MINUTE for first, last in itertools.pairwise(sent))
    window = playbook.playbook.send_window
    if window is not None:
        zones = (window.timezone, "America/New_York")
        assert all(any(next_in_window(at, **_window(window, zone)) == at for zone in zones) for at in sent)


def _window(window: SendWindow, timezone: str) -> dict[str, Any]:
    return {"weekdays": window.weekdays, "opens": window.opens, "closes": window.closes, "timezone": timezone}


@THOROUGH
@given(playbooks, histories())
def test_excluded_people_are_scored_and_never_handed_to_sales(playbook: CompiledPlaybook, events: list[Event]) -> None:
    student = LeadChanged(id="first", at=START - DAY, fields={"is_student": True, "account": "acme"})
    harmless = [
        event
        for event in events
        if not (isinstance(event, LeadChanged) and ({"is_student", "stage"} & set(event.fields)))
    ]
    decision = advance(playbook, newborn("ana"), [student, *harmless], START + 300 * DAY)
    assume(standing(playbook, decision.state, START + 300 * DAY).excluded)
    assert not [effect for effect in decision.effects if isinstance(effect, TaskWanted | Escalated)]
    assert not [effect for effect in decision.effects if isinstance(effect, StageChanged) and effect.after == "mql"]
