import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from integration.commands.replaying.history_file import replay_runs
from integration.commands.replaying.history_file.replay_groups import Groups
from integration.commands.replaying.history_file.replay_lines import Unreadable, affiliations, read
from integration.commands.replaying.history_file.replay_runs import Pages, Sorter
from integration.commands.replaying.replay import replay
from integration.rig.bench.bench_history import chance

ACME = {"kind": "account", "account": "acme", "at": "2026-01-05T09:00:00Z"}
ANA = {"kind": "lead", "lead": "ana", "at": "2026-01-05T09:00:00Z"}
GOOD: list[dict[str, Any]] = [
    {**ACME, "fields": {"employees": 120, "industry": "software", "technologies": ["salesforce"]}},
    {**ANA, "fields": {"email": "ana@acme.example", "account": "acme", "seniority": "director", "source": "other"}},
]


def did(name: str, kind: str, at: str, lead: str = "ana", **properties: Any) -> dict[str, Any]:
    return {"kind": "activity", "id": name, "lead": lead, "at": at, "type": kind, "properties": properties}


PRICING = did("a1", "page_view", "2026-01-06T10:00:00Z", page="pricing")
AGAIN = did("a2", "page_view", "2026-01-07T10:00:00Z", page="pricing")


def run(tmp_path: Path, lines: list[Any], *options: str, playbook: str = "two-axis") -> Result:
    file = tmp_path / "events.jsonl"
    file.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return CliRunner().invoke(replay, ["--playbook", playbook, "--events", str(file), *options])


def shown(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def leads(result: Result) -> dict[str, dict[str, Any]]:
    return {line["lead"]: line for line in shown(result) if line["kind"] == "lead"}


def test_the_last_lines_tell_where_every_lead_stands_with_its_ledger(tmp_path: Path) -> None:
    lines = shown(run(tmp_path, [*GOOD, PRICING]))
    ana = lines[-1]
    assert {name: ana[name] for name in ("kind", "at", "lead", "fit", "engagement", "total")} == {
        "kind": "lead",
        "at": "2026-01-06T10:00:00Z",
        "lead": "ana",
        "fit": 40,
        "engagement": 15,
        "total": 55,
    }
    assert (ana["band"], ana["segment"], ana["stage"]) == ("warm", "B", "inquiry")
    assert (ana["suppressed"], ana["recycle_reason"]) == (False, None)
    assert ana["ledger"][-1] == {
        "at": "2026-01-06T10:00:00Z",
        "axis": "engagement",
        "line": "points",
        "rule": "pricing",
        "activity": "a1",
        "points": 15,
    }
    assert sum(entry["points"] for entry in ana["ledger"]) == 55


def test_effects_come_by_time_then_lead_then_key(tmp_path: Path) -> None:
    bob = {**ANA, "lead": "bob", "fields": {"source": "trade_show"}}
    effects = [line for line in shown(run(tmp_path, [bob, *GOOD, PRICING, AGAIN])) if line["kind"] == "effect"]
    places = [(line["at"], line["lead"], line["key"]) for line in effects]
    assert places == sorted(places)
    [stage] = [line for line in effects if line["effect"] == "stage"]
    assert (stage["from"], stage["to"], stage["at"]) == ("inquiry", "mql", "2026-01-07T10:00:00Z")
    [task] = [line for line in effects if line["effect"] == "task" and line["play"] == "handoff"]
    assert (task["step"], task["channel"], task["due_at"]) == (1, "call", "2026-01-08T10:00:00Z")
    assert "Who: ana@acme.example" in task["body"]


@pytest.mark.parametrize(
    ("until", "engagement"),
    [
        ("2026-01-19T10:00:00Z", 15),
        ("2026-01-20T09:59:59.999999Z", 15),
        ("2026-01-20T10:00:00Z", 12),
        ("2026-02-05T11:00:00+01:00", 7),
        ("2026-04-06T10:00:00Z", 0),
        ("2026-01-06T09:59:59Z", 0),
    ],
)
def test_until_lets_time_pass_and_cuts_what_comes_later(tmp_path: Path, until: str, engagement: int) -> None:
    ana = leads(run(tmp_path, [*GOOD, PRICING], "--until", until))["ana"]
    assert ana["engagement"] == engagement
    exact = sum(entry["points"] for entry in ana["ledger"] if entry["axis"] == "engagement")
    assert int(exact) == engagement


def history() -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("page_view", {"page": "pricing"}),
        ("page_view", {"page": "case_study", "url": "/c"}),
        ("email_open", {}),
        ("document_view", {"document": "quote", "doc_type": "pricing"}),
        ("demo_request", {}),
        ("call_attempt", {"outcome": "no_answer"}),
        ("sales_rejected", {"reason": "timing"}),
    ]
    for number in range(12):
        lead, account = f"lead{number}", f"acc{number % 3}"
        born = f"2026-01-{number % 9 + 1:02}T08:00:00Z"
        lines.append({"kind": "account", "account": account, "at": born, "fields": {"employees": 40 * number + 20}})
        fields = {"account": account, "seniority": "vp", "source": "webinar"}
        lines.append({"kind": "lead", "lead": lead, "at": born, "fields": fields})
        for turn in range(25):
            drawn = chance(100 * number + turn)
            kind, properties = kinds[drawn % len(kinds)]
            at = f"2026-0{drawn // 7 % 3 + 1}-{drawn // 21 % 19 + 10}T{drawn // 400 % 24:02}:00:00Z"
            lines.append(did(f"{lead}.{turn}", kind, at, lead, **properties))
    unknown = did("u1", "document_view", "2026-02-02T00:00:00Z", "", document="quote", viewer="x@acc0.example")
    moved = {"kind": "lead", "lead": "lead0", "at": "2026-02-10T00:00:00Z", "fields": {"account": "acc1"}}
    return [*lines, {**unknown, "account": "acc0"}, moved]


