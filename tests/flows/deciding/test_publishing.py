"""Rules are published while the service runs: the impact that is shown before is what happens then."""

from collections import Counter
from dataclasses import replace

import pytest
from flows_crms import tasks
from flows_playbook_changes import EDITS, PEOPLE, assert_equal_to_fresh_folds, edited, everybody, in_force
from flows_run import Watch, drain_all, with_parts
from sqlalchemy import text

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.state import FORMAT
from integration.core.rules.playbook_rules import Playbook
from integration.flows.base.running_playbook import AUTHOR, published
from integration.flows.base.stored_versions import compiled_of
from integration.flows.publishing import put_in_force as flow
from integration.flows.publishing.impact import Impact, impact
from integration.flows.publishing.put_in_force import OvertakenError
from integration.rig.chaos.chaos_finding import Finding
from integration.rig.publish_drill.publish_check import Followed, Stored, compare, stored
from integration.store.events.playbook_versions import Terms, Texts
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE, Instant
from sandbox.server import Sandbox

TERMS = Terms(author="rev ops", reason="a test")


@pytest.fixture
def running(living: Service, at: Watch) -> Service:
    """A service that was started an hour ago: nothing that it was started with is put in force any more."""
    running = with_parts(living, started=at())
    at.forward(HOUR)
    return running


def told(service: Service, playbook: Playbook, terms: Terms = TERMS) -> Impact:
    return impact(published(service), CompiledPlaybook.of(playbook), terms, lambda _done, _total: None)


def put(service: Service, playbook: Playbook, terms: Terms = TERMS) -> int:
    over = in_force(service).number
    compiled, said = CompiledPlaybook.of(playbook), Texts(playbook=playbook.text)
    return flow.publish(published(service), compiled, said, terms, over=over).number


def compared(  # noqa: PLR0917 - as `compare`
    service: Service, playbook: Playbook, number: int, said: Impact, said_at: Instant, before: Stored
) -> tuple[Finding, Followed]:
    """What followed of a publication during which nothing was delivered."""
    compiled = CompiledPlaybook.of(playbook)
    return compare(service, compiled, number, predicted=said, predicted_at=said_at, before=before, fresh=frozenset())


@pytest.mark.parametrize("edit", EDITS)
def test_what_the_impact_says_is_what_happens(running: Service, sandbox: Sandbox, at: Watch, edit: str) -> None:
    before, scores, told_at = stored(running), {row.id: row.total for row in everybody(running)}, at()
    said = told(running, EDITS[edit])
    assert stored(running) == before, "nothing is written"
    number = put(running, EDITS[edit])
    written = set(tasks(sandbox, "hubspot"))
    drain_all(running)
    finding, followed = compared(running, EDITS[edit], number, said, told_at, before)
    assert finding.differences == []
    assert (followed.tasks, followed.touches, followed.alerts) == (said.tasks, said.touches, said.alerts)
    assert said.leads == len(before.places) == finding.figures["leads compared"]
    assert said.rescored >= sum(row.total != scores[row.id] for row in everybody(running))
    if said.last_handover is not None:
        at.forward(said.last_handover - at() + MINUTE)
        drain_all(running)
    assert len(set(tasks(sandbox, "hubspot")) - written) <= said.tasks.total()
    assert_equal_to_fresh_folds(running, EDITS[edit])


def test_an_impact_derives_the_signals_of_accounts_by_the_proposed_rules_too(running: Service) -> None:
    """People of one firm came back on two days of a month: a signal that the rules in force do not have."""
    told_at, before = running.now(), stored(running)
    wide = edited(
        ("distinct: day, at_least: 3, within: 5d, if: segment = A|B", "distinct: day, at_least: 2, within: 30d")
    )
    said = told(running, wide)
    number = put(running, wide)
    drain_all(running)
    finding, followed = compared(running, wide, number, said, told_at, before)
    assert finding.differences == []
    assert said.recorded == followed.recorded
    after = stored(running)
    plays = [key for key in after.effects.keys() - before.effects.keys() if "/play/account_returns/" in key]
    assert plays, "and there is something to tell"


def test_a_comparison_sees_what_was_not_told_what_was_undone_and_who_stands_elsewhere(running: Service) -> None:
    """The publish drill compares an installation of 20,000 leads in the same way; it must see what goes wrong."""
    before, told_at = stored(running), running.now()
    said = told(running, EDITS["a lower gate"])
    number = put(running, EDITS["a lower gate"])
    drain_all(running)
    assert said.tasks.total() > 0
    with running.store.write() as conn:
        conn.execute(
            text("UPDATE leads SET state = replace(state, 'mql', 'sal') WHERE email = :one"), {"one": PEOPLE[0]}
        )
        conn.execute(text("UPDATE outbox SET payload = '{}' WHERE state = 'sent' AND kind = 'touch'"))
        conn.execute(text("UPDATE effects SET withheld = NULL WHERE kind = 'touch'"))
    finding, _ = compared(running, EDITS["a lower gate"], number, replace(said, tasks=Counter()), told_at, before)
    found = "\n".join(finding.differences)
    assert "is not that of its history" in found
    assert "effects carried out before that changed" in found
    assert "tasks that nobody predicted" in found
    assert "touches that nobody predicted" in found


