"""The installation that a command works on: its settings and its store, ready to be written."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from integration import machine
from integration.readiness import store_problems
from integration.settings import Settings, load
from integration.store.session import Store


@contextmanager
def installed() -> Iterator[tuple[Settings, Store]]:
    """Settings and store, for as long as the block lasts. Raises SettingsError, StoreError.

    On one machine, without a DATABASE_URL, they are those of `coldframe up`, made here where `up` has not run yet.
    """
    given = machine.environment()
    alone = not given.get("DATABASE_URL", "").strip()
    settings = load(machine.kept(given) if alone else given)
    store = Store.open(settings.database_url.get_secret_value())
    try:
        if alone:
            store.migrate()
        problems = store_problems(store)
        if problems:
            raise click.ClickException("\n".join(problems))
        yield settings, store
    finally:
        store.dispose()