def shuffled(values: list[Any], seed: int) -> list[Any]:
    return [value for _, value in sorted(enumerate(values), key=lambda pair: chance(pair[0] + 1_000 * seed))]


@pytest.mark.parametrize("playbook", ["two-axis", "standard"])
def test_shuffled_and_repeated_input_gives_the_same_output(tmp_path: Path, playbook: str) -> None:
    lines = history()
    wanted = run(tmp_path, sorted(lines, key=lambda line: line["at"]), playbook=playbook)
    assert len(shown(wanted)) > 100
    for seed in range(3):
        mixed = shuffled([*lines, *lines[seed::9]], seed)
        assert run(tmp_path, mixed, playbook=playbook).stdout == wanted.stdout


def test_a_file_larger_than_memory_gives_the_same_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = run(tmp_path, history()).stdout
    monkeypatch.setattr(replay_runs, "_RUN", 9_000)
    monkeypatch.setattr(replay_runs, "_BATCH", 1_000)
    monkeypatch.setattr(replay_runs, "_BUFFERED", 500)
    monkeypatch.setattr("integration.commands.replaying.replay_run._EVERY", 7)
    assert run(tmp_path, history()).stdout == wanted


def test_standard_input_is_read_too(tmp_path: Path) -> None:
    text = "\n".join(json.dumps(line) for line in [*GOOD, PRICING]) + "\n\n"
    result = CliRunner().invoke(replay, ["--playbook", "two-axis", "--events", "-"], input=text)
    assert result.stdout == run(tmp_path, [*GOOD, PRICING]).stdout


def test_a_pipe_is_read_as_a_file_is(tmp_path: Path) -> None:
    pipe = tmp_path / "events"
    os.mkfifo(pipe)
    text = "".join(json.dumps(line) + "\n" for line in [*GOOD, PRICING])
    writer = threading.Thread(target=pipe.write_text, args=(text,))
    writer.start()
    result = CliRunner().invoke(replay, ["--playbook", "two-axis", "--events", str(pipe)])
    writer.join()
    assert result.stdout == run(tmp_path.parent, [*GOOD, PRICING]).stdout


