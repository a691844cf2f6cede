"""What a web process serves, built from its environment; granian calls `application` in each process that it starts."""

import multiprocessing
import os
import signal
import threading
import time

from integration.settings.environment import Settings, SettingsError, from_environment
from integration.web import app
from integration.web.arriving import open_connections
from integration.web.arriving.front import Front, Limits
from integration.wiring import clock, logs
from integration.wiring.connected_accounts import LOOK_SECONDS, ConnectionChanges


def application() -> Front:
    """The application behind its front. A wrong environment ends the process, and says everything that is wrong."""
    try:
        settings = from_environment()
    except SettingsError as error:
        msg = f"coldframe cannot start:\n{error}"
        raise SystemExit(msg) from error
    logs.configure(settings)
    logs.guard()
    _end_with_parent()
    open_connections.relieve(settings.port, open_connections.allowed())
    flask, close = app.built(settings)
    _follow_connections(settings)
    limits = Limits(seconds=settings.request_seconds, body=settings.max_body_bytes)
    return Front(flask, limits, close=close, refused=flask.extensions[app.METRICS].refused)


def _follow_connections(settings: Settings) -> None:
    """Have granian start another process in this one's place where a connection comes or goes."""
    parent = multiprocessing.parent_process()
    if parent is None or parent.pid is None:
        return
    changes, granian = ConnectionChanges(settings, clock.monotonic), parent.pid

    def look() -> None:
        while not changes():
            time.sleep(LOOK_SECONDS)
        os.kill(granian, signal.SIGHUP)

    threading.Thread(target=look, name="connections", daemon=True).start()


def _end_with_parent() -> None:
    """End when the parent does, whatever ended it: left alone, this process would share the port with its successor."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()
