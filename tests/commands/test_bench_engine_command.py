import json
from pathlib import Path

from click.testing import CliRunner

from integration.commands.replaying.history_file.replay_lines import ACTIVITY, LEAD, read
from integration.commands.trial.bench_engine import bench_engine
from integration.rig.bench import bench_history


def test_the_same_history_is_written_every_time(tmp_path: Path) -> None:
    files = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for file in files:
        bench_history.write(file, leads=30, activities=500)
    assert files[0].read_bytes() == files[1].read_bytes()
    with files[0].open("rb") as lines:
        records = list(read(lines, "one"))
    assert sum(record[1] == LEAD for record in records) == 30
    assert sum(record[1] == ACTIVITY for record in records) == 500
    assert records == sorted(records, key=lambda record: record[0])
    assert len({record[5] for record in records}) > 8


def test_the_engine_is_measured_beside_a_plain_loop() -> None:
    result = CliRunner().invoke(bench_engine, ["--activities", "1000", "--leads", "100", "--long", "2000", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["replay"]["activities"] == 1_000
    assert told["replay"]["per_second"] > 0
    assert told["replay"]["peak_mb"] > 0
    assert told["floor_per_second"] > told["replay"]["per_second"]
    assert told["long_to_short"] <= 1.2, "a long history costs no more for each activity than a short one"


def test_an_unknown_playbook_is_told() -> None:
    result = CliRunner().invoke(bench_engine, ["--playbook", "nope"])
    assert result.exit_code == 2
