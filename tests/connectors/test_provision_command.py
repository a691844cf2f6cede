"""`coldframe provision`, `coldframe mapping` and `coldframe doctor` at the command line, against the sandbox."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from integration.cli import main
from integration.processes.valkey import Valkey
from integration.store.db.session import Store
from mappings.language.mapping_files import shipped
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

Run = Callable[..., Result]


def environment(box: Sandbox, folder: Path) -> dict[str, str]:
    return {
        "COLDFRAME_SECRET_KEY": "0123456789abcdef",
        "COLDFRAME_PUBLIC_URL": "https://coldframe.example",
        "COLDFRAME_DATA_DIR": str(folder),
        "HUBSPOT_ACCESS_TOKEN": "h",
        "HUBSPOT_CLIENT_SECRET": "0123456789abcdef",
        "HUBSPOT_API_URL": f"{box.url}/hubspot",
        "SALESFORCE_ACCESS_TOKEN": "s",
        "SALESFORCE_INSTANCE_URL": "https://sandbox.my.salesforce.com",
        "SALESFORCE_API_URL": f"{box.url}/salesforce",
        "COLUMNS": "240",
    }


def runner(box: Sandbox, folder: Path) -> Run:
    def run(*words: str, only: str = "", more: Mapping[str, str] | None = None) -> Result:
        given = environment(box, folder) | (dict(more) if more else {})
        env = {name: None if only and name.startswith(only) else value for name, value in given.items()}
        return CliRunner().invoke(main, list(words), env=env, catch_exceptions=False)

    return run


@pytest.fixture
def run(box: Sandbox, tmp_path: Path) -> Run:
    """A command against CRMs that have our fields."""
    return runner(box, tmp_path)


@pytest.fixture
def run_bare(bare: Sandbox, tmp_path: Path) -> Run:
    """A command against CRMs that have none of our fields."""
    return runner(bare, tmp_path)


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def outcomes(result: Result) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines(result):
        found[line["outcome"]] = found.get(line["outcome"], 0) + 1
    return found


@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_a_dry_run_then_a_run_then_nothing_more_to_do(run_bare: Run, system: str) -> None:
    planned = run_bare("provision", system, "--dry-run", "--json")
    done = run_bare("provision", system, "--json")
    again = run_bare("provision", system, "--json")
    assert planned.exit_code == done.exit_code == again.exit_code == 0
    assert outcomes(planned)["create"] == outcomes(done)["created"] > 20
    assert set(outcomes(again)) <= {"keep", "by hand"}


def test_the_table_shows_every_step_with_its_detail(run_bare: Run) -> None:
    shown = run_bare("provision", "hubspot").stdout
    assert "created" in shown
    assert "contact.coldframe_band" in shown
    assert "select: cold, warm, hot" in shown
    assert "by hand" in shown
    assert "37 created, 3 by hand" in shown


def test_taking_away_asks_first_and_a_no_changes_nothing(run_bare: Run, bare: Sandbox) -> None:
    run_bare("provision", "hubspot")
    kept = run_bare("provision", "hubspot", "--remove")
    assert "Take away" in kept.output
    assert "coldframe_score" in bare.hubspot.portal.properties("contacts")
    gone = run_bare("provision", "hubspot", "--remove", "--yes")
    assert gone.exit_code == 0
    assert "coldframe_score" not in bare.hubspot.portal.properties("contacts")
    assert "Nothing here was made by Coldframe." in run_bare("provision", "hubspot", "--remove", "--yes").output


def test_a_system_that_is_not_connected_or_away_is_told_without_a_traceback(run_bare: Run, bare: Sandbox) -> None:
    unconnected = run_bare("provision", "salesforce", only="SALESFORCE")
    assert unconnected.exit_code == 1
    assert (
        "salesforce is not connected: run coldframe connect salesforce, or set SALESFORCE_ACCESS_TOKEN"
        in unconnected.output
    )
    bare.faults.add(Fault(kind="unavailable", times=0))
    away = run_bare("provision", "salesforce")
    assert away.exit_code == 1
    assert "SERVER_UNAVAILABLE" in away.output


def test_the_shipped_mappings_fit_crms_that_have_been_provisioned(run: Run) -> None:
    found = run("mapping", "check")
    assert (found.exit_code, found.output.strip()) == (0, "2 fine")


def test_a_mapping_that_names_what_the_crm_does_not_have_is_told_with_its_place(run: Run, tmp_path: Path) -> None:
    ours = tmp_path / "ours.yaml"
    ours.write_text(shipped("hubspot").text.replace("title: jobtitle", "title: jobtitel"))
    found = run("mapping", "check", str(ours))
    assert found.exit_code == 1
    assert f"{ours}:" in found.stdout
    assert "HubSpot's contact has no 'jobtitel', or hides it (did you mean 'jobtitle'?)" in found.stdout
    line = int(found.stdout.split(f"{ours}:")[1].split(":")[0])
    assert "jobtitel" in ours.read_text().splitlines()[line - 1]
    assert run("mapping", "check", str(ours), "--offline").exit_code == 0


def test_without_a_connection_a_file_is_checked_by_itself_and_that_is_said(run: Run, tmp_path: Path) -> None:
    ours = tmp_path / "ours.yaml"
    ours.write_text(
        "system: hubspot\nobjects: {contact: {is: person, write: {fit: hubspotscore, total: lifecyclestage}}}\n"
    )
    found = run("mapping", "check", str(ours), only="HUBSPOT")
    assert found.exit_code == 1
    assert "'hubspotscore' is not a field a mapping may write" in found.stdout
    assert "'lifecyclestage' is not a field a mapping may write" in found.stdout
    fine = run("mapping", "check", only="HUBSPOT", more={"SALESFORCE_ACCESS_TOKEN": "s"})
    assert fine.exit_code == 0
    ours.write_text(shipped("hubspot").text)
    assert "no hubspot is connected" in run("mapping", "check", str(ours), only="HUBSPOT").stderr


def test_a_mapping_of_ones_own_is_used_where_the_setting_names_it(run: Run, tmp_path: Path) -> None:
    ours = tmp_path / "ours.yaml"
    ours.write_text(shipped("hubspot").text.replace("fit: coldframe_fit", "fit: acme_fit"))
    more = {"COLDFRAME_HUBSPOT_MAPPING": str(ours)}
    plan = lines(run("provision", "hubspot", "--dry-run", "--json", more=more))
    assert [line["what"] for line in plan if line["outcome"] == "create"] == ["contact.acme_fit"]
    checked = run("mapping", "check", more=more)
    assert checked.exit_code == 1
    assert "'acme_fit'" in checked.stdout
    run("provision", "hubspot", more=more)
    assert run("mapping", "check", more=more).exit_code == 0
    removed = lines(run("provision", "hubspot", "--remove", "--yes", "--json", more=more))
    assert [line["what"] for line in removed if line["outcome"] == "removed"] == ["contact.acme_fit"]


def test_a_preview_shows_record_points_and_writes_and_writes_nothing(run: Run, box: Sandbox) -> None:
    firm = {"name": "Acme", "domain": "acme.example", "numberofemployees": "120", "industry": "COMPUTER_SOFTWARE"}
    company = box.hubspot.add("companies", firm)
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example", "jobtitle": "Director of Sales"})
    box.hubspot.link("contacts", ana, "companies", company)
    for named in ("ana@acme.example", ana, f"contact:{ana}", f"hubspot:contact:{ana}"):
        told = json.loads(run("mapping", "preview", named, "--connection", "hubspot", "--json").stdout)
        assert told["record"] == {"object": "contact", "id": ana}
        assert told["account"]["employees"] == 120
        assert {row["rule"]: row["points"] for row in told["fit"]} == {"size": 15, "industry": 10, "role": 15}
        writes = {row["field"]: row["then"] for row in told["writes"]}
        assert (writes["coldframe_fit"], writes["coldframe_stage"]) == ("40", "inquiry")
    assert box.hubspot.values("contacts", ana).get("coldframe_fit", "") == ""
    table = run("mapping", "preview", ana, "--connection", "hubspot").stdout
    assert "+15" in table
    record, _, past = table.partition("What follows depends on what they have done")
    assert "coldframe_fit" in record
    assert "coldframe_stage" not in record
    assert {"coldframe_stage", "coldframe_band"} <= set(past.split())
    sources = {row["field"]: row["from"] for row in told["writes"]}
    assert (told["known"], sources["coldframe_fit"], sources["coldframe_stage"]) == (False, "record", "history")


def test_a_salesforce_lead_is_previewed_by_its_id(run: Run, box: Sandbox) -> None:
    lead = box.salesforce.add("Lead", {"LastName": "S", "Company": "Acme", "Email": "ana@acme.example", "Title": "CEO"})
    told = json.loads(run("mapping", "preview", lead[:15], "--connection", "salesforce", "--json").stdout)
    assert told["record"] == {"object": "Lead", "id": lead}
    assert told["lead"]["seniority"] == "c_level"


def test_a_record_that_is_none_or_not_there_is_told(run: Run) -> None:
    ambiguous = run("mapping", "preview", "ana@acme.example")
    assert "add --connection" in ambiguous.output
    assert "names no record" in run("mapping", "preview", "1/../2", "--connection", "hubspot").output
    absent = run("mapping", "preview", "nobody@acme.example", "--connection", "hubspot")
    assert (absent.exit_code, "has no person" in absent.output) == (1, True)


def test_a_diff_tells_what_was_changed_and_what_the_crm_does_not_have(run: Run, tmp_path: Path) -> None:
    assert run("mapping", "diff").stdout.strip() == "no difference"
    ours = tmp_path / "ours.yaml"
    ours.write_text(shipped("hubspot").text.replace("title: jobtitle", "title: jobtitel"))
    rows = json.loads(run("mapping", "diff", str(ours), "--json").stdout)
    assert rows[0] == {
        "place": "objects > contact > lead > title",
        "shipped": "jobtitle",
        "here": "jobtitel",
        "live": "",
    }
    assert "has no 'jobtitel'" in rows[1]["live"]


def test_doctor_tells_the_calls_of_the_day_and_what_is_kept(run: Run, box: Sandbox) -> None:
    box.hubspot.limits.daily, box.salesforce.gate.daily = 1_000, 60
    box.salesforce.gate._today, box.salesforce.gate._day = 46, box.now() // 86_400_000  # noqa: SLF001 -- others' calls
    told = {line["subject"]: line for line in lines(run("doctor", "--json")) if line["subject"].endswith(": calls")}
    hubspot, salesforce = told["hubspot: calls"], told["salesforce: calls"]
    assert hubspot["ok"]
    assert re.fullmatch(r"\d+ of 1,000 used today, 9\d\d left, 200 of them kept", hubspot["detail"])
    assert not salesforce["ok"]
    assert "12 of them kept" in salesforce["detail"]
    assert "COLDFRAME_DAILY_RESERVE" in salesforce["remedy"]
    box.salesforce.gate._today = 46  # noqa: SLF001 -- as before the first look
    (less,) = [
        line
        for line in lines(run("doctor", "--json", more={"COLDFRAME_DAILY_RESERVE": "0.05"}))
        if line["subject"] == "salesforce: calls"
    ]
    assert "3 of them kept" in less["detail"]


def test_doctor_names_every_missing_field_with_the_remedy(run_bare: Run, bare: Sandbox, tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/coldframe.db")
    store.migrate()
    store.dispose()
    found = lines(run_bare("doctor", "--json"))
    amiss = {line["subject"]: line for line in found if not line["ok"]}
    for subject, system in (
        ("contact.coldframe_score", "hubspot"),
        ("task.coldframe_key", "hubspot"),
        ("Lead.Coldframe_Score__c", "salesforce"),
        ("Task.Coldframe_Key__c", "salesforce"),
    ):
        assert f"run coldframe provision {system}" in amiss[f"{system}: {subject}"]["remedy"]
    for system in ("hubspot", "salesforce"):
        run_bare("provision", system)
    left = [line["subject"] for line in lines(run_bare("doctor", "--json")) if not line["ok"]]
    assert left == ["Redis"]
    for row in bare.salesforce.find("FieldPermissions", Field="Lead.Coldframe_Score__c"):
        bare.salesforce.set("FieldPermissions", row["Id"], {"PermissionsEdit": False})
    lost = [line for line in lines(run_bare("doctor", "--json")) if not line["ok"]]
    assert [line["subject"] for line in lost] == ["Redis", "salesforce: Lead.Coldframe_Score__c"]
    assert "read-only" in lost[1]["detail"]
    assert lost[1]["remedy"] == "run coldframe provision salesforce"


def test_doctor_is_green_in_another_shell_while_the_machines_own_stack_runs_and_names_each_connection(
    run: Run, tmp_path: Path
) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/coldframe.db")
    store.migrate()
    store.dispose()
    alone = {"COLDFRAME_DATA_DIR": str(tmp_path)}
    with Valkey(tmp_path / "valkey"):
        found = run("doctor", "--json", more=alone)
        told = lines(found)
        assert [line for line in told if not line["ok"]] == []
        assert found.exit_code == 0
        assert "Redis" in {line["subject"] for line in told}
    subjects = {line["subject"] for line in told}
    assert {"hubspot: contact", "salesforce: Lead", "hubspot: task words", "salesforce: task words"} <= subjects
    assert not {"contact", "Lead", "task words"} & subjects
    away = [line["subject"] for line in lines(run("doctor", "--json", more=alone)) if not line["ok"]]
    assert away == ["Redis"], "and it says so once that has stopped"


CREATES = """
creates:
  on: [demo_request]
  as: Lead
  with:
    LastName: {from: [property.last_name, email]}
    Company: {from: account.domain, default: (not given)}
    LeadSource: %s
