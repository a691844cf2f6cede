"""Replay keeps the bounds of time, takes each activity once, reads fields as the service does [rules: replay]."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from integration.commands.replaying.replay import replay

ANA = {"kind": "lead", "lead": "ana", "at": "2026-01-05T09:00:00Z", "fields": {"source": "other"}}


def did(name: str, kind: str, at: str, lead: str = "ana", received_at: str = "", **properties: Any) -> dict[str, Any]:
    told = {"kind": "activity", "id": name, "lead": lead, "at": at, "type": kind, "properties": properties}
    return told | ({"received_at": received_at} if received_at else {})


def run(tmp_path: Path, lines: list[dict[str, Any]], *options: str, playbook: str = "two-axis") -> Result:
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return CliRunner().invoke(replay, ["--playbook", playbook, "--events", str(file), *options])


def told(result: Result, kind: str = "lead") -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return [line for line in lines if kind in (line["kind"], line.get("effect"))]


def warnings(result: Result) -> list[str]:
    return [line.partition("events.jsonl:")[2] for line in result.stderr.splitlines()]


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "1999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z"])
def test_an_activity_of_before_2000_is_told_and_counts_for_nothing(tmp_path: Path, at: str) -> None:
    lines = [ANA, did("a1", "demo_request", at), did("a2", "email_click", "2026-01-06T10:00:00Z")]
    result = run(tmp_path, lines)
    assert [line["engagement"] for line in told(result)] == [3]
    assert told(result, "touch")[0]["at"] == "2026-01-05T09:00:00Z"
    [warning] = warnings(result)
    assert warning.startswith("2: wrong clock: dated ")


def test_the_year_2000_itself_is_no_wrong_clock(tmp_path: Path) -> None:
    result = run(tmp_path, [did("a1", "email_click", "2000-01-01T00:00:00Z")])
    assert [line["engagement"] for line in told(result)] == [3]
    assert warnings(result) == []


def test_what_is_dated_more_than_a_day_after_its_receipt_has_a_wrong_clock(tmp_path: Path) -> None:
    received = "2026-01-06T10:00:00Z"
    far = did("a1", "page_view", "2026-01-07T10:00:00.000001Z", received_at=received, page="pricing")
    near = did("a2", "email_click", "2026-01-07T10:00:00Z", received_at=received)
    result = run(tmp_path, [ANA, far, near], "--until", "2026-02-01T00:00:00Z")
    assert [line["stage"] for line in told(result)] == ["inquiry"]
    assert sum(row["points"] for row in told(result)[0]["ledger"] if row["line"] == "points") == 3
    assert [warning[:15] for warning in warnings(result)] == ["2: wrong clock:"]


def test_what_is_dated_ahead_is_folded_when_its_time_has_come(tmp_path: Path) -> None:
    ahead = did("a1", "email_click", "2026-01-07T10:00:00Z", received_at="2026-01-06T20:00:00Z")
    before = run(tmp_path, [ANA, ahead], "--until", "2026-01-07T09:59:59Z")
    assert [line["engagement"] for line in told(before)] == [0]
    after = run(tmp_path, [ANA, ahead], "--until", "2026-01-07T10:00:00Z")
    assert [line["engagement"] for line in told(after)] == [3]


def test_what_is_received_after_the_end_is_not_known(tmp_path: Path) -> None:
    late = did("a1", "email_click", "2026-01-06T10:00:00Z", received_at="2026-01-20T10:00:00Z")
    assert [line["engagement"] for line in told(run(tmp_path, [ANA, late], "--until", "2026-01-19T00:00:00Z"))] == [0]
    assert told(run(tmp_path, [ANA, late]))[0]["at"] == "2026-01-20T10:00:00Z", (
        "by itself it ends with the last receipt"
    )


@pytest.mark.parametrize(
    "at",
    [
        "9999-12-31T10:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "9000-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "2026-02-30T10:00:00Z",
        "2026-01-06T25:00:00Z",
        "2026-01-06T10:00:00",
        "yesterday",
        "",
    ],
)
@pytest.mark.parametrize("name", ["at", "received_at"])
def test_a_time_that_no_calendar_has_ends_with_its_line_and_status_2(tmp_path: Path, at: str, name: str) -> None:
    result = run(tmp_path, [ANA, did("a1", "demo_request", "2026-01-06T10:00:00Z") | {name: at}])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert warnings(result)[0].startswith("2: ")


def test_fields_with_a_wrong_clock_count_from_before_all_that_is_known(tmp_path: Path) -> None:
    lines = [
        {**ANA, "at": "1970-01-01T00:00:00Z", "fields": {"source": "other", "seniority": "vp", "account": "acme"}},
        {"kind": "account", "account": "acme", "at": "1980-01-01T00:00:00Z", "fields": {"employees": 100}},
        did("a1", "email_click", "2026-01-06T10:00:00Z"),
        {**ANA, "at": "2026-01-06T10:00:00Z", "fields": {"seniority": "ic"}},
    ]
    for order in permutations(lines):
        result = run(tmp_path, list(order))
        assert [(line["fit"], line["engagement"]) for line in told(result)] == [(20, 3)]
        assert [touch["at"] for touch in told(result, "touch")] == ["2026-01-06T10:00:00Z"]
        assert len(warnings(result)) == 2


def test_a_touch_of_more_than_a_day_before_it_was_told_is_withheld(tmp_path: Path) -> None:
    lines = [did("a1", "newsletter_signup", "2026-01-06T10:00:00Z", received_at="2026-01-20T10:00:01Z")]
    touches = told(run(tmp_path, lines, "--until", "2026-02-04T00:00:00Z"), "touch")
    assert [(each["at"], each.get("withheld")) for each in touches] == [
        ("2026-01-06T10:00:00Z", "too late"),
        ("2026-01-20T10:00:00Z", None),
        ("2026-02-03T10:00:00Z", None),
    ]


def test_a_task_and_a_clock_that_are_told_too_late_are_withheld_and_the_stage_stands(tmp_path: Path) -> None:
    lines = [
        did("a1", "demo_request", "2026-01-06T10:00:00Z", received_at="2026-01-14T10:00:01Z"),
        did("b1", "demo_request", "2026-01-06T10:00:00Z", lead="bo", received_at="2026-01-14T10:00:00Z"),
        did("c1", "demo_request", "2026-01-06T10:00:00Z", lead="cy", received_at="2026-01-06T10:05:00Z"),
    ]
    result = run(tmp_path, lines, "--until", "2026-01-20T00:00:00Z")
    assert [line["stage"] for line in told(result)] == ["mql"] * 3
    assert [(each["lead"], each.get("withheld")) for each in told(result, "task")] == [
        ("ana", "too late"),
        ("bo", None),
        ("cy", None),
    ]
    assert [(each["lead"], each.get("withheld")) for each in told(result, "escalation")] == [
        ("ana", "too late"),
        ("bo", "too late"),
        ("cy", None),
    ]


def test_lateness_changes_no_score_and_no_stage(tmp_path: Path) -> None:
    times = [f"2026-01-{day:02}T10:00:00Z" for day in (6, 8, 9, 12, 13)]
    deeds = ("page_view", "demo_request", "call_attempt", "sales_rejected", "email_click")
    properties: list[dict[str, Any]] = [{"page": "pricing"}, {}, {"outcome": "no_answer"}, {"reason": "budget"}, {}]
    plain = [
        did(f"a{n}", kind, at, **more) for n, (kind, at, more) in enumerate(zip(deeds, times, properties, strict=True))
    ]
    until = ("--until", "2026-03-01T00:00:00Z")
    wanted = run(tmp_path, plain, *until).stdout.splitlines()[-1]
    for late in permutations(range(5), 2):
        lines = [
            line | ({"received_at": f"2026-01-{20 + late.index(n)}T10:00:00Z"} if n in late else {})
            for n, line in enumerate(plain)
        ]
        assert run(tmp_path, lines, *until).stdout.splitlines()[-1] == wanted


def test_what_was_decided_before_something_late_came_is_told_once_as_it_was(tmp_path: Path) -> None:
    lines = [
        did("a1", "demo_request", "2026-01-08T10:00:00Z"),
        did("a0", "demo_request", "2026-01-06T10:00:00Z", received_at="2026-01-08T12:00:00Z"),
    ]
    tasks = told(run(tmp_path, lines, "--until", "2026-01-09T00:00:00Z"), "task")
    assert [(each["key"], each["at"]) for each in tasks] == [("ana/play/handoff/1/task/1", "2026-01-08T10:00:00Z")]


def contents() -> list[dict[str, Any]]:
    return [
        did("a1", "page_view", "2026-01-06T10:00:00Z", page="pricing"),
        did("a1", "page_view", "2026-01-07T10:00:00Z", page="pricing"),
        did("a1", "page_view", "2026-01-07T10:00:00Z", lead="bo", page="pricing"),
    ]


def test_of_one_id_with_several_contents_the_earliest_counts_and_the_others_are_told(tmp_path: Path) -> None:
    for order in permutations([ANA, *contents()]):
        result = run(tmp_path, list(order))
        assert [(line["lead"], line["engagement"]) for line in told(result)] == [("ana", 15)]
        losers = [n for n, line in enumerate(order, 1) if line.get("id") and line["at"] != "2026-01-06T10:00:00Z"]
        assert [warning.partition(": ")[0] for warning in warnings(result)] == [str(number) for number in losers]
        assert all("one id, two contents: a1" in warning for warning in warnings(result))


def test_at_one_time_the_smaller_content_counts_whatever_stands_first(tmp_path: Path) -> None:
    at = "2026-01-06T10:00:00Z"
    one, other = did("a1", "page_view", at, page="case_study"), did("a1", "page_view", at, page="pricing")
    found = {run(tmp_path, lines).stdout for lines in ([one, other], [other, one], [one, other, one, other])}
    assert len(found) == 1
    assert [line["engagement"] for line in told(run(tmp_path, [other, one]))] == [10]


def test_the_same_line_twice_is_a_duplicate_and_no_warning(tmp_path: Path) -> None:
    line = did("a1", "page_view", "2026-01-06T10:00:00Z", page="pricing")
    result = run(tmp_path, [line, line, line])
    assert [line["engagement"] for line in told(result)] == [15]
    assert warnings(result) == []


def test_many_lines_that_count_for_nothing_are_summed_up(tmp_path: Path) -> None:
    lines = [did(f"a{number}", "email_click", "1970-01-01T00:00:00Z") for number in range(60)]
    found = warnings(run(tmp_path, [ANA, *lines]))
    assert len(found) == 51
    assert run(tmp_path, [ANA, *lines]).stderr.splitlines()[-1] == "and 10 more lines that count for nothing"


def test_seniority_follows_the_title_while_no_line_gives_one(tmp_path: Path) -> None:
    """As it does in the service, where a mapping reads it from the record."""
    titled, given, later, taken = (
        {**ANA, "at": f"2026-01-0{day}T09:00:00Z", "fields": fields}
        for day, fields in enumerate(
            ({"title": "Vice President, Sales"}, {"seniority": "vp"}, {"title": "Intern"}, {"seniority": None}), 5
        )
    )
    histories = ([titled], [titled, later], [titled, given, later], [titled, given, later, taken])
    assert [told(run(tmp_path, lines))[0]["fit"] for lines in histories] == [15, 5, 15, 5]
