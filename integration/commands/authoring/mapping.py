"""`coldframe mapping`: new, check, preview and diff."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connectors import vendors
from connectors.base.port import Unavailable
from integration.commands.authoring.mapping_shown import plain, shown
from integration.commands.shared.named_files import HELP, VARIABLE, print_problems, vocabulary_of
from integration.commands.shared.new_file import write_new
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.service import Connection
from integration.flows.looking.preview import find, newcomer, preview
from integration.flows.upkeep import drift
from integration.playbook.showing.comparison import compare
from integration.settings.environment import Settings, SettingsError, from_environment
from integration.store.db.session import Store
from integration.wiring import build, clock, connection_names
from integration.wiring.unusable import UnusableError
from mappings.conflicts import field_conflicts
from mappings.language import mapping_files
from mappings.language.mapping_files import MappingFile
from mappings.model.creation_rule import Creation
from mappings.values.identifiers import ConnectionName, System
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.problems import Problem, fatal

_Chosen: TypeAlias = tuple[MappingFile, Sequence[str] | None]
"""A file, and the connections that use it; None for one that was named on the command line."""
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


@click.group()
def mapping() -> None:
    r"""Check, try and compare field mappings.

    \b
    Example:
      coldframe mapping new ours --from hubspot
      coldframe mapping check ours.yaml
      coldframe mapping preview ana@acme.example
      coldframe mapping diff ours.yaml
    """


@mapping.command()
@click.argument("name")
@click.option("--from", "origin", required=True, metavar="SYSTEM", help="The CRM whose shipped mapping is copied.")
@click.option("--into", type=click.Path(path_type=Path), help="Where to write it.  [default: NAME.yaml]")
def new(name: str, origin: str, into: Path | None) -> None:
    r"""Write a mapping of your own, as a copy of the shipped one to edit.

    \b
    Example:
      coldframe mapping new ours --from hubspot
    """
    system = System(click.Choice(sorted(vendors.systems())).convert(origin, None, None))
    target = into or Path(f"{name}.yaml")
    write_new(target, mapping_files.shipped(system).text)
    variable = vendors.by_system()[system].mapping
    click.echo(f"{target} written. Next: coldframe mapping check {target}, then {variable}={target}")


@mapping.command()
@click.argument("names", metavar="[FILE]...", nargs=-1)
@click.option("--offline", is_flag=True, help="Do not ask the CRM which fields it has.")
@click.option("--vocabulary", metavar="FILE", envvar=VARIABLE, help=HELP)
@_AS_JSON
def check(names: tuple[str, ...], vocabulary: str | None, *, offline: bool, as_json: bool) -> None:
    r"""Check mappings (those in use, or files) against themselves and against the connected CRM's own fields.

    Exit status 1 if one of them cannot be used or a CRM could not be asked; warnings alone are 0.

    \b
    Example:
      coldframe mapping check ours.yaml
      ours.yaml:14:11: HubSpot's contact has no 'jobtitel', or hides it (did you mean 'jobtitle'?)
    """
    settings = _settings()
    words = vocabulary_of(vocabulary)
    chosen: list[_Chosen] = [(mapping_files.opened(name, vocabulary=words), None) for name in names] or used(
        settings, words
    )
    found: list[Problem] = _claimed_twice([file for file, _ in chosen])
    notes: list[str] = []
    for file, whose in chosen:
        found += file.problems
        if file.mapping is not None and not offline:
            live, note = _against_live(settings, file, whose)
            found += live
            notes += [note] if note else []
    _print_problems(found, notes, as_json=as_json)
    if fatal(found):
        sys.exit(1)
    if not as_json:
        click.echo(f"{len(chosen)} fine" + (f", {len(found)} warnings" if found else ""))


@mapping.command(name="preview")
@click.argument("record")
@click.option("--connection", metavar="NAME", help="Which CRM, by its connection's name.  [default: the one]")
@_AS_JSON
def preview_(record: str, *, connection: str | None, as_json: bool) -> None:
    r"""Show what a CRM record becomes: canonical fields, fit points, and what would be written. Nothing is.

    RECORD is an e-mail address, an id, or OBJECT:ID. The lead is taken as one of whom nothing else is known.

    \b
    Example:
      coldframe mapping preview ana@acme.example
      coldframe mapping preview Lead:00Q5e00000AbCdEEAV --connection salesforce
    """
    settings = _settings()
    if settings is None:
        msg = "the settings cannot be used: see coldframe doctor"
        raise click.ClickException(msg)
    try:
        compiled = CompiledPlaybook.of(build.playbook(settings.playbook, settings.vocabulary))
        with connection_names.opened(settings) as store:
            chosen = _connection(settings, store, connection)
            with closing(chosen.connector):
                found = find(chosen, record)
                seen = preview(chosen, compiled, found, clock.now()) if found else None
                new = newcomer(chosen, record) if found is None else None
    except (ValueError, UnusableError) as error:
        raise click.ClickException(str(error)) from None
    except Unavailable as away:
        msg = f"the CRM does not answer as it should: {away}"
        raise click.ClickException(msg) from None
    if new is not None and chosen.mapping.creates:
        _print_newcomer(chosen.name, record, chosen.mapping.creates, new, as_json=as_json)
        return
    if seen is None:
        msg = f"{chosen.name} has no person '{record}'"
        raise click.ClickException(msg)
    if as_json:
        click.echo(json.dumps(plain(seen), indent=2, default=str))
    else:
        Console().print(shown(seen, settings.playbook, compiled.playbook.vocabulary))


@mapping.command()
@click.argument("file", required=False)
@click.option("--offline", is_flag=True, help="Compare with the shipped mapping alone.")
@_AS_JSON
def diff(file: str | None, *, offline: bool, as_json: bool) -> None:
    r"""Show how a mapping (those in use, or a file) differs from the shipped one and from the CRM's own fields.

    \b
    Example:
      coldframe mapping diff ours.yaml
    """
    settings = _settings()
    words = vocabulary_of(settings.vocabulary if settings else None)
    rows = [
        row
        for each, whose in ([(mapping_files.opened(file, vocabulary=words), None)] if file else used(settings, words))
        for row in _differences(settings, each, whose, offline=offline)
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table = Table("", "shipped", "here", "in the CRM", box=None, padding=(0, 2, 0, 0), header_style="bold")
    for row in rows:
        table.add_row(*(escape(row[key]) or "[dim]-[/]" for key in ("place", "shipped", "here", "live")))
    Console().print(table if rows else "no difference")


def _differences(
    settings: Settings | None, file: MappingFile, whose: Sequence[str] | None, *, offline: bool
) -> Iterator[dict[str, str]]:
    if file.mapping is None:
        _print_problems(list(file.problems), [], as_json=False)
        sys.exit(1)
    shipped = mapping_files.shipped(file.mapping.system)
    for each in compare(shipped.text, file.text):
        yield {"place": " > ".join(each.place), "shipped": each.before, "here": each.after, "live": ""}
    if not offline:
        for problem in _against_live(settings, file, whose)[0]:
            yield {
                "place": f"{problem.file}:{problem.line}:{problem.column}",
                "shipped": "",
                "here": "",
                "live": problem.text,
            }


def _claimed_twice(chosen: list[MappingFile]) -> list[Problem]:
    """Fields that the mappings of two systems claim; the systems come in the order of the service."""
    sure = [(file.mapping, file.located) for file in chosen if file.mapping and file.located]
    return list(field_conflicts.claimed_twice(sorted(sure, key=lambda each: vendors.systems().index(each[0].system))))


def used(settings: Settings | None, words: Vocabulary) -> list[_Chosen]:
    """The mappings of the connections, each with the names of those that use it; of all systems where none is."""
    found: dict[tuple[System, str | None], list[str]] = {}
    for each in _known(settings):
        path = settings.mapping_of(each.name, each.system) if settings else None
        found.setdefault((each.system, path), []).append(each.name)
    if found:
        return [(mapping_files.in_use(system, path, words), names) for (system, path), names in found.items()]
    paths = {each: settings.mapping_of("", each) if settings else None for each in sorted(vendors.systems())}
    return [(mapping_files.in_use(system, path, words), None) for system, path in paths.items()]


def _known(settings: Settings | None) -> Sequence[connection_names.Known]:
    if settings is None:
        return ()
    with connection_names.opened(settings) as store:
        return connection_names.known(settings, store) if store else connection_names.arranged((), settings)


def _against_live(
    settings: Settings | None, file: MappingFile, whose: Sequence[str] | None
) -> tuple[list[Problem], str]:
    """What does not fit the CRMs that use it: the connections `whose` it is, else each of its system.

    A note where none is connected, an error where one does not answer.
    """
    if file.mapping is None or file.located is None:
        return [], ""
    system = file.mapping.system
    those = [each for each in _known(settings) if each.system == system and (whose is None or each.name in whose)]
    if settings is None or not those:
        return [], f"{file.name}: no {system} is connected, so its fields were not looked at"
    found: dict[Problem, None] = {}
    with connection_names.opened(settings) as store:
        for each in those:
            credential = build.credential(settings, store, each)
            allowance = build.allowance(each, settings, store, worker=False) if store else None
            connection = replace(
                build.connect(system, credential, name=each.name, allowance=allowance),
                mapping=file.mapping,
                located=file.located,
            )
            try:
                with closing(connection.connector):
                    found |= {misfit.problem: None for misfit in drift.misfits(connection)}
            except Unavailable as away:
                found[Problem(file.name, 1, 1, f"{each.name} could not be asked for its fields: {away}")] = None
    return list(found), ""


def _connection(settings: Settings, store: Store | None, name: str | None) -> Connection:
    there = build.connections(settings, store)
    if name is None and len(there) > 1:
        msg = f"several systems are connected: add --connection {' or '.join(there)}"
        raise ValueError(msg)
    chosen = there.get(ConnectionName(name)) if name else next(iter(there.values()), None)
    if chosen is None:
        msg = f"{name} is not connected" if name else "no CRM is connected"
        raise ValueError(msg)
    return chosen


def _settings() -> Settings | None:
    """None where the environment says too little to connect: a file can be checked all the same."""
    try:
        return from_environment()
    except SettingsError:
        return None


def _print_newcomer(name: str, who: str, creation: Creation, fields: Mapping[str, str], *, as_json: bool) -> None:
    """Whom the mapping would create, and with what."""
    on = sorted(creation.on)
    if as_json:
        click.echo(json.dumps({"creates": creation.object, "on": on, "fields": fields}, indent=2))
        return
    click.echo(f"{name} has no person '{who}'. On {' or '.join(on)} a new {creation.object} would be created:")
    for field, value in fields.items():
        click.echo(f"  {field}: {value}")


def _print_problems(found: list[Problem], notes: list[str], *, as_json: bool) -> None:
    print_problems(found, as_json=as_json)
    for note in notes if not as_json else ():
        click.echo(note, err=True)
