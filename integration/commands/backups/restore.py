"""`coldframe restore`: puts a backup where no store stands."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from integration.commands.backups import backup_postgres
from integration.commands.backups.backup_shown import Bar, beside
from integration.processes import local_stack
from integration.settings import private_files
from integration.settings.environment import load
from integration.settings.local_key import VARIABLE, alone, data_folder, keep_key, key_file, value_of
from integration.settings.value_types import parted
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.audit.sealing import Keyring
from integration.store.db.session import Store
from integration.store.overall import store_copies
from integration.store.overall.store_copies import Contents, CopyError
from integration.store.progress import restored_store
from integration.wiring import clock, connection_names
from mappings.values.instant import Instant, show_second

_ERASED = "Whoever was erased after that is in it again: erase them again (coldframe erase)."


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The key, if not FILE.key.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object about what was restored.")
def restore(file: Path, *, key: Path | None, as_json: bool) -> None:
    r"""Put a backup where no store stands: into an empty data folder, or into an empty database.

    Refused where a store stands, where coldframe runs in the folder, and where the key is missing that opens what is
    sealed in the backup: COLDFRAME_SECRET_KEY, the folder's own secret.key, --key or FILE.key.

    \b
    Example:
      COLDFRAME_DATA_DIR=/var/lib/coldframe coldframe restore coldframe-2026-11-28.backup
      coldframe restore coldframe.backup --key safe/secret.key
    """
    given = local_stack.environment()
    data = data_folder(given)
    if not alone(given):
        found = _into_database(file, given)
    else:
        with local_stack.alone(private_files.folder(data)):
            found = _into_folder(file, data, given, key, quiet=as_json)
    said = {"file": str(file), "version": found.version, "keys": list(found.keys), "made_at": None}
    if found.made_at is not None:
        said["made_at"] = show_second(found.made_at)
    click.echo(json.dumps(said) if as_json else _restored(said))


def _into_folder(file: Path, data: Path, given: Mapping[str, str], key: Path | None, *, quiet: bool) -> Contents:
    """A SQLite store from its copy; nothing is left behind where that is refused."""
    target = data / "coldframe.db"
    stands = sorted(data.glob("coldframe.db*"))
    if stands:
        msg = f"a store stands in {data} ({stands[0].name}). Restore into an empty folder: set COLDFRAME_DATA_DIR."
        raise click.ClickException(msg)
    try:
        found = store_copies.contents_of_file(file)
        secret = _key_for(found, file, given, key)
        with Bar("Restoring", quiet=quiet) as report:
            store_copies.copied(file, target, report.show)
    except (CopyError, OSError) as error:
        raise click.ClickException(str(error)) from error
    if secret is not None and not value_of(given, VARIABLE) and not key_file(given).exists():
        keep_key(key_file(given), secret)
    _begin_anew(f"sqlite:///{target.absolute()}", clock.now())
    return found


def _into_database(file: Path, given: Mapping[str, str]) -> Contents:
    """A PostgreSQL database from its dump."""
    settings = load(given)
    store = Store.open(settings.database_url.get_secret_value())
    try:
        with store.read() as conn:
            if store_copies.contents(conn) is not None:
                msg = "a store stands in the database of DATABASE_URL. Restore into an empty one."
                raise click.ClickException(msg)
        backup_postgres.load(store.url, file)
        with store.read() as conn:
            found = store_copies.contents(conn)
    except CopyError as error:
        raise click.ClickException(str(error)) from error
    finally:
        store.dispose()
    if found is None:
        msg = f"{file} holds no store of Coldframe"
        raise click.ClickException(msg)
    missing = _unopened(found, connection_names.keyring(settings))
    if missing:
        msg = f"restored, but {missing}. Put it into COLDFRAME_PREVIOUS_SECRET_KEYS before anything runs."
        raise click.ClickException(msg)
    _begin_anew(settings.database_url.get_secret_value(), clock.now())
    return found


def _begin_anew(url: str, now: Instant) -> None:
    """Bring the tables to this version, and keep in the trail that this store was restored."""
    store = Store.open(url)
    try:
        store.migrate()
        with store.write() as conn:
            restored_store.mark(conn, now)
            audit_trail.add(conn, [Entry(at=now, actor="command line", action="restore", subject="store")])
    finally:
        store.dispose()


def _key_for(found: Contents, file: Path, given: Mapping[str, str], key: Path | None) -> str | None:
    """The key that the folder will have; None where nothing is sealed and none is given. Raises CopyError."""
    kept, saved = key_file(given), beside(file)
    previous = parted(value_of(given, "COLDFRAME_PREVIOUS_SECRET_KEYS"))
    secret = value_of(given, VARIABLE) or None
    for path in (kept, key, saved):
        if secret is None and path is not None and path.is_file():
            secret = path.read_text(encoding="ascii").strip()
    missing = _unopened(found, Keyring.of(*filter(None, (secret, *previous))))
    if missing:
        msg = (
            f"{missing}. Set {VARIABLE}, name the saved key's file with --key, or put it beside the backup as {saved}."
        )
        raise CopyError(msg)
    return secret


def _unopened(found: Contents, keyring: Keyring) -> str:
    """Which keys are missing to open what is sealed; "" where none is."""
    missing = [each for each in found.keys if each not in keyring.keys]
    return f"what is sealed in it needs the secret key {' and '.join(missing)}, which is not here" if missing else ""


def _restored(said: Mapping[str, Any]) -> str:
    made = f" as of {said['made_at']}" if said["made_at"] else ""
    return f"{said['file']}{made} is restored.\n{_ERASED}\nLook first with coldframe pause; then start it."
