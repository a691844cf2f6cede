"""`coldframe playbook`: what an admin sees and what a script gets."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from integration.commands.authoring.playbook import playbook
from integration.playbook.compiling.compiler import compile_text, load
from integration.playbook.reading import library
from mappings.yaml_files import located_yaml

SIX = ["behavioural", "fit-engagement", "five-tracks", "operating-model", "standard", "two-axis"]


@pytest.fixture(autouse=True)
def in_a_folder_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")


def coldframe(*args: str) -> Result:
    return CliRunner().invoke(playbook, args, catch_exceptions=False)


def test_the_six_are_there() -> None:
    assert list(library.names()) == SIX
    assert library.DEFAULT in SIX


@pytest.mark.parametrize("name", SIX)
def test_each_compiles_without_a_word(name: str) -> None:
    found, problems = load(name)
    assert problems == ()
    assert found is not None
    assert found.name == name
    assert found.title
    assert found.description


def test_check_is_content_with_all_six() -> None:
    result = coldframe("check", *SIX)
    assert result.exit_code == 0
    assert result.output == "6 fine\n"


def test_check_tells_every_mistake_at_once_and_fails() -> None:
    text = (
        library.text("standard")
        .replace("stage = inquiry|recycled", "stage = inquiri|recycled")
        .replace("title:", "titel:")
    )
    Path("ours.yaml").write_text(text, encoding="utf-8")
    result = coldframe("check", "ours.yaml", "two-axis")
    assert result.exit_code == 1
    first, second = result.output.splitlines()
    assert first == "ours.yaml:7:1: unknown key 'titel' (did you mean 'title'?)"
    assert second.endswith("unknown stage 'inquiri' (did you mean 'inquiry'?)")


def test_check_only_warns_of_what_can_hardly_be_meant() -> None:
    Path("ours.yaml").write_text(
        library.text("two-axis").replace("warm: total >= 40", "warm: total >= 400"), encoding="utf-8"
    )
    result = coldframe("check", "ours.yaml")
    assert result.exit_code == 0
    assert " warning: never reached: total comes to 100 at most\n" in result.output
    assert result.output.endswith("1 fine, 1 warnings\n")


def test_check_gives_json_to_a_script() -> None:
    Path("ours.yaml").write_text("language: 1\nnam: x\n", encoding="utf-8")
    result = coldframe("check", "--json", "ours.yaml")
    assert result.exit_code == 1
    found = json.loads(result.output)
    assert {
        "file": "ours.yaml",
        "line": 2,
        "column": 1,
        "severity": "error",
        "text": "unknown key 'nam' (did you mean 'name'?)",
    } in found


def test_a_file_that_is_not_there_is_told() -> None:
    result = coldframe("check", "standrad")
    assert result.exit_code == 1
    assert result.output.startswith("standrad:1:1: there is no such playbook or file (did you mean 'standard'?)")


def test_list_names_the_default() -> None:
    rows = json.loads(coldframe("list", "--json").output)
    assert [row["name"] for row in rows] == SIX
    assert [row["name"] for row in rows if row["default"]] == ["standard"]
    assert "standard (default)" in coldframe("list").output


@pytest.mark.parametrize("name", SIX)
def test_show_is_a_page_with_everything_that_has_a_name(name: str) -> None:
    page = coldframe("show", name).output
    found, _ = load(name)
    assert found is not None
    words = page.replace("_", " ")
    for each in (*found.tracks, *found.triggers, *found.clocks):
        assert each.name.replace("_", " ") in words
    for rule in found.engagement.rules if found.engagement else ():
        assert rule.label in words


def test_show_of_what_cannot_be_read_tells_why() -> None:
    result = coldframe("show", "standrad")
    assert result.exit_code == 1
    assert "did you mean 'standard'?" in result.output


@pytest.mark.parametrize("origin", SIX)
def test_new_is_a_copy_with_its_own_name_and_without_references_that_whoever_has_it_cannot_follow(origin: str) -> None:
    result = coldframe("new", "ours", "--from", origin)
    assert result.exit_code == 0
    written = Path("ours.yaml").read_text(encoding="utf-8")
    assert (
        re.findall(r"\[[a-z][a-z -]*:[^]]*\]|docs/|article's section|\b00\d:\d|#[ .,;]*$", written, re.MULTILINE) == []
    )
    assert f"backtest --playbook ours.yaml --against {origin}" in written
    found, problems = load("ours.yaml")
    assert problems == ()
    assert found is not None
    assert found.name == "ours"
    rows = json.loads(coldframe("diff", origin, "ours.yaml", "--json").output)
    assert {tuple(row["place"]) for row in rows} <= {("name",)}


def test_new_keeps_what_comments_say() -> None:
    coldframe("new", "ours", "--from", "two-axis")
    written = Path("ours.yaml").read_text(encoding="utf-8")
    assert "\n# In each group the first line that holds gives the points; what is unknown gives none.\n" in written
    assert "    email_open: {points: 1, resets_idle: false} # opens are directional only\n" in written


def test_new_from_a_file_of_ones_own_changes_the_name_alone() -> None:
    Path("mine.yaml").write_text("# ours [two-axis: decay]\n" + library.text("two-axis"), encoding="utf-8")
    assert coldframe("new", "ours", "--from", "mine.yaml").exit_code == 0
    mine = Path("mine.yaml").read_text(encoding="utf-8")
    assert Path("ours.yaml").read_text(encoding="utf-8") == mine.replace("name: two-axis", "name: ours")


def test_new_never_overwrites() -> None:
    Path("ours.yaml").write_text("mine", encoding="utf-8")
    result = coldframe("new", "ours")
    assert result.exit_code == 1
    assert Path("ours.yaml").read_text(encoding="utf-8") == "mine"


def test_new_refuses_a_name_that_is_none() -> None:
    assert coldframe("new", "Our Playbook").exit_code == 1
    assert list(Path().iterdir()) == []


def test_diff_tells_what_changed_where() -> None:
    Path("ours.yaml").write_text(library.text("two-axis").replace("pricing: 15", "pricing: 20"), encoding="utf-8")
    rows = json.loads(coldframe("diff", "two-axis", "ours.yaml", "--json").output)
    assert rows == [{"place": ["engagement", "points", "pricing"], "before": "15", "after": "20"}]
    assert "engagement > points > pricing" in coldframe("diff", "two-axis", "ours.yaml").output


def test_diff_of_the_same_is_no_difference() -> None:
    assert coldframe("diff", "two-axis", "two-axis").output == "no difference\n"


@pytest.mark.parametrize("command", ["check", "list", "show", "new", "diff", "schema"])
def test_every_help_holds_an_example(command: str) -> None:
    assert f"coldframe playbook {command}" in coldframe(command, "--help").output


class TestSchema:
    """The JSON Schema that editors use."""

    schema: Any = json.loads(CliRunner().invoke(playbook, ["schema"]).output)

    def valid(self, text: str) -> bool:
        found, problems = located_yaml.load(text, "x")
        assert found is not None, problems
        return jsonschema.Draft202012Validator(self.schema).is_valid(found.value)

    def test_it_is_a_schema(self) -> None:
        jsonschema.Draft202012Validator.check_schema(self.schema)

    @pytest.mark.parametrize("name", SIX)
    def test_the_six_are_valid(self, name: str) -> None:
        assert self.valid(library.text(name))

    @pytest.mark.parametrize(
        ("right", "wrong"),
        [
            ("title:", "titel:"),
            ("pricing: 15", "pricing: many"),
            ("within: 24h", "within: 24"),
            ("escalate: manager", "escalate: boss"),
            ("{after 14d: 80%", "{after 14d: most"),
            ("  educational_download: {track", "  educational: {track"),
            ("every: 14d", "every: sometimes"),
        ],
    )
    def test_what_the_compiler_refuses_by_its_shape_is_not_valid(self, right: str, wrong: str) -> None:
        text = library.text("two-axis")
        assert right in text
        broken = text.replace(right, wrong, 1)
        assert not self.valid(broken)
        assert compile_text(broken, "x")[0] is None
