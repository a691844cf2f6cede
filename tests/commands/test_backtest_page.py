"""Backtest: the command, and the page that it writes: one file, readable by everybody, hostile names and all."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from explain_history import deed, history, lead, write

from integration.cli import main

HOSTILE = '<script>alert("x")</script>'


class Read(HTMLParser):
    """What a page holds: its tags with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def called(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, ["backtest", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == status, result.output
    return result.output


@pytest.fixture
def events(tmp_path: Path) -> str:
    rows = [*history(), lead("mal", email=HOSTILE, owner=HOSTILE), deed(99, "mal", 4.0, "demo_request")]
    return str(write(tmp_path / "events.jsonl", rows))


@pytest.fixture
def page(events: str, tmp_path: Path) -> Read:
    target = tmp_path / "page.html"
    called("--playbook", "two-axis", "--against", "behavioural", "--events", events, "--html", str(target))
    return Read(target.read_text(encoding="utf-8"))


def test_backtest_page_needs_nothing_but_itself(page: Read, tmp_path: Path) -> None:
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert not [name for _, attributes in page.tags for name in attributes if name in {"src", "href", "onload"}]
    assert not re.search(r"https?:|@import|url\(", text)


def test_backtest_page_shows_what_history_says_as_text_whatever_it_says(page: Read) -> None:
    assert HOSTILE in page.text
    assert not page.all("script")


def test_backtest_page_every_drawing_says_in_words_what_it_shows(page: Read, tmp_path: Path) -> None:
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    drawings = page.all("svg")
    assert len(drawings) == 4
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert set(str(drawing["aria-labelledby"]).split()) <= ids
    assert "only two-axis: 2, both: 2, only behavioural: 1, neither: 1." in text
    assert page.all("html") == [{"lang": "en"}]
    assert all("scope" in header for header in page.all("th"))


def test_backtest_page_bars_are_as_long_as_their_numbers(page: Read) -> None:
    """Precision 1 of 4 beside 1 of 3, on a bar whose whole length stands behind it."""
    whole = [float(str(bar["width"])) for bar in page.all("rect") if bar["class"] == "rest"][:2]
    text = page.text
    assert "1 of 4, 25 %" in text
    assert "1 of 3, 33 %" in text
    lengths = {round(float(str(bar["width"])) / whole[0], 2) for bar in page.all("rect") if bar["class"] in {"a", "b"}}
    assert {0.25, 0.33} <= lengths


def test_backtest_prints_counts_with_every_percentage(events: str) -> None:
    output = called("--playbook", "two-axis", "--against", "behavioural", "--events", events)
    assert "4 would have become MQLs under two-axis, 3 under behavioural: 2 under both" in output
    assert "1 of 4, 25 %" in output
    assert "nobody yet: the pool" in output
    assert HOSTILE in output


def test_backtest_json_holds_every_lead_and_count(events: str) -> None:
    told: dict[str, Any] = json.loads(
        called("--playbook", "two-axis", "--against", "behavioural", "--events", events, "--json")
    )
    assert [each["lead"] for each in told["only_a"]] == ["ana", "bo"]
    assert told["only_a"][0]["at"] == "2026-01-07T09:00:00Z"
    assert told["a"]["gate"]["precision"] == {"count": 1, "of": 4, "share": 0.25}
    assert told["a"]["gate"]["true_positive"] + told["a"]["gate"]["false_positive"] == told["a"]["mqls"]
    assert told["a"]["median_days"] == 0.5
    assert {load["owner"] for load in told["a"]["loads"]} == {"Ines", "Tom", "manager", HOSTILE}


def test_backtest_stops_at_a_line_that_cannot_be_read(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"kind": "lead"}\n', encoding="utf-8")
    output = called("--playbook", "two-axis", "--against", "behavioural", "--events", str(broken), status=2)
    assert f"{broken}:1: " in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--playbook", "two-axis", "--against", "behavioural"), "give either --events FILE or --store"),
        (("--playbook", "two-axes", "--against", "behavioural", "--events", "x"), "did you mean 'two-axis'?"),
        (("--playbook", "two-axis", "--against", "behavioural", "--events", "absent.jsonl"), "No such file"),
    ],
)
def test_backtest_says_what_is_wrong_with_what_it_was_asked(arguments: tuple[str, ...], said: str) -> None:
    assert said in called(*arguments, status=2)


def test_backtest_of_nothing_is_refused(tmp_path: Path) -> None:
    empty = write(tmp_path / "empty.jsonl", [])
    output = called("--playbook", "two-axis", "--against", "behavioural", "--events", str(empty), status=1)
    assert "there is no history" in output
