"""Looking for canaries: texts that must be nowhere, or somewhere, in everything the store holds."""

import json
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from sqlalchemy import select

from integration.store.session import Store
from integration.store.tables import metadata


def texts(store: Store) -> Iterator[tuple[str, str]]:
    """(table.column, text) of every value in every column of every table, escapes resolved."""
    with store.read() as conn:
        for table in metadata.sorted_tables:
            for row in conn.execute(select(table)):
                for column, value in zip(table.columns, row, strict=True):
                    yield f"{table.name}.{column.name}", plain(value)


def plain(value: object) -> str:
    """Any value as folded text, what JSON or a link escapes included."""
    text = bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value)
    if "\\u" in text:
        text += json.dumps(json.loads(text), ensure_ascii=False) if text.lstrip()[:1] in "[{" else text
    return f"{text}\n{unquote(text)}".casefold()


def found(store: Store, canaries: Iterable[str]) -> set[tuple[str, str]]:
    """(table.column, canary) of every place where one of them stands."""
    wanted = [each.casefold() for each in canaries]
    return {(place, canary) for place, text in texts(store) for canary in wanted if canary in text}
