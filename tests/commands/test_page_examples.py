"""Every example in README and docs works: what needs no CRM is run as it is printed, all other commands are parsed.

Which block is tried how is said by its language, and a block in a language that is not listed here fails.
"""

import json
import re
import shlex
from collections import defaultdict
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_lines import is_ours, refused, unknown
from page_blocks import Block, blocks, inline, pages
from places import ROOT

from integration.cli import main
from integration.settings.environment import variables

BLOCKS = list(blocks())
ELSEWHERE = {
    ("docs/alerts.md", "yaml"): "tests/routing/test_routing_alerts.py",
    ("docs/api.md", "sh"): "tests/web/test_activity_api.py",
    ("docs/api.md", "python"): "tests/web/test_activity_api.py",
    ("docs/api.md", "js"): "tests/web/test_activity_api.py",
    ("docs/mapping.md", "yaml"): "tests/mappings/test_mapping_command_docs.py",
    ("docs/nurture-mail.md", "yaml"): "tests/flows/whole/test_nurture_mail.py",
    ("docs/playbook.md", "yaml"): "tests/playbook/test_playbook_page.py",
    ("docs/vocabulary.md", "yaml"): "tests/mappings/vocabulary/test_vocabulary_docs.py",
    ("docs/monitoring.md", "yaml"): "tests/web/test_monitoring.py",
    ("docs/routing.md", "yaml"): "tests/routing/test_routing_file.py",
    ("docs/sending.md", "js"): "tests/web/test_sending_page.py",
    ("docs/sending.md", "html"): "tests/web/test_sending_page.py",
    ("docs/sending.md", "apex"): "tests/web/test_sending_page.py",
    ("docs/architecture.md", "mermaid"): "tests/architecture/test_architecture_pictures.py",
}
"""The tests of their own that some pages' blocks have."""
SHOWN = {"text", "nginx", "caddy", "crontab", "sql"}
"""What a command answers, and other programs' files."""
OTHERS = {"sudo", "cp", "docker", "openssl", "git", "chmod", "npm", "hs", "cd", "echo"}
"""Programs of other people in our blocks; the files of this repository that they name are looked for."""
OFFLINE = {"playbook", "replay", "backtest", "vocabulary check", "vocabulary show", "mapping new"}
"""Commands that need neither store nor CRM: they are run."""


def ids(found: list[Block]) -> list[str]:
    return [str(block) for block in found]


def of(*languages: str) -> list[Block]:
    return [each for each in BLOCKS if each.language in languages and (each.page, each.language) not in ELSEWHERE]


def test_no_block_is_left_out() -> None:
    known = {"sh", "console", "json", *SHOWN}
    left = [str(each) for each in BLOCKS if each.language not in known and (each.page, each.language) not in ELSEWHERE]
    assert left == []
    assert len(BLOCKS) > 40


@pytest.mark.parametrize(("page", "language"), ELSEWHERE)
def test_a_block_with_a_test_of_its_own_has_it(page: str, language: str) -> None:
    assert any((each.page, each.language) == (page, language) for each in BLOCKS)
    assert Path(page).name in (ROOT / ELSEWHERE[page, language]).read_text(encoding="utf-8")


@pytest.mark.parametrize("block", of("text", "crontab"), ids=str)
def test_what_is_shown_as_an_answer_holds_no_command(block: Block) -> None:
    assert [line for line in block.lines() if line.startswith(("coldframe ", "$ ", "make "))] == []


@pytest.mark.parametrize("block", of("sh", "console"), ids=str)
def test_every_command_line_is_one_that_can_be_typed(block: Block) -> None:
    lines = [line for line in block.lines() if not line.startswith("#")]
    if block.language == "console":
        lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    assert lines
    assert {line: said for line in lines if (said := _wrong(line))} == {}


def _wrong(line: str) -> str:
    """What is wrong with a line; empty where nothing is."""
    if is_ours(line):
        return refused(line)
    words = shlex.split(line, comments=True)
    match words:
        case ["export", setting, *_] | ["unset", setting, *_]:
            name = setting.partition("=")[0]
            return "" if name in variables() else f"{name} is no setting"
        case ["heroku", "config:set", setting]:
            return "" if setting.partition("=")[0] in variables() else f"{setting} is no setting"
        case ["make", target, *_]:
            made = re.search(rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            return "" if made else f"make knows no {target}"
        case [program, *rest] if program in OTHERS:
            named = [each for each in rest if re.match(r"deploy/|docs/|requirements\.|compose\.yaml|Dockerfile", each)]
            return ", ".join(f"no {each}" for each in named if not (ROOT / each).exists())
    return "nobody tries such a line"


@pytest.mark.parametrize("block", of("json"), ids=str)
def test_every_json_can_be_read(block: Block) -> None:
    lines = block.lines()
    if lines[0].startswith(("POST ", "HTTP")):
        lines = lines[1:]
    try:
        json.loads("\n".join(lines))
    except ValueError:
        assert [json.loads(line) for line in lines]


def test_every_command_in_a_sentence_is_one_of_ours_with_options_that_it_has() -> None:
    assert [(page, command, said) for page, command in inline() if (said := unknown(command))] == []


def _offline(line: str) -> bool:
    words = shlex.split(line, comments=True)[1:] if line.startswith("coldframe ") else []
    return bool({words[0], " ".join(words[:2])} & OFFLINE) and "--store" not in words if words else False


def _run_by_page() -> dict[str, list[tuple[Block, str]]]:
    found: dict[str, list[tuple[Block, str]]] = defaultdict(list)
    for block in of("sh", "console"):
        for line in block.lines():
            command = line.removeprefix("$ ")
            if _offline(command):
                found[block.page].append((block, command))
    return found


RUN = _run_by_page()


@pytest.mark.parametrize("page", RUN)
def test_what_needs_no_crm_runs_as_it_is_printed(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one folder, in the page's order; what a console shows as an answer is the answer."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    _run("coldframe playbook history > history.jsonl")
    for block in BLOCKS:
        if block.page == page and block.language == "yaml":
            Path(f"{Path(page).stem}.yaml").write_text(block.text, encoding="utf-8")
    for block, line in RUN[page]:
        output = _run(line)
        if block.language == "console":
            shown = block.text.partition("\n")[2]
            assert [row.rstrip() for row in output.splitlines()] == [row.rstrip() for row in shown.splitlines()], line


def _run(line: str) -> str:
    command, _, target = line.partition(" > ")
    result = CliRunner().invoke(main, shlex.split(command, comments=True)[1:])
    assert result.exit_code == 0, f"{line}\n{result.output}"
    if target:
        Path(shlex.split(target, comments=True)[0]).write_text(result.stdout, encoding="utf-8")
    return result.stdout


def test_pages_call_sync_errors_so() -> None:
    """The command and the table keep the older name; the glossary says so."""
    prose = {page: re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL) for page, text in pages().items()}
    found = {
        page: words
        for page, text in prose.items()
        if page != "docs/glossary.md" and not page.startswith("docs/decisions/")
        if (words := re.findall(r"(?<!small )(?<!two-)(?<!capital )\bletters?\b", text))
    }
    assert found == {}


def test_readme_is_run() -> None:
    assert "README.md" in RUN
    assert {line.split()[1] for _, line in RUN["README.md"]} >= {"playbook", "replay", "backtest"}
