"""Backtest: what two playbooks make of one small history, every figure by hand."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from explain_history import START, account, deed, history, lead, write

from integration.backtest.side_by_side import Comparison, Ratio, Side
from integration.commands.backtesting.backtest_run import run
from integration.commands.replaying.history_file.replay_lines import read
from integration.core.rules.playbook_rules import Playbook
from integration.playbook.compiling.compiler import load
from mappings.values.instant import DAY, parse


def playbook(name: str) -> Playbook:
    found, _ = load(name)
    assert found is not None
    return found


def tried(rows: list[dict[str, Any]], tmp_path: Path, a: str = "two-axis", b: str = "behavioural") -> Comparison:
    path = write(tmp_path / "events.jsonl", rows)
    with path.open("rb") as file:
        found = run(read(file, "events.jsonl"), playbook(a), playbook(b))
    assert found is not None
    return found


@pytest.fixture
def found(tmp_path: Path) -> Comparison:
    return tried(history(), tmp_path)


def gate(side: Side) -> dict[str, int]:
    assert side.gate is not None
    names = ("leads", "true_positive", "false_positive", "false_negative", "lost", "open")
    return {name: getattr(side.gate, name) for name in names}


def test_backtest_names_who_passes_one_gate_and_not_the_other(found: Comparison) -> None:
    assert (found.leads, found.activities, found.won, found.lost) == (5, 15, 3, 1)
    assert (found.a.mqls, found.b.mqls, found.both, found.neither) == (3, 2, 1, 1)
    assert [(each.lead, each.outcome) for each in found.only_a] == [("ana", "won"), ("bo", "lost")]
    assert [(each.lead, each.outcome) for each in found.only_b] == [("dov", "won")]


def test_backtest_says_when_why_and_where_the_other_playbook_had_the_lead(found: Comparison) -> None:
    ana = found.only_a[0]
    assert (ana.email, ana.at) == ("ana@acme.example", START + 2 * DAY)
    assert ana.because == "band = hot: total 70, fit 40"
    assert ana.elsewhere == "warm, 60 = 0 + 60"
    bo = found.only_a[1]
    assert bo.elsewhere.startswith("warm")


def test_a_history_begins_with_what_somebody_did_however_old_the_records_are(tmp_path: Path) -> None:
    old = {"kind": "lead", "lead": "old", "at": "2019-03-01T09:00:00Z", "fields": {"email": "old@acme.example"}}
    found = tried([old, *history()], tmp_path)
    assert found.since == tried(history(), tmp_path).since
    assert found.leads == 6
    assert min(found.a.weeks) >= date(2025, 12, 29)


def test_a_history_of_records_alone_begins_with_the_first(tmp_path: Path) -> None:
    old = {"kind": "lead", "lead": "old", "at": "2019-03-01T09:00:00Z", "fields": {"email": "old@acme.example"}}
    assert tried([old], tmp_path).since == parse("2019-03-01T09:00:00Z")


def test_backtest_names_people_and_owners(tmp_path: Path) -> None:
    named = lead("ana", first_name="Ana", last_name="Silva")
    path = write(tmp_path / "events.jsonl", [*history(), named])
    with path.open("rb") as file:
        owned = {"maren": "Maren Holt"}
        found = run(read(file, "events.jsonl"), playbook("two-axis"), playbook("behavioural"), owned)
    assert found is not None
    assert found.only_a[0].who == "Ana Silva, ana@acme.example"
    assert found.only_a[1].who == "bo", "of whom nothing else is known"


def test_backtest_tells_what_was_held_under_the_other_playbook(found: Comparison) -> None:
    """Ana and bo reach the decision track of behavioural with their third view, and lack what sales asks for."""
    assert found.b.held == 2
    assert found.a.held == 0


def test_backtest_counts_precision_and_recall_of_both_gates(found: Comparison) -> None:
    assert gate(found.a) == {
        "leads": 5, "true_positive": 1, "false_positive": 2, "false_negative": 2, "lost": 1, "open": 1,
    }  # fmt: skip
    assert gate(found.b) == {
        "leads": 5, "true_positive": 1, "false_positive": 1, "false_negative": 2, "lost": 0, "open": 1,
    }  # fmt: skip
    assert found.a.gate is not None
    assert found.a.gate.precision == Ratio(count=1, of=3)
    assert found.a.gate.precision_decided == Ratio(count=1, of=2)
    assert found.a.gate.recall == Ratio(count=1, of=3)


def test_backtest_takes_the_median_from_first_activity_to_mql(found: Comparison) -> None:
    """Ana one day, bo one day, chi none at all."""
    assert (found.a.median, found.a.timed) == (1 * DAY, 3)


def test_backtest_counts_the_tasks_of_each_person_and_day_and_those_of_nobody_apart(found: Comparison) -> None:
    loads = {load.owner: load for load in found.a.loads}
    assert found.a.unassigned is not None
    assert sum(load.tasks for load in found.a.loads) + found.a.unassigned.tasks == found.a.tasks
    assert loads["Ines"].days == {date(2026, 1, 7): 1}
    assert loads["Tom"].tasks >= 1
    assert loads["manager"].tasks == 3
    assert found.a.unassigned.days[date(2026, 1, 14)] == 1
    assert found.working_days == 17, "from the first activity on"
    assert loads["Ines"].per_day == pytest.approx(1 / 17)


def test_backtest_a_task_counts_for_who_owned_the_lead_when_it_was_written(tmp_path: Path) -> None:
    rows = [*history(), lead("ana", day=1, owner="Lea"), lead("ana", day=4, owner="Zoe")]
    owners = {load.owner for load in tried(rows, tmp_path).a.loads}
    assert "Lea" in owners
    assert not owners & {"Ines", "Zoe"}


def test_backtest_a_lead_that_was_won_before_it_passed_the_gate_was_not_let_through(tmp_path: Path) -> None:
    early = [
        account("acme", employees=120, industry="software"),
        lead("ana", account="acme", seniority="director", source="newsletter"),
        deed(1, "ana", 1.0, "opportunity_won"),
        deed(2, "ana", 2.0, "demo_request"),
    ]
    found = tried(early, tmp_path)
    assert found.a.mqls == 0
    assert gate(found.a) == {
        "leads": 1, "true_positive": 0, "false_positive": 0, "false_negative": 1, "lost": 0, "open": 0,
    }  # fmt: skip


def test_backtest_whom_a_person_makes_an_mql_no_gate_let_through(tmp_path: Path) -> None:
    found = tried([lead("ana", source="newsletter"), lead("ana", day=1, stage="mql")], tmp_path)
    assert (found.a.mqls, found.b.mqls, found.neither) == (0, 0, 1)


def test_backtest_without_outcomes_says_nothing_of_precision(tmp_path: Path) -> None:
    rows = [row for row in history() if not str(row.get("type", "")).startswith("opportunity_")]
    found = tried(rows, tmp_path)
    assert (found.a.gate, found.b.gate) == (None, None)


def test_backtest_the_order_of_the_file_and_duplicates_change_nothing(found: Comparison, tmp_path: Path) -> None:
    twice = [*history(), *history()]
    assert tried(twice[::-1], tmp_path) == found


def test_backtest_a_playbook_against_itself_differs_in_nothing(tmp_path: Path) -> None:
    found = tried(history(), tmp_path, "two-axis", "two-axis")
    assert found.a == found.b
    assert (found.only_a, found.only_b, found.both) == ((), (), found.a.mqls)


def test_backtest_weeks_hold_every_week_and_every_mql(found: Comparison) -> None:
    weeks = [date(2026, 1, day) for day in (5, 12, 19, 26)]
    assert list(found.a.weeks) == weeks
    assert [found.a.weeks[week] for week in weeks] == [2, 1, 0, 0]
    assert sum(found.b.weeks.values()) == found.b.mqls
