"""`coldframe playbook`: check, list, show, new, diff, history and schema."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.named_files import HELP, VARIABLE, print_problems, vocabulary_of
from integration.commands.shared.new_file import write_new
from integration.commands.trial.invented_history import invented
from integration.playbook.compiling.compiler import load
from integration.playbook.reading import library
from integration.playbook.reading.read_playbook import read
from integration.playbook.showing.comparison import compare
from integration.playbook.showing.editor import own_copy, renamed, schema_of_language
from integration.playbook.showing.page import page
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.problems import Problem, fatal

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
_VOCABULARY = click.option("--vocabulary", metavar="FILE", envvar=VARIABLE, help=HELP)


@click.group()
def playbook() -> None:
    r"""Read, check, copy and compare playbooks.

    \b
    Example:
      coldframe playbook new ours
      coldframe playbook check ours.yaml
      coldframe playbook diff standard ours.yaml
    """


@playbook.command()
@click.argument("files", nargs=-1, required=True)
@_VOCABULARY
@_AS_JSON
def check(files: tuple[str, ...], vocabulary: str | None, *, as_json: bool) -> None:
    r"""Check playbooks (files, or names of shipped ones) and report every mistake at once.

    Exit status 1 if one of them cannot be used; warnings alone are 0.

    \b
    Example:
      coldframe playbook check ours.yaml standard --vocabulary words.yaml
      ours.yaml:14:11: unknown stage 'qualifed' (did you mean 'qualified'?)
    """
    found: list[Problem] = []
    words = vocabulary_of(vocabulary)
    for file in files:
        found.extend(load(file, words)[1])
    print_problems(found, as_json=as_json)
    if fatal(found):
        sys.exit(1)
    if not as_json:
        click.echo(f"{len(files)} fine" + (f", {len(found)} warnings" if found else ""))


@playbook.command(name="list")
@_AS_JSON
def list_(*, as_json: bool) -> None:
    r"""List the playbooks that come with Coldframe.

    \b
    Example:
      coldframe playbook list
    """
    rows = []
    for name in library.names():
        file, _, _ = read(library.text(name), f"{name}.yaml")
        if file is not None:
            rows.append(
                {"name": name, "title": file.title, "about": file.about.strip(), "default": name == library.DEFAULT}
            )
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table = fitted("name", "about")
    for row in rows:
        default = " (default)" if row["default"] else ""
        table.add_row(f"[bold]{row['name']}[/bold]{default}", escape(str(row["about"])))
    Console().print(table)


@playbook.command()
@click.argument("name")
@_VOCABULARY
def show(name: str, vocabulary: str | None) -> None:
    r"""Show a playbook as a page: points, stages, handoff, tracks, triggers and plays.

    \b
    Example:
      coldframe playbook show standard
    """
    source, label = _source(name)
    file, _, problems = read(source, label, vocabulary_of(vocabulary))
    if file is None or problems:
        _give_up(problems)
        return
    Console().print(page(file))


@playbook.command()
@click.argument("name")
@click.option("--from", "origin", default=library.DEFAULT, show_default=True, help="The playbook to start from.")
@click.option("--into", type=click.Path(path_type=Path), help="Where to write it.  [default: NAME.yaml]")
def new(name: str, origin: str, into: Path | None) -> None:
    r"""Write a playbook of your own, as a copy to edit.

    \b
    Example:
      coldframe playbook new ours
      coldframe playbook new ours-emea --from two-axis --into emea.yaml
    """
    source, label = _source(origin)
    target = into or Path(f"{name}.yaml")
    try:
        ours = origin in library.names()
        text = own_copy(source, origin, name, str(target)) if ours else renamed(source, label, name)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    write_new(target, text)
    click.echo(f"{target} written. Next: coldframe playbook check {target}")


@playbook.command()
@click.argument("before")
@click.argument("after")
@_VOCABULARY
@_AS_JSON
def diff(before: str, after: str, vocabulary: str | None, *, as_json: bool) -> None:
    r"""Show what differs between two playbooks.

    \b
    Example:
      coldframe playbook diff standard ours.yaml
    """
    words = vocabulary_of(vocabulary)
    found = compare(_readable(before, words), _readable(after, words))
    if as_json:
        rows = [{"place": list(each.place), "before": each.before, "after": each.after} for each in found]
        click.echo(json.dumps(rows, indent=2))
        return
    table = fitted("", before, after)
    for each in found:
        table.add_row(
            escape(" > ".join(each.place)), escape(each.before) or "[dim]-[/dim]", escape(each.after) or "[dim]-[/dim]"
        )
    Console().print(table if found else "no difference")


@playbook.command()
@_VOCABULARY
def schema(vocabulary: str | None) -> None:
    r"""Print the JSON Schema of the language in your own words, for editors that complete and check.

    \b
    Example:
      coldframe playbook schema > playbook.schema.json
      (then, first line of a playbook:  # yaml-language-server: $schema=playbook.schema.json)
    """
    click.echo(json.dumps(schema_of_language(vocabulary_of(vocabulary)), indent=2))


@playbook.command()
@click.option("--leads", type=click.IntRange(1, 10_000), default=24, show_default=True, help="How many people.")
def history(leads: int) -> None:
    r"""Print an invented history, to try a playbook where you have no history of your own at hand.

    It is the same one every time.

    \b
    Example:
      coldframe playbook history > history.jsonl
      coldframe replay --playbook standard --events history.jsonl --format table
    """
    for line in invented(leads):
        click.echo(line)


def _source(name: str) -> tuple[str, str]:
    source, label, problems = library.find(name)
    if source is None:
        _give_up(problems)
    return source or "", label


def _readable(name: str, words: Vocabulary) -> str:
    """The text of a playbook that can be read; whether it can be used is not asked."""
    source, label = _source(name)
    file, _, problems = read(source, label, words)
    if file is None or problems:
        _give_up(problems)
    return source


def _give_up(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        click.echo(str(problem), err=True)
    sys.exit(1)
