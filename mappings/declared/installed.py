"""Declarations of installed packages, found by their entry points."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A declaration that cannot be used: of which entry point, and why."""

    group: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[T]):
    """The declarations of a group, and those that cannot be used."""

    values: tuple[T, ...]
    failures: tuple[Failure, ...] = ()


def installed(group: str, kind: type[T], name: Callable[[T], str], shipped: Iterable[T]) -> Found[T]:
    """The `shipped` declarations and those that installed packages bring under this group, by name.

    One that cannot be loaded, is something else, or has the `name` of one before it is a failure and stops no other.
    """
    values: list[T] = list(shipped)
    failures: list[Failure] = []
    for each in sorted(metadata.entry_points(group=group), key=lambda point: point.name):
        try:
            value = each.load()
        except Exception as error:  # noqa: BLE001 - another package's code: whatever it raises, the others go on
            failures.append(Failure(group=group, name=each.name, reason=f"{type(error).__name__}: {error}"))
            continue
        reason = "" if isinstance(value, kind) else f"{each.value} is no {kind.__name__}"
        if not reason and name(value) in map(name, values):
            reason = f"there is another {kind.__name__} of the name {name(value)!r}"
        if reason:
            failures.append(Failure(group=group, name=each.name, reason=reason))
        else:
            values.append(value)
    return Found(values=tuple(values), failures=tuple(failures))
