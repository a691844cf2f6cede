"""Opens the installation that a command works on: its settings and its store."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from integration.processes import local_stack
from integration.settings.environment import Settings, load
from integration.settings.local_key import alone
from integration.store.db.session import Store
from integration.web.readiness import store_problems


@contextmanager
def installed() -> Iterator[tuple[Settings, Store]]:
    """Settings and store, for as long as the block lasts. Raises SettingsError, StoreError.

    On one machine, without a DATABASE_URL, they are those of `coldframe up`, made here where `up` has not run yet.
    """
    given = local_stack.environment()
    embedded = alone(given)
    settings = load(local_stack.kept(given) if embedded else given)
    store = Store.open(settings.database_url.get_secret_value())
    try:
        if embedded:
            store.migrate()
        problems = store_problems(store)
        if problems:
            raise click.ClickException("\n".join(problems))
        yield settings, store
    finally:
        store.dispose()
