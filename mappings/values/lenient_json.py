"""JSON as senders really write it: half emoji, NULs, stray bytes, deep nests, endless numbers.

Webhooks and the replies of CRMs are read by the same rules, so that one odd text never stops what stands beside it.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn

DEEPEST = 32
"""Levels of nesting that a body may have."""

_LONGEST_INTEGER = 40
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SUSPICIOUS = re.compile(rb"\x00|\\u(?:0000|[dD][89a-fA-F])")
"""What the bytes of a JSON body must contain for its texts to need cleaning; whole emoji as escapes match too."""


class NotJson(ValueError):
    """A body that is no JSON; says where."""


class TooDeep(ValueError):
    """A body nested deeper than `DEEPEST`."""


def load(body: bytes, *, strict: bool = True) -> Any:
    """The body as plain values; bytes that are not UTF-8 become U+FFFD. Raises NotJson or TooDeep.

    Not `strict`: control characters may stand in texts, and NULs at the end.
    """
    text = body.decode("utf-8-sig", "replace")
    try:
        loaded = json.loads(
            text if strict else text.rstrip("\x00 \t\r\n"),
            strict=strict,
            parse_constant=_refuse,
            parse_int=_whole,
            parse_float=_real,
        )
    except RecursionError:
        raise TooDeep(_too_deep()) from None
    except ValueError as error:
        msg = f"not JSON: {error}"
        raise NotJson(msg) from None
    _measure(loaded)
    return loaded


def said(body: bytes) -> Any:
    """What a CRM says: its JSON as plain, storable values, or its text where it is none."""
    try:
        loaded = load(body, strict=False)
    except (NotJson, TooDeep):
        return as_text(body)
    return clean(loaded) if _SUSPICIOUS.search(body) else loaded


def as_text(body: bytes) -> str:
    """The text of a body that is no JSON, storable, without the NULs at its end."""
    given = body.removeprefix(b"\xef\xbb\xbf").rstrip(b"\x00")
    try:
        return text(given.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return text(given.decode("utf-8", "replace"))


def text(given: str) -> str:
    """The text without what UTF-8 or PostgreSQL cannot store: lone surrogates and NULs become U+FFFD."""
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
    raise TooDeep(_too_deep())


def _within(outer: Any) -> Iterable[Any]:
    if isinstance(outer, dict):
        return outer.values()
    return outer if isinstance(outer, list) else ()
