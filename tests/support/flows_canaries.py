"""Looking for canaries: texts that must be nowhere, or somewhere, in everything the store or Redis holds; waiting."""

import base64
import contextlib
import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

import redis
from flows_senders import Program, until
from sqlalchemy import select

from integration.store.db.session import Store
from integration.store.schema.tables import metadata
from integration.wiring.wake_ups import Wakeups

SECRETS = {
    "COLDFRAME_SECRET_KEY": "secret-key-canary-0123456789",
    "COLDFRAME_PREVIOUS_SECRET_KEYS": "previous-key-canary-0123456789",
    "COLDFRAME_ACTIVITY_SECRET": "whsec_" + base64.b64encode(b"activity-canary-0123456789abcdef").decode(),
    "COLDFRAME_ALERT_SECRET": "whsec_" + base64.b64encode(b"alert-canary-0123456789abcdefgh").decode(),
    "COLDFRAME_ALERT_URL": "http://127.0.0.1:9/alerts?key=alert-url-canary-0123456",
    "COLDFRAME_SLACK_TOKEN": "xoxb-slack-token-canary-0123456789",
    "COLDFRAME_SLACK_CHANNELS": "sales-ops=http://127.0.0.1:9/slack/slack-channel-canary-01",
    "COLDFRAME_TEAMS_CHANNELS": "admins=http://127.0.0.1:9/teams/teams-channel-canary-01",
    "COLDFRAME_ALERT_EMAILS": "managers=managers.mailbox.canary@canaria.example",
    "COLDFRAME_ALERT_WEBHOOKS": "ops=http://127.0.0.1:9/hooks/alert-webhook-canary-01",
    "COLDFRAME_SMTP_URL": "smtp://coldframe:smtp-password-canary-01@127.0.0.1:9",
    "COLDFRAME_SMTP_FROM": "from.mailbox.canary@canaria.example",
    "COLDFRAME_OIDC_CLIENT_SECRET": "provider-secret-canary-0123456789",
    "COLDFRAME_METRICS_TOKEN": "metrics-token-canary-0123456789",
    "COLDFRAME_OUTBOUND_SECRET": "outboundcanary0123456789abcdef",
    "HUBSPOT_ACCESS_TOKEN": "hubspot-token-canary-01234",
    "HUBSPOT_CLIENT_SECRET": "hubspot-client-canary-01234",
    "HUBSPOT_DEVELOPER_API_KEY": "hubspot-developer-canary-01234",
    "SALESFORCE_ACCESS_TOKEN": "salesforce-token-canary!01234",
    "SALESFORCE_CLIENT_SECRET": "salesforce-client-canary-01234",
}
"""Setting → canary. Whoever adds a setting that is a secret adds it here; a test compares."""


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


def redis_values(valkey: redis.Redis, key: bytes) -> Iterator[str]:
    """Every value under a key, as text; RQ packs what went wrong."""
    read: Mapping[bytes, Callable[[bytes], Any]] = {
        b"string": valkey.get,
        b"hash": valkey.hgetall,
        b"list": lambda name: valkey.lrange(name, 0, -1),
        b"set": valkey.smembers,
        b"zset": lambda name: valkey.zrange(name, 0, -1, withscores=True),
        b"stream": valkey.xrange,
        b"none": lambda _name: (),  # it has gone since it was listed
    }
    held = read[valkey.type(key)](key)
    yield str(held)
    for part in _parts(held):
        for packed in (part, _decoded(part)):
            with contextlib.suppress(zlib.error):
                yield zlib.decompress(packed).decode("utf-8", "replace")


def _decoded(part: bytes) -> bytes:
    try:
        return base64.b64decode(part)
    except ValueError:
        return b""


def _parts(held: Any) -> Iterator[bytes]:
    if isinstance(held, bytes):
        yield held
    elif isinstance(held, Mapping):
        for each in held.items():
            yield from _parts(each)
    elif isinstance(held, list | tuple | set):
        for each in held:
            yield from _parts(each)


def forms(canary: str) -> set[str]:
    """A canary as it is, in a link, and in base64 wherever it begins."""
    found = {canary, quote(canary), quote(canary, safe="")}
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + canary.encode()).decode()
        found.add(coded[4 if shift else 0 : len(coded) - 4])
    return {each.casefold() for each in found}


def logged(programs: Iterable[Program], error: str) -> bool:
    """Whether one of them has logged that error."""
    return any(error in each.text() for each in programs)


def woken_until(wakeups: Wakeups, holds: Callable[[], object], what: str, *lanes: str) -> None:
    """Wait until something holds; these lanes are woken every second, as the sweep does every ten."""

    def woken() -> object:
        if found := holds():
            return found
        for lane in lanes:
            wakeups.wake(lane)
        time.sleep(1)
        return None

    until(woken, what, 120)


def locked(other: sqlite3.Connection) -> bool:
    """Whether somebody else holds the writer lock of a SQLite file; otherwise it is this connection's now."""
    try:
        other.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return True
    return False
