"""A track, play or clock is renamed with `was: OLD_NAME`: whoever is on it goes on, and nothing is done twice."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from flows_crms import tasks
from flows_playbook_changes import (
    GATE,
    STANDARD,
    assert_equal_to_fresh_folds,
    decided_since,
    edited,
    everybody,
    in_force,
)
from flows_run import Watch, activity, dead, drain_all, receive, with_parts
from sqlalchemy import text

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.rules.playbook_rules import Playbook
from integration.flows.base.running_playbook import published
from integration.flows.publishing import put_in_force as flow
from integration.flows.publishing.impact import Impact, impact
from integration.store.db.json_codec import decode
from integration.store.events import decided_effects
from integration.store.events.playbook_versions import Terms, Texts
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox

NEW = "new@acme.example"
TERMS = Terms(author="rev ops", reason="better names", tasks_per_hour=0)
WELCOME = ("  welcome: # any new lead", "  {}: # any new lead"), ("track: welcome", "track: {}")
SALES_READY = (
    "    touches:\n      day 0: challenge_assumptions",
    "    was: {}\n    touches:\n      day 0: challenge_assumptions",
)


def renamed(new: str, was: str = "", *more: tuple[str, str]) -> Playbook:
    """`standard` with its first track under another name; `was` says what it was called."""
    lines = [(before, after.format(new)) for before, after in WELCOME]
    if was:
        lines.append(("    touches: {day 0: promised", f"    was: {was}\n    touches: {{day 0: promised"))
    return edited(*lines, *more)


def swapped() -> Playbook:
    """`standard` with two of its tracks under each other's names."""
    return edited(
        ("welcome", "former_welcome"),
        ("mql_nurture", "welcome"),
        ("former_welcome", "mql_nurture"),
        ("    touches: {day 0: promised", "    was: welcome\n    touches: {day 0: promised"),
        ("    touches:\n      day 0: challenge", "    was: mql_nurture\n    touches:\n      day 0: challenge"),
    )


@pytest.fixture
def running(living: Service, at: Watch) -> Service:
    """A service that was started three days ago, and that somebody new has been known to since then."""
    running = with_parts(living, started=at())
    at.forward(HOUR)
    receive(running, activity("new", NEW, "email_open", at()))
    drain_all(running)
    at.forward(3 * DAY)
    drain_all(running)
    at.forward(MINUTE)
    return running


def told(service: Service, playbook: Playbook) -> Impact:
    return impact(published(service), CompiledPlaybook.of(playbook), TERMS, lambda _done, _total: None)


def put(service: Service, playbook: Playbook) -> None:
    over, said = in_force(service).number, Texts(playbook=playbook.text)
    flow.publish(published(service), CompiledPlaybook.of(playbook), said, TERMS, over=over)


def tracks(service: Service) -> dict[str, object]:
    return {row.id: (row.standing or {}).get("track") for row in everybody(service)}


def stays(service: Service) -> dict[str, tuple[object, ...]]:
    """Where everybody is on a track, without its name: since when, the touches so far, and the next one's time."""
    found = {row.id: decode(row.state or "{}", dict[str, Any]).get("stay") for row in everybody(service)}
    return {
        lead: tuple(value for name, value in (stay or {}).items() if name != "track") for lead, stay in found.items()
    }


def sent(service: Service) -> Counter[str]:
    with service.store.read() as conn:
        return Counter(conn.execute(text("SELECT key FROM outbox WHERE kind = 'touch'")).scalars())


def steps(keys: Counter[str], root: str) -> dict[str, list[int]]:
    """By lead and stay, the touches that went out of the track of this name in keys."""
    found: dict[str, list[int]] = {}
    for key in sorted(keys, key=lambda each: int(each.rpartition("/")[2])):
        stay, _, step = key.rpartition("/")
        if f"/touch/{root}/" in key:
            found.setdefault(stay, []).append(int(step))
    return found


def test_a_renamed_track_goes_on_with_its_step_its_touches_and_its_next_one(running: Service, at: Watch) -> None:
    before, where, out = tracks(running), stays(running), sent(running)
    on = sum(track == "welcome" for track in before.values())
    said = told(running, renamed("hello", "welcome"))
    assert said.renamed["track", "welcome", "hello"] == on > 0
    assert not said.ended
    assert said.moved == 0, "another name is no other track"
    assert said.recorded == 0, "nothing is found that is not on record"
    now = at()
    put(running, renamed("hello", "welcome"))
    drain_all(running)
    assert decided_since(running, now) == []
    assert tracks(running) == {lead: "hello" if track == "welcome" else track for lead, track in before.items()}
    assert stays(running) == where
    assert sent(running) == out
    for _ in range(4):
        at.forward(DAY)
        drain_all(running)
    went = steps(sent(running) - out, "welcome")
    assert went, "the touches go on"
    assert not steps(sent(running), "hello")
    for stay, numbers in steps(sent(running), "welcome").items():
        assert all(one + 1 == other for one, other in pairwise(numbers)), (stay, numbers)
    assert dead(running) == []
    assert_equal_to_fresh_folds(running, published(running).rules.playbook)