def test_an_impact_names_the_tracks_plays_and_clocks_that_end(running: Service) -> None:
    on = Counter(str((row.standing or {}).get("track")) for row in everybody(running))
    said = told(running, EDITS["a renamed track"])
    assert said.ended["track", "welcome"] == on["welcome"]


def test_a_quiet_publication_hands_nobody_over(running: Service, sandbox: Sandbox) -> None:
    loud = told(running, EDITS["a lower gate"])
    quiet = replace(TERMS, quiet=True)
    assert loud.handovers > 0
    assert told(running, EDITS["a lower gate"], quiet).handovers == 0
    before = set(tasks(sandbox, "hubspot"))
    put(running, EDITS["a lower gate"], quiet)
    drain_all(running)
    assert set(tasks(sandbox, "hubspot")) == before


def test_a_publication_has_a_rate_of_its_own(running: Service, at: Watch) -> None:
    running = with_parts(running, tasks_per_hour=600)
    slow = told(running, EDITS["a lower gate"], replace(TERMS, tasks_per_hour=1))
    at_once = told(running, EDITS["a lower gate"], replace(TERMS, tasks_per_hour=0))
    assert slow.handovers == at_once.handovers > 1
    assert slow.last_handover is not None
    assert slow.last_handover >= at() + HOUR
    assert at_once.last_handover == at()


def test_who_publishes_over_a_version_that_is_not_in_force_any_more_is_stopped(running: Service) -> None:
    over = in_force(running).number
    put(running, EDITS["a lower gate"])
    with pytest.raises(OvertakenError, match="look at the impact again"):
        flow.publish(
            published(running),
            CompiledPlaybook.of(EDITS["a higher gate"]),
            Texts(playbook=EDITS["a higher gate"].text),
            TERMS,
            over=over,
        )
    assert in_force(running).fingerprint == EDITS["a lower gate"].fingerprint


def test_a_restart_with_a_shipped_playbook_does_not_undo_what_was_published(running: Service, at: Watch) -> None:
    put(running, EDITS["a lower gate"])
    at.forward(MINUTE)
    drain_all(with_parts(running, started=at(), of_file=False))
    assert in_force(running).fingerprint == EDITS["a lower gate"].fingerprint
    drain_all(with_parts(running, started=at(), of_file=True))
    assert in_force(running).fingerprint == running.rules.playbook.fingerprint, "a file that somebody names counts"
    assert in_force(running).author == AUTHOR


def test_what_was_published_is_derived_anew_by_a_program_whose_states_have_another_shape(
    running: Service, at: Watch
) -> None:
    put(running, EDITS["a lower gate"])
    drain_all(running)
    with running.store.write() as conn:
        conn.execute(text("UPDATE versions SET format = :older"), {"older": FORMAT - 1})
    at.forward(MINUTE)
    drain_all(with_parts(running, started=at(), of_file=False))
    found = in_force(running)
    assert (found.author, found.format) == ("rev ops", FORMAT)
    assert found.fingerprint == EDITS["a lower gate"].fingerprint
    assert_equal_to_fresh_folds(running, EDITS["a lower gate"])


def test_a_published_vocabulary_is_what_activities_are_read_by(running: Service) -> None:
    words = "language: 1\nrecognise:\n  - {url: '/lizenzen*', page: pricing}\n"
    said = Texts(playbook=running.rules.playbook.text, vocabulary=words)
    number = in_force(running).number
    compiled = compiled_of(said, "ours", running.rules.vocabulary)
    assert compiled is not None
    flow.publish(published(running), compiled, said, replace(TERMS, what="vocabulary"), over=number)
    drain_all(running)
    assert published(running).rules.vocabulary.recognised("page_view", {"url": "https://acme.example/lizenzen"}) == (
        "page_view",
        {"url": "https://acme.example/lizenzen", "page": "pricing"},
    )


def test_an_impact_counts_the_tasks_that_were_taken_back_and_come_again(running: Service) -> None:
    """Handovers wait for their turn; a raised gate takes them back, and the lowered one brings them again."""
    slow = replace(TERMS, tasks_per_hour=1)
    put(running, EDITS["a lower gate"], slow)
    drain_all(running)
    put(running, EDITS["a higher gate"])
    drain_all(running)
    with running.store.read() as conn:
        taken = conn.execute(text("SELECT count(*) FROM outbox WHERE state = 'withdrawn'")).scalar_one()
    before, told_at = stored(running), running.now()
    said = told(running, EDITS["a lower gate"], slow)
    number = put(running, EDITS["a lower gate"], slow)
    drain_all(running)
    assert taken > 0
    assert said.tasks.total() >= taken
    finding, followed = compared(running, EDITS["a lower gate"], number, said, told_at, before)
    assert finding.differences == []
    assert followed.tasks == said.tasks
