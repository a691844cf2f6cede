"""What the field's bug reports gave wrong, file by file: what each must give, as `bug_reports/README.md` says."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner, Result

from integration.commands.replaying.replay import replay
from integration.playbook.compiling.compiler import load

REPORTS = Path(__file__).parent / "bug_reports"
Lines: TypeAlias = list[dict[str, Any]]


def run(name: str, playbook: str = "standard", until: str = "") -> Result:
    args = ["--playbook", playbook, "--events", str(REPORTS / f"{name}.jsonl")]
    return CliRunner().invoke(replay, [*args, "--until", until] if until else args)


def lines(result: Result) -> Lines:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def effects(found: Lines, kind: str) -> Lines:
    return [each for each in found if each["kind"] == "effect" and each["effect"] == kind]


def leads(found: Lines) -> dict[str, dict[str, Any]]:
    return {each["lead"]: each for each in found if each["kind"] == "lead"}


def test_every_report_is_tried_here() -> None:
    tried = Path(__file__).read_text(encoding="utf-8")
    assert [file.stem for file in REPORTS.glob("*.jsonl") if f'"{file.stem}"' not in tried] == []


@pytest.mark.parametrize(
    "playbook", ["standard", "two-axis", "behavioural", "operating-model", "five-tracks", "fit-engagement"]
)
def test_a_time_at_the_end_of_all_calendars_ends_with_its_line_and_status_2(playbook: str) -> None:
    result = run("year-9999", playbook)
    assert result.exit_code == 2
    assert "year-9999.jsonl:2: " in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("name", "until", "gives"),
    [
        ("one-page-four-query-strings", "", {"engagement": 15}),
        ("raw-address-without-page", "", {"engagement": 15}),
        ("outcome-in-capitals", "2026-01-20T00:00:00Z", {"stage": "sal"}),
        ("reason-in-capitals", "", {"stage": "recycled", "recycle_reason": "timing"}),
        ("opted-out-as-text", "", {"suppressed": True}),
        ("one-id-two-contents", "", {"engagement": 15}),
    ],
)
def test_the_lead_stands_where_the_report_says(name: str, until: str, gives: dict[str, Any]) -> None:
    (lead,) = leads(lines(run(name, until=until))).values()
    assert {field: lead[field] for field in gives} == gives


def test_sal_begins_with_the_first_connection() -> None:
    found = effects(lines(run("outcome-in-capitals", until="2026-01-20T00:00:00Z")), "stage")
    assert [each["at"] for each in found if each["to"] == "sal"] == ["2026-01-06T11:00:00Z"]


def test_the_content_that_does_not_count_is_told_with_its_line() -> None:
    assert "one-id-two-contents.jsonl:" in run("one-id-two-contents").stderr


def test_every_touch_has_an_instant_of_its_own_inside_the_window() -> None:
    found = effects(lines(run("enters-on-saturday", until="2026-04-08T00:00:00Z")), "touch")
    playbook, _ = load("standard")
    assert playbook is not None
    windows = playbook.send_windows
    times = [datetime.fromisoformat(each["at"]) for each in found]
    assert len(times) == len(set(times)) >= 2
    assert windows
    for each in times:
        minute = each.hour * 60 + each.minute
        assert any(each.weekday() in one.weekdays and one.opens <= minute < one.closes for one in windows)


def test_who_subscribes_anew_and_asks_again_is_handed_over_again_and_a_third_time_with_the_story() -> None:
    found = lines(run("resubscribed-asks-again", until="2026-04-20T00:00:00Z"))
    tasks = [each for each in effects(found, "task") if each["play"] == "handoff"]
    assert [each["at"] for each in tasks] == ["2026-01-06T10:00:00Z", "2026-01-20T10:00:00Z", "2026-03-20T10:00:00Z"]
    assert "first handed over on 20 January 2026" in tasks[-1]["body"]
    assert leads(found)["ana"]["stage"] == "mql"


def test_an_mql_that_nobody_answered_and_that_asks_again_gets_another_task() -> None:
    tasks = effects(lines(run("unanswered-mql-asks-again")), "task")
    assert len([each for each in tasks if each["play"] == "handoff"]) == 2


def test_the_opens_of_an_image_proxy_make_no_mql() -> None:
    found = lines(run("thirty-one-proxy-opens", "two-axis"))
    assert effects(found, "task") == []
    assert leads(found)["ana"]["stage"] == "inquiry"
    assert leads(found)["ana"]["engagement"] <= 1


def test_numbers_and_flags_as_text_are_read_and_what_is_none_is_told() -> None:
    result = run("numbers-and-flags-as-text", str(REPORTS / "numbers-and-flags-as-text.yaml"))
    found = {lead: each["engagement"] for lead, each in leads(lines(result)).items()}
    whole, none = dict.fromkeys(("p1", "p2", "p3", "p5"), 17), dict.fromkeys(("p6", "p7", "p8", "p9", "p10"), 0)
    assert found == {**whole, **none, "p4": 7, "q1": 3}
    assert all(words in result.stderr for words in ("45 min", "1_000"))


def test_who_wins_a_deal_while_an_inquiry_is_a_customer_and_no_mql() -> None:
    found = lines(run("won-while-inquiry", "two-axis"))
    moves = [(each["at"], each["from"], each["to"]) for each in effects(found, "stage")]
    assert moves == [("2026-01-06T10:00:00Z", "inquiry", "sql"), ("2026-02-06T10:00:00Z", "sql", "customer")]
    assert effects(found, "task") == []


def test_nothing_goes_to_an_address_that_bounced_hard() -> None:
    touches = effects(lines(run("hard-bounce", until="2026-06-01T00:00:00Z")), "touch")
    assert [each["at"] for each in touches if each["at"] > "2026-01-06T09:05:00Z"] == []
