"""The only reader of the system's clock, and the only maker of ids."""

import secrets
import time
from collections.abc import Callable

from mappings.values.instant import Instant

_SUB_MILLISECOND_BITS = 12
_VERSION_7 = 0x7
_VARIANT = 0b10


def now() -> Instant:
    """This instant, by the machine's wall clock: microseconds since 1970, UTC."""
    return time.time_ns() // 1_000  # noqa: TID251 - this is the one place


def rehearsed(until: Instant, rate: float) -> Callable[[], Instant]:
    """A clock for the demo: `rate` times as fast as the wall's before `until`, where the two meet, then the same."""

    def moment() -> Instant:
        wall = now()
        return wall if wall >= until else until - round((until - wall) * rate)

    return moment


def monotonic() -> float:
    """Seconds that only ever grow: for timeouts and latencies, never for storing."""
    return time.monotonic()


def new_id() -> str:
    """A new id: 32 hex digits that sort by the time of making (RFC 9562, version 7)."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)  # noqa: TID251 - this is the one place
    fraction = (rest << _SUB_MILLISECOND_BITS) // 1_000_000
    high = (milliseconds << 16) | (_VERSION_7 << _SUB_MILLISECOND_BITS) | fraction
    low = (_VARIANT << 62) | secrets.randbits(62)
    return f"{(high << 64) | low:032x}"
