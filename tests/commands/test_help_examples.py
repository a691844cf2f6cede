"""`--help` of every command: an example that somebody can copy, each line as it was written."""

from inspect import cleandoc

import click
import pytest
from click.testing import CliRunner
from command_lines import every_command, is_ours, refused

from integration.cli import main

EVERY = list(every_command())


def _examples(command: click.Command) -> list[str]:
    """The lines of the help's paragraphs of examples."""
    paragraphs = cleandoc(command.help or "").replace("\b\n", "").split("\n\n")
    return [
        line.strip() for each in paragraphs if each.startswith("Example:") for line in each.splitlines()[1:] if line
    ]


def test_no_command_is_left_out() -> None:
    assert {path[0] for path, _ in EVERY if path} == set(main.list_commands(click.Context(main)))
    assert {("connect", "hubspot"), ("letters", "replay"), ("playbook", "new")} <= {path for path, _ in EVERY}


@pytest.mark.parametrize(("path", "command"), EVERY, ids=[" ".join(path) or "coldframe" for path, _ in EVERY])
def test_every_example_stands_on_a_line_of_its_own_and_is_taken(path: tuple[str, ...], command: click.Command) -> None:
    shown = CliRunner().invoke(main, [*path, "--help"], terminal_width=80)
    assert shown.exit_code == 0, shown.output
    lines = _examples(command)
    assert lines, f"no example:\n{shown.output}"
    printed = [line.strip() for line in shown.output.splitlines()]
    assert [line for line in lines if line not in printed] == []
    assert "\\b" not in shown.output
    commands = [line for line in lines if is_ours(line)]
    assert commands
    assert lines[0] in commands
    assert [found for line in commands if (found := refused(line))] == []
