"""Job failures: what RQ may call, and what it learns when a job fails.

RQ keeps the traceback of a failed job in Redis, with all that the exception said; an exception may say anything. So
the log says what went wrong, and Redis learns the exception's name alone.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import structlog

_P = ParamSpec("_P")
_T = TypeVar("_T")

log = structlog.get_logger()

JOBS: dict[str, Callable[..., Any]] = {}
"""Every job of this service by the name under which RQ knows it: what is `recorded`, and nothing else."""


class JobFailedError(Exception):
    """A job failed; the log of its worker says how."""


def recorded(job: Callable[_P, _T]) -> Callable[_P, _T]:
    """A job that workers may run, and whose failures are logged and raised without their words."""

    @wraps(job)
    def bounded(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return job(*args, **kwargs)
        except Exception as error:
            log.exception("a job failed", job=job.__name__)
            name = type(error).__name__
        msg = f"{name}: the log says more"
        raise JobFailedError(msg)

    JOBS[f"{job.__module__}.{job.__qualname__}"] = bounded
    return bounded
