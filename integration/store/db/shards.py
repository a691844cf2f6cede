"""Shards: equal parts of the leads or deliveries, so that several workers share a lane's work.

Which shard a key belongs to follows from the key alone, in Python and in both databases alike: nothing is stored for
it, and another number of shards moves no row. Our own ids end in random hex digits, so shards are of equal size.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

MOST = 64
"""So many shards a lane has at most."""
_WEIGHTS = (7_919, 104_729, 1_299_709, 15_485_863)
"""Primes, for the last character of a key, the one before it, and so on."""
_PRIME = 65_521


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Shard `number` of `of` equal ones, counted from 0; the only one by default."""

    number: int = 0
    of: int = 1

    def __post_init__(self) -> None:
        """Raises ValueError where there is no such shard."""
        if not 0 <= self.number < self.of <= MOST:
            msg = f"there is no shard {self.number} of {self.of}: at most {MOST}, counted from 0"
            raise ValueError(msg)

    @property
    def whole(self) -> bool:
        """Whether it is the only one: everything belongs to it, and no statement need ask."""
        return self.of == 1

    @property
    def first(self) -> bool:
        """Whether it also does what concerns all shards together."""
        return self.number == 0

    def has(self, key: str) -> bool:
        """Whether what has this key (an id as text) belongs to this shard."""
        return slot(key) % self.of == self.number

    @property
    def asked(self) -> dict[str, int]:
        """The parameters of `within` and `within_numbers`."""
        return {"shard": self.number, "shards": self.of}


ALL = Shard()
"""The only shard."""


def slot(key: str) -> int:
    """A number from 0 to 65520 that is always the same for a key: its remainder by the shards' number is its shard."""
    last = reversed(key[-len(_WEIGHTS) :])
    return sum(weight * ord(each) for weight, each in zip(_WEIGHTS, last, strict=False)) % _PRIME


class _Slot(FunctionElement[int]):
    name = "slot"
    type = BigInteger()
    inherit_cache = True


@compiles(_Slot, "sqlite")
def _sqlite_slot(element: _Slot, compiler: SQLCompiler, **kw: Any) -> str:
    key = compiler.process(element.clauses, **kw)
    parts = (f"{weight} * coalesce(unicode(substr({key}, -{at}, 1)), 0)" for at, weight in enumerate(_WEIGHTS, start=1))
    return f"(({' + '.join(parts)}) % {_PRIME})"


@compiles(_Slot, "postgresql")
def _postgresql_slot(element: _Slot, compiler: SQLCompiler, **kw: Any) -> str:
    key = compiler.process(element.clauses, **kw)
    parts = (
        f"CAST(ascii(substr(reverse(right({key}, {len(_WEIGHTS)})), {at}, 1)) AS BIGINT) * {weight}"
        for at, weight in enumerate(_WEIGHTS, start=1)
    )
    return f"mod({' + '.join(parts)}, {_PRIME})"


def within(key: ColumnElement[str]) -> ColumnElement[bool]:
    """The key belongs to the shard whose `asked` are among the parameters. Both databases can index the slot."""
    return _Slot(key) % bindparam("shards", type_=BigInteger) == bindparam("shard", type_=BigInteger)


def within_numbers(number: ColumnElement[int]) -> ColumnElement[bool]:
    """As `within`, for rows that are numbered one after the other: their number is their slot."""
    return number % bindparam("shards", type_=BigInteger) == bindparam("shard", type_=BigInteger)
