"""Reads command lines as help and pages print them, and says what `coldframe` would refuse in them."""

import re
import shlex
from collections.abc import Iterator, Sequence

import click

from integration.cli import main

_SETTING = re.compile(r"[A-Z][A-Z0-9_]*=")
_NAMES = (
    ("coldframe",),
    (".venv/bin/coldframe",),
    ("python", "-m", "integration"),
    ("heroku", "run", "python", "-m", "integration"),
    ("docker", "compose", "run", "--rm", "web"),
)
"""How a line calls the command: installed, from a checkout, on platforms."""
_ENDS = frozenset({"|", "&", "&&", ";", "<", ">", ">>", "2>"})


def every_command() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command and sub-command with its path; `coldframe` itself has an empty one."""
    yield from _below(main, (), click.Context(main, info_name="coldframe"))


def _below(
    command: click.Command, path: tuple[str, ...], context: click.Context
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None, name
            yield from _below(found, (*path, name), click.Context(found, info_name=name, parent=context))


def is_ours(line: str) -> bool:
    """Whether a line calls `coldframe`, settings before it or not."""
    return _arguments(line) is not None


def refused(line: str) -> str:
    """What click says against a line that calls `coldframe`; empty where it takes it. Files are not looked for."""
    arguments = _arguments(line)
    assert arguments is not None, line
    try:
        _parsed(main, arguments, click.Context(main, info_name="coldframe"))
    except (click.UsageError, click.Abort) as error:
        return str(error)
    return ""


def _arguments(line: str) -> list[str] | None:
    words = shlex.shlex(line, posix=True, punctuation_chars="<>|&;")
    words.whitespace_split = True
    words.commenters = "#"
    found = []
    try:
        for word in words:
            if word in _ENDS:
                break
            found.append(word)
    except ValueError:
        assert not line.startswith("coldframe"), line
        return None
    while found and _SETTING.match(found[0]):
        found.pop(0)
    for name in _NAMES:
        if tuple(found[: len(name)]) == name:
            return found[len(name) :]
    return None


def _parsed(command: click.Command, arguments: Sequence[str], context: click.Context) -> None:
    values, left, _ = command.make_parser(context).parse_args(list(arguments))
    if values.get("help") or values.get("version"):
        return
    for parameter in command.params:
        _checked(parameter, values, context)
    if isinstance(command, click.Group):
        if not left:
            raise click.UsageError("no sub-command")  # noqa: TRY003, EM101 - the test prints it
        found = command.get_command(context, left[0])
        if found is None:
            raise click.UsageError(f"no command {left[0]!r}")  # noqa: TRY003, EM102 - as above
        _parsed(found, left[1:], click.Context(found, info_name=left[0], parent=context))
    elif left:
        raise click.UsageError(f"unexpected: {left}")  # noqa: TRY003, EM102 - as above


def _checked(parameter: click.Parameter, values: dict[str, object], context: click.Context) -> None:
    value = values.get(parameter.name or "")
    if value is None or parameter.value_is_missing(value):
        if parameter.required:
            raise click.MissingParameter(param=parameter, ctx=context)
        return
    if isinstance(parameter.type, click.Path | click.File):
        return
    for each in value if isinstance(value, tuple | list) else (value,):
        parameter.type.convert(each, parameter, context)
    if parameter.callback is not None and isinstance(parameter, click.Argument):
        parameter.callback(context, parameter, value)


def unknown(written: str) -> str:
    """Which word of a command in a sentence we do not have: a sub-command or an option; empty where all are ours.

    Arguments may stand for something (`coldframe sync [CONNECTION]`) or be left out.
    """
    command: click.Command = main
    context = click.Context(main, info_name="coldframe")
    for word in re.split(r"[\s|\[\]]+", written)[1:]:
        if word.startswith("--"):
            options = {name for each in command.params for name in each.opts + each.secondary_opts} | {"--help"}
            if word.partition("=")[0] not in options:
                return word
        elif word.isupper():
            return ""
        elif isinstance(command, click.Group) and word and word not in {"…", "..."}:
            try:
                found = command.get_command(context, word)
            except click.UsageError:
                found = None
            if found is None:
                return word
            command, context = found, click.Context(found, info_name=word, parent=context)
    return ""
