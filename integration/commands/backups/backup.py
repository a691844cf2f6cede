"""`coldframe backup`: a copy of the store that is made while everything runs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from integration.commands.backups import backup_postgres
from integration.commands.backups.backup_shown import Bar, beside
from integration.commands.operate.processes import settings_or_exit
from integration.processes import local_stack
from integration.settings.local_key import VARIABLE, alone, keep_key, key_file, value_of
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.db.session import Store
from integration.store.overall import store_copies
from integration.store.overall.store_copies import Contents, CopyError
from integration.wiring import clock, connection_names
from mappings.values.instant import show_second


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-key", is_flag=True, help="Write the data folder's secret key to FILE.key too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object about the backup.")
def backup(file: Path, *, with_key: bool, as_json: bool) -> None:
    r"""Copy the store to FILE while everything runs, as it is at one moment.

    SQLite is copied here. PostgreSQL is copied by pg_dump, whose command is shown. FILE must not be there yet, and
    its owner alone can read it. The secret key that opens its sign-ins is not in it: keep that apart.

    \b
    Example:
      coldframe backup coldframe-2026-11-28.backup
      coldframe backup /mnt/backup/coldframe.backup --with-key --json
    """
    settings = settings_or_exit()
    given = local_stack.environment()
    key = _own_key(given) if with_key else None
    with connection_names.opened(settings) as store:
        if store is None:
            msg = f"there is no store in {settings.data_dir}"
            raise click.ClickException(msg)
        if file.exists():
            msg = f"{file} is there already. Name another file, or move that one away."
            raise click.ClickException(msg)
        now = clock.now()
        with store.write() as conn:
            audit_trail.add(conn, [Entry(at=now, actor="command line", action=store_copies.BACKUP, subject="store")])
        found = _copied(store, file, quiet=as_json)
    if key is not None:
        keep_key(beside(file), key)
    place = str(key_file(given).absolute()) if not value_of(given, VARIABLE) else VARIABLE
    said = {
        "file": str(file),
        "bytes": file.stat().st_size,
        "at": show_second(now),
        "version": found.version,
        "keys": list(found.keys),
        "key": place,
        "key_file": None if key is None else str(beside(file)),
    }
    click.echo(json.dumps(said) if as_json else _backed_up(said))


def _copied(store: Store, file: Path, *, quiet: bool) -> Contents:
    """Make the copy, and look at what it holds."""
    try:
        if store.url.get_backend_name() != "sqlite":
            backup_postgres.dump(store.url, file, quiet=quiet)
            with store.read() as conn:
                found = store_copies.contents(conn)
            return found or store_copies.EMPTY
        with Bar("Copying", quiet=quiet) as report:
            store_copies.copied(Path(store.url.database or ""), file, report.show)
        return store_copies.contents_of_file(file)
    except (CopyError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _own_key(given: Mapping[str, str]) -> str:
    """The data folder's own key; there is none where the environment gives it, or a DATABASE_URL."""
    path = key_file(given)
    if value_of(given, VARIABLE) or not alone(given) or not path.is_file():
        msg = (
            f"--with-key copies the data folder's own key, and this one comes from {VARIABLE}: keep it where it is set."
        )
        raise click.ClickException(msg)
    return path.read_text(encoding="ascii")


def _backed_up(said: Mapping[str, Any]) -> str:
    lines = [f"{said['file']}: {said['bytes']:,} bytes, the store as it was at {said['at']}."]
    if said["key_file"]:
        lines.append(f"Its key is in {said['key_file']}: keep the two apart.")
    elif said["keys"]:
        lines.append(f"Sealed with the key {' and '.join(said['keys'])}, which is not in it: keep {said['key']} too.")
    else:
        lines.append(f"Nothing in it is sealed yet. The key of what will be is in {said['key']}.")
    lines.append("Playbook, mapping and vocabulary files of your own are not in it.")
    return "\n".join(lines)
