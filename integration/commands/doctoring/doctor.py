"""`coldframe doctor`: settings, store, Redis, both CRMs, fields and permissions, and what to do about each."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from connectors.answers.examination_words import unavailable
from connectors.base.limits import spare
from connectors.base.port import Finding, Unavailable
from integration.commands.shared.connections_in_force import connections_in_force
from integration.commands.shared.fitted_tables import fitted
from integration.examining import doctor_connections, doctor_lanes, doctor_routing, doctor_staff, stored_findings
from integration.flows.base.service import Connection
from integration.flows.upkeep import drift
from integration.processes import valkey
from integration.processes.local_stack import environment
from integration.settings.environment import Settings, SettingsError, looked_at
from integration.settings.local_key import data_folder, to_be_made
from integration.store.db.errors import StoreError
from integration.store.db.session import Store
from integration.web.readiness import erased_problems, store_problems
from integration.wiring import build, clock, connection_names
from integration.wiring.unusable import UnusableError
from integration.wiring.wake_ups import connect, queue_problems
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import show_second


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def doctor(*, as_json: bool) -> None:
    r"""Check everything this service needs, and say what to do about what is missing.

    Exit status 1 when something has to be done.

    \b
    Example:
      coldframe doctor --json
    """
    findings = list(_examine())
    if as_json:
        for each in findings:
            click.echo(
                json.dumps({"subject": each.subject, "ok": each.ok, "detail": each.detail, "remedy": each.remedy})
            )
    else:
        table = fitted("", "what", "how it stands", "what to do", whole=[""])
        for each in findings:
            said = map(escape, (each.subject, each.detail, each.remedy))
            table.add_row("[green]ok[/]" if each.ok else "[red]✗[/]", *said)
        Console().print(table)
    raise SystemExit(0 if all(each.ok for each in findings) else 1)


def _examine() -> Iterator[Finding]:
    try:
        settings = looked_at()
    except SettingsError as error:
        for mistake in error.mistakes:
            yield Finding(subject=mistake.variable, ok=False, detail=mistake.problem, remedy=mistake.remedy)
        return
    yield Finding(subject="settings", ok=True, detail="complete")
    if to_be_made(environment()):
        folder = data_folder(environment())
        detail = f"{folder} has no store and no key yet"
        yield Finding(subject="data folder", ok=True, detail=detail, remedy="coldframe up makes both, and Redis too.")
    else:
        yield from _stores(settings)
    yield from _playbook(settings)
    try:
        with connection_names.opened(settings) as store:
            yield from doctor_connections.examined(settings, store)
            yield from _crms(settings, None if store is None or store_problems(store) else store)
            if store is not None and not store_problems(store):
                yield from stored_findings.examined(settings, store, clock.now(), without={"connections"})
    except StoreError:
        return  # reported above


def _crms(settings: Settings, store: Store | None) -> Iterator[Finding]:
    """Each CRM as it stands now, and since when what is amiss has been seen by the hourly look."""
    try:
        connections = connections_in_force(settings, store)
    except UnusableError as error:
        for problem in error.problems:
            yield Finding(subject="mapping", ok=False, detail=str(problem), remedy="Correct the file.")
        return
    systems = [connection.system for connection in connections.values()]
    for connection in connections.values():
        with closing(connection.connector):
            several = systems.count(connection.system) > 1
            yield from (_of(connection, each, several=several) for each in _crm(connection))
            yield from _calls(connection, settings.daily_reserve)
            if store is not None and not store_problems(store):
                yield from doctor_lanes.waiting(store, connection, clock.now())
        yield from _drifted(settings, connection.name)


def _of(connection: Connection, finding: Finding, *, several: bool) -> Finding:
    """A finding that says which connection it is about; where a system has several, the remedy does so too."""
    system, name = connection.system, connection.name
    if not several:
        return replace(finding, subject=f"{name}: {finding.subject}")
    remedy = finding.remedy.replace(
        f"coldframe provision {system}", f"coldframe provision {system} --connection {name}"
    )
    remedy = remedy.replace(f"coldframe connect {system}", f"coldframe connect {system} --name {name}")
    return replace(finding, subject=f"{name}: {finding.subject}", remedy=remedy)


def _crm(connection: Connection) -> Iterator[Finding]:
    """Credential and permissions; then one line for each object, or for each field of it that does not fit."""
    yield from connection.connector.examine({})
    yield from doctor_staff.words(connection)
    try:
        found = drift.misfits(connection)
    except Unavailable as away:
        yield unavailable(connection.system, f"{connection.name}'s fields", away.receipt)
        return
    for name in connection.mapping.objects:
        amiss = [each for each in found if each.object == name]
        for each in amiss:
            ok = each.problem.severity == "warning"
            yield Finding(subject=each.subject, ok=ok, detail=str(each.problem), remedy=each.remedy)
        if not any(each.problem.severity == "error" for each in amiss):
            needed = len(connection.mapping.needed[name])
            yield Finding(subject=name, ok=True, detail=f"what is needed of its {needed} fields is there")


def _calls(connection: Connection, reserve: float) -> Iterator[Finding]:
    """Today's calls as the CRM has just given them."""
    known = connection.connector.usage
    left = spare(known, reserve=reserve)
    if left is None or known.daily_limit is None or known.daily_remaining is None:
        return
    used, kept = known.daily_limit - known.daily_remaining, int(known.daily_limit * reserve)
    detail = f"{used:,} of {known.daily_limit:,} used today, {known.daily_remaining:,} left, {kept:,} of them kept"
    remedy = "" if left else "scores wait until the day turns; lower COLDFRAME_DAILY_RESERVE, or ask for more calls"
    yield Finding(subject=f"{connection.name}: calls", ok=left > 0, detail=detail, remedy=remedy)