def test_a_track_that_is_called_otherwise_and_does_not_say_so_ends(running: Service) -> None:
    on = sum(track == "welcome" for track in tracks(running).values())
    said = told(running, renamed("hello"))
    assert said.ended["track", "welcome"] == on > 0
    assert not said.renamed
    assert said.moves["track", "welcome", "hello"] > 0


def test_names_that_change_twice_before_anybody_is_derived_lead_back_to_the_first(running: Service, at: Watch) -> None:
    before, where, out, now = tracks(running), stays(running), sent(running), at()
    put(running, renamed("hello", "welcome"))
    put(running, renamed("first_weeks", "hello"))
    drain_all(running)
    assert tracks(running) == {lead: "first_weeks" if track == "welcome" else track for lead, track in before.items()}
    assert (stays(running), sent(running), decided_since(running, now)) == (where, out, [])
    put(running, renamed("beginning", "welcome"))
    drain_all(running)
    assert decided_since(running, now) == [], "a name of two versions ago counts as well"
    assert set(tracks(running).values()) == {"beginning" if each == "welcome" else each for each in before.values()}


def test_two_tracks_that_change_names_do_not_change_people(running: Service, at: Watch) -> None:
    before, where, now = tracks(running), stays(running), at()
    assert {"welcome", "mql_nurture"} <= set(before.values())
    put(running, swapped())
    drain_all(running)
    other = {"welcome": "mql_nurture", "mql_nurture": "welcome"}
    assert tracks(running) == {lead: other.get(str(track), track) for lead, track in before.items()}
    assert (stays(running), decided_since(running, now)) == (where, [])
    put(running, edited())
    drain_all(running)
    assert (tracks(running), stays(running)) == (before, where), "the text of before has the names of before"
    assert decided_since(running, now) == []
    assert_equal_to_fresh_folds(running, published(running).rules.playbook)


def test_who_was_handed_over_by_a_play_is_not_handed_over_again_by_its_new_name(
    running: Service, sandbox: Sandbox, at: Watch
) -> None:
    """The gate is lowered in the same breath: only those who had no handoff get one."""
    with running.store.read() as conn:
        made = {
            each.lead_id
            for each in decided_effects.history(conn, [row.id for row in everybody(running)])
            if "/play/handoff/" in each.key and each.kind == "task"
        }
    assert made
    handoff = STANDARD[
        STANDARD.index("  handoff:\n    - alert") : STANDARD.index("  pricing_integration: # [operating")
    ]
    steps_ = "".join(f"    {line}\n" for line in handoff.splitlines()[1:])
    new = edited(
        (GATE, "hot: total >= 45 and fit >= 20"),
        ("  play: handoff\n", "  play: to_sales\n"),
        (handoff, f"  to_sales:\n    was: handoff\n    steps:\n{steps_}"),
    )
    before, now = set(tasks(sandbox, "hubspot")), at()
    said = told(running, new)
    put(running, new)
    drain_all(running)
    keys = set(tasks(sandbox, "hubspot")) - before
    assert said.handovers == len(keys) > 0
    assert all("/play/handoff/" in key for key in keys)
    assert not made & {key.partition("/")[0] for key in keys}
    at.forward(HOUR)
    drain_all(running)
    assert set(tasks(sandbox, "hubspot")) - before == keys
    assert not [each for each in decided_since(running, now) if "to_sales" in each.key]


def test_a_renamed_clock_runs_on_and_escalates_once(running: Service, at: Watch) -> None:
    receive(running, activity("asks", "clara@firm0.example", "demo_request", at()))
    drain_all(running)
    new, now = edited(("  first_response: #", "  first_answer:\n    was: first_response #")), at()
    assert told(running, new).renamed["clock", "first_response", "first_answer"] > 0
    put(running, new)
    drain_all(running)
    at.forward(DAY)
    drain_all(running)
    at.forward(MINUTE)
    ours = [each for each in decided_since(running, now) if each.key.endswith("/clock/first_response/1/escalation")]
    assert [(each.payload["clock"], each.withheld) for each in ours] == [("first_answer", None)]
    now = at()
    put(running, edited())
    drain_all(running)
    assert not [each for each in decided_since(running, now) if "/clock/" in each.key], "under either name, only once"
