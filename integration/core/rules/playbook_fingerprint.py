"""The fingerprint of a playbook: a hash of its meaning, equal in every process and for every layout of its text.

The canonical text names each value by its kind and each field by its name: two playbooks of one fingerprint decide
alike. What people alone read (title, description, owners of stages, the author's own text) is left out.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256

_LENGTH = 16
"""Hexadecimal digits: 64 bits distinguish all versions that one installation will ever have."""
_OWN = "fingerprint"
"""The field of a part that says itself what it means: the vocabulary."""
_FOR_PEOPLE = frozenset({"title", "description", "text", "owners"})
"""Fields of the playbook itself, not of its parts."""
_WHERE_SAID = frozenset({"was", "separate"})
"""Fields that mean nothing where they are empty: a playbook without them keeps the fingerprint it had before them."""


def fingerprint(playbook: object) -> str:
    """Sixteen hexadecimal digits that say which playbook this is."""
    return sha256(canonical(playbook, leaving_out=_FOR_PEOPLE).encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


def canonical(value: object, *, leaving_out: frozenset[str] = frozenset()) -> str:
    """A compiled value as text: kinds, field names and plain values; sets in order, since they have none of their own.

    TypeError for a value that has no text of its own, such as a function.
    """
    if is_dataclass(value) and not isinstance(value, type):
        own = getattr(value, _OWN, "") if any(field.name == _OWN for field in fields(value)) else ""
        if own:
            return f"{type(value).__name__}({own!r})"
        parts = (
            f"{field.name}={canonical(getattr(value, field.name))}"
            for field in fields(value)
            if field.name not in leaving_out and (field.name not in _WHERE_SAID or getattr(value, field.name))
        )
        return f"{type(value).__name__}({','.join(parts)})"
    if isinstance(value, Mapping):
        return "{" + ",".join(sorted(f"{canonical(key)}:{canonical(each)}" for key, each in value.items())) + "}"
    if isinstance(value, tuple | list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, frozenset | set):
        return "<" + ",".join(sorted(map(canonical, value))) + ">"
    if value is None or isinstance(value, str | bool | int | float):
        return repr(value)
    msg = f"{type(value).__name__} has no canonical text"
    raise TypeError(msg)
