"""What is due by a date: what the language says, what the check refuses, what people and editors read."""

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from page_blocks import pages
from rich.console import Console
from vocabulary_files import OWN, SPEAKING, on_shipped

from integration.commands.replaying.replay import replay
from integration.core.rules.patterns import Dated
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.reading import library
from integration.playbook.reading.read_playbook import read
from integration.playbook.showing.editor import schema_of_language
from integration.playbook.showing.page import page
from mappings.values.instant import DAY

WORDS = on_shipped(OWN)
"""`renewal` is a date of a person here, `tier` a choice of its account."""
TRIGGER = "triggers:\n"


def with_trigger(trigger: str) -> str:
    return SPEAKING.replace(TRIGGER, f"{TRIGGER}  due: {trigger}\n")


def compiled(trigger: str) -> tuple[list[object], list[str]]:
    """The trigger `due` of the small playbook, or what the check says."""
    playbook, problems = compile_text(with_trigger(trigger), "ours.yaml", WORDS)
    found = [each for each in (playbook.triggers if playbook else ()) if each.name == "due"]
    return list(found), [f"{each.column}: {each.text}" for each in problems if each.severity == "error"]


@pytest.mark.parametrize(
    ("text", "dated"),
    [
        ("90d before renewal", Dated(subject="renewal", offset=-90 * DAY)),
        ("2w after renewal", Dated(subject="renewal", offset=14 * DAY)),
        ("on renewal", Dated(subject="renewal", offset=0)),
        ("275d after opportunity.closed_at", Dated(subject="opportunity.closed_at", offset=275 * DAY)),
    ],
)
def test_a_trigger_comes_before_after_or_on_a_date_and_rests_a_week_unless_it_says_otherwise(
    text: str, dated: Dated
) -> None:
    (trigger,), problems = compiled(f"{{date: {text}, if: tier = gold, touch: letter}}")
    assert problems == []
    assert (trigger.dated, trigger.cooldown, trigger.play) == (dated, 7 * DAY, "due")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("trigger", "problem"),
    [
        ("{date: 90d before renewl, touch: letter}", "unknown date 'renewl' (did you mean 'renewal'?)"),
        (
            "{date: on tier, touch: letter}",
            "'tier' is no date; dates are renewal, opportunity.created_at, opportunity.closed_at",
        ),
        (
            "{date: 90 before renewal, touch: letter}",
            "'90 before renewal' cannot be read here (such as: 90d before renewal_date, on renewal_date)",
        ),
        (
            "{date: 30d before opportunity.closed_at, touch: letter}",
            "'opportunity.closed_at' is known once it has come: say '275d after opportunity.closed_at'",
        ),
        ("{date: on renewal, idle: 3d, touch: letter}", "'date' does not go with 'idle' in one trigger"),
        ("{date: 90y before renewal, touch: letter}", "'90y' is not a length of time (such as: 24h, 14d)"),
    ],
)
def test_a_mistake_is_told_at_its_place_with_the_nearest_date(trigger: str, problem: str) -> None:
    found, problems = compiled(trigger)
    assert found == []
    assert [each.partition(": ")[2] for each in problems] == [problem]
    place = int(problems[0].partition(":")[0])
    word = "renewl" if "renewl" in trigger else "tier" if "tier" in trigger else None
    assert word is None or place == len("  due: ") + trigger.index(word) + 1


def test_editors_complete_the_dates_of_the_installation() -> None:
    schema = schema_of_language(WORDS)
    found = schema["$defs"]["Trigger"]["properties"]["date"]
    assert "90d before renewal" in json.dumps(found)
    assert "date" in schema["$defs"]["Enter"]["properties"]


def test_the_page_of_a_playbook_shows_what_waits_for_a_date() -> None:
    text = with_trigger("{date: 90d before renewal, touch: letter}")
    text = text.replace("nurture: {days", "nurture: {enter: {date: on renewal}, days")
    file, _, problems = read(text, "ours.yaml", WORDS)
    assert file is not None, problems
    out = io.StringIO()
    Console(file=out, width=160).print(page(file))
    rows = [row.split() for row in out.getvalue().splitlines()]
    assert ["due", "90d", "before", "renewal", "touch", "letter"] in rows
    assert "begins: on renewal" in out.getvalue()


def test_the_example_of_the_page_works_in_a_replay(tmp_path: Path) -> None:
    """The vocabulary and the playbook as docs/playbook.md shows them, on a renewal that is put off."""
    words, triggers = pages()["docs/playbook.md"].split("## Dates")[1].split("```yaml\n")[1:3]
    (tmp_path / "v.yaml").write_text(words.split("```")[0])
    text = library.text("five-tracks").replace("triggers:\n", triggers.split("```")[0], 1)
    text = text.replace("contents:\n", "contents:\n  renewal_review: What the year brought\n", 1)
    (tmp_path / "ours.yaml").write_text(text.replace("name: five-tracks", "name: ours"))
    rows = [
        {"kind": "account", "account": "acme", "at": "2026-01-05T09:00:00Z", "fields": {"renewal_date": "2026-06-01"}},
        {"kind": "lead", "lead": "ana", "at": "2026-01-05T09:00:00Z", "fields": {"account": "acme", "source": "other"}},
        {"kind": "activity", "id": "w", "lead": "ana", "at": "2026-01-06T09:00:00Z", "type": "opportunity_won"},
        {"kind": "account", "account": "acme", "at": "2026-02-05T09:00:00Z", "fields": {"renewal_date": "2026-07-01"}},
    ]
    (tmp_path / "e.jsonl").write_text("\n".join(map(json.dumps, rows)))
    arguments = ["--playbook", str(tmp_path / "ours.yaml"), "--vocabulary", str(tmp_path / "v.yaml")]
    arguments += ["--events", str(tmp_path / "e.jsonl"), "--until", "2026-06-30T00:00:00Z"]
    ran = CliRunner().invoke(replay, arguments, catch_exceptions=False)
    found = [json.loads(line) for line in ran.output.splitlines() if line.startswith("{")]
    ours = ("renewal_review", "expansion_call")
    due = [each for each in found if each.get("content") in ours or each.get("play") in ours]
    assert [(each["effect"], each["at"][:10]) for each in due] == [("touch", "2026-04-02"), ("task", "2026-05-02")]


@pytest.mark.parametrize("name", ["standard", "five-tracks"])
def test_the_renewals_that_the_playbooks_propose_can_be_taken_in(name: str) -> None:
    text = library.text(name).replace("  # renewal_", "  renewal_")
    playbook, problems = compile_text(text, "ours.yaml", on_shipped("account: {renewal_date: date}"))
    assert playbook is not None, problems
    assert [each.dated.offset // DAY for each in playbook.triggers if each.dated is not None] == [-90, -60]
