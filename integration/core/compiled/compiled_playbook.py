"""Compiled playbook: a playbook with the tables that the engine decides by, made once where the playbook is loaded."""

from dataclasses import dataclass
from typing import Self

from integration.core.compiled.dispatch import Dispatch
from integration.core.compiled.dispatch_tables import tables
from integration.core.rules.playbook_rules import Playbook


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPlaybook:
    """What everything that decides is given. `dispatch` says the same as `playbook`, found by type of activity."""

    playbook: Playbook
    dispatch: Dispatch

    @classmethod
    def of(cls, playbook: Playbook) -> Self:
        """The playbook with its tables. Takes milliseconds: never do it for each lead."""
        return cls(playbook=playbook, dispatch=tables(playbook))
