"""The tally: what one playbook would have done, counted as its effects come by."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from integration.backtest.history_facts import NOBODY, Facts
from integration.core.model.effects import Assignee, Effect, Escalated, HandoffDelayed, StageChanged, TaskWanted
from integration.core.rules.calendar import day_number
from integration.core.rules.playbook_rules import Playbook
from integration.core.run.standing import Standing
from mappings.values.instant import Instant

MANAGER = "manager"


class Tally:
    """Counts effects; grows with leads and with owners times days, not with activities."""

    def __init__(self, playbook: Playbook, facts: Facts) -> None:
        self.playbook = playbook
        self.mqls: dict[str, StageChanged] = {}
        """Lead → the first time it passed the gate; who is set to `mql` by a person does not count."""
        self.tasks: defaultdict[str, Counter[int]] = defaultdict(Counter)
        """Owner (NOBODY: the next of the pool) → day, counted from 1970-01-01 → tasks written that day."""
        self.elsewhere: dict[str, Standing | None] = {}
        """Lead → where the other playbook had it when it passed this one's gate; None if it did not know it yet."""
        self.plays: Counter[str] = Counter()
        self.held: set[str] = set()
        self._facts = facts

    def take(self, effects: Iterable[Effect]) -> StageChanged | None:
        """Count some effects of one lead, in the order of time; how it passed the gate, if it just did."""
        passed: StageChanged | None = None
        for effect in effects:
            match effect:
                case StageChanged(after="mql") if not self._facts.by_hand(effect.lead, effect.at):
                    passed = passed or (effect if effect.lead not in self.mqls else None)
                    self.mqls.setdefault(effect.lead, effect)
                case TaskWanted():
                    self.plays[effect.play] += 1
                    self._task(effect)
                case Escalated():
                    self.plays[effect.clock] += 1
                    self._task(effect)
                case HandoffDelayed():
                    self.held.add(effect.lead)
                case _:
                    pass
        return passed

    def _task(self, effect: TaskWanted | Escalated) -> None:
        """Count a task; what joins one that is open makes none."""
        if not effect.joins:
            day = day_number(effect.at, self.playbook.calendar.timezone)
            self.tasks[self._who(effect.lead, effect.at, effect.assignee)][day] += 1

    def _who(self, lead: str, at: Instant, assignee: Assignee) -> str:
        match assignee:
            case "manager":
                return MANAGER
            case "account_owner":
                return self._facts.account_owner(lead, at)
            case "owner" | "worked_by":
                return self._facts.owner(lead, at)
            case "pool":
                return NOBODY
