"""Alert rules: where each alert goes, when people are not to be disturbed, and what an alert may say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from integration.core.rules.automation_rules import AlertStep
from integration.core.rules.calendar import at_minute, zone
from integration.core.rules.playbook_rules import Playbook
from integration.settings.alert_channels import Channel
from mappings.values.instant import Instant, day_in, to_datetime

TaskRole: TypeAlias = Literal["manager", "owner"]
TASK_ROLES: tuple[TaskRole, ...] = get_args(TaskRole)
OF_THE_SERVICE: Mapping[str, str] = MappingProxyType(
    {
        "rejection_without_reason": "sales rejected a lead and gave no reason",
        "connection_paused": "nothing could be written to a CRM for an hour",
        "signed_out": "a CRM gives no more tokens",
        "letter_waits": "a sync error has waited for a day",
        "nobody_available": "tasks have nobody to go to",
        "waits_for_record": "tasks have waited for an hour for people whom no CRM knows",
        "no_manager": "what is for a manager has none to go to",
        "drift": "a CRM no longer has what a mapping needs",
    }
)
"""The alerts that the service raises by itself, and what each says."""
URGENT = frozenset({"connection_paused", "signed_out", "nobody_available"})
"""Alerts that quiet hours do not delay, unless routing.yaml names others: while they last, nothing reaches sales."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTask:
    """An alert about a lead is a task in the CRM, for a person by their role."""

    role: TaskRole


Goal: TypeAlias = Channel | AlertTask


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """When people are not to be disturbed, as minutes after midnight in a zone; `ends` may be before `begins`.

    What is raised meanwhile is sent at `digest`, as one message, but for the alerts in `urgent`.
    """

    begins: int
    ends: int
    digest: int
    timezone: str
    urgent: frozenset[str] = URGENT

    def waits_until(self, alert: str, now: Instant) -> Instant:
        """When an alert that is raised now may be sent: 0 for at once."""
        if alert in self.urgent or not self.quiet(now):
            return 0
        today = day_in(now, self.timezone)
        at = at_minute(today, self.digest, self.timezone)
        return at if at > now else at_minute(today + timedelta(days=1), self.digest, self.timezone)

    def quiet(self, now: Instant) -> bool:
        """Whether it is quiet by the wall clock of the zone: from the first minute on, and no longer at the last."""
        clock = to_datetime(now).astimezone(zone(self.timezone))
        return self.covers(clock.hour * 60 + clock.minute)

    def covers(self, minute: int) -> bool:
        """Whether a minute of the day lies in the hours."""
        if self.begins < self.ends:
            return self.begins <= minute < self.ends
        return minute >= self.begins or minute < self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRules:
    """`alerts:` of routing.yaml. An alert without a list of its own takes `default`."""

    default: tuple[Goal, ...]
    named: Mapping[str, tuple[Goal, ...]] = field(default_factory=lambda: MappingProxyType({}))
    quiet: Quiet | None = None
    personal_data: bool = True

    def goals(self, alert: str) -> tuple[Goal, ...]:
        """Where an alert goes."""
        return self.named.get(alert, self.default)

    def channels(self) -> tuple[Channel, ...]:
        """Every channel that the file names, each once."""
        goals = [goal for goals in (self.default, *self.named.values()) for goal in goals]
        return tuple(dict.fromkeys(goal for goal in goals if isinstance(goal, Channel)))


def names_in(playbook: Playbook) -> tuple[str, ...]:
    """Every alert that can be raised with a playbook: of its plays and clocks, and of the service."""
    of_plays = [play.name for play in playbook.plays if any(isinstance(step, AlertStep) for step in play.steps)]
    of_clocks = [f"{clock.name}_{end}" for clock in playbook.clocks for end in ("reminder", "breach")]
    return (*of_plays, *of_clocks, *OF_THE_SERVICE)
