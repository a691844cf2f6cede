"""What a web process serves, built from its environment; granian calls `application` in each process that it starts."""

import multiprocessing
import os
import threading

from integration.settings.environment import SettingsError, from_environment
from integration.web import app
from integration.web.arriving import open_connections
from integration.web.arriving.front import Front, Limits
from integration.wiring import logs


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
    limits = Limits(seconds=settings.request_seconds, body=settings.max_body_bytes)
    return Front(flask, limits, close=close, refused=flask.extensions[app.METRICS].refused)


def _end_with_parent() -> None:
    """End when the parent does, whatever ended it: left alone, this process would share the port with its successor."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()
