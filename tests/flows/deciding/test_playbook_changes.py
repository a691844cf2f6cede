"""A playbook's file is edited and the service restarted: nobody stops, and the past makes nobody any work."""

import os
import time
from collections.abc import Sequence

import pytest
from flows_crms import tasks
from flows_playbook_changes import (
    EDITS,
    PEOPLE,
    STANDARD,
    assert_equal_to_fresh_folds,
    decided_since,
    everybody,
    handed_over,
    in_force,
)
from flows_run import Watch, activity, counts, dead, drain_all, lead, receive, with_parts
from sqlalchemy import Connection, text

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.state import FORMAT
from integration.flows.deciding import rederive
from integration.flows.deciding.advance import advance
from integration.flows.intake.ingest import ingest
from integration.flows.upkeep.sweep import sweep
from integration.playbook.compiling.compiler import compile_text
from integration.store.db.session import Store
from integration.store.events import playbook_versions
from integration.store.events.live_since import CHANGED
from integration.store.events.playbook_versions import Terms, Texts
from integration.store.people import leads
from integration.store.queues import dirty
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox


@pytest.mark.parametrize("edit", EDITS)
def test_after_an_edit_everybody_is_derived_anew_and_the_past_makes_no_work(
    living: Service, sandbox: Sandbox, at: Watch, edit: str
) -> None:
    stages = {row.id: row.stage for row in everybody(living)}
    written, touched = tasks(sandbox, "hubspot"), _touches(living)
    restarted = with_parts(living, compiled=CompiledPlaybook.of(EDITS[edit]))
    at.forward(HOUR)
    published = at()
    receive(restarted, activity("news", PEOPLE[1], "page_view", at(), page="case_study"))
    drain_all(restarted)
    assert in_force(restarted).at == published
    assert dead(restarted) == []
    assert counts(restarted).dirty == 0
    assert_equal_to_fresh_folds(restarted, restarted.rules.playbook)
    assert {row.version for row in everybody(restarted)} == {in_force(restarted).number}
    keys = handed_over(restarted, stages, published)
    assert set(tasks(sandbox, "hubspot")) - set(written) <= keys
    assert _touches(restarted) == touched
    lately = [each for each in decided_since(restarted, published) if each.at < published and each.key not in keys]
    assert all(each.withheld == CHANGED for each in lately)
    at.forward(DAY)
    drain_all(restarted)
    assert dead(restarted) == [], "and the days go on"
    assert_equal_to_fresh_folds(restarted, restarted.rules.playbook)


def _touches(service: Service) -> set[str]:
    with service.store.read() as conn:
        return set(conn.execute(text("SELECT key FROM outbox WHERE kind = 'touch'")).scalars())


