"""Reads the people of a routing.yaml: their hours, when they are away, and how much they take."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from integration.core.rules.calendar import Calendar, zone
from integration.playbook.language.grammar import Unreadable
from integration.playbook.language.report import Report
from integration.playbook.language.words import day_hours, weekdays
from integration.playbook.reading import country_holidays
from integration.routing.routing_rules import Absence, Person
from mappings.values import emails
from mappings.yaml_files.located_yaml import Located, Path
from mappings.yaml_files.problems import Severity, nearest
from mappings.yaml_files.tree import TreeReader

LONGEST_ABSENCE = 731
"""Days: two years."""
MOST = 100_000
_OF_PERSON = ("hours", "holidays", "most_open", "most_per_day", "away", "manager")
_EXAMPLE = "Mon-Fri 08:00-16:00 Europe/Berlin"


def absence(text: str) -> Absence:
    """Read `2026-12-20..2027-01-03`, both days included, or one day; Unreadable otherwise."""
    first, dots, last = text.strip().partition("..")
    if not dots:
        last = first
    days = []
    for each in (first.strip(), last.strip()):
        try:
            days.append(date.fromisoformat(each))
        except ValueError:
            msg = f"'{each}' is no day (such as: 2026-12-20..2027-01-03)"
            raise Unreadable(msg, text.index(each)) from None
    if days[1] < days[0]:
        msg = f"'{text}' ends before it begins"
        raise Unreadable(msg)
    if (days[1] - days[0]).days > LONGEST_ABSENCE:
        msg = f"'{text}' is longer than two years; take somebody who does not come back out of the pools"
        raise Unreadable(msg)
    return Absence(first=days[0].isoformat(), last=days[1].isoformat())


def hours(text: str) -> Calendar:
    """Read `Mon-Fri 08:00-16:00 Europe/Berlin`; Unreadable otherwise."""
    parts = text.rsplit(maxsplit=2)
    if len(parts) != 3:  # noqa: PLR2004 - days, hours, zone
        msg = f"'{text}' are no hours (such as: {_EXAMPLE})"
        raise Unreadable(msg)
    days, day, where = parts
    worked = weekdays(days.strip())
    try:
        opens, closes = day_hours(day)
    except Unreadable:
        msg = f"'{day}' has no hours in it; a night is two lines, until 24:00 and from 00:00 on"
        raise Unreadable(msg, text.rindex(day)) from None
    if zone(where) is None:
        msg = f"'{where}' is no time zone (such as: Europe/Berlin)"
        raise Unreadable(msg, text.rindex(where))
    return Calendar(timezone=where, opens=opens, closes=closes, weekdays=worked)


class PeopleReader(TreeReader):
    """Reads `people:`, by e-mail."""

    def __init__(self, located: Located, source: str) -> None:
        super().__init__(located)
        self.report = Report(located, source)

    def _wrong(self, path: Path, text: str, *, key: bool = False, severity: Severity = "error") -> None:
        self.report.problem(path, text, key=key, severity=severity)

    def _unreadable(self, path: Path, error: Unreadable) -> None:
        self.report.problem(path, error.text, at=error.at)

    def _people(self, raw: Any) -> dict[str, Person]:
        found: dict[str, Person] = {}
        for name, told in self._table(raw, ("people",)).items():
            path: Path = ("people", name)
            email = self._email(name, path, key=True)
            if email in found:
                self._wrong(path, f"'{email}' stands here for the second time", key=True)
            if email:
                found[email] = self._person(email, told, path)
        return found

    def _person(self, email: str, raw: Any, path: Path) -> Person:
        table = self._table(raw, path, _OF_PERSON)
        worked: list[Calendar] = []
        for text, at in self._texts(table.get("hours"), (*path, "hours")):
            try:
                worked.append(hours(text))
            except Unreadable as error:
                self._unreadable(at, error)
        away: list[Absence] = []
        for text, at in self._texts(table.get("away"), (*path, "away")):
            try:
                away.append(absence(text))
            except Unreadable as error:
                self._unreadable(at, error)
        if len({each.timezone for each in worked}) > 1:
            self._wrong((*path, "hours"), "somebody's hours are in one time zone, in which their days are counted")
        return Person(
            email=email,
            hours=self._with_holidays(table, path, worked),
            most_open=self._count(table, path, "most_open"),
            most_per_day=self._count(table, path, "most_per_day"),
            away=tuple(away),
            manager=self._email(table["manager"], (*path, "manager")) if "manager" in table else "",
        )

    def _with_holidays(self, table: dict[str, Any], path: Path, worked: Sequence[Calendar]) -> tuple[Calendar, ...]:
        """Somebody's hours without the holidays of the country that they name."""
        country = table.get("holidays")
        if "holidays" not in table:
            return tuple(worked)
        free = country_holidays.days(country) if isinstance(country, str) else None
        if free is None:
            meant = nearest(str(country), country_holidays.countries())
            self._wrong((*path, "holidays"), f"'{country}' is no country whose holidays are known (such as: DE){meant}")
        elif not table.get("hours"):
            self._wrong((*path, "holidays"), "whoever has no hours has the playbook's holidays; add 'hours:'", key=True)
        return tuple(replace(each, holidays=free or frozenset()) for each in worked)

    def _email(self, raw: Any, path: Path, *, key: bool = False) -> str:
        found = emails.normal(raw) if isinstance(raw, str) else None
        if found is None or "@" not in found:
            self._wrong(path, f"'{raw}' is no e-mail; people are known by theirs", key=key)
            return ""
        return found

    def _count(self, table: dict[str, Any], path: Path, name: str, least: int = 1) -> int | None:
        value = table.get(name)
        if name not in table:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST:
            self._wrong((*path, name), f"must be a whole number from {least} to {MOST:,}")
            return None
        return value

    def _texts(self, raw: Any, path: Path) -> list[tuple[str, Path]]:
        """One text or a list of texts, with the place of each."""
        listed = isinstance(raw, list)
        items = raw if isinstance(raw, list) else [] if raw is None else [raw]
        found = [(item, (*path, index) if listed else path) for index, item in enumerate(items)]
        for item, at in found:
            if not isinstance(item, str) or not item.strip():
                self._wrong(at, "must be a text")
        return [(item, at) for item, at in found if isinstance(item, str) and item.strip()]
