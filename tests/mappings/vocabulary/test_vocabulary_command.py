"""`coldframe vocabulary check|show|learn`: what an admin sees and what a script gets."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from vocabulary_files import OWN, SPEAKING, on_shipped

from integration.cli import main
from integration.flows.intake.unknown_words import unknown
from integration.flows.looking.learning import learned
from integration.store.db.session import Store
from integration.store.events import activities, unrecognised_words
from integration.store.events.activities import NewActivity
from mappings.model.canonical import Value
from mappings.values.instant import DAY, HOUR, parse
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse as parse_vocabulary
from mappings.vocabulary.files.suggest_lines import WordSeen, suggested

NOW = parse("2026-01-06T10:00:00Z")


@pytest.fixture(autouse=True)
def in_a_folder_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("COLDFRAME_SECRET_KEY", raising=False)
    Path("words.yaml").write_text(OWN, encoding="utf-8")
    Path("ours.yaml").write_text(SPEAKING, encoding="utf-8")


def coldframe(*args: str, **environment: str) -> Result:
    return CliRunner().invoke(main, args, catch_exceptions=False, env=environment)


def test_a_vocabulary_without_mistakes_is_fine() -> None:
    result = coldframe("vocabulary", "check", "words.yaml", "--playbook", "ours.yaml")
    assert (result.exit_code, result.output) == (0, "words.yaml: fine\n")
    assert coldframe("vocabulary", "check").output == "what comes with Coldframe: fine\n"
    assert coldframe("vocabulary", "check", COLDFRAME_VOCABULARY="words.yaml").output == "words.yaml: fine\n"


def test_every_mistake_is_told_with_its_place() -> None:
    Path("words.yaml").write_text(
        OWN.replace("kind: flag", "kind: flg").replace("is: video", "is: vdeo"), encoding="utf-8"
    )
    result = coldframe("vocabulary", "check", "words.yaml")
    assert result.exit_code == 1
    assert "words.yaml:5:19: unknown kind 'flg'" in result.output
    assert "words.yaml:19:33: unknown activity 'vdeo_watched' (did you mean 'video_watched'?)" in result.output
    rows = json.loads(coldframe("vocabulary", "check", "words.yaml", "--json").output)
    assert {row["line"] for row in rows} == {5, 19}


def test_a_word_that_is_used_cannot_be_taken_away_and_the_place_is_named() -> None:
    less = OWN.replace("  cmmc_level: {kind: number, label: CMMC level}\n", "").replace(
        "  reason: [no_authority]\n", ""
    )
    Path("words.yaml").write_text(less, encoding="utf-8")
    result = coldframe("vocabulary", "check", "words.yaml", "--playbook", "ours.yaml")
    assert result.exit_code == 1
    assert "ours.yaml:13:7: unknown field 'cmmc_level'" in result.output
    assert "ours.yaml:36:3: unknown reason 'no_authority'" in result.output


def test_what_runs_by_the_settings_is_looked_at() -> None:
    Path("hubspot.yaml").write_text(
        "system: hubspot\nobjects:\n  contact:\n    is: person\n    lead: {cmmc_level: {from: x, as: number}}\n",
        encoding="utf-8",
    )
    Path("words.yaml").write_text("lead: {}", encoding="utf-8")
    running = {
        "COLDFRAME_SECRET_KEY": "k" * 32,
        "COLDFRAME_PLAYBOOK": "ours.yaml",
        "COLDFRAME_HUBSPOT_MAPPING": "hubspot.yaml",
        "DATABASE_URL": f"sqlite:///{Path.cwd()}/none.db",
    }
    result = coldframe("vocabulary", "check", "words.yaml", **running)
    assert result.exit_code == 1
    assert "ours.yaml:13:7: unknown field 'cmmc_level'" in result.output
    assert "hubspot.yaml:5:12: unknown name 'cmmc_level'" in result.output


def test_show_tells_own_words_lines_and_rules() -> None:
    text = coldframe("vocabulary", "show", "--vocabulary", "words.yaml").output
    for word in (
        "cmmc_level",
        "CMMC level",
        "no_authority",
        "video_watched",
        "Watched Video",
        "*/pricing*",
        "after_send",
    ):
        assert word in text
    found = json.loads(coldframe("vocabulary", "show", "--json", COLDFRAME_VOCABULARY="words.yaml").output)
    assert found["lead"]["cmmc_level"] == {"kind": "number", "label": "CMMC level", "own": True}
    assert found["lead"]["email"]["own"] is False
    assert found["activities"]["video_watched"]["properties"]["percent"]["own"] is True
    assert "no_authority" in found["choices"]["reason"]
    assert found["recognise"][0] == {"looks_at": "type", "pattern": "Watched Video", "is": "video_watched", "gives": {}}
    assert found["machine"]["clicks"] == {"links": 3, "times": 5, "within": "5s"}
    assert found["fingerprint"] == on_shipped(OWN).fingerprint


@pytest.mark.parametrize("command", ["check", "show", "learn"])
def test_help_has_an_example(command: str) -> None:
    output = coldframe("vocabulary", command, "--help").output
    assert f"\n    coldframe vocabulary {command}" in output
    assert "\\b" not in output


def test_the_help_of_every_command_has_its_examples_in_lines() -> None:
    assert "\n    coldframe playbook check ours.yaml" in coldframe("playbook", "check", "--help").output


@pytest.mark.parametrize(
    ("name", "words"), [("playbook", ["check", "ours.yaml"]), ("mapping", ["check", "m.yaml", "--offline"])]
)
def test_check_of_playbooks_and_mappings_knows_own_words(name: str, words: list[str]) -> None:
    Path("m.yaml").write_text(
        "system: hubspot\nobjects:\n  contact:\n    is: person\n    lead: {cmmc_level: {from: x, as: number}}\n",
        encoding="utf-8",
    )
    assert coldframe(name, *words).exit_code == 1
    assert coldframe(name, *words, "--vocabulary", "words.yaml").exit_code == 0
    assert coldframe(name, *words, COLDFRAME_VOCABULARY="words.yaml").exit_code == 0


# learn


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{shutil.copy(empty_store, tmp_path / 'learn.db')}")
    yield opened
    opened.dispose()


def happened(store: Store, lead: str, number: int, kind: str, after: int, **properties: Value) -> None:
    """As ingest keeps it: the activity as it was sent, and its unknown words counted."""
    row = NewActivity(
        key=f"a:{lead}{number}", lead_id=lead, at=NOW + after, type=kind, properties=properties, source="a"
    )
    with store.write() as conn:
        activities.keep(conn, [row])
        unrecognised_words.note(conn, dict.fromkeys(unknown(shipped(), kind, properties), 1), NOW + after)


def toured(store: Store) -> None:
    for number, lead in enumerate(("ana", "bo", "cyd")):
        happened(store, lead, 1, "page_view", number, url="https://www.acme.example/Tour/?x=1")
        happened(store, lead, 2, "page_view", number + HOUR, url="/pricing", page=None)
    happened(store, "ana", 3, "Watched Video", HOUR, video="x")
    happened(store, "ana", 4, "opportunity_won", DAY)
    happened(store, "bo", 5, "form_submit", HOUR, form="Book a tour")
    happened(store, "bo", 6, "opportunity_won", DAY)
    happened(store, "bo", 7, "page_view", 2 * DAY, url="https://acme.example/after-winning")
    happened(store, "cyd", 8, "content_download", HOUR, asset="Checklist {2026}")
    happened(store, "cyd", 9, "call_attempt", HOUR, outcome="wrong number", mood="good")
    happened(store, "cyd", 10, "track", HOUR, event="Trial Started")


def test_learn_counts_what_was_not_recognised_and_who_bought_later(store: Store) -> None:
    toured(store)
    with store.read() as conn:
        found = learned(conn, shipped(), 50)
    told = [(each.word.kind, each.word.place, each.word.word, each.times, each.bought) for each in found]
    assert told[0] == ("address", "", "acme.example/Tour", 3, 2)
    assert ("type", "", "Watched Video", 1, 1) in told
    assert ("form", "", "Book a tour", 1, 1) in told
    assert ("address", "", "acme.example/after-winning", 1, 0) in told
    assert ("value", "call_attempt.outcome", "wrong number", 1, 0) in told
    assert ("property", "call_attempt", "mood", 1, 0) in told
    assert ("event", "", "Trial Started", 1, 0) in told
    assert not any("pricing" in word for _, _, word, _, _ in told)
    assert [each.bought for each in found] == sorted((each.bought for each in found), reverse=True)


def test_learn_leaves_out_what_the_vocabulary_knows_by_now(store: Store) -> None:
    toured(store)
    words = on_shipped(
        'recognise:\n  - {url: "/tour", page: product}\n  - {form: "Book*", is: contact_request}\n'
        '  - {event: "trial*", is: product_usage}\n  - {type: "Watched*", is: page_view}\n'
        "choices: {outcome: [wrong_number]}\n"
    )
    with store.read() as conn:
        left = {each.word.word for each in learned(conn, words, 50)}
    assert left == {"acme.example/after-winning", "Checklist {2026}", "mood", "track"}


def test_the_lines_of_learn_are_a_vocabulary_that_knows_them(store: Store) -> None:
    toured(store)
    with store.read() as conn:
        found = learned(conn, shipped(), 50)
    text = suggested(
        (WordSeen(kind=u.word.kind, place=u.word.place, word=u.word.word, remark="x") for u in found), shipped()
    )
    words, problems = parse_vocabulary(text, "learned.yaml", shipped())
    assert problems == (), text
    assert words is not None
    assert words.recognised("page_view", {"url": "https://acme.example/tour"})[1]["page"] == "other"
    assert words.recognised("Watched Video", {})[0] == "watched_video"
    assert "wrong_number" in words.activities["call_attempt"]["outcome"].choices
    with store.read() as conn:
        left = {each.word.word for each in learned(conn, words, 50)}
    assert left == {"Checklist {2026}", "track"}, "what can be no pattern, or no name, is left"


@pytest.mark.parametrize(
    "word", ["a'b", 'a"b', "a: b", "# a", "*", "x" * 199 + "…", "ä/ö", "- a", "{a}", "a\\b", "a\tb", "yes", "1"]
)
def test_no_word_breaks_the_lines(word: str) -> None:
    told = [
        WordSeen(kind=kind, place=place, word=word, remark="once")
        for kind, place in (
            *((kind, "") for kind in ("address", "form", "asset", "event", "type", "field")),
            ("property", "page_view"),
            ("value", "page_view.page"),
            ("value", "page_view.url"),
        )
        if kind != "address" or word.startswith("/")
    ]
    found, problems = parse_vocabulary(suggested(told, shipped()), "learned.yaml", shipped())
    assert found is not None, problems


def test_a_type_that_is_nearly_one_of_ours_is_suggested_as_that(store: Store) -> None:
    assert store
    told = [WordSeen(kind="type", place="", word="pageview", remark="once")]
    assert suggested(told, shipped()) == 'recognise:\n  - {type: "pageview", is: page_view}  # once\n'
