"""The key of an installation: made once, and rotated completely whatever kills the rotation."""

import json
from pathlib import Path

import flows_signin
import pytest
from click.testing import CliRunner
from flows_connect import KEY, Run, store
from flows_senders import programs

from integration.cli import main
from integration.settings.local_key import VARIABLE, with_kept_key
from integration.store.audit import audit_trail
from integration.store.audit.sealing import Keyring
from integration.store.crm import connections
from sandbox.server import Sandbox


def test_on_one_machine_the_key_is_made_once_and_found_by_every_command(
    sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLDFRAME_SECRET_KEY", raising=False)
    given = {"COLDFRAME_DATA_DIR": str(folder), "COLUMNS": "200"}
    words = ("connect", "hubspot", "--grant", "token", "--secret-stdin", "--api-url", f"{sandbox.url}/hubspot")
    found = CliRunner().invoke(main, words, input="t\n", env=given, catch_exceptions=False)
    assert found.exit_code == 0, found.output
    key = folder / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
    told = CliRunner().invoke(main, ["doctor"], env=given, catch_exceptions=False).output
    assert "COLDFRAME_SECRET_KEY" not in told
    assert "connection hubspot" in told
    assert key.read_text() not in told + found.output
    away = {**given, "DATABASE_URL": "sqlite:////elsewhere/x.db"}
    assert VARIABLE not in with_kept_key(away), "a platform's store has a platform's key"


ROTATING = """
import os, signal, sys
from integration.signin.key_rotation import rotated
from integration.store.audit.sealing import Keyring
from integration.store.db.session import Store

for number, line in enumerate(rotated(Store.open(sys.argv[1]), Keyring.of(sys.argv[2], sys.argv[3]), 7)):
    if number == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_rotation_killed_in_the_middle_and_run_again_ends_complete(
    run: Run, sandbox: Sandbox, folder: Path, tmp_path: Path
) -> None:
    old, new = KEY, "fedcba9876543210" * 2
    assert run("keys", "list").exit_code == 0  # makes the store
    opened = store(folder)
    names = [f"salesforce-{number}" for number in range(6)]
    before = {name: flows_signin.sign_in(opened, sandbox, "salesforce", 5, name=name, key=old) for name in names}
    with programs(tmp_path) as start:
        killed = start(["-c", ROTATING, str(opened.url), new, old, "2"])
        assert killed.wait() == -9, killed.text()
    rings = Keyring.of(old).current, Keyring.of(new).current
    with opened.read() as conn:
        assert connections.sealed_by(conn) == {rings[0]: 3, rings[1]: 3}

    both = {"COLDFRAME_SECRET_KEY": new, "COLDFRAME_PREVIOUS_SECRET_KEYS": old}
    again = run("keys", "rotate", "--json", **both)
    assert again.exit_code == 0, again.output
    outcomes = [json.loads(line)["outcome"] for line in again.stdout.splitlines()]
    assert sorted(outcomes) == ["already"] * 3 + ["resealed"] * 3
    assert {name: flows_signin.secrets_of(opened, name, new) for name in names} == before
    listed = run("keys", "list", "--json", COLDFRAME_SECRET_KEY=new)
    assert listed.exit_code == 0
    assert [json.loads(line) for line in listed.stdout.splitlines()] == [{"key": rings[1], "is": "current", "seals": 6}]
    with opened.read() as conn:
        assert [each.action for each in audit_trail.recent(conn, 9)] == ["reseal"] * 6
    opened.dispose()
    assert old not in again.output + listed.output


def test_a_rotation_without_the_previous_key_says_which_one_is_wanted(run: Run, sandbox: Sandbox, folder: Path) -> None:
    assert run("keys", "list").exit_code == 0
    opened = store(folder)
    flows_signin.sign_in(opened, sandbox, "hubspot", 5, key=KEY)
    opened.dispose()
    found = run("keys", "rotate", "--json", COLDFRAME_SECRET_KEY="z" * 32)
    assert found.exit_code == 1
    line = json.loads(found.stdout)
    assert line["outcome"] == "failed"
    assert Keyring.of(KEY).current in line["reason"]
    assert "COLDFRAME_PREVIOUS_SECRET_KEYS" in line["reason"]