def test_of_two_that_share_id_and_time_the_same_one_counts_in_any_order(tmp_path: Path) -> None:
    other = {**PRICING, "type": "email_click", "properties": {}}
    assert run(tmp_path, [*GOOD, PRICING, other]).stdout == run(tmp_path, [other, PRICING, *GOOD]).stdout


def test_later_field_lines_change_those_fields_from_their_time_on(tmp_path: Path) -> None:
    smaller = {**ACME, "at": "2026-01-08T09:00:00Z", "fields": {"employees": 20}}
    result = leads(run(tmp_path, [*GOOD, smaller]))["ana"]
    assert result["fit"] == 30
    assert [entry["points"] for entry in result["ledger"] if entry["at"].startswith("2026-01-08")] == [-15, 5]


def test_a_lead_learns_what_its_account_already_was(tmp_path: Path) -> None:
    late = {**GOOD[1], "at": "2026-02-01T09:00:00Z"}
    assert leads(run(tmp_path, [GOOD[0], late]))["ana"]["fit"] == 40


def test_a_lead_that_only_activities_name_exists_from_its_first_one(tmp_path: Path) -> None:
    lines = shown(run(tmp_path, [PRICING]))
    assert lines[-1]["lead"] == "ana"
    assert [line["effect"] for line in lines[:-1]] == ["touch", "track"]


def test_unknown_types_and_properties_score_nothing(tmp_path: Path) -> None:
    odd = did("x", "teleport", "2026-01-06T10:00:00Z", where={"deep": [1, {"er": None}]})
    odder = did("y", "page_view", "2026-01-06T10:00:00Z", page=["pricing"], minutes=1.5)
    assert leads(run(tmp_path, [*GOOD, odd, odder]))["ana"]["engagement"] == 0


def test_a_document_that_reached_two_viewers_scores_for_the_known_one(tmp_path: Path) -> None:
    seen = did("v1", "document_view", "2026-01-06T10:00:00Z", document="quote")
    boss = did("v2", "document_view", "2026-01-07T10:00:00Z", "", document="quote", viewer="boss@acme.example")
    ana = leads(run(tmp_path, [*GOOD, seen, {**boss, "account": "acme"}]))["ana"]
    assert [entry["rule"] for entry in ana["ledger"] if entry["axis"] == "engagement"] == ["internal_sharing"]


BROKEN = [
    ("{", "Input data was truncated"),
    ("[]", "Expected `object`"),
    ('{"kind": "visit"}', "Invalid value 'visit'"),
    ('{"kind": "lead", "lead": "ana", "fields": {}}', "missing required field `at`"),
    ('{"kind": "lead", "lead": "ana", "at": "2026-01-05T09:00:00", "fields": {}}', "timezone"),
    ('{"kind": "lead", "lead": "ana", "at": "yesterday", "fields": {}}', "Invalid RFC3339"),
    ('{"kind": "lead", "lead": "", "at": "2026-01-05T09:00:00Z", "fields": {}}', "length >= 1"),
    ('{"kind": "lead", "lead": "a", "at": "2026-01-05T09:00:00Z", "fields": {"x": {}}}', "$.fields"),
    ('{"kind": "activity", "id": "a", "at": "2026-01-05T09:00:00Z", "type": "x"}', "needs a `lead`"),
    ('{"kind": "activity", "id": 7, "lead": "a", "at": "2026-01-05T09:00:00Z", "type": "x"}', "$.id"),
    ('"\ud800"', ""),
]


