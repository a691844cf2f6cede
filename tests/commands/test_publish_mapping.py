"""`coldframe publish mapping`, and what publishing anything else makes of mappings and vocabularies."""

import json
from pathlib import Path

import pytest
from edited_texts import edited_file
from flows_crms import person
from flows_publishing import ANA, Coldframe
from flows_run import Watch, drain_all, lead

from integration.flows.base.running_playbook import published
from integration.flows.reading import reconcile
from integration.wiring.whole_service import Service
from mappings.language import mapping_files
from mappings.values.instant import HOUR
from sandbox.server import Sandbox

SHIPPED = mapping_files.shipped("hubspot").text
LEVEL = ("seniority: {from: jobtitle,", "seniority: {from: message,")
WORDS = "language: 1\nlead:\n  cmmc_level: {kind: number}\n"


@pytest.fixture
def known(running: Service, sandbox: Sandbox) -> str:
    """Ana has a record in HubSpot, which calls her an intern in a text of its own."""
    record = person(sandbox, "hubspot", ANA)
    sandbox.hubspot.set("contacts", record, {"message": "Intern"})
    reconcile.poll(running, "hubspot")
    drain_all(running)
    return record


def file(tmp_path: Path, *changes: tuple[str, str]) -> str:
    return edited_file(tmp_path, SHIPPED, *changes)


def test_a_mapping_is_shown_published_compared_and_taken_back(
    coldframe: Coldframe, running: Service, at: Watch, tmp_path: Path, known: str
) -> None:
    assert known
    ours = file(tmp_path, LEVEL)
    shown = coldframe("publish", "mapping", ours, "--reason", "our own field", "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert "Read otherwise" in shown.output
    assert "seniority" in shown.output, shown.output
    assert "Nothing was changed." in shown.output
    assert published(running).rules.number == 1
    said = json.loads(coldframe("publish", "mapping", ours, "--reason", "our own", "--yes", "--json").stdout)
    assert (said["published"], said["impact"]["records"]) == (2, 2)
    assert said["impact"]["fields"] == [{"of": "lead", "field": "seniority", "records": 1}]
    drain_all(running)
    assert lead(running, ANA).fields["seniority"] == "ic"
    at.forward(HOUR)
    assert "says the same" in coldframe("publish", "mapping", ours, "--reason", "again", "--yes").output
    lines = [line for line in coldframe("diff").stdout.splitlines() if line[:1] in "+-" and "seniority" in line]
    assert [line[0] for line in lines] == ["-", "+"]
    assert json.loads(coldframe("versions", "--json").stdout.splitlines()[0])["what"] == "mapping"
    back = coldframe("rollback", "--reason", "not yet", "--yes")
    assert "Version 3 is in force" in back.output, back.output
    drain_all(running)
    assert lead(running, ANA).fields["seniority"] == "director"


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ([("seniority: {from: jobtitle,", "seniority: {from: jobtitel,")], 2, "(did you mean 'jobtitle'?)"),
        ([("seniority: {from", "senority: {from")], 2, "(did you mean 'seniority'?)"),
        ([("objects:", "owns:\n  lead: [title]\nobjects:")], 2, "Salesforce claims it too"),
        ([("system: hubspot", "system: hubspott")], 2, "hubspot"),
    ],
)
def test_what_a_mapping_lacks_is_named_at_its_place_and_nothing_is_published(  # noqa: PLR0917 - what a case names
    coldframe: Coldframe, running: Service, tmp_path: Path, changes: list[tuple[str, str]], code: int, said: str
) -> None:
    found = coldframe("publish", "mapping", file(tmp_path, *changes), "--reason", "x", "--yes")
    assert found.exit_code == code, found.output
    assert said in found.output
    assert "ours.yaml:" in found.output
    assert published(running).rules.number == 1


def test_a_mapping_of_a_connection_that_is_not_there_is_refused(coldframe: Coldframe, tmp_path: Path) -> None:
    words = ("publish", "mapping", file(tmp_path, LEVEL), "--reason", "x", "--connection", "emea")
    found = coldframe(*words)
    assert (found.exit_code, found.output.strip()) == (1, "Error: emea is no connection to hubspot")


def test_another_playbook_leaves_a_published_mapping_in_force(
    coldframe: Coldframe, running: Service, tmp_path: Path, known: str
) -> None:
    assert known
    coldframe("publish", "mapping", file(tmp_path, LEVEL), "--reason", "ours", "--yes")
    found = coldframe("publish", "playbook", "behavioural", "--reason", "a trial", "--yes")
    assert found.exit_code == 0, found.output
    drain_all(running)
    assert lead(running, ANA).fields["seniority"] == "ic"
    assert coldframe("rollback", "--reason", "back", "--yes").exit_code == 0
    drain_all(running)
    assert published(running).rules.playbook.name == "two-axis"
    assert lead(running, ANA).fields["seniority"] == "ic", "the version before had this mapping too"


def test_a_word_that_a_published_mapping_uses_cannot_be_taken_away(
    coldframe: Coldframe, running: Service, tmp_path: Path
) -> None:
    words = tmp_path / "words.yaml"
    words.write_text(WORDS)
    assert coldframe("publish", "vocabulary", str(words), "--reason", "levels", "--yes").exit_code == 0
    ours = file(
        tmp_path, ("      title: jobtitle\n", "      title: jobtitle\n      cmmc_level: {from: message, as: number}\n")
    )
    found = coldframe("publish", "mapping", ours, "--reason", "levels are in HubSpot", "--yes")
    assert found.exit_code == 0, found.output
    words.write_text("language: 1\n")
    found = coldframe("publish", "vocabulary", str(words), "--reason", "no levels", "--yes")
    assert found.exit_code == 2
    assert "the mapping hubspot in force:" in found.output
    assert "cmmc_level" in found.output
    assert published(running).rules.number == 3


def test_a_rollback_of_the_vocabulary_leads_back_to_the_words_that_each_process_was_started_with(
    coldframe: Coldframe, running: Service, at: Watch, tmp_path: Path
) -> None:
    words = tmp_path / "words.yaml"
    words.write_text(WORDS)
    assert coldframe("publish", "vocabulary", str(words), "--reason", "levels", "--yes").exit_code == 0
    at.forward(HOUR)
    back = coldframe("rollback", "--reason", "no levels", "--yes")
    assert back.exit_code == 0, back.output
    drain_all(running)
    assert published(running).rules.number == 3
    assert lead(running, ANA).version == 3, "everybody is derived, by a version that workers understand"


def test_a_file_that_is_not_there_is_named(coldframe: Coldframe) -> None:
    found = coldframe("publish", "mapping", "nowhere.yaml", "--reason", "x")
    assert (found.exit_code, "nowhere.yaml cannot be read" in found.output) == (1, True)