"""


def test_whom_a_mapping_would_create_is_checked_against_the_org_and_previewed(run: Run, tmp_path: Path) -> None:
    ours = tmp_path / "ours.yaml"
    more = {"COLDFRAME_SALESFORCE_MAPPING": str(ours)}
    ours.write_text(shipped("salesforce").text + CREATES.replace("LeadSource", "LedSource") % "Other")
    checked = run("mapping", "check", str(ours), more=more)
    assert checked.exit_code == 1
    assert "Salesforce's Lead has no 'LedSource', or hides it (did you mean 'LeadSource'?)" in checked.stdout
    ours.write_text(shipped("salesforce").text + CREATES % "Other")
    assert run("mapping", "check", str(ours), more=more).exit_code == 0
    words = ("mapping", "preview", "silva@acme.example", "--connection", "salesforce")
    shown = run(*words, more=more)
    assert "salesforce has no person 'silva@acme.example'. On demo_request a new Lead would be created:" in shown.stdout
    assert json.loads(run(*words, "--json", more=more).stdout) == {
        "creates": "Lead",
        "on": ["demo_request"],
        "fields": {
            "Email": "silva@acme.example",
            "LastName": "silva@acme.example",
            "Company": "acme.example",
            "LeadSource": "Other",
        },
    }
    assert "has no person" in run(*words).output, "the shipped mapping creates nobody"
