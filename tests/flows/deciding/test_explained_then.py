"""An explanation of any instant tells by the rules of then, and of no effect that was not decided by then."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flows_playbook_changes import EDITS, PEOPLE, decided_since, edited, everybody, in_force
from flows_run import Watch, activity, drain_all, receive, with_parts

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.rules.playbook_rules import Playbook
from integration.flows.base.running_playbook import published
from integration.flows.base.stored_versions import compiled_of
from integration.flows.looking.explained_then import ExplainedThen, explained_then
from integration.flows.publishing import put_in_force as flow
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.explaining.effect_words import EffectSentence
from integration.store.events.playbook_versions import Terms, Texts
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE, Instant
from mappings.vocabulary.files import load_vocabulary

TERMS = Terms(author="rev ops", reason="a test", tasks_per_hour=0)
LOWER, WORDS = EDITS["a lower gate"], "language: 1\nrecognise:\n  - {url: '/lizenzen*', page: pricing}\n"


@pytest.fixture
def running(living: Service, at: Watch) -> Service:
    """A service that was started an hour ago: nothing that it was started with is put in force any more."""
    running = with_parts(living, started=at())
    at.forward(HOUR)
    return running


def put(service: Service, playbook: Playbook) -> None:
    over, said = in_force(service).number, Texts(playbook=playbook.text)
    flow.publish(published(service), CompiledPlaybook.of(playbook), said, TERMS, over=over)


def told(service: Service, name: str, moment: Instant) -> ExplainedThen:
    found = explained_then(service, name, moment)
    assert found is not None
    return found


def deeds(found: ExplainedThen) -> list[EffectSentence]:
    return [*found.explanation.done, *found.explanation.unjustified]


def plain(found: ExplainedThen) -> tuple[Any, ...]:
    """All that may not change afterwards: where they stood, by which version, and what had been decided."""
    said = found.explanation
    done, unjustified = ({each.key for each in those} for those in (said.done, said.unjustified))
    return said.standing, said.track, said.stage, said.ledger, found.version, done, unjustified


def newcomer(service: Service, stages: dict[str, str | None]) -> str:
    """Somebody whom a lower gate hands over."""
    return next(row.id for row in everybody(service) if stages[row.id] == "inquiry" and row.stage == "mql")


def test_what_is_explained_of_the_past_stays_when_rules_change(running: Service, at: Watch) -> None:
    """A handover is decided now and belongs to the past that it was found in: the past knows nothing of it."""
    stages, then = {row.id: row.stage for row in everybody(running)}, at() - MINUTE
    before = {row.id: plain(told(running, row.id, then)) for row in everybody(running)}
    put(running, LOWER)
    drain_all(running)
    at.forward(HOUR)
    drain_all(running)
    assert {lead: plain(told(running, lead, then)) for lead in before} == before
    who = newcomer(running, stages)
    late = [each for each in decided_since(running, then) if each.lead_id == who and each.kind == "task"]
    assert late[0].at < then < late[0].decided_at
    assert late[0].key in {each.key for each in deeds(told(running, who, at()))}
    put(running, edited())
    drain_all(running)
    assert {lead: plain(told(running, lead, then)) for lead in before} == before, "nor does a rollback change it"


def test_from_the_instant_of_its_publication_on_a_version_explains(running: Service, at: Watch) -> None:
    put(running, LOWER)
    moment = at()
    numbers = [told(running, PEOPLE[1], each).version for each in (moment - 1, moment)]
    assert [each.number if each else None for each in numbers] == [1, 2]
    waiting = told(running, PEOPLE[1], moment)
    assert waiting.row.version == 1, "it is not derived anew yet"
    assert {each.version for each in deeds(waiting)} == {1}, "so nothing was decided by the new rules"
    drain_all(running)
    again = told(running, PEOPLE[1], moment)
    assert again.explanation.standing == waiting.explanation.standing


def test_before_any_rules_the_first_ones_explain_and_it_is_said_so(running: Service, at: Watch) -> None:
    early = told(running, PEOPLE[0], at() - 400 * DAY)
    assert (early.before_any, early.version.number if early.version else None) == (True, 1)
    assert deeds(early) == []
    assert not told(running, PEOPLE[0], at()).before_any


def test_each_effect_names_the_version_by_which_it_was_decided(running: Service, at: Watch) -> None:
    stages = {row.id: row.stage for row in everybody(running)}
    put(running, LOWER)
    at.forward(MINUTE)
    drain_all(running)
    who = newcomer(running, stages)
    found = {each.kind: each.version for each in deeds(told(running, who, at())) if each.kind in {"task", "track"}}
    assert found["task"] == 2
    assert {each.version for each in decided_since(running, 0)} == {1, 2}


def test_an_effect_of_a_track_that_is_gone_says_that_the_rules_have_it_no_more(running: Service, at: Watch) -> None:
    receive(running, activity("new", "new@acme.example", "email_open", at()))
    drain_all(running)
    at.forward(MINUTE)
    put(running, edited(("  welcome: # any new lead", "  hello: # any new lead"), ("track: welcome", "track: hello")))
    drain_all(running)
    (gone,) = [each for each in told(running, "new@acme.example", at()).explanation.unjustified if each.kind == "track"]
    assert gone.fate == "ended: these rules have no track 'welcome'"
    assert gone.version == 1


def test_words_of_then_read_what_was_done_then(running: Service, at: Watch) -> None:
    receive(running, activity("raw", PEOPLE[5], "page_view", at(), url="https://acme.example/lizenzen"))
    drain_all(running)
    at.forward(MINUTE)
    before = told(running, PEOPLE[5], at() - 1).explanation.engagement
    said = Texts(playbook=running.rules.playbook.text, vocabulary=WORDS)
    compiled = compiled_of(said, "ours", running.rules.vocabulary)
    assert compiled is not None
    terms = replace(TERMS, what="vocabulary")
    flow.publish(published(running), compiled, said, terms, over=in_force(running).number)
    moment = at()
    drain_all(running)
    assert told(running, PEOPLE[5], moment - 1).explanation.engagement == before
    assert told(running, PEOPLE[5], moment).explanation.engagement > before


def test_signals_of_an_account_are_those_that_the_rules_of_then_saw(running: Service, at: Watch) -> None:
    """Three days of visits are one signal by the rules of then, and none by those that ask for nine."""
    for day in range(4):
        receive(running, activity(f"v{day}", PEOPLE[day % 2 * 3], "page_view", at(), page="blog"))
        drain_all(running)
        at.forward(DAY)
    moment, three = at() - MINUTE, "distinct: day, at_least: 3, within: 5d"
    before = {row.id: plain(told(running, row.id, moment)) for row in everybody(running)}
    assert any("/account_returns/" in key for each in before.values() for key in each[-2])
    put(running, edited((three, "distinct: day, at_least: 9, within: 30d")))
    drain_all(running)
    assert {lead: plain(told(running, lead, moment)) for lead in before} == before


def test_a_vocabularys_file_that_was_edited_since_is_known_as_it_was(
    running: Service, at: Watch, tmp_path: Path
) -> None:
    """Each start keeps the words of its own file, so that the versions before can be explained, and rolled back to."""
    receive(running, activity("raw", PEOPLE[5], "page_view", at(), url="https://acme.example/lizenzen"))
    drain_all(running)
    at.forward(MINUTE)
    path, moments = tmp_path / "words.yaml", []
    for words in (WORDS, "language: 1\n"):
        path.write_text(words)
        vocabulary, problems = load_vocabulary.in_use(str(path))
        assert vocabulary is not None, problems
        playbook, _ = compile_text(running.rules.playbook.text, "ours.yaml", vocabulary)
        assert playbook is not None
        running = with_parts(running, compiled=CompiledPlaybook.of(playbook), started=at())
        moments.append(at())
        drain_all(running)
        at.forward(MINUTE)
    assert in_force(running).number == 3
    scores = [told(running, PEOPLE[5], moment).explanation.engagement for moment in moments]
    assert scores[0] > scores[1]
    put(running, LOWER)
    drain_all(running)
    at.forward(MINUTE)
    path.write_text(WORDS)
    vocabulary, _ = load_vocabulary.in_use(str(path))
    again, _ = compile_text(LOWER.text, "ours.yaml", vocabulary)
    assert again is not None
    drain_all(with_parts(running, compiled=CompiledPlaybook.of(again), started=at(), of_file=False))
    found = in_force(running)
    assert (found.number, found.author) == (5, "rev ops"), "a file of words that differs is published at start"
    assert told(running, PEOPLE[5], at()).explanation.engagement == scores[0]
