"""A relay between a host and a server, which can be cut: no byte passes then, and no connection is closed."""

import contextlib
import selectors
import socket
import threading
from typing import Self

_AT_ONCE = 65_536
_LOOK = 0.1


class CutRelay:
    """Carries TCP connections from a port of its own to a server, until it is cut.

    `goal` is the server's (host, port), or the path of its socket.
    """

    def __init__(self, goal: tuple[str, int] | str) -> None:
        self._goal = goal
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listening.getsockname()[1])
        self._over, self._cut = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._accept, name="relay", daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self._listening.close()
        for thread in self._threads:
            thread.join(5)

    def cut(self) -> None:
        """From now on nothing is carried, and nothing is closed: both sides find out by their own timeouts."""
        self._cut.set()

    def _accept(self) -> None:
        self._listening.settimeout(_LOOK)
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                near, _ = self._listening.accept()
                thread = threading.Thread(target=self._carry, args=(near,), name="relayed", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _carry(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            if self._cut.is_set():
                self._over.wait()
                return
            far = stack.enter_context(_connected(self._goal))
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            chosen = stack.enter_context(selectors.DefaultSelector())
            chosen.register(near, selectors.EVENT_READ, far)
            chosen.register(far, selectors.EVENT_READ, near)
            while not self._over.is_set():
                for key, _ in chosen.select(_LOOK):
                    if self._cut.is_set():
                        self._over.wait()
                        return
                    data = key.fileobj.recv(_AT_ONCE)  # type: ignore[union-attr] # we register sockets
                    if not data:
                        return
                    key.data.sendall(data)


def _connected(goal: tuple[str, int] | str) -> socket.socket:
    if isinstance(goal, tuple):
        far = socket.create_connection(goal)
        far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return far
    far = socket.socket(socket.AF_UNIX)
    far.connect(goal)
    return far
