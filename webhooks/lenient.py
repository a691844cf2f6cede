"""Reading JSON as senders really write it: cut emoji, NULs, stray bytes, deep nests.

Slow, and only used where the fast way has failed, so that one bad item never fails its batch.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn

from mappings.canonical import Value
from webhooks.facts import Oversized, Rejected, Unreadable

DEEPEST = 32
"""Levels of nesting that a body may have."""

_LONGEST_INTEGER = 40
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def load(body: bytes) -> Any:
    """The body as plain values; raises Unreadable or Oversized. Bytes that are not UTF-8 become U+FFFD."""
    try:
        loaded = json.loads(
            body.decode("utf-8-sig", "replace"), parse_constant=_refuse, parse_int=_whole, parse_float=_real
        )
    except RecursionError:
        raise Oversized(_too_deep()) from None
    except ValueError as error:
        msg = f"not JSON: {error}"
        raise Unreadable(msg) from None
    _measure(loaded)
    return loaded


def rejected(index: int, reason: str, item: Any) -> Rejected:
    """The item set aside, as JSON text that any store can hold."""
    return Rejected(index=index, reason=reason, item=json.dumps(item))


def text(given: str) -> str:
    """The text without what UTF-8 or PostgreSQL cannot hold: lone surrogates and NULs become U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", given)


def clean(item: Any) -> Any:
    """The value with every text in it made storable."""
    match item:
        case str():
            return text(item)
        case list():
            return [clean(each) for each in item]
        case dict():
            return {text(name): clean(each) for name, each in item.items()}
        case _:
            return item


def flat(given: Any) -> Value:
    """A property's value in the house's terms: what is nested within becomes its JSON text."""
    match given:
        case list():
            return tuple(each if isinstance(each, str) else json.dumps(each) for each in given)
        case dict():
            return json.dumps(given)
        case str() | bool() | int() | float() | None:
            return given
        case _:  # pragma: no cover - JSON has nothing else
            return str(given)


def _whole(digits: str) -> int | str:
    """A number beyond all use stays text: nothing is lost, and nothing overflows."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else digits


def _real(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _refuse(constant: str) -> NoReturn:
    msg = f"{constant} is not a JSON number"
    raise ValueError(msg)


def _too_deep() -> str:
    return f"nested more than {DEEPEST} levels deep"


def _measure(loaded: Any) -> None:
    level = [loaded]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _within(outer) if isinstance(inner, dict | list)]
        if not level:
            return
    raise Oversized(_too_deep())


def _within(outer: Any) -> Iterable[Any]:
    if isinstance(outer, dict):
        return outer.values()
    return outer if isinstance(outer, list) else ()


def reason(error: ValueError) -> str:
    """Why an item was set aside, for the sender: the field first. No value is repeated."""
    said = str(error).replace("Object missing required field ", "missing field ")
    wrong, _, place = said.partition(" - at `$.")
    return f"`{place.rstrip('`')}`: {wrong}" if place else wrong.removesuffix(" - at `$`")
