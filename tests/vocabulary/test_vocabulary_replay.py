"""`coldframe replay` recognises what comes in, in the words that come with Coldframe or in a company's own."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from integration.commands.replay import replay

ANA = {"kind": "lead", "lead": "ana", "at": "2026-01-05T09:00:00Z", "fields": {"source": "newsletter"}}


def did(number: int, kind: str, **properties: Any) -> dict[str, Any]:
    at = f"2026-01-{6 + number:02}T10:00:00Z"
    return {"kind": "activity", "id": f"a{number}", "lead": "ana", "at": at, "type": kind, "properties": properties}


def run(tmp_path: Path, lines: list[dict[str, Any]], vocabulary: str | None = None) -> Result:
    events = tmp_path / "events.jsonl"
    events.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    words = tmp_path / "words.yaml"
    words.write_text(vocabulary or "")
    options = ["--vocabulary", str(words)] if vocabulary is not None else []
    return CliRunner().invoke(replay, ["--playbook", "two-axis", "--events", str(events), *options])


def points(result: Result) -> list[tuple[str, int]]:
    assert result.exit_code == 0, result.output
    [ana] = [line for line in map(json.loads, result.stdout.splitlines()) if line["kind"] == "lead"]
    return [(line["rule"], line["points"]) for line in ana["ledger"] if line["axis"] == "engagement"]


def test_a_raw_address_scores_as_its_page_with_the_shipped_vocabulary(tmp_path: Path) -> None:
    raw = did(1, "page_view", url="https://www.acme.example/Pricing/?utm_source=x#top")
    given = did(1, "page_view", page="pricing")
    assert points(run(tmp_path, [ANA, raw])) == points(run(tmp_path, [ANA, given])) == [("pricing", 15)]


def test_a_page_that_the_sender_gave_stands(tmp_path: Path) -> None:
    assert points(run(tmp_path, [ANA, did(1, "page_view", url="/pricing", page="product")])) == []


def test_a_company_says_what_its_own_addresses_and_forms_are(tmp_path: Path) -> None:
    words = 'recognise:\n  - {url: "/preise*", page: pricing}\n  - {form: "Kontakt*", is: demo_request}\n'
    lines = [ANA, did(1, "page_view", url="/preise/2026"), did(2, "form_submit", form="Kontakt Vertrieb")]
    assert points(run(tmp_path, lines)) == []
    assert points(run(tmp_path, lines, words)) == [("pricing", 15), ("form_reached", 10)]
    found = [json.loads(line) for line in run(tmp_path, lines, words).stdout.splitlines()]
    assert [line["to"] for line in found if line.get("effect") == "stage"] == ["mql"]


def test_a_foreign_event_is_what_a_line_says(tmp_path: Path) -> None:
    words = 'recognise:\n  - {event: "Pricing opened", is: page_view, page: pricing}\n'
    assert points(run(tmp_path, [ANA, did(1, "track", event="pricing OPENED")], words)) == [("pricing", 15)]
    assert points(run(tmp_path, [ANA, did(1, "Pricing opened")], words)) == [("pricing", 15)]


def test_a_vocabulary_that_cannot_be_used_says_where(tmp_path: Path) -> None:
    result = run(tmp_path, [ANA], "recognise:\n  - {url: '/a', page: prising}\n")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "words.yaml:2:23: unknown value 'prising' (did you mean 'pricing'?)" in result.stderr
