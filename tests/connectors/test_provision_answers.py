"""The fields in which sales answers: made by `coldframe provision`, missed by `coldframe doctor`, kept up to date."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from edited_texts import edited_file
from test_provision_command import lines, runner

from mappings.language.mapping_files import shipped
from sandbox.server import Sandbox

Run = Callable[..., Result]
FIELDS = {
    "hubspot": ("task.task_outcome", "task.task_rejection_reason"),
    "salesforce": ("Task.Coldframe_Outcome__c", "Task.Coldframe_Rejection_Reason__c"),
}
SYSTEMS = pytest.mark.parametrize("system", ["hubspot", "salesforce"])


@pytest.fixture
def run(bare: Sandbox, tmp_path: Path) -> Run:
    """A command against a portal and an org as empty as new ones."""
    return runner(bare, tmp_path)


def offered(box: Sandbox, system: str) -> Mapping[str, list[str]]:
    """What the fields of the answer offer in a task, as the CRM describes them; absent where it has none."""
    names = [where.partition(".")[2] for where in FIELDS[system]]
    if system == "hubspot":
        there = box.hubspot.portal.properties("tasks")
        return {name: list(there[name].options) for name in names if name in there}
    known = box.salesforce.org.fields["Task"]
    return {name: list(known[name].values) for name in names if name in known}


@SYSTEMS
def test_doctor_fails_without_them_says_the_remedy_and_is_content_after_it(
    run: Run, bare: Sandbox, system: str
) -> None:
    assert offered(bare, system) == {}, "a new portal has none of them"
    amiss = {line["subject"]: line for line in lines(run("doctor", "--json")) if not line["ok"]}
    for where in FIELDS[system]:
        assert f"run coldframe provision {system}" in amiss[f"{system}: {where}"]["remedy"]
    assert run("provision", system).exit_code == 0
    outcomes, reasons = offered(bare, system).values()
    assert outcomes == ["no_answer", "voicemail", "connected", "meeting", "accepted", "qualified", "rejected"]
    assert reasons[:2] == ["timing", "budget"]
    left = [line["subject"] for line in lines(run("doctor", "--json")) if not line["ok"]]
    assert not [subject for subject in left if subject.startswith(system)]


@SYSTEMS
def test_words_that_are_added_later_are_missed_and_added_and_an_admins_own_stay(
    run: Run, bare: Sandbox, system: str, tmp_path: Path
) -> None:
    run("provision", system)
    words = tmp_path / "words.yaml"
    words.write_text("choices: {reason: [no_authority]}\n")
    more = {"COLDFRAME_VOCABULARY": str(words)}
    where = FIELDS[system][1]
    found = {line["subject"]: line for line in lines(run("doctor", "--json", more=more))}
    missed = found[f"{system}: {where}"]
    assert (missed["ok"], "'no_authority'" in missed["detail"]) == (True, True), "a warning"
    assert f"coldframe provision {system}" in missed["remedy"]
    if system == "hubspot":
        bare.hubspot.portal.properties("tasks")["task_rejection_reason"].options["of_theirs"] = "Of theirs"
    planned = lines(run("provision", system, "--dry-run", "--json", more=more))
    steps = {step["what"]: step for step in planned if step["outcome"] == "change"}
    assert "adds no_authority" in steps[where]["detail"]
    assert "no_authority" not in list(offered(bare, system).values())[1]
    run("provision", system, more=more)
    reasons = list(offered(bare, system).values())[1]
    assert "no_authority" in reasons
    assert "timing" in reasons
    assert ("of_theirs" in reasons) is (system == "hubspot")
    assert not [line for line in lines(run("doctor", "--json", more=more)) if "no_authority" in line["detail"]]


def test_sales_may_set_them_in_salesforce(run: Run, bare: Sandbox) -> None:
    run("provision", "salesforce")
    (sales,) = bare.salesforce.find("PermissionSet", Name="Coldframe_Sales")
    rights: dict[str, Any] = {
        row["Field"]: row["PermissionsEdit"] for row in bare.salesforce.find("FieldPermissions", ParentId=sales["Id"])
    }
    assert [rights[where] for where in FIELDS["salesforce"]] == [True, True]


@pytest.mark.parametrize(
    ("system", "task", "person", "changes"),
    [
        (
            "hubspot",
            "task.coldframe_task_budget",
            "contact.acme_budget",
            (
                (
                    "      by: hubspot_owner_id",
                    "      lead: {budget: coldframe_task_budget}\n      by: hubspot_owner_id",
                ),
                ("budget: {first: [coldframe_budget, sdr_budget]}", "budget: acme_budget"),
                ("      fit: coldframe_fit\n", "      fit: coldframe_fit\n      budget: acme_budget\n"),
            ),
        ),
        (
            "salesforce",
            "Task.Coldframe_Task_Budget__c",
            "Lead.Acme_Budget__c",
            (
                ("      by: OwnerId", "      lead: {budget: Coldframe_Task_Budget__c}\n      by: OwnerId"),
                ("budget: {first: [Coldframe_Budget__c, Budget__c]}", "budget: Acme_Budget__c"),
                ("      fit: Coldframe_Fit__c\n", "      fit: Coldframe_Fit__c\n      budget: Acme_Budget__c\n"),
            ),
        ),
    ],
)
def test_the_fields_for_what_sales_finds_out_are_made_in_the_task_and_in_the_record(  # noqa: PLR0917 - fixtures
    run: Run, bare: Sandbox, tmp_path: Path, system: str, task: str, person: str, changes: tuple[tuple[str, str], ...]
) -> None:
    ours = edited_file(tmp_path, shipped(system).text, *changes)
    more = {f"COLDFRAME_{system.upper()}_MAPPING": ours}
    missed = run("mapping", "check", ours, only="HUBSPOT" if system == "salesforce" else "SALESFORCE", more=more)
    assert f"has no '{person.partition('.')[2]}'" in missed.stdout
    made = {line["what"] for line in lines(run("provision", system, "--json", more=more))}
    assert {task, person} <= made
    again = {line["what"]: line["outcome"] for line in lines(run("provision", system, "--json", more=more))}
    assert (again[task], again[person]) == ("keep", "keep")
    checked = run("mapping", "check", ours, more=more)
    assert "udget" not in checked.stdout, checked.stdout
    if system == "salesforce":
        (sales,) = bare.salesforce.find("PermissionSet", Name="Coldframe_Sales")
        found = {row["Field"]: row for row in bare.salesforce.find("FieldPermissions", ParentId=sales["Id"])}
        assert [found[where]["PermissionsEdit"] for where in (task, person)] == [True, True]


@pytest.mark.parametrize(
    ("system", "before", "after", "meant"),
    [
        ("hubspot", "ATTEMPTED_TO_CONTACT: no_answer", "ATTEMPTED_TO_CONTCT: no_answer", "ATTEMPTED_TO_CONTACT"),
        (
            "hubspot",
            "{hs_call_disposition: b2cf5968-551e-4856-9783-52b3da59a7d0}",
            "{hs_call_disposition: Left voicemal}",
            "Left voicemail",
        ),
        ("hubspot", "closed: {hs_task_status: COMPLETED}", "closed: {hs_task_status: COMPLETE}", "COMPLETED"),
        ("salesforce", "Closed - Not Converted: recycled", "Closed - Not Convertd: recycled", "Closed - Not Converted"),
    ],
)
def test_a_status_that_the_crm_does_not_have_is_told_with_its_line(  # noqa: PLR0917 - fixtures, and what a case names
    run: Run, tmp_path: Path, system: str, before: str, after: str, meant: str
) -> None:
    run("provision", system)
    ours = edited_file(tmp_path, shipped(system).text, (before, after))
    (line,) = [number for number, text in enumerate(Path(ours).read_text().splitlines(), 1) if after in text]
    checked = run("mapping", "check", ours)
    (found,) = [each for each in checked.output.splitlines() if each.startswith(f"{ours}:{line}:")]
    assert f"(did you mean '{meant}'?)" in found
    assert checked.exit_code == 0, "a warning: all else works"
