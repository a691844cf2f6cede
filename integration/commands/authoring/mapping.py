"""`coldframe mapping`: new, check, preview and diff."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from connectors import vendors
from connectors.base.port import Record, Unavailable
from integration.commands.authoring.mapping_shown import plain, shown
from integration.commands.authoring.mappings_in_use import (
    Chosen,
    against_live,
    claims,
    replaced,
    settings_here,
    used,
)
from integration.commands.shared.connections_in_force import connections_in_force
from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.named_files import HELP, VARIABLE, print_problems, vocabulary_of
from integration.commands.shared.new_file import write_new
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.service import Connection
from integration.flows.looking.preview import find, newcomer, preview, stored_standing
from integration.playbook.showing.comparison import compare
from integration.settings.environment import Settings
from integration.store.db.session import Store
from integration.web.readiness import store_problems
from integration.wiring import build, clock, connection_names
from integration.wiring.unusable import UnusableError
from mappings.language import mapping_files
from mappings.language.mapping_files import MappingFile
from mappings.model.canonical import Fields
from mappings.model.creation_rule import Creation
from mappings.values.identifiers import ConnectionName, System
from mappings.yaml_files.problems import Problem, fatal

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
    settings, mistakes = settings_here()
    words = vocabulary_of(vocabulary or (settings.vocabulary if settings else None))
    chosen: list[Chosen] = [(mapping_files.opened(name, vocabulary=words), None) for name in names]
    running = used(settings, words)
    beside = [each for each in running if chosen and not replaced(each[0], chosen)]
    chosen = chosen or running
    found: list[Problem] = [*claims(chosen, beside, named=bool(names))]
    notes: list[str] = []
    if names:
        notes += [f"{each} (not looked at here: see coldframe doctor)" for each in mistakes]
    else:
        found += [Problem(each.variable, 1, 1, f"{each.problem}. {each.remedy}") for each in mistakes]
    for file, whose in chosen:
        found += file.problems
        if file.mapping is not None and not offline:
            live, note = against_live(settings, file, whose)
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

    RECORD is an e-mail address, an id, or OBJECT:ID. Whom the service does not know yet is taken as one who has done
    nothing; fields that depend on that stand apart.

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
                stands = _stands(store, chosen, found)
                seen = preview(chosen, compiled, found, clock.now(), stands) if found else None
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


def _stands(store: Store | None, connection: Connection, found: Record | None) -> Fields | None:
    """Where the service has the record's person stand; None where it has not decided about them."""
    if store is None or found is None or store_problems(store):
        return None
    with store.read() as conn:
        return stored_standing(conn, connection, found)


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
    table = fitted("", "shipped", "here", "in the CRM")
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
        for problem in against_live(settings, file, whose)[0]:
            yield {
                "place": f"{problem.file}:{problem.line}:{problem.column}",
                "shipped": "",
                "here": "",
                "live": problem.text,
            }


def _connection(settings: Settings, store: Store | None, name: str | None) -> Connection:
    there = connections_in_force(settings, store)
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
    return settings_here()[0]


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
