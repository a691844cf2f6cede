"""Granian, set up as the web process needs it."""

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server import Server

from integration.settings.environment import Settings
from integration.web.arriving import open_connections
from integration.web.watchdog import watch

_BACKLOG = 2_048
_HEAD_BYTES = 32_768
"""What a request's head may measure."""
_OVERLAP_SECONDS = 15
"""How long a process goes on answering beside the one that takes its place, which has to start first."""
_ENDING_SECONDS = 2
"""How long requests may take to end once the process has been asked to."""


def serve(settings: Settings) -> None:
    """Serve the application until a signal ends it (SIGTERM, SIGINT).

    HTTP/1 alone: streams of HTTP/2 could be opened without end over one connection, past every limit here.
    """
    server = Server(
        "integration.web.served:application",
        factory=True,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        address=settings.bind,
        port=settings.port,
        workers=1,
        backlog=_BACKLOG,
        backpressure=open_connections.allowed(),
        http1_settings=HTTP1Settings(
            header_read_timeout=round(settings.request_seconds * 1_000), max_buffer_size=_HEAD_BYTES
        ),
        respawn_failed_workers=True,
        respawn_interval=_OVERLAP_SECONDS,
        workers_kill_timeout=_ENDING_SECONDS,
    )
    server.on_startup(lambda: watch(settings.bind, settings.port))
    server.serve()
