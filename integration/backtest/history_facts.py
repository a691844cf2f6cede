"""History facts, equal under any playbook: which lead has which account, who was won or lost, and when."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field

from mappings.model.canonical import Fields, Value
from mappings.values.instant import Instant

NOBODY = ""
"""The owner of what nobody owns yet."""


@dataclass(slots=True, kw_only=True)
class Person:
    """One lead: its name and e-mail, its first activity, and when it was first won and lost, None where it was not."""

    email: str = ""
    given_name: str = ""
    family_name: str = ""
    first: Instant | None = None
    won: Instant | None = None
    lost: Instant | None = None

    @property
    def name(self) -> str:
        """`Ana Silva`, as far as it is known."""
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(slots=True)
class _Course:
    """A value over time, given in the order of time."""

    times: list[Instant] = field(default_factory=list)
    values: list[str] = field(default_factory=list)

    def set(self, at: Instant, value: Value) -> None:
        text = str(value or NOBODY)
        if not self.values or self.values[-1] != text:
            self.times.append(at)
            self.values.append(text)

    def value(self, at: Instant) -> str:
        place = bisect_right(self.times, at)
        return self.values[place - 1] if place else NOBODY


class Facts:
    """Takes the events of a history in the order of time; grows with leads and accounts, not with activities."""

    def __init__(self) -> None:
        self.people: defaultdict[str, Person] = defaultdict(Person)
        self._first_change: Instant | None = None
        self._first_activity: Instant | None = None
        self.until: Instant | None = None
        self.activities = 0
        self._owners: defaultdict[str, _Course] = defaultdict(_Course)
        self._accounts: defaultdict[str, _Course] = defaultdict(_Course)
        self._account_owners: defaultdict[str, _Course] = defaultdict(_Course)
        self._by_hand: set[tuple[str, Instant]] = set()

    @property
    def since(self) -> Instant | None:
        """When the history begins: with the first activity; records may be years older, or of no known time.

        Where nobody did anything, with the first record.
        """
        return self._first_change if self._first_activity is None else self._first_activity

    @property
    def outcomes(self) -> bool:
        """Whether anybody was won or lost."""
        return any(each.won is not None or each.lost is not None for each in self.people.values())

    def lead(self, at: Instant, lead: str, fields: Fields) -> None:
        """Fields of a lead changed."""
        self._pass(at)
        person = self.people[lead]
        if "email" in fields:
            person.email = str(fields["email"] or "")
        person.given_name = str(fields.get("first_name", person.given_name) or "")
        person.family_name = str(fields.get("last_name", person.family_name) or "")
        if "owner" in fields:
            self._owners[lead].set(at, fields["owner"])
        if fields.get("stage") == "mql":
            self._by_hand.add((lead, at))
        if "account" in fields:
            self._accounts[lead].set(at, fields["account"])

    def account(self, at: Instant, account: str, fields: Fields) -> None:
        """Fields of an account changed."""
        self._pass(at)
        if "owner" in fields:
            self._account_owners[account].set(at, fields["owner"])

    def activity(self, at: Instant, lead: str, kind: str) -> None:
        """A lead did something, or something came of it; "" for people whom nobody knows."""
        self._pass(at)
        self._first_activity = at if self._first_activity is None else min(self._first_activity, at)
        self.activities += 1
        if not lead:
            return
        person = self.people[lead]
        if person.first is None:
            person.first = at
        if kind == "opportunity_won" and person.won is None:
            person.won = at
        elif kind == "opportunity_lost" and person.lost is None:
            person.lost = at

    def by_hand(self, lead: str, at: Instant) -> bool:
        """Whether a person, not a gate, made this lead an MQL at that instant, in the CRM."""
        return (lead, at) in self._by_hand

    def owner(self, lead: str, at: Instant) -> str:
        """Whose lead it was then; NOBODY if it had no owner."""
        return self._owners[lead].value(at) if lead in self._owners else NOBODY

    def account_owner(self, lead: str, at: Instant) -> str:
        """Whose account the lead's account was then."""
        account = self._accounts[lead].value(at) if lead in self._accounts else NOBODY
        return self._account_owners[account].value(at) if account in self._account_owners else NOBODY

    def _pass(self, at: Instant) -> None:
        self._first_change = at if self._first_change is None else min(self._first_change, at)
        self.until = at if self.until is None else max(self.until, at)
