"""Runs: sort or group more than fits into memory, and keep long texts, in temporary files."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from tempfile import TemporaryFile
from typing import IO, Any, Generic, TypeVar, cast, get_args, get_origin

import msgspec

RecordT = TypeVar("RecordT", bound=tuple[Any, ...])

_RUN = 48_000_000
"""Bytes of records sorted in memory, as their givers weigh them; more go to a file."""
_BATCH = 2_000_000
"""Bytes of records written to it at a time."""
_CACHE = 16_000
"""Thousand bytes that SQLite keeps in memory."""
_BUCKET = 1_000_000
"""Bytes of the file read for each bucket: some thousand records, few enough for the processor's own memory."""
_MOST = 256
"""So many buckets at the most, since each holds some records back."""
_DEALT = 16_000
"""Bytes of a bucket written at a time."""
_EMPTY = b"\xdd" + bytes(4)
"""The beginning of a list in MessagePack, before its length is known."""
_LENGTH = 4
_PLACE = 8
_BUFFERED = 8_000_000
"""Bytes of text kept back before they are written out."""


class Sorter(Generic[RecordT]):
    """Sorts tuples of numbers, texts and bytes, JSON at their end; SQLite sorts what is too large for memory.

    Tuples must differ before they come to anything that cannot be compared. Whole numbers have at most 64 bits.
    """

    def __init__(self, record: Any) -> None:
        self._columns = [f"c{number}" for number in range(len(get_args(record)))]
        self._rest = msgspec.msgpack.Decoder(get_args(record)[-1])
        self._carried = get_origin(get_args(record)[-1]) is dict
        self._records: list[RecordT] = []
        self._held = 0
        self._file: sqlite3.Connection | None = None

    def add(self, record: RecordT, weight: int) -> None:
        """Take one more record of about so many bytes."""
        self._records.append(record)
        self._held += weight
        if self._held >= (_RUN if self._file is None else _BATCH):
            self._write()

    def _write(self) -> None:
        if self._file is None:
            self._file = _temporary()
            self._file.execute(f"CREATE TABLE records ({', '.join(self._columns)})")
        places = ", ".join("?" * len(self._columns))
        fill = f"INSERT INTO records VALUES ({places})"  # noqa: S608 - question marks alone # nosec B608
        self._file.executemany(fill, map(self._row, self._records))
        self._records, self._held = [], 0

    def __iter__(self) -> Iterator[RecordT]:
        """Every record, in order. Nothing may be added afterwards."""
        if self._file is None:
            self._records.sort()
            return iter(self._records)
        self._write()
        order = ", ".join(self._columns[:-1] if self._carried else self._columns)
        sorted_ = f"SELECT * FROM records ORDER BY {order}"  # noqa: S608 - our own columns # nosec B608
        rows = self._file.execute(sorted_)
        return map(self._record, rows) if self._carried else iter(rows)

    def _row(self, record: RecordT) -> tuple[Any, ...]:
        return (*record[:-1], msgspec.msgpack.encode(record[-1])) if self._carried else record

    def _record(self, row: tuple[Any, ...]) -> RecordT:
        return cast("RecordT", (*row[:-1], self._rest.decode(row[-1])))

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._file.close()


def _temporary() -> sqlite3.Connection:
    """A database in a temporary file that nobody else sees and that goes with the connection."""
    found = sqlite3.connect("", isolation_level=None)
    for setting in ("journal_mode=OFF", "synchronous=OFF", "temp_store=FILE", f"cache_size=-{_CACHE}"):
        found.execute(f"PRAGMA {setting}")
    found.execute("BEGIN")  # one transaction, which ends with the file
    return found


