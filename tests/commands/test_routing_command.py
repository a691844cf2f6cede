"""`coldframe routing`: a file's mistakes, who may get a task, whose the next one would be, and who is away."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flows_crms import person, tasks
from flows_roles import ANA
from flows_routing import demo, emails, routed
from flows_run import Watch

from integration.cli import main
from integration.examining import doctor_routing
from integration.flows.people_in_sales import user_directory
from integration.settings.environment import Settings, load
from integration.store.assigning import pool_credit
from integration.store.audit import audit_trail
from integration.wiring import build, connection_names
from integration.wiring.whole_service import Service
from sandbox.server import Sandbox

FILE = """\
people:
  {Nadia}: {{most_open: 3}}
  {Hanna}: {{away: ["2026-01-05..2026-01-09"]}}
pools:
  sdr: {{members: {{{Nadia}: 2, {Joaquim}: 1, {Hanna}: 5, gone@acme.example: 3}}, manager: {Petra}}}
routes: [{{if: employees >= 9000, to: account_owner, else: sdr}}, {{otherwise: sdr}}]
"""


def coldframe(*words: str) -> Result:
    return CliRunner().invoke(main, words, catch_exceptions=False)


@pytest.fixture
def pool(service: Service, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Service:
    found = routed(service, FILE.format(**emails(sandbox)))
    monkeypatch.setattr(build, "service", lambda: found)
    user_directory.read_users(found)
    return found


def test_check_names_every_mistake_and_fails(tmp_path: Path) -> None:
    file = tmp_path / "routing.yaml"
    file.write_text(
        "pools: {emea: {members: [a@b.example]}}\nroutes: [{if: cuntry = DE, pool: emae}]\n"
        "alerts: {default: [{slack: ops}]}\n"
    )
    found = coldframe("routing", "check", str(file))
    assert found.exit_code == 1
    assert found.output.splitlines() == [
        f"{file}:2:15: unknown field 'cuntry' (did you mean 'country'?)",
        f"{file}:2:34: unknown pool 'emae' (did you mean 'emea'?)",
        f"{file}:3:28: COLDFRAME_SLACK_CHANNELS names no 'ops'; it names none",
    ]
    told = json.loads(coldframe("routing", "check", str(file), "--json").output)
    assert [(each["line"], each["severity"]) for each in told] == [(2, "error"), (2, "error"), (3, "error")]


def test_check_of_a_file_that_can_be_used_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "routing.yaml"
    file.write_text("pools: {emea: {members: [a@b.example]}}\nroutes: [{otherwise: emea}]\n")
    assert coldframe("routing", "check", str(file)).output == f"{file}: fine\n"
    monkeypatch.setenv("COLDFRAME_ROUTING", str(file))
    assert coldframe("routing", "check").output == f"{file}: fine\n"
    monkeypatch.delenv("COLDFRAME_ROUTING")
    assert coldframe("routing", "check").exit_code == 1


@pytest.mark.usefixtures("pool")
def test_show_says_who_may_get_a_task_and_why_others_may_not(sandbox: Sandbox) -> None:
    rows = {each["person"]: each for each in json.loads(coldframe("routing", "show", "--json").output)}
    mails = emails(sandbox)
    assert rows[mails["Nadia"]] == {
        "pool": "sdr",
        "person": mails["Nadia"],
        "weight": 2,
        "open": 0,
        "most_open": 3,
        "today": 0,
        "most_per_day": None,
        "passed_over": "",
    }
    assert rows[mails["Hanna"]]["passed_over"] == "is away until 2026-01-09"
    assert rows["gone@acme.example"]["passed_over"] == "no user has this e-mail in salesforce, hubspot"
    table = coldframe("routing", "show").output
    assert "0 of 3" in table
    assert "account_owner, else pool sdr" in table


def test_test_says_who_would_get_a_task_by_which_rule_and_writes_nothing(
    pool: Service, sandbox: Sandbox, at: Watch
) -> None:
    record = person(sandbox, "salesforce", ANA)
    demo(pool, at, ANA)
    sandbox.salesforce.set("Lead", record, {"OwnerId": sandbox.salesforce.queue("In")})
    before = tasks(sandbox, "salesforce")
    told = json.loads(coldframe("routing", "test", ANA, "--role", "pool", "--json").output)
    assert (told["lead"]["email"], told["name"], told["pool"]) == (ANA, "Nadia Rasmussen", "sdr")
    assert told["because"] == "turn in pool sdr, route on line 6: otherwise"
    assert {each["why"] for each in told["passed_over"]} == {
        "is away until 2026-01-09",
        "has no user in salesforce",
    }
    text = coldframe("routing", "test", f"salesforce:Lead:{record}").output
    assert text.startswith("Nadia Rasmussen in salesforce (owner of the lead)")
    assert tasks(sandbox, "salesforce") == before
    with pool.store.read() as conn:
        assert pool_credit.of_pools(conn, ["sdr"]) == {}


@pytest.mark.usefixtures("pool")
def test_test_of_somebody_unknown_says_what_a_lead_may_be_called() -> None:
    found = coldframe("routing", "test", "nobody@acme.example")
    assert found.exit_code == 1
    assert "nobody is known as 'nobody@acme.example'" in found.output


def test_away_counts_from_the_next_task_on_until_they_are_back(pool: Service, sandbox: Sandbox) -> None:
    nadia = emails(sandbox)["Nadia"]
    assert (
        coldframe("routing", "away", nadia, "2026-01-05..2026-01-07").output
        == f"{nadia}: away 2026-01-05..2026-01-07\n"
    )
    again = json.loads(coldframe("routing", "away", nadia, "2026-02-01", "--json").output)
    assert again == {"person": nadia, "away": ["2026-01-05..2026-01-07", "2026-02-01"]}
    rows = {each["person"]: each for each in json.loads(coldframe("routing", "show", "--json").output)}
    assert rows[nadia]["passed_over"] == "is away until 2026-01-07"
    assert coldframe("routing", "away", nadia, "--back").output == f"{nadia}: not reported away\n"
    with pool.store.read() as conn:
        lines = [each for each in audit_trail.recent(conn, 10) if each.action == "away"]
    assert len(lines) == 3
    assert nadia not in str(lines)


@pytest.mark.usefixtures("pool")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody@x.example", "2026-01-05"), "nobody in the routing file is called 'nobody@x.example'"),
        (("gone@acme.exmple", "2026-01-05"), "did you mean 'gone@acme.example'?"),
        (("gone@acme.example", "2026-13-05"), "'2026-13-05' is no day (such as: 2026-12-20..2027-01-03)"),
    ],
)
def test_away_refuses_whom_and_what_it_cannot_read(words: tuple[str, ...], said: str) -> None:
    found = coldframe("routing", "away", *words)
    assert found.exit_code != 0
    assert said in found.output


@pytest.fixture
def settings(store_url: str, tmp_path: Path) -> Callable[[str], Settings]:
    def made(text: str) -> Settings:
        file = tmp_path / "routing.yaml"
        file.write_text(text)
        return load({"COLDFRAME_SECRET_KEY": "k" * 32, "DATABASE_URL": store_url, "COLDFRAME_ROUTING": str(file)})

    return made


def test_doctor_names_people_in_pools_who_can_get_nothing(
    pool: Service, sandbox: Sandbox, settings: Callable[[str], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings(FILE.format(**emails(sandbox)))
    known = [
        connection_names.Known(name=name, system=each.system, origin="environment")
        for name, each in pool.connections.items()
    ]
    monkeypatch.setattr(connection_names, "known", lambda *_: known)
    (line,) = doctor_routing.file(given)
    assert line.ok
    assert "1 pools, 4 people, 2 routes" in line.detail
    (gone,) = doctor_routing.people(given, pool.store)
    assert (gone.subject, gone.ok) == ("pool sdr: gone@acme.example", False)
    (wrong,) = doctor_routing.file(settings("pools: {}\nrouts: []\n"))
    assert "2:1: unknown name 'routs' (did you mean 'routes'?)" in wrong.detail
