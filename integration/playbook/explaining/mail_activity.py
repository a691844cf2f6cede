"""Mail activity: what people opened and clicked, and what machines did, each with the rule that recognised it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from integration.core.scoring import mail_rules
from integration.playbook.language.grammar import shown
from mappings.model.canonical import Activity
from mappings.values.instant import Instant
from mappings.vocabulary.machine_rules import MachineRules

_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How often people did something, and how often machines did."""

    people: int = 0
    machines: int = 0

    def also(self, activity: Activity) -> "Counted":
        """With one more."""
        if activity.machine:
            return replace(self, machines=self.machines + 1)
        return replace(self, people=self.people + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """Activities in a row that one rule finds to be no person's: the first and the last of them, and why."""

    at: Instant
    until: Instant
    type: str
    rule: str
    times: int
    activity: str
    """The id of the first."""
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Opens and clicks of people and of machines, and all that counts for nothing since no person did it."""

    opens: Counted = Counted()
    clicks: Counted = Counted()
    machines: tuple[Machines, ...] = ()


def mail(activities: Iterable[Activity], rules: MachineRules) -> Mail:
    """Counts of the mail activities of one lead, in order, with people and machines apart."""
    opens, clicks = Counted(), Counted()
    found: list[Machines] = []
    for activity in activities:
        if activity.type == "email_open":
            opens = opens.also(activity)
        elif activity.type == "email_click":
            clicks = clicks.also(activity)
        if activity.machine:
            _add(found, activity, rules)
    return Mail(opens=opens, clicks=clicks, machines=tuple(found))


def _add(found: list[Machines], activity: Activity, rules: MachineRules) -> None:
    words = _words(activity, rules)
    last = found[-1] if found else None
    if last is not None and (last.type, last.words) == (activity.type, words):
        found[-1] = replace(last, until=activity.at, times=last.times + 1)
        return
    found.append(
        Machines(
            at=activity.at,
            until=activity.at,
            type=activity.type,
            rule=activity.machine,
            times=1,
            activity=activity.id,
            words=words,
        )
    )


def _words(activity: Activity, rules: MachineRules) -> str:
    """Why it is no person's: `5 opens of one mail within 1m`."""
    clicks, opens, said = rules.clicks, rules.opens, activity.properties
    words = {
        mail_rules.MARKED: "its sender marked it as a machine's",
        mail_rules.AGENT: f"the program is known: {str(said.get('user_agent'))[:_SHOWN]}",
        mail_rules.METHOD: f"asked for by {str(said.get('method'))[:_SHOWN]}, as programs do",
        mail_rules.SENT: f"within {shown(rules.after_send)} of the sending",
        mail_rules.LINKS: f"{clicks.links} links of one mail within {shown(clicks.within)}",
        mail_rules.CLICKS: f"{clicks.times} clicks in one mail within {shown(clicks.within)}",
        mail_rules.OPENS: f"{opens.times} opens of one mail within {shown(opens.within)}",
        mail_rules.AGAIN: f"opened again within {shown(opens.apart)}, and counted once",
        mail_rules.SCANNED: f"a scanner clicked in this mail within {shown(clicks.within)}",
    }
    return words[activity.machine]
