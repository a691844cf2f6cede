"""The writer lock of a SQLite file: one writer at a time, across processes, in turn.

SQLite's own busy handler polls, and a process that writes without pause starves the others (p99 of
about a second, measured). Here a waiting writer sleeps in `flock` and is woken by the kernel at
once. Two locks make it fair: who waits for the writer lock has the turnstile, so a writer that has just
finished cannot slip in again before them. A third keeps all but one of the patient writers in the
lobby, so that an urgent one, for whose commit a sender waits, never stands behind more than one of
them; they take turns with it. The kernel frees the locks when a process dies.
"""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator

from integration.store.db.errors import StoreBusyError, StoreDownError


class _Wait:
    """One wait for the lock in a thread of its own, since `flock` takes no deadline."""

    def __init__(self, queue: "WriterQueue", *, urgent: bool) -> None:
        self.granted = threading.Event()
        self.failure: OSError | None = None
        self._wanted = True
        self._settled = threading.Lock()
        self._queue = queue
        self._urgent = urgent
        threading.Thread(target=self._run, name="store-writer-queue", daemon=True).start()

    def _run(self) -> None:
        try:
            self._queue.block(urgent=self._urgent)
        except OSError as error:
            self.failure = error
        with self._settled:
            if not self._wanted and self.failure is None:
                self._queue.unlock()
            self.granted.set()

    def until(self, deadline: float) -> bool:
        """Whether the lock was taken before the deadline (of time.monotonic)."""
        if self.granted.wait(max(0.0, deadline - time.monotonic())):
            return True
        with self._settled:
            if self.granted.is_set():
                return True
            self._wanted = False
            return False

    def resume(self, deadline: float) -> bool:
        """Take up a wait that somebody gave up, unless it has ended meanwhile."""
        with self._settled:
            if self.granted.is_set():
                return False
            self._wanted = True
        return self.until(deadline)


class WriterQueue:
    """The writer lock of one SQLite file, passed from writer to writer; `path` is the lock file beside it."""

    def __init__(self, path: str) -> None:
        self._thread = threading.Lock()
        self._abandoned: _Wait | None = None
        self._closed = False
        self._pen = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._turnstile = os.open(f"{path}.turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._lobby = os.open(f"{path}.lobby", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            os.close(self._pen)
            raise

    def close(self) -> None:
        """Give back the file handles; a lock that a parent process holds through them stays its own."""
        self._closed = True
        os.close(self._pen)
        os.close(self._turnstile)
        os.close(self._lobby)

    @contextlib.contextmanager
    def turn(self, seconds: float, *, urgent: bool = False) -> Iterator[float]:
        """Take the writer lock; yields the seconds left of the wait. Raises StoreBusyError after `seconds`."""
        deadline = time.monotonic() + seconds
        if not self._thread.acquire(timeout=seconds):
            msg = f"another thread has been writing for {seconds:g} s"
            raise StoreBusyError(msg)
        try:
            self._take(deadline, seconds, urgent=urgent)
            try:
                yield max(0.0, deadline - time.monotonic())
            finally:
                self.unlock()
        finally:
            self._thread.release()

    def _take(self, deadline: float, seconds: float, *, urgent: bool) -> None:
        try:
            if self._at_once(urgent=urgent):
                return
        except OSError as error:
            raise StoreDownError(str(error)) from error
        wait = self._abandoned
        came = wait.resume(deadline) if wait is not None else False
        if not came and (wait is None or wait.granted.is_set()):
            wait = _Wait(self, urgent=urgent)
            came = wait.until(deadline)
        self._abandoned = None if came else wait
        if not came:
            msg = f"another process has been writing for {seconds:g} s"
            raise StoreBusyError(msg)
        if wait is not None and wait.failure is not None:
            raise StoreDownError(str(wait.failure)) from wait.failure

    def _at_once(self, *, urgent: bool) -> bool:
        if self._abandoned is not None and not self._abandoned.granted.is_set():
            return False
        if not urgent and not _locked(self._lobby):
            return False
        if not _locked(self._turnstile):
            fcntl.flock(self._lobby, fcntl.LOCK_UN)
            return False
        came = _locked(self._pen)
        fcntl.flock(self._turnstile, fcntl.LOCK_UN)
        if not came:
            fcntl.flock(self._lobby, fcntl.LOCK_UN)
        return came

    def block(self, *, urgent: bool) -> None:
        """Wait in the kernel for the lock, however long it takes. A patient writer keeps the lobby while it writes."""
        if not urgent:
            fcntl.flock(self._lobby, fcntl.LOCK_EX)
        fcntl.flock(self._turnstile, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._pen, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._turnstile, fcntl.LOCK_UN)

    def unlock(self) -> None:
        """Release the lock; closing did that already."""
        if not self._closed:
            fcntl.flock(self._pen, fcntl.LOCK_UN)
            fcntl.flock(self._lobby, fcntl.LOCK_UN)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