@pytest.mark.parametrize(("line", "what"), BROKEN)
def test_a_line_that_cannot_be_read_stops_the_run_and_says_where(tmp_path: Path, line: str, what: str) -> None:
    file = tmp_path / "events.jsonl"
    good = "".join(json.dumps(each) + "\n" for each in GOOD)
    file.write_bytes(good.encode() + line.encode("utf-8", "surrogatepass") + b"\n" + json.dumps(PRICING).encode())
    result = CliRunner().invoke(replay, ["--playbook", "two-axis", "--events", str(file)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"{file}:3: ")
    assert what in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--events", "missing.jsonl"],
        ["--events", "missing.jsonl", "--until", "tomorrow"],
        ["--events", "-", "--until", "9999-12-31T23:59:59Z"],
        ["--events", "-", "--until", "0001-01-01T00:00:00"],
        ["--events", "."],
        ["--events", "-", "--playbook", "."],
        ["--events", "-", "--playbook", "no-such-playbook"],
        [],
    ],
)
def test_what_cannot_be_run_ends_with_status_2_and_prints_nothing(options: list[str]) -> None:
    result = CliRunner().invoke(replay, ["--playbook", "two-axis", *options], input="")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


def test_no_events_print_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, []).stdout == ""


def test_the_table_is_for_people(tmp_path: Path) -> None:
    result = run(tmp_path, [*GOOD, PRICING, AGAIN], "--format", "table")
    assert result.exit_code == 0
    assert "Where everybody stands" in result.stdout


def test_a_sorter_sorts_across_its_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_runs, "_RUN", 100)
    numbers = shuffled(list(range(500)), 1)
    sorter: Sorter[tuple[int, str]] = Sorter(tuple[int, str])
    for number in numbers:
        sorter.add((number, str(number)), 7)
    assert [number for number, _ in sorter] == sorted(numbers)
    sorter.close()


def test_what_goes_to_a_file_is_sorted_as_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["", "a", "B", "ab", "\x00", "a\x00b", "é", "e\u0301", "\ud7ff", "\ue000", "\U0001f600", "ß"]
    numbers = [0, -1, 2**63 - 1, -(2**63), 10**16, 9]
    records = [(number, text, {"text": text, "of": [number]}) for number in numbers for text in texts]
    sorter: Sorter[tuple[int, str, dict[str, Any]]] = Sorter(tuple[int, str, dict[str, Any]])
    monkeypatch.setattr(replay_runs, "_RUN", 10)
    monkeypatch.setattr(replay_runs, "_BATCH", 25)
    for record in shuffled(records, 2):
        sorter.add(record, 1)
    assert list(sorter) == sorted(records, key=lambda record: record[:2])
    sorter.close()


def test_pages_keep_the_order_of_each_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_runs, "_BUFFERED", 10)
    pages = Pages()
    for number in range(20):
        pages.add("a", str(number).encode())
        pages.add("b", b"x")
    assert pages.text("a") == b",".join(str(number).encode() for number in range(20))
    assert pages.text("c") == b""
    pages.close()


def test_leads_that_were_ever_at_one_account_are_one_group() -> None:
    lines = [json.dumps(line).encode() for line in history()]
    records = list(read(lines, "x"))
    groups = Groups.of(affiliations(lines))
    numbers = {record[3]: groups.number(record) for record in records if record[3]}
    assert numbers["lead0"] == numbers["lead3"] == numbers["lead1"]
    assert numbers["lead2"] != numbers["lead0"]
    with pytest.raises(Unreadable, match="x:1: "):
        list(read([b"{}"], "x"))


def test_an_account_counts_however_the_line_is_escaped_and_wrong_lines_are_left_to_the_reader() -> None:
    escaped = rb'{"kind": "lead", "lead": "ana", "at": "2026-01-05T09:00:00Z", "fields": {"\u0061ccount": "acme"}}'
    assert list(affiliations([b'{"account"', escaped, json.dumps(PRICING).encode()])) == [("ana", "acme")]


def test_of_several_wrong_lines_the_first_is_told(tmp_path: Path) -> None:
    result = run(tmp_path, [*GOOD, '{"kind": "visit"}', '{"kind": "account"}', PRICING])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "events.jsonl:3: " in result.stderr