def test_who_passes_a_lower_gate_is_handed_over_now_so_many_in_an_hour(
    living: Service, sandbox: Sandbox, at: Watch
) -> None:
    before, stages = tasks(sandbox, "hubspot"), {row.id: row.stage for row in everybody(living)}
    restarted = with_parts(living, compiled=CompiledPlaybook.of(EDITS["a lower gate"]), tasks_per_hour=2)
    at.forward(HOUR)
    published = at()
    drain_all(restarted)
    keys = handed_over(restarted, stages, published)
    assert len(keys) > 1
    assert all("/handoff/" in key for key in keys)
    first = set(tasks(sandbox, "hubspot")) - set(before)
    assert len(first) == 1, "half an hour lies between two"
    at.forward(HOUR * len(keys) // 2)
    drain_all(restarted)
    assert set(tasks(sandbox, "hubspot")) - set(before) == keys
    for each in decided_since(restarted, published):
        if each.key in keys:
            assert each.payload["due_at"] > published, "due from the day of the change on"


def test_the_same_file_in_another_layout_is_the_same_playbook(living: Service) -> None:
    number = in_force(living).number
    playbook, _ = compile_text("# a comment of ours\n" + STANDARD.replace("\n\n", "\n"), "ours.yaml")
    assert playbook is not None
    drain_all(with_parts(living, compiled=CompiledPlaybook.of(playbook)))
    assert in_force(living).number == number


def test_a_version_tells_who_published_it_when_and_why(living: Service, at: Watch) -> None:
    restarted = with_parts(living, compiled=CompiledPlaybook.of(EDITS["a lower gate"]))
    at.forward(MINUTE)
    assert sweep(restarted)[0] == "advance", "nobody has to do anything for it to be published"
    advance(restarted)
    found = in_force(restarted)
    assert (found.author, found.at, found.format) == ("COLDFRAME_PLAYBOOK", at(), FORMAT)
    assert found.fingerprint == restarted.rules.playbook.fingerprint
    assert "file differs" in found.reason
    with restarted.store.read() as conn:
        assert playbook_versions.texts(conn, found.number).playbook == restarted.rules.playbook.text
    drain_all(restarted)
    assert "advance" not in sweep(restarted)


def test_a_process_that_was_started_before_the_change_decides_by_the_new_playbook(living: Service, at: Watch) -> None:
    old = with_parts(living, started=at())
    at.forward(MINUTE)
    new = with_parts(living, compiled=CompiledPlaybook.of(EDITS["a lower gate"]), started=at())
    drain_all(new)
    at.forward(MINUTE)
    receive(old, activity("late", PEOPLE[2], "page_view", at(), page="pricing"))
    drain_all(old)
    assert in_force(old).fingerprint == new.rules.playbook.fingerprint
    assert_equal_to_fresh_folds(old, new.rules.playbook)
    at.forward(MINUTE)
    drain_all(with_parts(living, started=at()))
    assert in_force(old).fingerprint == living.rules.playbook.fingerprint, (
        "a later start with the older file is a change back"
    )


def test_a_process_of_an_older_program_decides_nothing(living: Service, at: Watch) -> None:
    with living.store.write() as conn:
        terms, said = Terms(author="x", reason="y"), Texts(playbook="")
        playbook_versions.publish(conn, terms, said, fingerprint="f" * 16, format_=FORMAT + 1, at=at() + MINUTE)
    older = with_parts(living, started=at())
    receive(older, activity("more", PEOPLE[2], "page_view", at(), page="pricing"))
    ingest(older)
    advance(older)
    assert counts(older).dirty > 0
    assert dead(older) == []


def test_states_of_another_shape_are_derived_anew(living: Service, at: Watch) -> None:
    """As after an upgrade that changed what a state is made of."""
    with living.store.write() as conn:
        conn.execute(text("UPDATE versions SET format = :older"), {"older": FORMAT - 1})
        conn.execute(text('UPDATE leads SET state = \'{"another": "shape"}\''))
    touched = _touches(living)
    at.forward(HOUR)
    drain_all(living)
    assert "shape" in in_force(living).reason
    assert dead(living) == []
    assert _touches(living) == touched
    assert_equal_to_fresh_folds(living, living.rules.playbook)


def test_a_state_that_cannot_be_read_is_derived_anew(living: Service, at: Watch) -> None:
    with living.store.write() as conn:
        conn.execute(text("UPDATE leads SET state = '{' WHERE email = :email"), {"email": PEOPLE[0]})
        dirty.mark(conn, [lead(living, PEOPLE[0]).id], at())
    drain_all(living)
    assert dead(living) == []
    assert_equal_to_fresh_folds(living, living.rules.playbook)


def test_an_installation_of_before_versions_is_derived_anew_once(living: Service, at: Watch) -> None:
    with living.store.write() as conn:
        conn.execute(text("DELETE FROM versions"))
        conn.execute(text("UPDATE leads SET version = NULL"))
        conn.execute(text("UPDATE accounts SET version = NULL"))
    touched = _touches(living)
    at.forward(HOUR)
    drain_all(living)
    assert _touches(living) == touched
    assert {row.version for row in everybody(living)} == {in_force(living).number}
    assert_equal_to_fresh_folds(living, living.rules.playbook)


@pytest.mark.parametrize("batches", [1, 2])
def test_killed_in_the_middle_of_it_the_rest_is_derived_afterwards(
    living: Service, at: Watch, batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = {row.id: row.stage for row in everybody(living)}
    touched = _touches(living)
    restarted = with_parts(living, compiled=CompiledPlaybook.of(EDITS["another playbook"]))
    at.forward(HOUR)
    published = at()
    monkeypatch.setattr(rederive, "LEADS", 2)
    living.store.dispose()
    assert _dies_after(restarted, batches) == 9
    time.sleep(0.3)  # until the dead worker's lease has expired
    numbers = [row.version for row in everybody(living)]
    assert numbers.count(in_force(living).number) <= 2 * batches < len(PEOPLE) + 1
    drain_all(restarted)
    assert dead(restarted) == []
    assert_equal_to_fresh_folds(restarted, restarted.rules.playbook)
    handed_over(restarted, stages, published)
    assert _touches(restarted) == touched


def _dies_after(service: Service, batches: int) -> int:
    """Let a process of its own decide, until it has committed so many batches; its exit status."""
    pid = os.fork()
    if pid == 0:
        try:
            store, left = Store.open(service.store.url.render_as_string(hide_password=False)), [batches]
            save = leads.save

            def saving(conn: Connection, rows: Sequence[leads.SavedLead]) -> None:
                if not left[0]:
                    os._exit(9)
                left[0] -= 1
                save(conn, rows)

            leads.save = saving  # in a process of its own
            advance(with_parts(service, store=store, lease=MINUTE // 300))
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)
