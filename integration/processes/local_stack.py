"""The local stack: the processes that make up the service, and what they need when nobody gave it to them."""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from integration.flows.base import write_access
from integration.processes.supervisor import CLOCK, WORKERS, Member
from integration.processes.valkey import Valkey
from integration.settings import private_files
from integration.settings.environment import Settings, load
from integration.settings.local_key import FOLDER, VARIABLE, data_folder, made_key, value_of
from integration.store.db.session import Store
from integration.wiring import connection_names


def queues(settings: Settings) -> tuple[str, ...]:
    """One queue per worker process: RQ can strand a job where a worker listens to several. Raises StoreError."""
    alerts = ("alerts",) if settings.channels else ()
    return ("ingest", "advance", "bulk", *alerts, *connection_names.names(settings))


def members(*, workers: bool = True) -> tuple[Member, ...]:
    """The processes of one machine's service; the second forks a worker for each queue, and the clock.

    Without `workers`, others bring those, and the clock is a process of its own.
    """
    web = Member(name="web", arguments=("web",))
    if workers:
        return (web, Member(name=WORKERS, arguments=("worker", "--clock")))
    return (web, Member(name=CLOCK, arguments=("clock",)))


@contextlib.contextmanager
def embedded(given: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The environment with what a machine of its own needs: a data directory, a key, a Valkey, a migrated store."""
    variables = kept(given)
    data = data_folder(variables)
    with contextlib.ExitStack() as stack:
        stack.enter_context(alone(data))
        if not value_of(variables, "REDIS_URL"):
            variables["REDIS_URL"] = stack.enter_context(Valkey(data / "valkey")).url
        store = Store.open(load(variables).database_url.get_secret_value())
        store.migrate()
        store.dispose()
        yield variables


def written_or_not(settings: Settings) -> str:
    """Whether the service writes to the CRMs or is in shadow mode, in a line for people."""
    store = Store.open(settings.database_url.get_secret_value())
    try:
        with store.read() as conn:
            return write_access.words(conn, forced=settings.shadow)
    finally:
        store.dispose()


@contextlib.contextmanager
def alone(data: Path) -> Iterator[None]:
    """Nobody else runs a service in this folder meanwhile; the kernel forgets who did when that dies."""
    with private_files.file(data / "up.lock").open("r+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            msg = (
                f"coldframe runs in {data} already (process {lock.read().strip()}). Stop it, or set COLDFRAME_DATA_DIR."
            )
            raise SystemExit(msg) from None
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def kept(given: Mapping[str, str]) -> dict[str, str]:
    """The environment with this machine's data directory and key, made where they are not there."""
    variables = dict(given)
    data = data_folder(variables).resolve()
    private_files.folder(data)
    variables[FOLDER] = str(data)
    if not value_of(variables, VARIABLE):
        variables[VARIABLE] = made_key(variables)
    return variables


def environment() -> dict[str, str]:
    """This process's environment, for the processes it starts."""
    return dict(os.environ)  # noqa: TID251 - handed on to children, not read
