"""`coldframe up`, `web`, `worker`, `alerter` and `clock`: the processes of the Procfile, alone or together."""

import sys

import click

from integration.processes.local_stack import embedded, environment, members, queues, written_or_not
from integration.processes.supervisor import Programs, run
from integration.settings.environment import Settings, SettingsError, from_environment, load


def settings_or_exit() -> Settings:
    """This process's settings; all mistakes on standard error and exit status 2 otherwise."""
    try:
        return from_environment()
    except SettingsError as error:
        click.echo(f"coldframe cannot start:\n{error}", err=True)
        raise SystemExit(2) from error


@click.command()
def migrate() -> None:
    r"""Bring the store's tables up to date (the Procfile's `release`).

    \b
    Example:
      DATABASE_URL=postgresql://… coldframe migrate
    """
    from integration.store.db.session import Store  # noqa: PLC0415 - keeps --help fast

    store = Store.open(settings_or_exit().database_url.get_secret_value())
    store.migrate()
    store.dispose()
    click.echo("The store is up to date.")


@click.command()
def web() -> None:
    r"""Serve webhooks, health and metrics on $PORT (granian, one process).

    \b
    Example:
      PORT=8000 coldframe web
    """
    from integration.web.serving import serve  # noqa: PLC0415 - keeps --help fast

    settings = settings_or_exit()
    _refuse_newer_store(settings)
    serve(settings)


def _refuse_newer_store(settings: Settings) -> None:
    """Raise StoreNewerError at once, where a store that is away is no reason not to start."""
    from integration.store.db.errors import StoreError, StoreNewerError  # noqa: PLC0415 - as above
    from integration.wiring import connection_names  # noqa: PLC0415 - keeps --help fast

    try:
        with connection_names.opened(settings) as store:
            if store is not None:
                with store.read():
                    pass
    except StoreNewerError:
        raise
    except StoreError:
        pass


@click.command()
@click.argument("queue", required=False)
@click.option("--clock", "periodic", is_flag=True, help="Run the periodic jobs too; no `coldframe clock` then.")
def worker(queue: str | None, *, periodic: bool) -> None:
    r"""Work one queue, or all of them in a process each, which one process forks so that they share memory.

    \b
    Example:
      coldframe worker
      coldframe worker --clock
      coldframe worker ingest
    """
    settings = settings_or_exit()
    if queue is not None and queue not in queues(settings):
        msg = f"{queue!r} is no queue here: {', '.join(queues(settings))}"
        raise click.BadParameter(msg, param_hint="QUEUE")
    if queue is not None and periodic:
        msg = "the periodic jobs run beside the workers of all queues: leave out QUEUE"
        raise click.UsageError(msg)
    from integration.processes.worker import prepare, work, work_all  # noqa: PLC0415 - imports the CRMs' libraries

    if queue is None:
        sys.exit(work_all(settings, queues(settings), periodic=periodic))
    prepare(settings)
    work(settings, queue)


@click.command()
def clock() -> None:
    r"""Wake lanes whose work Redis forgot, every few seconds (RQ's cron).

    \b
    Example:
      coldframe clock
    """
    from integration.processes.worker import tick  # noqa: PLC0415 - imports the CRMs' libraries

    settings = settings_or_exit()
    _refuse_newer_store(settings)
    tick(settings)


@click.command()
def up() -> None:
    r"""Run everything on this machine; SQLite and Valkey are embedded unless DATABASE_URL and REDIS_URL are set.

    \b
    Example:
      HUBSPOT_ACCESS_TOKEN=… HUBSPOT_CLIENT_SECRET=… COLDFRAME_PUBLIC_URL=https://… coldframe up
    """
    with embedded(environment()) as variables:
        try:
            settings = load(variables)
        except SettingsError as error:
            click.echo(f"coldframe cannot start:\n{error}", err=True)
            raise SystemExit(2) from error
        click.echo(f"Coldframe answers at http://127.0.0.1:{settings.port} (Ctrl-C stops it)")
        click.echo(written_or_not(settings))
        click.echo(f"The console, for one browser, once: {_link(settings)}")
        run(Programs(members(), variables))


def _link(settings: Settings) -> str:
    from integration.store.db.session import Store  # noqa: PLC0415 - keeps --help fast
    from integration.web.console.access.new_link import new_link  # noqa: PLC0415 - as above
    from integration.wiring import clock as time  # noqa: PLC0415 - as above

    store = Store.open(settings.database_url.get_secret_value())
    try:
        return new_link(settings, store, time.now())
    finally:
        store.dispose()
