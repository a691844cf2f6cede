"""`coldframe pause` and `coldframe resume`: the kill switch."""

from collections.abc import Sequence

import click

from integration.examining.ways_to_connect import variables
from integration.store.audit import audit_trail
from integration.store.crm import connection_pauses
from integration.store.outgoing import outbox_backlog
from integration.wiring import build, clock
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName
from mappings.yaml_files.problems import nearest

_REASON = "paused by an operator"


@click.command()
@click.argument("connection", required=False)
@click.option("--reason", default="", help="Why, for those who come across it; kept in the audit trail.")
def pause(connection: str | None, reason: str) -> None:
    r"""Stop all traffic with a CRM, or with all of them, within one batch and until `coldframe resume`.

    Webhooks are taken in and scored meanwhile; what is decided waits. No outage and no restart ends the pause.

    \b
    Example:
      coldframe pause
      coldframe pause salesforce --reason "data migration on Saturday"
    """
    service = build.service()
    told = f"{_REASON}: {reason}" if reason else _REASON
    names = named(service, connection)
    with service.store.write() as conn:
        for name in names:
            connection_pauses.stop(conn, name, told, now=clock.now())
        audit_trail.add(conn, _entries("paused", names, reason))
        waiting = {name: outbox_backlog.sendable(conn, name) for name in names}
    for name in names:
        click.echo(f"{name} is paused; {waiting[name]} writes wait. Go on with: coldframe resume {name}")


@click.command()
@click.argument("connection", required=False)
def resume(connection: str | None) -> None:
    r"""End a pause; what has waited is read and written at once.

    \b
    Example:
      coldframe resume
      coldframe resume salesforce
    """
    service = build.service()
    names = named(service, connection)
    with service.store.write() as conn:
        were = {name: connection_pauses.go(conn, name, clock.now()) for name in names}
        audit_trail.add(conn, _entries("resumed", [name for name in names if were[name]], ""))
        waiting = {name: outbox_backlog.sendable(conn, name) for name in names}
    for name in names:
        for lane in ("deliver", "refresh", "poll"):
            service.wake(f"{lane}:{name}")
        said = "goes on" if were[name] else "was not paused"
        click.echo(f"{name} {said}; {waiting[name]} writes wait.")


def named(service: Service, connection: str | None) -> list[ConnectionName]:
    """The connection of that name, or all of them."""
    known = list(service.connections)
    if connection is not None and connection not in known:
        listed = ", ".join(known) or f"none: set {variables()}"
        msg = f"no connection is called {connection!r}{nearest(connection, known)}; there are {listed}"
        raise click.ClickException(msg)
    if not known:
        msg = f"no CRM is connected: set {variables()} (docs/operations.md)"
        raise click.ClickException(msg)
    return [ConnectionName(connection)] if connection else known


def _entries(action: str, names: Sequence[str], reason: str) -> list[audit_trail.Entry]:
    detail = {"reason": reason} if reason else {}
    at = clock.now()
    return [
        audit_trail.Entry(at=at, actor="command line", action=action, subject=name, detail=detail) for name in names
    ]
