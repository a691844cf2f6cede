"""Compiled playbook: a playbook with the tables that the engine decides by, made once where the playbook is loaded."""

from dataclasses import dataclass, replace
from typing import Self

from integration.core.compiled.dispatch import Dispatch
from integration.core.compiled.dispatch_tables import tables
from integration.core.rules.lineage import Roots, own_roots
from integration.core.rules.playbook_rules import Playbook


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPlaybook:
    """What everything that decides is given. `dispatch` says the same as `playbook`, found by type of activity."""

    playbook: Playbook
    dispatch: Dispatch

    @classmethod
    def of(cls, playbook: Playbook) -> Self:
        """The playbook with its tables. Takes milliseconds: never do it for each lead."""
        return cls(playbook=playbook, dispatch=replace(tables(playbook), roots=own_roots(playbook)))

    def rooted(self, roots: Roots | None) -> Self:
        """The same playbook, as a version that has these roots; None where it has its own."""
        if roots is None or roots == self.dispatch.roots:
            return self
        return replace(self, dispatch=replace(self.dispatch, roots=roots))