def _drifted(settings: Settings, connection: ConnectionName) -> Iterator[Finding]:
    try:
        store = Store.open(settings.database_url.get_secret_value())
        try:
            looked = None if store_problems(store) else drift.last(store, connection)
        finally:
            store.dispose()
    except StoreError:
        return  # reported above
    if looked is None:
        return
    errors = [each for each in looked.troubles if each.severity == "error"]
    detail = f"looked at {show_second(looked.at)}: " + (f"{len(errors)} amiss" if errors else "nothing amiss")
    yield Finding(
        subject=f"{connection}: drift", ok=not errors, detail=detail, remedy=errors[0].remedy if errors else ""
    )


def _stores(settings: Settings) -> Iterator[Finding]:
    try:
        store = Store.open(settings.database_url.get_secret_value())
    except StoreError as error:
        yield Finding(
            subject="store", ok=False, detail=str(error), remedy="Make its folder writable, or set DATABASE_URL."
        )
    else:
        problems = store_problems(store)
        yield _said("store", problems)
        if not problems:
            yield _said("erased persons", erased_problems(store, connection_names.keyring(settings)))
        store.dispose()
    given = settings.redis_url
    address = valkey.address(Path(settings.data_dir) / "valkey") if given is None else given.get_secret_value()
    if address is None:
        yield Finding(subject="Redis", ok=False, detail="REDIS_URL is not set", remedy="Set it, or run `coldframe up`.")
        return
    redis = connect(address)
    yield _said("Redis", queue_problems(redis))
    redis.close()


def _playbook(settings: Settings) -> Iterator[Finding]:
    try:
        build.vocabulary(settings.vocabulary)
    except UnusableError as error:
        for problem in error.problems:
            yield Finding(subject="vocabulary", ok=False, detail=str(problem), remedy="Correct the file.")
        return
    if settings.vocabulary:
        yield Finding(subject="vocabulary", ok=True, detail=settings.vocabulary)
    try:
        build.playbook(settings.playbook, settings.vocabulary)
    except UnusableError as error:
        for problem in error.problems:
            yield Finding(subject="playbook", ok=False, detail=str(problem), remedy="Correct the file.")
    else:
        yield Finding(subject="playbook", ok=True, detail=settings.playbook)
        yield from doctor_routing.file(settings)


def _said(subject: str, problems: list[str]) -> Finding:
    """A check that answers with problems, each a sentence that says what to do."""
    return Finding(subject=subject, ok=not problems, detail="; ".join(problems) or "in order")
