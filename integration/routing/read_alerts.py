"""Reads `alerts:` of a routing.yaml: names of alerts, and the channels and people that each of them goes to."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from integration.core.rules.calendar import zone
from integration.core.rules.playbook_rules import Playbook
from integration.routing.alert_rules import (
    TASK_ROLES,
    URGENT,
    AlertRules,
    AlertTask,
    Goal,
    Quiet,
    names_in,
)
from integration.routing.read_people import PeopleReader
from integration.settings.alert_channels import MEDIA, Channel
from mappings.yaml_files.located_yaml import Located, Path
from mappings.yaml_files.problems import nearest, nearest_of

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_OWN = ("default", "quiet", "personal_data")
_AT: Path = ("alerts",)
_EXAMPLE = "default: [{slack: sales-ops}, {task: manager}]"
SETTINGS: Mapping[str, str] = {
    "slack": "COLDFRAME_SLACK_CHANNELS",
    "teams": "COLDFRAME_TEAMS_CHANNELS",
    "webhook": "COLDFRAME_ALERT_WEBHOOKS",
    "email": "COLDFRAME_ALERT_EMAILS",
}
"""The variables that name the channels of each medium."""


class AlertsReader(PeopleReader):
    """Reads `alerts:`; `channels` are those that the settings know, None where nobody has asked them."""

    def __init__(
        self, located: Located, source: str, playbook: Playbook, channels: Collection[Channel] | None = None
    ) -> None:
        super().__init__(located, source)
        self._playbook = playbook
        self._channels = channels

    def _alerts(self, raw: Any) -> AlertRules:
        known = names_in(self._playbook)
        table = self._table(raw, _AT)
        named: dict[str, tuple[Goal, ...]] = {}
        for name, told in table.items():
            if name in _OWN:
                continue
            if name not in known:
                self._wrong((*_AT, name), f"no alert is called '{name}'{nearest(str(name), (*known, *_OWN))}", key=True)
            named[str(name)] = self._goals(told, (*_AT, name))
        default = self._goals(table.get("default"), (*_AT, "default"))
        if "default" not in table:
            self._wrong(_AT, f"alerts that have no list of their own go nowhere: add '{_EXAMPLE}'", key=True)
        elif default and not any(isinstance(goal, Channel) for goal in default):
            text = "an alert about no lead (connection_paused) cannot be a task, and goes nowhere: add a channel"
            self._wrong((*_AT, "default"), text, severity="warning")
        said = table.get("personal_data", True)
        if not isinstance(said, bool):
            self._wrong((*_AT, "personal_data"), "must be true or false")
        return AlertRules(
            default=default,
            named=named,
            quiet=self._quiet(table["quiet"], known) if "quiet" in table else None,
            personal_data=said is not False,
        )

    def _goals(self, raw: Any, path: Path) -> tuple[Goal, ...]:
        """A list of goals, each of which is a channel or a task; an empty list sends nothing."""
        if raw is None:
            return ()
        if not isinstance(raw, list):
            self._wrong(path, f"must be a list: {_EXAMPLE}")
            return ()
        found = [self._goal(each, (*path, index)) for index, each in enumerate(raw)]
        return tuple(dict.fromkeys(goal for goal in found if goal is not None))

    def _goal(self, raw: Any, path: Path) -> Goal | None:
        table = self._table(raw, path, (*MEDIA, "task"))
        if len(table) != 1:
            if not isinstance(raw, dict) or not raw or len(table) > 1:
                self._wrong(path, f"one of {', '.join(MEDIA)}, task and a name, such as {{slack: sales-ops}}")
            return None
        ((kind, name),) = table.items()
        if kind == "task":
            role = next((role for role in TASK_ROLES if role == name), None)
            self._choice(table, path, "task", TASK_ROLES)
            return AlertTask(role=role) if role else None
        medium = next(each for each in MEDIA if each == kind)
        if not isinstance(name, str) or not name:
            self._wrong((*path, kind), f"must be the name of a channel, as {SETTINGS[kind]} says it")
            return None
        channel = Channel(medium=medium, name=name)
        if self._channels is not None and channel not in self._channels:
            self._wrong((*path, kind), self._unknown(channel, self._channels))
        return channel

    @staticmethod
    def _unknown(channel: Channel, known: Collection[Channel]) -> str:
        """That the settings do not know a channel, and which one may be meant: of its medium, else of another."""
        same = [each.name for each in known if each.medium == channel.medium]
        text = f"{SETTINGS[channel.medium]} names no '{channel.name}'"
        close = nearest_of(channel.name, same)
        elsewhere = next((each for each in known if each.name == channel.name), None)
        if close is not None:
            return f"{text} (did you mean '{close}'?)"
        if elsewhere is not None:
            return f"{text} (did you mean '{elsewhere}'?)"
        return f"{text}; it names {', '.join(sorted(same)) or 'none'}"

    def _quiet(self, raw: Any, known: Collection[str]) -> Quiet | None:
        path: Path = (*_AT, "quiet")
        table = self._table(raw, path, ("hours", "digest", "timezone", "urgent"))
        span = self._span(table.get("hours"), (*path, "hours"))
        digest = self._minute(table.get("digest"), (*path, "digest"))
        where = table.get("timezone", self._playbook.calendar.timezone)
        if not isinstance(where, str) or zone(where) is None:
            self._wrong((*path, "timezone"), f"'{where}' is no time zone (such as: Europe/Berlin)")
            return None
        urgent = [text for text, _ in self._texts(table.get("urgent"), (*path, "urgent"))]
        for text, at in self._texts(table.get("urgent"), (*path, "urgent")):
            if text not in known:
                self._wrong(at, f"no alert is called '{text}'{nearest(text, known)}")
        if span is None or digest is None:
            return None
        found = Quiet(
            begins=span[0],
            ends=span[1],
            digest=digest,
            timezone=where,
            urgent=frozenset(urgent) if "urgent" in table else URGENT,
        )
        if found.covers(digest):
            self._wrong((*path, "digest"), "lies in the quiet hours; the digest goes at their end or later")
        return found

    def _span(self, raw: Any, path: Path) -> tuple[int, int] | None:
        begins, dash, ends = raw.partition("-") if isinstance(raw, str) else ("", "", "")
        minutes = [_clock_time(each.strip()) for each in (begins, ends)]
        if not dash or minutes[0] is None or minutes[1] is None or minutes[0] == minutes[1]:
            self._wrong(path, 'quiet hours are such as "20:00-07:00"')
            return None
        return minutes[0], minutes[1]

    def _minute(self, raw: Any, path: Path) -> int | None:
        found = _clock_time(raw) if isinstance(raw, str) else None
        if found is None:
            self._wrong(path, 'when the digest goes is a time of day in quotes, such as "08:00"')
        return found

    def _choice(self, table: Mapping[str, Any], path: Path, key: str, known: Iterable[str]) -> str:
        value, allowed = table.get(key), tuple(known)
        if key not in table:
            return ""
        if value not in allowed:
            self._wrong((*path, key), f"'{value}' is none of {', '.join(allowed)}{nearest(str(value), allowed)}")
            return ""
        return str(value)


def _clock_time(text: str) -> int | None:
    """A time of day such as `08:00` as minutes after midnight."""
    found = _TIME.fullmatch(text.strip())
    return int(found[1]) * 60 + int(found[2]) if found else None