class Buckets(Generic[RecordT]):
    """Records by group, divided into buckets in one temporary file; groups come back whole, each in order.

    A record begins with its group's number and differs from every other before anything that cannot be compared. Groups
    need no order among themselves, so that dealing replaces sorting: only a bucket too large for memory is sorted.
    """

    def __init__(self, record: Any, weight: int, size: int) -> None:
        """Records of about `weight` bytes of memory each, from a file of `size` bytes."""
        self._record, self._weight = record, weight
        self._encode_into = msgspec.msgpack.Encoder().encode_into
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed in close()
        count = min(_MOST, size // _BUCKET + 1)
        self._open = [bytearray(_EMPTY) for _ in range(count)]
        self._counts, self._written = [0] * count, [0] * count
        self._chunks: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        self._place = 0

    def add(self, record: RecordT) -> None:
        """Take one more record."""
        number = record[0] % len(self._open)
        text = self._open[number]
        self._encode_into(record, text, -1)
        self._counts[number] += 1
        if len(text) >= _DEALT:
            self._file.write(self._chunk(number))
            self._chunks[number].append((self._place, len(text)))
            self._place += len(text)
            self._written[number] = self._counts[number]
            self._open[number] = bytearray(_EMPTY)

    def _chunk(self, number: int) -> bytearray:
        """What a bucket holds back, as one list of records."""
        text = self._open[number]
        text[1 : len(_EMPTY)] = (self._counts[number] - self._written[number]).to_bytes(_LENGTH, "big")
        return text

    def __iter__(self) -> Iterator[Iterable[RecordT]]:
        """Every group's records, in order; to be used up before the next group. Nothing may be added afterwards."""
        for number, count in enumerate(self._counts):
            if count * self._weight > _RUN:
                yield from self._sorted(number)
                continue
            groups: dict[int, list[RecordT]] = {}
            for record in self._bucket(number):
                group = groups.get(record[0])
                if group is None:
                    groups[record[0]] = [record]
                else:
                    group.append(record)
            for group in groups.values():
                group.sort()
                yield group

    def _bucket(self, number: int) -> Iterator[RecordT]:
        decode = msgspec.msgpack.Decoder(list[self._record]).decode  # type: ignore[name-defined] # a type made of values
        for place, length in self._chunks[number]:
            self._file.seek(place)
            yield from decode(self._file.read(length))
        yield from decode(self._chunk(number))

    def _sorted(self, number: int) -> Iterator[Iterable[RecordT]]:
        with closing(Sorter[RecordT](self._record)) as sorter:
            for record in self._bucket(number):
                sorter.add(record, self._weight)
            for _, group in groupby(sorter, key=itemgetter(0)):
                yield group

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


class Pages:
    """Text by name, kept in the order in which it came; memory holds one place for each name.

    Each page in the file begins with the place of the page before it, so that a name's text is a chain.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._last: dict[str, int] = {}
        self._open: defaultdict[str, list[bytes]] = defaultdict(list)
        self._held = 0

    def add(self, name: str, text: bytes) -> None:
        """Write some more under a name."""
        self._open[name].append(text)
        self._held += len(text)
        if self._held >= _BUFFERED:
            self._write()

    def _write(self) -> None:
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115 - closed in close()
        place = self._file.seek(0, 2)
        for name, lines in self._open.items():
            text = b",".join(lines)
            before = self._last.get(name, -1)
            header = before.to_bytes(_PLACE, "big", signed=True) + len(text).to_bytes(_LENGTH, "big")
            self._file.write(header + text)
            self._last[name] = place
            place += len(header) + len(text)
        self._open.clear()
        self._held = 0

    def text(self, name: str) -> bytes:
        """All that was written under a name, separated by commas."""
        pages = [b",".join(self._open[name])] if name in self._open else []
        place = self._last.get(name, -1)
        while place >= 0 and self._file is not None:
            self._file.seek(place)
            place = int.from_bytes(self._file.read(_PLACE), "big", signed=True)
            length = int.from_bytes(self._file.read(_LENGTH), "big")
            pages.append(self._file.read(length))
        return b",".join(reversed(pages))

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._file.close()
