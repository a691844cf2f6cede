"""`coldframe publish`, `versions`, `diff`, `rollback`: other rules for an installation that runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from edited_texts import edited_file
from flows_publishing import ANA, Coldframe
from flows_run import Watch, drain_all

from integration.flows.base import running_playbook
from integration.playbook.reading import library
from integration.store.people import leads
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE, show

SHIPPED = library.text("two-axis")


def in_force(service: Service) -> int | None:
    return running_playbook.published(service).rules.number


def edited(tmp_path: Path, *changes: tuple[str, str]) -> str:
    return edited_file(tmp_path, SHIPPED, *changes)


VIDEO = ("    pricing: 15\n", "    pricing: 15\n    watched: {points: 5, when: video_watched percent>=80}\n")
PRISING = ("[page_view page=pricing,", "[page_view page=prising,")
PRICING = ("    pricing: 15\n", "    pricing: 25\n")


def test_a_dry_run_shows_what_would_change_and_changes_nothing(
    coldframe: Coldframe, running: Service, tmp_path: Path
) -> None:
    before = in_force(running)
    found = coldframe("publish", "playbook", edited(tmp_path, PRICING), "--reason", "a trial", "--dry-run")
    assert found.exit_code == 0, found.output
    assert "what version 2 would do" in found.output
    assert "Nothing was changed." in found.output
    assert in_force(running) == before


def test_a_playbook_is_published_listed_compared_and_taken_back(
    coldframe: Coldframe, running: Service, at: Watch, tmp_path: Path
) -> None:
    ours = edited(tmp_path, PRICING)
    said = json.loads(coldframe("publish", "playbook", ours, "--reason", "a trial", "--yes", "--json").stdout)
    assert (said["published"], said["impact"]["leads"], said["impact"]["rescored"]) == (2, 1, 1)
    drain_all(running)
    assert total(running) == 25
    at.forward(MINUTE)
    assert "says the same" in coldframe("publish", "playbook", ours, "--reason", "again", "--yes").output
    rows = [json.loads(line) for line in coldframe("versions", "--json").stdout.splitlines()]
    assert [(row["number"], row["reason"]) for row in rows] == [(2, "a trial"), (1, "the first playbook")]
    shown = coldframe("diff").stdout.splitlines()
    assert [line for line in shown if line[:1] in "+-" and "pricing" in line] == [
        "-    pricing: 15",
        "+    pricing: 25",
    ]
    back = coldframe("rollback", "--reason", "too many points", "--yes")
    assert "Version 3 is in force" in back.output
    drain_all(running)
    assert total(running) == 15


def total(service: Service) -> Any:
    with service.store.read() as conn:
        (found,) = leads.by_email(conn, [ANA]).values()
        (row,) = leads.get(conn, [found])
    return row.total


def test_nobody_is_asked_where_nobody_is(coldframe: Coldframe, running: Service, tmp_path: Path) -> None:
    found = coldframe("publish", "playbook", edited(tmp_path, PRICING), "--reason", "a trial")
    assert found.exit_code == 1
    assert "say --yes" in found.output
    assert in_force(running) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rollback", "--reason", "x", "--yes"), "no version before this one"),
        (("rollback", "7", "--reason", "x", "--yes"), "no version 7"),
        (("publish", "playbook", "nowhere.yaml", "--reason", "x"), "nowhere.yaml cannot be read"),
        (("publish", "playbook", "standard", "--reason", " ", "--yes"), "say why"),
        (("diff",), "no two versions"),
    ],
)
def test_what_cannot_be_done_is_said(coldframe: Coldframe, words: tuple[str, ...], said: str) -> None:
    found = coldframe(*words)
    assert found.exit_code != 0
    assert said in found.output


def test_a_mistake_in_a_playbook_is_named_at_its_place(coldframe: Coldframe, tmp_path: Path) -> None:
    found = coldframe("publish", "playbook", edited(tmp_path, PRISING), "--reason", "x")
    assert found.exit_code == 2
    assert "ours.yaml:" in found.output
    assert "pricing" in found.output, "the nearest word"


def test_a_word_that_the_playbook_in_force_uses_cannot_be_taken_away(
    coldframe: Coldframe, running: Service, tmp_path: Path
) -> None:
    words = tmp_path / "words.yaml"
    words.write_text("language: 1\nactivities:\n  video_watched: {properties: {percent: number}}\n")
    assert coldframe("publish", "vocabulary", str(words), "--reason", "videos", "--yes").exit_code == 0
    ours = edited(tmp_path, VIDEO)
    found = coldframe("publish", "playbook", ours, "--reason", "videos score", "--yes")
    assert found.exit_code == 0, found.output
    words.write_text("language: 1\n")
    found = coldframe("publish", "vocabulary", str(words), "--reason", "no videos", "--yes")
    assert found.exit_code == 2
    assert "the playbook in force (version 3):" in found.output
    assert "video_watched" in found.output
    assert in_force(running) == 3


def test_a_lead_is_explained_by_the_version_of_that_time(
    coldframe: Coldframe, running: Service, at: Watch, tmp_path: Path
) -> None:
    before = at()
    coldframe("publish", "playbook", edited(tmp_path, PRICING), "--reason", "a trial", "--yes")
    drain_all(running)
    at.forward(HOUR)
    then = json.loads(coldframe("explain", ANA, "--at", show(before - MINUTE), "--json").stdout)
    now = json.loads(coldframe("explain", ANA, "--json").stdout)
    assert (then["version"], then["engagement"]) == (1, 15)
    assert (now["version"], now["engagement"]) == (2, 25)


def test_an_old_name_that_no_version_had_is_named_at_its_place_with_the_nearest(
    coldframe: Coldframe, running: Service, tmp_path: Path
) -> None:
    for was, said in (("dripp", "no version had a track 'dripp' (did you mean 'drip'?)"), ("drip", "")):
        ours = edited(
            tmp_path,
            ("  drip: #", f"  first_weeks:\n    was: {was} #"),
            ("track: drip", "track: first_weeks"),
            ("to: drip}", "to: first_weeks}"),
        )
        found = coldframe("publish", "playbook", ours, "--reason", "a name", "--dry-run")
        assert found.exit_code == 0, found.output
        assert ("no version had" in found.output) == bool(said)
        assert said in found.output
        assert not said or "ours.yaml:106:10: " in found.output
    assert in_force(running) == 1


def test_an_export_explains_by_the_version_in_force_and_names_it(
    coldframe: Coldframe, running: Service, tmp_path: Path
) -> None:
    coldframe("publish", "playbook", edited(tmp_path, PRICING), "--reason", "a trial", "--yes")
    drain_all(running)
    document = json.loads(coldframe("export", ANA).stdout)
    (said,) = next(value for name, value in document.items() if name.startswith("expla"))
    assert (said["version"], said["engagement"]) == (2, 25)
