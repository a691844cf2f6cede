"""Make-believe sales: reads the handoff tasks in the CRM, calls most people, and writes there how it went.

The service learns it as it does in a company: by HubSpot's webhooks, and by looking at what the CRMs changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - seeded: the same team every time
from typing import Any

from integration.rig.stage.rig import Rig
from mappings.values.instant import HOUR, Instant, Span

_ANSWERS: tuple[tuple[float, str, str], ...] = (
    (0.40, "connected", ""),
    (0.58, "accepted", ""),
    (0.70, "rejected", "timing"),
    (0.78, "rejected", "too_early"),
    (0.90, "no_answer", ""),
)
"""Up to this share: the outcome and reason with which the task is closed. The others forget it."""


@dataclass(slots=True)
class Sales:
    """Call everybody once, a few hours after the task appeared."""

    running: Rig
    now: Callable[[], Instant]
    chance: Random
    _due: dict[str, tuple[Instant, Mapping[str, Any]]] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)
    answered: int = 0

    def work(self) -> None:
        """Look at the task list, and answer what has waited long enough."""
        now = self.now()
        for task in self.running.tasks():
            key = task["key"]
            if key and key not in self._done and key not in self._due:
                self._due[key] = (now + self._hesitation(), task)
        for key, (at, known) in list(self._due.items()):
            if at <= now:
                del self._due[key]
                self._done.add(key)
                self._answer(known)

    def _hesitation(self) -> Span:
        return self.chance.randrange(1, 8) * HOUR

    def _answer(self, task: Mapping[str, Any]) -> None:
        share = self.chance.random()
        found = next((answer for answer in _ANSWERS if share < answer[0]), None)
        if found is None or not task.get("email"):
            return
        _, outcome, reason = found
        self.running.tell(f"tasks/{task['system']}/{task['id']}/close", {"outcome": outcome, "reason": reason})
        self.answered += 1
