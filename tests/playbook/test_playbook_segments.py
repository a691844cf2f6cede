"""Nobody in segment C is called, in any playbook that comes along [rules: segments]."""

import pytest

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.effects import Escalated, TaskWanted
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.state import newborn
from integration.core.rules.automation_rules import TaskStep
from integration.core.rules.playbook_rules import Playbook
from integration.core.run.apply_events import advance
from integration.core.run.standing import standing
from integration.playbook.compiling.compiler import load
from integration.playbook.reading import library
from mappings.model.canonical import Activity
from mappings.values.instant import DAY, HOUR, parse

START = parse("2026-01-05T09:00:00Z")
DEEDS = (
    ("page_view", {"page": "pricing"}),
    ("page_view", {"page": "integrations"}),
    ("page_view", {"page": "case_study"}),
    ("page_view", {"page": "case_study", "url": "/another"}),
    ("page_view", {"page": "roi"}),
    ("content_download", {"asset_type": "case_study", "asset": "story"}),
    ("content_download", {"asset_type": "roi_calculator", "asset": "calculator"}),
    ("email_open", {}),
    ("email_open", {"campaign": "second"}),
    ("internal_sharing", {"document": "offer", "people": 2}),
    ("account_returns", {"people": 2}),
    ("account_interest", {"people": 2}),
    ("webinar_attend", {"asked_question": True, "minutes": 45}),
    ("product_usage", {"event": "capacity_limit"}),
)


def compiled(name: str) -> Playbook:
    playbook, problems = load(name)
    assert playbook is not None, problems
    return playbook


SEGMENTED = [name for name in library.names() if compiled(name).segments.fit_high is not None]


def history(stage: str) -> list[Event]:
    """Somebody who fits badly does everything there is, several days in a row."""
    badly = {"source": "other", "seniority": "ic", "owner": "olga", "account": "acme"}
    events: list[Event] = [
        AccountChanged(id="c", at=START, account="acme", fields={"name": "Acme", "employees": 20}),
        LeadChanged(id="l", at=START, fields=badly),
    ]
    for day in range(3):
        for number, (kind, properties) in enumerate(DEEDS):
            at = START + day * DAY + number * HOUR // 10 + HOUR
            events.append(Activity(id=f"a{day}{number:02}", lead="ana", at=at, type=kind, properties=properties))
    if stage:
        events.append(LeadChanged(id="s", at=START + HOUR // 2, fields={"stage": stage}))
    return sorted(events, key=lambda each: each.at)


@pytest.mark.parametrize("stage", ["", "customer", "recycled"])
@pytest.mark.parametrize("name", SEGMENTED)
def test_who_is_in_segment_c_is_looked_at_and_never_called(name: str, stage: str) -> None:
    playbook = CompiledPlaybook.of(compiled(name))
    decision = advance(playbook, newborn("ana"), history(stage), START + 4 * DAY)
    assert standing(playbook, decision.state, START + 4 * DAY).segment == "C"
    done = [effect for effect in decision.effects if isinstance(effect, TaskWanted | Escalated)]
    reviewed = [effect for effect in done if isinstance(effect, TaskWanted) and effect.channel == "review"]
    called = [effect for effect in done if effect not in reviewed and in_c_by(playbook, effect.at, stage)]
    assert called == []
    assert {effect.play for effect in reviewed} == ({"route_carefully"} if stage != "customer" else set())


def in_c_by(playbook: CompiledPlaybook, at: int, stage: str) -> bool:
    """Whether the lead was in C when a task was made for it: on its way there it is in D."""
    state = advance(playbook, newborn("ana"), [each for each in history(stage) if each.at < at], at - 1).state
    return standing(playbook, state, at - 1).segment == "C"


@pytest.mark.parametrize("name", SEGMENTED)
def test_every_trigger_that_makes_sales_a_task_names_its_segments(name: str) -> None:
    playbook = compiled(name)
    plays = {play.name: play for play in playbook.plays}
    for trigger in playbook.triggers:
        steps = plays[trigger.play].steps if trigger.play else ()
        if any(isinstance(step, TaskStep) for step in steps):
            assert "segment" in str(trigger.condition), trigger.name


def test_every_playbook_with_segments_has_a_look_at_c() -> None:
    for name in SEGMENTED:
        assert "route_carefully" in {trigger.name for trigger in compiled(name).triggers}, name
