"""The parent of forked programs: it has imported the product once, and forks for each program that it is asked for.

Run as a program with the number of a socket, over which `forked_programs` asks. It has one thread, and nothing of its
own goes on when it forks. It ends with whoever asks.
"""

import array
import gc
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import time
import types
from importlib import import_module
from pathlib import Path
from typing import Any

PRODUCT = ("connectors", "integration", "mappings", "webhooks")
_ALONE = ("__main__", "scheduler", "migrations")
"""Parts of the names of modules that are no module of the product: they do something when they are loaded."""
_DEFAULTS = (
    (signal.SIGCHLD, signal.SIG_DFL),
    (signal.SIGINT, signal.default_int_handler),
)


def environment() -> dict[str, str]:
    """This process's environment."""
    return dict(os.environ)  # noqa: TID251 - handed on, not read


def main(number: int) -> dict[str, Any]:
    """Fork on request. Returns in a child, with what it is to run."""
    control = socket.socket(fileno=number)
    base = _searched()
    for module in _modules():
        import_module(module)
    gc.collect()
    gc.freeze()
    awake, woken = os.pipe()
    for each in (awake, woken):
        os.set_blocking(each, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    lines: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control, awake], [], [])
        if awake in ready:
            os.read(awake, 4_096)
            _reap(lines)
        if control in ready:
            handles = _handles(control)
            line = socket.socket(fileno=handles[0])
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                for each in (awake, woken):
                    os.close(each)
                for other in (control, *lines.values()):
                    other.close()
                return _become(line, handles[1:]) | {"base": base}
            lines[pid] = line
            for handle in handles[1:]:
                os.close(handle)


def _searched() -> list[str]:
    """Where this Python finds modules without a program's own folder and without PYTHONPATH."""
    given = environment().get("PYTHONPATH", "").split(os.pathsep)
    return [each for each in sys.path[1:] if each not in given]


def _modules() -> list[str]:
    """Every module of the product that may be imported for nothing."""
    found = [each.name for name in PRODUCT for each in pkgutil.walk_packages([name], f"{name}.")]
    return [name for name in found if not any(each in name for each in _ALONE)]


def _handles(control: socket.socket) -> list[int]:
    """The line to whoever asks, and the program's standard files. Ends this process where nobody asks any more."""
    said, handles, _, _ = socket.recv_fds(control, 1, 4)
    if not said:
        os._exit(0)
    return handles


def _reap(lines: dict[int, socket.socket]) -> None:
    """Say the status of every program that has ended."""
    while lines:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with lines.pop(pid) as line:
            try:
                line.sendall(array.array("i", [os.waitstatus_to_exitcode(status)]).tobytes())
            except OSError:
                continue  # nobody waits for it


def _become(line: socket.socket, handles: list[int]) -> dict[str, Any]:
    """Take over the environment, the files and the folder that a program is to have; what it is to run."""
    for number, what in _DEFAULTS:
        signal.signal(number, what)
    for target, handle in enumerate(handles):
        os.dup2(handle, target)
        os.close(handle)
    with line, line.makefile("rb") as words:
        wish: dict[str, Any] = json.loads(words.read())
        if wish["session"]:
            os.setsid()
        line.sendall(array.array("i", [os.getpid()]).tobytes())
    os.environ.clear()  # noqa: TID251 - a program has the environment that it is given
    os.environ.update(wish["environment"])  # noqa: TID251 - as above
    time.tzset()
    os.chdir(wish["folder"])
    os.nice = lambda _more: 0  # a worker that yields to all other tests keeps its own test waiting
    at_once = bool(wish["environment"].get("PYTHONUNBUFFERED"))
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc] # noqa: SIM115 - stays open
    sys.stdout = sys.__stdout__ = _writer(1, "strict", at_once=at_once)
    sys.stderr = sys.__stderr__ = _writer(2, "backslashreplace", at_once=True)
    return wish


def _writer(handle: int, errors: str, *, at_once: bool) -> Any:
    return open(handle, "w", encoding="utf-8", errors=errors, closefd=False, buffering=1 if at_once else -1)


def run(wish: dict[str, Any]) -> None:
    """What `python WORDS…` does: `-m MODULE …`, `-c CODE …` or `FILE …`."""
    words = wish["words"]
    given = [each for each in wish["environment"].get("PYTHONPATH", "").split(os.pathsep) if each]
    first = {"-m": wish["folder"], "-c": ""}.get(words[0], str(Path(words[0]).resolve().parent))
    sys.path[:] = [first, *given, *wish["base"]]
    if words[0] == "-m":
        sys.argv = ["-m", *words[2:]]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        fresh = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(words[1], "<string>", "exec"), fresh.__dict__)  # noqa: S102 - as Python itself does
    else:
        sys.argv = list(words)
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    run(main(int(sys.argv[1])))
