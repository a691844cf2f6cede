"""Everybody's scores are worked out from the whole history as deciding does, by whoever takes a part of the leads."""

from dataclasses import replace

import pytest
from flows_playbook_changes import EDITS, PEOPLE
from flows_run import Watch, activity, drain_all, lead, receive, with_parts
from sqlalchemy import text

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.state import newborn
from integration.core.run.apply_events import advance as fold
from integration.core.scoring.machines import marked
from integration.flows.bulk import rescoring
from integration.flows.bulk.rescoring import rescore_part, so_far
from integration.flows.bulk.score_leads import Scorer
from integration.flows.history import load_events
from integration.flows.intake.ingest import ingest
from integration.flows.upkeep.sweep import sweep
from integration.store.db.json_codec import encode
from integration.store.people import leads
from integration.store.progress import bulk_runs
from integration.store.progress.bulk_runs import Result, Run
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, SECOND


def work(service: Service, run: Run) -> Result:
    for number in range(rescoring.PARTS):
        rescore_part(service, number)
    with service.store.read() as conn:
        found, left = so_far(conn, run)
        assert left == 0
    return found


def test_scores_alone_are_those_that_deciding_comes_to_by_every_playbook(living: Service, at: Watch) -> None:
    mail = [
        activity(f"m{n}", PEOPLE[n % 6], "email_click", at() + n * SECOND, url=f"/{n}", campaign="c") for n in range(60)
    ]
    receive(living, *mail, activity("s", PEOPLE[0], "sales_rejected", at(), reason="timing", budget="none"))
    at.forward(DAY)
    drain_all(living)
    for playbook in EDITS.values():
        compiled = CompiledPlaybook.of(playbook)
        service = with_parts(living, compiled=compiled)
        with service.store.read() as conn:
            rows = leads.get(conn, [lead(service, email).id for email in PEOPLE])
            found = Scorer(service).scored(conn, {row.id: at() for row in rows})
            whole = load_events.whole(conn, rows, service.ownership, playbook.vocabulary)
        for row in rows:
            state = fold(compiled, newborn(row.id), marked(playbook.vocabulary.machine, whole[row.id]), at()).state
            assert found[row.id] == (state.fit, state.score.value), playbook.name


def test_a_run_compares_everybody_once_whoever_is_interrupted_and_has_who_stands_otherwise_derived_anew(
    living: Service, at: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain_all(living)
    wrong = lead(living, PEOPLE[2])
    assert wrong.total is not None
    assert wrong.standing is not None
    with living.store.write() as conn:
        told = {"s": encode({**wrong.standing, "fit": 1, "engagement": 2, "total": 3})}
        conn.execute(text("UPDATE leads SET total = 3, standing = :s WHERE id = :i"), {**told, "i": wrong.id})
    run, new = rescoring.begin(living, "ana", mends=True)
    assert new
    assert rescoring.begin(living, "bob", mends=False) == (run, False)
    receive(living, activity("late", PEOPLE[0], "page_view", at()))
    ingest(living)
    real, calls = bulk_runs.moved, 0

    def killed(*given: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        real(*given)  # type: ignore[arg-type] # what it was given

    monkeypatch.setattr(bulk_runs, "moved", killed)
    with pytest.raises(KeyboardInterrupt):
        work(living, run)
    assert any(name.startswith("bulk:") for name in sweep(living))
    found = work(living, run)
    assert (found.leads, found.unsettled, found.compared, found.failed) == (6, 1, 5, 0)
    assert [each.lead for each in found.named] == [wrong.id]
    with living.store.read() as conn:
        ended = bulk_runs.last(conn)
        assert ended == replace(run, outcome="done", ended_at=at())
    drain_all(living)
    assert lead(living, PEOPLE[2]).total == wrong.total


def test_what_is_seen_of_one_lead_says_nothing_of_what_another_has_seen(living: Service) -> None:
    with living.store.write() as conn:  # numbers of others may be given before ours are stored
        row = lead(living, PEOPLE[0])
        conn.execute(
            text("UPDATE changes SET seq = seq + 1000000 WHERE lead_id <> :i OR account_id <> :a"),
            {"i": row.id, "a": row.account_id},
        )
        rows = leads.get(conn, [lead(living, email).id for email in PEOPLE])
        anew = [replace(each, version=None) for each in rows]
        found = load_events.load(conn, anew, living.ownership, now=living.now())
    assert found[row.id].seen < 1_000_000
    assert any(each.seen > 1_000_000 for each in found.values())
