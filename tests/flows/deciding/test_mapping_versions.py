"""A field mapping is published while everything runs: records are read again, the past makes nobody any work."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from flows_crms import person, tasks
from flows_playbook_changes import assert_equal_to_fresh_folds, decided_since, in_force
from flows_run import Watch, activity, dead, drain_all, lead, receive, with_parts
from sqlalchemy import text

from connectors.base.credentials import Credential
from integration.flows.base import running_mappings
from integration.flows.base.running_playbook import published
from integration.flows.deciding import remap
from integration.flows.deciding.advance import advance
from integration.flows.history.find_explanation import explained
from integration.flows.publishing import put_in_force as flow
from integration.flows.publishing.impact import Impact, impact
from integration.flows.publishing.rereading import Reread, reread
from integration.flows.reading import reconcile
from integration.store.events.playbook_versions import FileInForce, Terms
from integration.store.progress import remapping
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.conflicts.field_conflicts import ownership
from mappings.language import mapping_files
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox

SHIPPED = mapping_files.shipped("hubspot").text
LEVEL = SHIPPED.replace("seniority: {from: jobtitle,", "seniority: {from: message,")
SCORE = SHIPPED.replace("      total: coldframe_score\n", "      total: [coldframe_score, acme_score]\n")
TERMS = Terms(author="rev ops", reason="the portal's own fields", what="mapping", tasks_per_hour=0)
PEOPLE = tuple(f"p{number}@firm{number}.example" for number in range(3))


@pytest.fixture
def running(service: Service, sandbox: Sandbox, at: Watch, credentials: Mapping[str, Credential]) -> Service:
    """Three directors that HubSpot knows: each looked at prices once, and none is with sales."""
    connections = {"hubspot": build.connect("hubspot", credentials["hubspot"])}
    service = with_parts(service, connections=connections, started=at(), linger=0)
    for email in PEOPLE:
        record = person(sandbox, "hubspot", email)
        sandbox.hubspot.set("contacts", record, {"message": "Intern"})
    reconcile.poll(service, "hubspot")
    for number, email in enumerate(PEOPLE):
        receive(service, activity(number, email, "page_view", at(), page="pricing"))
    drain_all(service)
    at.forward(2 * DAY)
    drain_all(service)
    at.forward(HOUR)
    return service


def put(service: Service, mapping: str, name: str = "mapping:hubspot") -> None:
    now = published(service)
    found, said = flow.current_rules(now)
    files = {**dict(said.files), name: FileInForce.of(mapping)}
    whole = replace(said, files=tuple(sorted(files.items())))
    flow.publish(now, now.rules.compiled, whole, TERMS, over=found.number if found else None)


def foretold(service: Service, mapping: str) -> tuple[Impact, Reread]:
    now = published(service)
    connection = now.connections["hubspot"]
    file = mapping_files.parsed(mapping, "ours.yaml")
    assert file.mapping is not None, file.problems
    changed = {"hubspot": replace(connection, mapping=file.mapping, text=mapping)}
    read = reread(now, changed, ownership([file.mapping]), lambda _done: None)
    return impact(with_parts(now, connections=changed), now.rules.compiled, TERMS, lambda _a, _b: None, read), read


def seniority(service: Service, email: str) -> object:
    return lead(service, email).fields.get("seniority")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_records_are_read_anew_by_a_published_mapping_from_its_publication_on(running: Service, at: Watch) -> None:
    before = lead(running, PEOPLE[0])
    said, read = foretold(running, LEVEL)
    assert (read.records, read.fields["lead", "seniority"]) == (6, 3)
    assert seniority(running, PEOPLE[0]) == "director", "nothing is written"
    then = at()
    put(running, LEVEL)
    drain_all(running)
    assert [seniority(running, email) for email in PEOPLE] == ["ic"] * 3
    after = lead(running, PEOPLE[0])
    assert (before.total or 0) > (after.total or 0)
    assert said.rescored == 3
    assert after.version == in_force(running).number == 2
    assert_equal_to_fresh_folds(published(running), published(running).rules.playbook)
    for moment, expected in ((then - MINUTE, before.total), (then, after.total)):
        found = explained(running.store, running.rules.compiled, PEOPLE[0], moment, running.ownership)
        assert found is not None
        assert found[1].standing.total == expected, "what was read by the former mapping counted until then"
    with running.store.read() as conn:
        assert remapping.under_way(conn) is None
    assert dead(running) == []


def test_a_field_that_a_mapping_begins_to_write_is_written_for_everybody(running: Service, sandbox: Sandbox) -> None:
    properties = sandbox.hubspot.portal.shelves["contacts"].properties
    properties["acme_score"] = replace(properties["coldframe_score"], name="acme_score")
    said, read = foretold(running, SCORE)
    assert read.writes == {("contact", "acme_score"): 3}
    assert (said.moved, said.tasks) == (0, {})
    put(running, SCORE)
    drain_all(running)
    for email in PEOPLE:
        (contact,) = sandbox.hubspot.find("contacts", email=email)
        assert float(contact.values["acme_score"]) == lead(running, email).total


def test_what_another_mapping_finds_in_the_past_makes_no_work_and_who_passes_the_gate_is_handed_over_slowly(
    running: Service, sandbox: Sandbox, at: Watch
) -> None:
    put(running, LEVEL)
    drain_all(running)
    for number, email in enumerate(PEOPLE):  # enough for a director, not for an intern
        for page in ("case_study", "integrations", "case_study", "roi"):
            receive(running, activity(f"{number}{page}", email, "page_view", at(), page=page))
        receive(
            running, activity(f"{number}guide", email, "content_download", at(), asset="g", asset_type="educational")
        )
    drain_all(running)
    assert not tasks(sandbox, "hubspot")
    at.forward(DAY)
    drain_all(running)
    running = with_parts(running, tasks_per_hour=2)
    now, terms = at(), replace(TERMS, tasks_per_hour=2)
    found, said = flow.current_rules(published(running))
    files = {"mapping:hubspot": FileInForce.of(SHIPPED)}
    whole = replace(said, files=tuple(files.items()))
    assert found is not None
    flow.publish(published(running), published(running).rules.compiled, whole, terms, over=found.number)
    drain_all(running)
    done = [each for each in decided_since(running, now) if each.withheld is None and each.kind == "task"]
    assert len(tasks(sandbox, "hubspot")) == 1 < len(done)
    assert all("/handoff/" in each.key for each in done)
    assert all(each.at < now for each in done)
    at.forward(2 * HOUR)
    drain_all(running)
    assert len(tasks(sandbox, "hubspot")) == len(done)


def test_a_mappings_file_that_differs_is_published_at_start_and_never_mixed_in(running: Service, at: Watch) -> None:
    file = mapping_files.parsed(LEVEL, "ours.yaml")
    assert file.mapping is not None
    ours = replace(running.connections["hubspot"], mapping=file.mapping, text=LEVEL, of_file=True)
    number = in_force(running).number
    at.forward(MINUTE)
    with_file = with_parts(running, connections={"hubspot": ours}, started=at())
    drain_all(with_file)
    found = in_force(running)
    assert (found.number, found.what, found.author) == (number + 1, "mapping", "COLDFRAME_PLAYBOOK")
    assert "mapping hubspot" in found.reason
    assert seniority(running, PEOPLE[0]) == "ic"
    commented = replace(ours, text="# ours\n" + LEVEL)
    at.forward(MINUTE)
    drain_all(with_parts(running, connections={"hubspot": commented}, started=at()))
    assert in_force(running).number == found.number, "a comment is no other mapping"
    drain_all(running)  # was started before, with the shipped one
    assert in_force(running).number == found.number
    receive(running, activity("more", PEOPLE[0], "page_view", at(), page="pricing"))
    drain_all(running)
    assert seniority(running, PEOPLE[0]) == "ic"


def test_two_files_for_one_system_settle_on_one(running: Service) -> None:
    files: dict[str, FileInForce] = {}
    first = replace(running.connections["hubspot"], text=LEVEL, of_file=True)
    both = {"hubspot": first, "emea": replace(first, name="emea", text=SCORE)}
    looks = [files := running_mappings.own(both, files) for _ in range(3)]
    assert {look["mapping:hubspot"].text for look in looks} == {SCORE}


def test_a_restart_does_not_undo_a_mapping_that_was_published(running: Service, at: Watch) -> None:
    put(running, LEVEL)
    at.forward(MINUTE)
    drain_all(with_parts(running, started=at(), of_file=False))
    assert in_force(running).number == 2
    assert seniority(running, PEOPLE[0]) == "ic"


def test_asking_for_records_goes_on_where_it_stopped(running: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remap, "BATCH", 2)
    put(running, LEVEL)
    records = remap.records
    turns: list[int] = []

    def dies(service: Service, lease: object) -> bool:
        if len(turns) == 1:
            raise KeyboardInterrupt
        turns.append(1)
        return records(service, lease)  # type: ignore[arg-type]

    monkeypatch.setattr(remap, "records", dies)
    with pytest.raises(KeyboardInterrupt):
        advance(running)
    with running.store.read() as conn:
        place = remapping.under_way(conn)
        assert place is not None
        assert place.object
        assert conn.execute(text("SELECT count(*) FROM refresh")).scalar_one() == 2
    monkeypatch.setattr(remap, "records", records)
    drain_all(running)
    assert [seniority(running, email) for email in PEOPLE] == ["ic"] * 3


def test_no_more_records_are_asked_for_than_are_read(running: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who asks for a demo meanwhile stands behind everybody else."""
    monkeypatch.setattr(remap, "BATCH", 2)
    put(running, LEVEL)
    for _ in range(3):
        advance(running)
        with running.store.read() as conn:
            assert conn.execute(text("SELECT count(*) FROM refresh")).scalar_one() == 2
    drain_all(running)
    assert [seniority(running, email) for email in PEOPLE] == ["ic"] * 3


def test_a_rollback_reads_the_records_by_the_mapping_of_before(running: Service, at: Watch) -> None:
    before = lead(running, PEOPLE[0]).total
    put(running, LEVEL)
    drain_all(running)
    at.forward(HOUR)
    put(running, SHIPPED)
    drain_all(running)
    assert seniority(running, PEOPLE[0]) == "director"
    assert lead(running, PEOPLE[0]).total == before
    assert_equal_to_fresh_folds(published(running), published(running).rules.playbook)
    at.forward(HOUR)
    reconcile.poll(running, "hubspot")
    drain_all(running)
    assert seniority(running, PEOPLE[0]) == "director", "what is read again by the same mapping says nothing new"
