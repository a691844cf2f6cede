"""Is this process fit to be sent work? Each check says what is wrong, for people, or nothing."""

from functools import lru_cache

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from integration.store import erased
from integration.store.errors import StoreError
from integration.store.migrate import MIGRATIONS
from integration.store.sealing import Keyring
from integration.store.session import Store


def store_problems(store: Store) -> list[str]:
    """Whether the store answers and its tables are those of this version."""
    try:
        with store.read() as conn:
            current = set(MigrationContext.configure(conn).get_current_heads())
    except StoreError as error:
        return [f"The store does not answer ({type(error).__name__})."]
    if current != _wanted():
        return ["The store's tables are not those of this version. Run `coldframe migrate`."]
    return []


def erased_problems(store: Store, keyring: Keyring) -> list[str]:
    """Whether the list of who was erased can be read with these secret keys; nothing is taken in otherwise."""
    try:
        with store.read() as conn:
            erased.known(conn, keyring, ())
    except StoreError as error:
        return [f"{error}."]
    return []


@lru_cache(maxsize=1)
def _wanted() -> frozenset[str]:
    return frozenset(ScriptDirectory(str(MIGRATIONS)).get_heads())
