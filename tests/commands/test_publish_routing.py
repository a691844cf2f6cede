"""`coldframe publish routing`: who gets the tasks is a version like the rest, and workers follow it at once."""

import json
from dataclasses import replace
from pathlib import Path

from flows_publishing import Coldframe
from flows_routing import routed
from flows_run import Watch, drain_all, with_parts

from integration.flows.base.running_playbook import following, published
from integration.playbook.reading import library
from integration.routing.routing_rules import NO_ROUTING
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR

ONE = "pools: {sdr: {members: [ana@acme.example]}}\nroutes: [{otherwise: sdr}]\n"
TWO = "pools: {sdr: {members: [bo@acme.example]}}\nroutes: [{otherwise: sdr}]\n"


def pool(service: Service) -> list[str]:
    """Who is in the pool by which a worker works now."""
    return [email for each in following(service).routing.pools.values() for email in each.members]


def file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "routing.yaml"
    path.write_text(text)
    return str(path)


def test_a_routing_is_published_followed_compared_and_taken_back(
    coldframe: Coldframe, running: Service, at: Watch, tmp_path: Path
) -> None:
    assert pool(running) == []
    shown = coldframe("publish", "routing", file(tmp_path, ONE), "--reason", "a pool", "--dry-run")
    assert "Nothing was changed." in shown.output, shown.output
    assert pool(running) == []
    said = json.loads(
        coldframe("publish", "routing", file(tmp_path, ONE), "--reason", "a pool", "--yes", "--json").stdout
    )
    assert said["published"] == 2
    assert pool(running) == ["ana@acme.example"], "a worker without a file, at once and without a restart"
    drain_all(running)
    at.forward(HOUR)
    assert "says the same" in coldframe("publish", "routing", file(tmp_path, ONE), "--reason", "again", "--yes").output
    assert coldframe("publish", "routing", file(tmp_path, TWO), "--reason", "Bo", "--yes").exit_code == 0
    assert pool(running) == ["bo@acme.example"]
    assert "+pools: {sdr: {members: [bo@acme.example]}}" in coldframe("diff").stdout
    assert json.loads(coldframe("versions", "--json").stdout.splitlines()[0])["what"] == "routing"
    assert coldframe("rollback", "--reason", "back", "--yes").exit_code == 0
    assert pool(running) == ["ana@acme.example"]


def test_a_routing_with_a_mistake_is_not_published(coldframe: Coldframe, running: Service, tmp_path: Path) -> None:
    found = coldframe("publish", "routing", file(tmp_path, "routes: [{otherwise: sdr}]\n"), "--reason", "x", "--yes")
    assert found.exit_code == 2
    assert "1:22: unknown pool 'sdr'" in found.output
    assert published(running).rules.number == 1


def test_a_playbook_without_what_the_routing_uses_is_not_published(
    coldframe: Coldframe, running: Service, tmp_path: Path
) -> None:
    text = ONE.replace("routes: [", "routes: [{if: track = drip, pool: sdr}, ")
    assert coldframe("publish", "routing", file(tmp_path, text), "--reason", "x", "--yes").exit_code == 0
    other = tmp_path / "playbook.yaml"
    other.write_text(library.text("behavioural"))
    found = coldframe("publish", "playbook", str(other), "--reason", "a trial", "--yes")
    assert found.exit_code == 2
    assert "the routing in force:2:" in found.output
    assert "unknown track 'drip'" in found.output
    assert pool(running) == ["ana@acme.example"]


def test_a_file_that_differs_is_published_at_start_and_older_processes_follow_it(
    coldframe: Coldframe, running: Service, at: Watch
) -> None:
    first = replace(routed(running, ONE), rules=replace(running.rules, started=at()))
    drain_all(first)
    assert pool(running) == ["ana@acme.example"], "noted in the version in force"
    assert published(running).rules.number == 1
    at.forward(HOUR)
    edited = with_parts(routed(running, TWO), started=at())
    drain_all(edited)
    assert published(running).rules.number == 2
    assert [pool(each) for each in (running, first, edited)] == [["bo@acme.example"]] * 3
    line = json.loads(coldframe("versions", "--json").stdout.splitlines()[0])
    assert (line["what"], line["reason"]) == ("routing", "the file of routing differs from what was in force")


def test_a_file_that_settings_name_no_more_is_in_force_no_more_and_one_that_was_published_stays(
    coldframe: Coldframe, running: Service, at: Watch, tmp_path: Path
) -> None:
    drain_all(with_parts(routed(running, ONE), started=at()))
    at.forward(HOUR)
    without = with_parts(running, started=at())
    drain_all(without)
    assert (published(running).rules.number, pool(running)) == (2, [])
    assert coldframe("publish", "routing", file(tmp_path, TWO), "--reason", "Bo", "--yes").exit_code == 0
    at.forward(HOUR)
    drain_all(with_parts(running, started=at()))
    assert (published(running).rules.number, pool(running)) == (3, ["bo@acme.example"])


def test_a_routing_that_cannot_be_read_any_more_leaves_a_worker_with_its_own(running: Service, at: Watch) -> None:
    drain_all(replace(routed(running, ONE), rules=replace(running.rules, started=at())))
    with running.store.write() as conn:
        conn.exec_driver_sql("UPDATE versions SET files = replace(files, 'otherwise: sdr', 'otherwise: sdx')")
    assert following(running).routing == NO_ROUTING
