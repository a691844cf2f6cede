"""Numbers as people and systems write them. Pure, and linear in the length of what is read.

Thousands may be parted by commas, points, apostrophes or spaces, in threes (or, the Indian way, in twos before the last
three); decimals by a point or a comma. Where both marks stand, the last one parts the decimals. Alone, one comma before
exactly three digits parts thousands (`1,200`), before others decimals (`45,5`); one point always parts decimals
(`1.200` is one and a fifth, as in JSON), several part thousands (`1.200.000`).
"""

import unicodedata
from decimal import Decimal
from typing import Any

MOST = 2**63
"""What is as great as this, either way, is no number here: nothing that is counted comes near it."""

_LONGEST = 100
"""Characters of a text that may be a number or a range of them."""
_SCALE = {"k": 3, "m": 6, "b": 9}
_GROUPING = "' "
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\t"), " ") | dict.fromkeys(map(ord, "\u2019\u02bc"), "'")
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: " "}
_DASHES = ("-", "\N{EN DASH}", "to")


def plain(text: str) -> str:
    """The text with full-width signs and any script's digits as ASCII's, trimmed."""
    if text.isascii():
        return text.strip()
    wide = text.translate(_WIDE)
    return "".join(_digit(each) if each.isdecimal() else each for each in wide).strip()


def _digit(each: str) -> str:
    return str(unicodedata.decimal(each))


def number(raw: Any, *, scaled: bool = True) -> int | float | None:
    """A number from `120`, `"1,200"`, `"1.200,50 €"`, `"$1.2M"`, `"1000+"`; the lower end of a range such as `"25-50"`.

    None for what is no number: truth values, `nan`, `inf`, `"45 min"`, `"1_000"`, lists, numbers beyond 64 bits.
    Without `scaled`, suffixes for thousands and millions are not read: `45m` may be minutes.
    """
    if isinstance(raw, bool):
        return None
    if isinstance(raw, (int, float)):
        return _bounded(raw)
    if not isinstance(raw, str) or len(raw) > _LONGEST:
        return None
    text = plain(raw).translate(_SPACES)
    if not scaled and any(each.lower() in _SCALE for each in text):
        return None
    found = _one(text)
    return _lower_end(text) if found is None else found


def _lower_end(text: str) -> int | float | None:
    """The first of two numbers with a dash or `to` between them."""
    first = next((place for place, each in enumerate(text) if each.isdigit()), len(text))
    for dash in _DASHES:
        low, between, high = text[first:].partition(dash)
        if between and high.strip()[:1] not in {"", "-", "+"} and _one(high) is not None:
            return _one(text[:first] + low)
    return None


def _one(text: str) -> int | float | None:
    text = text.strip()
    if text.endswith("+"):
        text = text[:-1].rstrip()
    while text and unicodedata.category(text[-1]) == "Sc":
        text = text[:-1].rstrip()
    scale = _SCALE.get(text[-1:].lower(), 0)
    if scale:
        text = text[:-1].rstrip()
    start = next((place for place, each in enumerate(text) if each.isalnum() or each in ".,"), len(text))
    head, body = text[:start], text[start:]
    signs = [each for each in head if each in "+-"]
    if "_" in head or len(signs) > 1:
        return None
    digits = _digits(body)
    if digits is None:
        return None
    value = Decimal(digits).scaleb(scale)
    return _bounded(-value if signs == ["-"] else value)


def _digits(body: str) -> str | None:
    """The digits of a number with a point before its decimals; None where its marks stand in no order that is known."""
    marks = {each for each in body if not "0" <= each <= "9"}
    if not marks <= {".", ",", *_GROUPING} or len(marks) == len(set(body)):
        return None
    decimal = _decimal_mark(body, marks)
    whole, _, rest = body.partition(decimal) if decimal else (body, "", "")
    apart = marks - {decimal}
    if len(apart) > 1 or (rest and not rest.isdigit()) or not (whole or rest):
        return None
    if apart and not _grouped(whole.split(apart.pop())):
        return None
    return f"{''.join(each for each in whole if each.isdigit()) or '0'}.{rest or '0'}"


def _decimal_mark(body: str, marks: set[str]) -> str:
    if {".", ","} <= marks:
        return max(".", ",", key=body.rfind)
    if "." in marks:
        return "." if body.count(".") == 1 else ""
    if "," not in marks or body.count(",") > 1:
        return ""
    whole, _, rest = body.partition(",")
    thousands = len(rest) == 3 and whole[:1] not in {"", "0"} and len(marks) == 1  # noqa: PLR2004 - thousands
    return "" if thousands or not rest else ","


def _grouped(groups: list[str]) -> bool:
    """Whether digits stand in threes, or in twos before the last three."""
    first, *others = groups
    if not others or not 1 <= len(first) <= 3 or len(others[-1]) != 3:  # noqa: PLR2004 - thousands
        return False
    sizes = {len(each) for each in others[:-1]}
    return sizes <= {3} or (sizes == {2} and len(first) <= 2)  # noqa: PLR2004 - thousands, and lakhs


def _bounded(value: float | Decimal) -> int | float | None:
    if not -MOST < value < MOST:
        return None  # nor is NaN between them
    whole = int(value)
    return whole if whole == value else float(value)
