"""The boundary of a job: what went wrong inside is told by the log, and Redis learns its name alone.

RQ keeps the traceback of a failed job in Redis, with all that the exception said; an exception may say anything.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog

_P = ParamSpec("_P")
_T = TypeVar("_T")

log = structlog.get_logger()


class JobFailedError(Exception):
    """A job failed; the log of its worker says how."""


def recorded(job: Callable[_P, _T]) -> Callable[_P, _T]:
    """The job, whose failures are logged and raised without their words."""

    @wraps(job)
    def bounded(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return job(*args, **kwargs)
        except Exception as error:
            log.exception("a job failed", job=job.__name__)
            name = type(error).__name__
        msg = f"{name}: the log says more"
        raise JobFailedError(msg)

    return bounded
