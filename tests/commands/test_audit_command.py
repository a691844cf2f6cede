"""`coldframe audit` and `letters replay|discard`: many sync errors at once, and who did what, in the trail."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flows_run import Watch

from integration.cli import main
from integration.commands.operate import letters as command
from integration.flows.upkeep.replay_letters import UndiscardableError, discard
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.db.session import Store
from integration.store.queues import dead_letters, inbox
from integration.store.queues.dead_letters import Letter, Stage
from integration.wiring import build, clock
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR


@pytest.fixture
def coldframe(service: Service, at: Watch, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(build, "service", lambda: service)
    monkeypatch.setattr(clock, "now", at)
    return lambda *words: CliRunner().invoke(main, words, catch_exceptions=False)


def fail(store: Store, at: Watch, reason: str, stage: Stage = "refresh", ref: str = "contact:1") -> int:
    with store.write() as conn:
        delivery = int(ref.partition(":")[0]) if stage == "ingest" else None
        letter = Letter(
            stage=stage, source="hubspot", ref=ref, payload=b"{}", reason=reason, at=at(), delivery=delivery
        )
        return dead_letters.write(conn, letter)


def waiting(store: Store) -> list[int]:
    with store.read() as conn:
        return sorted(each.id for each in dead_letters.waiting(conn, 10_000))


def test_sync_errors_of_one_reason_are_replayed_and_no_others(
    coldframe: Callable[..., Result], service: Service, at: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_AT_ONCE", 2)
    mine = [fail(service.store, at, f"REQUIRED_FIELD missing {number}") for number in range(5)]
    other = [fail(service.store, at, reason) for reason in ("100% refused", "field_x", "fieldyx")]
    found = coldframe("letters", "replay", "--reason", "required_field", "--json")
    assert json.loads(found.stdout) == {"asked": 5, "replayed": 5}
    assert waiting(service.store) == other
    assert "1 replayed" in coldframe("letters", "replay", "--reason", "D_X").output, "a sign of LIKE is a letter"
    assert "1 replayed" in coldframe("letters", "replay", "--reason", "100%").output
    assert "1 replayed" in coldframe("letters", "replay", "--all").output
    assert "No such sync error" in coldframe("letters", "replay", "--all").output
    with service.store.read() as conn:
        assert {f"letter {number}" for number in mine + other} == {
            each.subject for each in audit_trail.recent(conn, 100) if each.action == "replay"
        }


@pytest.mark.parametrize("words", [[], ["17", "--all"], ["--all", "--reason", "x"]])
def test_what_is_to_be_replayed_is_named_in_one_way(coldframe: Callable[..., Result], words: list[str]) -> None:
    found = coldframe("letters", "replay", *words)
    assert found.exit_code == 2
    assert "--reason WORD" in found.output


def test_a_sync_error_is_discarded_with_a_reason_and_its_delivery_goes_with_those_that_were_read(
    coldframe: Callable[..., Result], service: Service, at: Watch
) -> None:
    with service.store.write() as conn:
        (delivery,) = inbox.add(conn, [("activities", {}, b"?", at())])
        inbox.dead(conn, [delivery], "no JSON")
    letter = fail(service.store, at, "no JSON", "ingest", f"{delivery}:0")
    assert coldframe("letters", "discard", str(letter)).exit_code == 2
    assert coldframe("letters", "discard", str(letter), "--reason", " ").exit_code == 2
    assert "1 of 1 discarded" in coldframe("letters", "discard", str(letter), "--reason", "a test").output
    assert waiting(service.store) == []
    with service.store.read() as conn:
        (line,) = audit_trail.recent(conn, 1)
        assert inbox.counts(conn) == {"new": 0, "done": 1, "dead": 0}
    assert (line.action, line.subject, line.detail) == ("discard", f"letter {letter}", {"reason": "a test"})
    assert "0 of 1 discarded; the others had ended" in coldframe("letters", "discard", "99", "--reason", "x").output


@pytest.mark.parametrize("stage", ["advance", "signals", "joining", "erasing"])
def test_what_must_be_done_is_not_discarded(service: Service, at: Watch, stage: Stage) -> None:
    kept, fine = fail(service.store, at, "broken", stage, "ana"), fail(service.store, at, "gone")
    with pytest.raises(UndiscardableError, match=rf"{kept} \({stage}\)"):
        discard(service, [kept, fine], reason="x", actor="test", now=at())
    assert waiting(service.store) == [kept, fine]


def test_the_trail_is_listed_by_time_and_action(tmp_path: Path, empty_store: Path) -> None:
    (tmp_path / "coldframe.db").write_bytes(empty_store.read_bytes())
    store, now = Store.open(f"sqlite:///{tmp_path / 'coldframe.db'}"), clock.now()
    with store.write() as conn:
        for age, action in ((9 * DAY, "erase"), (2 * HOUR, "replay"), (HOUR, "pause")):
            entry = Entry(at=now - age + 1, actor="cli", action=action, subject="x [y]", detail={"n": 1})
            audit_trail.add(conn, [entry])
    store.dispose()

    def run(*words: str) -> Result:
        given = {"COLDFRAME_DATA_DIR": str(tmp_path), "COLDFRAME_SECRET_KEY": "k" * 32, "COLUMNS": "80"}
        return CliRunner().invoke(main, ["audit", *words], env={**given, "DATABASE_URL": ""}, catch_exceptions=False)

    def actions(*words: str) -> list[str]:
        return [json.loads(line)["action"] for line in run(*words, "--json").stdout.splitlines()]

    assert actions() == ["pause", "replay", "erase"]
    assert actions("--since", "7d") == ["pause", "replay"]
    assert actions("--action", "erase") == ["erase"]
    assert actions("--limit", "1") == ["pause"]
    assert actions("--since", "2999-01-01T00:00:00Z") == []
    table = run()
    assert "x [y]" in table.output
    assert max(map(len, table.output.splitlines())) <= 80
    assert "…" not in table.output, "nothing is cut off"
    assert "." not in json.loads(run("--json").stdout.splitlines()[0])["at"]
    assert "did you mean 'erase'" in run("--action", "erasee").output or "erase" in run("--action", "erasee").output
    assert run("--since", "yesterday").exit_code == 2


def test_sync_errors_are_listed_in_eighty_columns_with_nothing_cut_off(
    coldframe: Callable[..., Result], service: Service, at: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    at.forward(1)
    reason = "FIELD_CUSTOM_VALIDATION_EXCEPTION [a rule of theirs] without_any_space_in_it_for_a_long_way"
    fail(service.store, at, reason)
    shown = coldframe("letters", "list").output
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown
    assert "[a rule" in shown
    assert "Z" in shown
    assert "." not in shown.replace("...", "")
