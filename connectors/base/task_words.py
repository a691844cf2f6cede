"""The words of a CRM's tasks: an organization may have its own for open, closed, high and low, in its own language.

They are read from the CRM (describe, properties), never written down here. A word that cannot be found is left out of
what is written: the CRM's own default holds then, and `fallbacks` says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Priority: TypeAlias = Literal["low", "normal", "high"]
Fields: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWords:
    """Fields of a new open task, of a closed one, and for each priority; empty where nothing is to be written.

    `fallbacks` say what could not be found out, and what happens instead. `answering` tells a person how to answer, in
    one sentence; "" where the mapping names no fields for that, or the CRM does not have them.
    """

    opened: Fields = field(default_factory=dict)
    closed: Fields = field(default_factory=dict)
    priorities: Mapping[str, Fields] = field(default_factory=dict)
    fallbacks: tuple[str, ...] = ()
    answering: str = ""

    def priority(self, wanted: Priority) -> Fields:
        """The fields that say how urgent a task is."""
        return self.priorities.get(wanted, {})


UNTOLD = TaskWords()
"""No words: every task has the CRM's own defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One value of a picklist: `marked` closes a task, or is a high priority."""

    value: str
    marked: bool = False
    default: bool = False


def status(words: Sequence[Word]) -> tuple[str, str]:
    """(the word of an open task, the word that closes one) of statuses in their order; "" where there is none."""
    open_ = [word for word in words if not word.marked]
    usual = next((word.value for word in open_ if word.default), "") or next((word.value for word in open_), "")
    return usual, next((word.value for word in words if word.marked), "")


def priorities(words: Sequence[Word]) -> dict[Priority, str]:
    """The words for low, normal and high of priorities in their order; "" where there is none.

    Low is the last that is neither high nor the default: organizations list the urgent first.
    """
    plain = [word for word in words if not word.marked]
    normal = next((word.value for word in plain if word.default), "") or next((word.value for word in plain), "")
    low = next((word.value for word in reversed(plain) if word.value != normal), normal)
    return {"low": low, "normal": normal, "high": next((word.value for word in words if word.marked), "")}
