"""Writes plain values as YAML that `located_yaml` reads back as the same values: on one line where it fits."""

import json
import re
from typing import Any

WIDTH = 110
"""Columns of a line that is written on one line; longer values are written as a block."""
_PLAIN = re.compile(r"[^\W\d](?:[\w./+()@&'-]|[ ](?! |$))*")
"""Texts that stand without quotes, in a block and between brackets alike."""
_WORDS = frozenset({"true", "false", "null"})
_BREAKS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


def scalar(value: str | float | None) -> str:
    """A single value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value)
    if _PLAIN.fullmatch(value) and value.casefold() not in _WORDS:
        return value
    return _BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def inline(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {inline(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return scalar(value)


def fits(value: Any, column: int) -> bool:
    """Whether a value is written on one line that begins at this column; of a list of tables, each has its own."""
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return False
    return not isinstance(value, (dict, list)) or not value or column + len(inline(value)) <= WIDTH


def block(value: Any, indent: int) -> list[str]:
    """The lines of a table or list that has something in it, each with its indent."""
    lines, pad = [], " " * indent
    if isinstance(value, dict):
        for key, each in value.items():
            head = f"{pad}{scalar(key)}:"
            if fits(each, len(head) + 1):
                lines.append(f"{head} {inline(each)}")
            else:
                lines += [head, *block(each, indent + 2)]
        return lines
    for each in value:
        if fits(each, indent + 2):
            lines.append(f"{pad}- {inline(each)}")
        else:
            first, *others = block(each, indent + 2)
            lines += [f"{pad}- {first.strip()}", *others]
    return lines
