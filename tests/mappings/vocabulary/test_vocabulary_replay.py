"""`coldframe replay` recognises what comes in, in the words that come with Coldframe or in a company's own."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from integration.commands.replaying.replay import replay

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


def mailed(number: int, kind: str, after: float, **properties: Any) -> dict[str, Any]:
    whole, part = divmod(after, 1)
    at = f"2026-01-06T10:{int(whole) // 60:02}:{int(whole) % 60:02}.{int(part * 1_000):03}Z"
    return {"kind": "activity", "id": f"m{number}", "lead": "ana", "at": at, "type": kind, "properties": properties}


def standing(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    [ana] = [line for line in map(json.loads, result.stdout.splitlines()) if line["kind"] == "lead"]
    return {name: ana[name] for name in ("engagement", "stage", "suppressed")}


NOTHING = {"engagement": 0, "stage": "inquiry", "suppressed": False}


def test_an_image_proxys_opens_a_scanners_clicks_and_its_unsubscribe_count_for_nothing(tmp_path: Path) -> None:
    opens = [mailed(n, "email_open", 60 + n, campaign="jan") for n in range(31)]
    clicks = [mailed(100 + n, "email_click", n / 12, campaign="jan", url=f"https://x.example/{n}") for n in range(12)]
    bye = mailed(200, "unsubscribe", 1.5, campaign="jan")
    assert standing(run(tmp_path, [ANA, *opens, *clicks, bye])) == NOTHING
    assert standing(run(tmp_path, [bye, *reversed(clicks), *reversed(opens), ANA])) == NOTHING


def test_a_persons_single_open_and_click_count_and_so_does_the_unsubscribe(tmp_path: Path) -> None:
    lines = [mailed(1, "email_open", 60, campaign="jan"), mailed(2, "email_click", 75, campaign="jan", url="/a")]
    assert standing(run(tmp_path, [ANA, *lines])) == {**NOTHING, "engagement": 4}
    bye = mailed(3, "unsubscribe", 90, campaign="jan")
    assert standing(run(tmp_path, [ANA, *lines, bye]))["stage"] == "suppressed"


def test_a_company_says_what_a_machine_is(tmp_path: Path) -> None:
    click = mailed(1, "email_click", 0, campaign="jan", url="/a", user_agent="acme-monitor/2")
    assert standing(run(tmp_path, [ANA, click]))["engagement"] == 3
    assert standing(run(tmp_path, [ANA, click], 'machine: {agents: ["acme-monitor*"]}')) == NOTHING
    opens = [mailed(n, "email_open", 2 * n, campaign="jan") for n in range(5)]
    assert standing(run(tmp_path, [ANA, *opens]))["engagement"] == 0
    assert standing(run(tmp_path, [ANA, *opens], "machine: {opens: {times: 9}}"))["engagement"] == 1
    assert standing(run(tmp_path, [ANA, *opens], "machine: {opens: {times: 0, apart: 0s}}"))["engagement"] == 5


def test_what_was_sent_and_delivered_scores_nothing(tmp_path: Path) -> None:
    lines = [mailed(1, "email_sent", 0, campaign="jan"), mailed(2, "email_delivered", 2, campaign="jan")]
    assert standing(run(tmp_path, [ANA, *lines])) == NOTHING
