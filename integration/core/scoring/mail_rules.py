"""Mail rules: which activity is a machine's, by what else happened in the same mail [rules: scores].

Activities are seen in order of time; the answer for each is final once everything within the reach of the rules has
been seen. What is kept is bounded by the spans of the rules, and each activity costs about the same.
"""

from bisect import bisect_left
from collections import deque
from typing import Final

from mappings.model.canonical import Fields
from mappings.values.instant import Instant, Span
from mappings.vocabulary.machine_rules import MachineRules

MARKED: Final = "marked"
AGENT: Final = "agent"
METHOD: Final = "method"
SENT: Final = "after_send"
LINKS: Final = "links"
CLICKS: Final = "clicks"
OPENS: Final = "opens"
AGAIN: Final = "again"
SCANNED: Final = "scanned"
RULES: Final = (MARKED, AGENT, METHOD, SENT, LINKS, CLICKS, OPENS, AGAIN, SCANNED)
"""By which rule an activity is no person's, as `Activity.machine` names it."""

BY_ITSELF: Final = frozenset({"page_view", "document_view", "email_reply"})
"""Types of which only what they say themselves makes a machine's."""
IN_MAIL: Final = frozenset({"email_sent", "email_open", "email_click", "unsubscribe"})
"""Types that may make each other a machine's."""
JUDGED: Final = BY_ITSELF | IN_MAIL

TOLD_BY: Final = frozenset({"machine", "user_agent", "method"})
"""Properties by which an activity says itself who made it."""
_MAILS = 16
"""So many mails of one lead are kept before those are looked for that no rule reaches any more."""
_AGENTS = 4_096
_SCANS = 4_096
"""So many clicks of machines in one mail are kept before those are dropped that no rule reaches any more."""


class Cell:
    """An activity in a mail, and the rule that makes it a machine's; "" while none does."""

    __slots__ = ("at", "burst", "decided", "kind", "mail", "properties", "rule")

    def __init__(self, at: Instant, kind: str, properties: Fields, rule: str) -> None:
        self.at, self.kind, self.properties, self.rule = at, kind, properties, rule
        self.mail: _Mail | None = None
        self.burst = self.decided = False


class _Mail:
    """What happened lately in one mail to one lead, as far as the rules look."""

    __slots__ = ("clicks", "latest", "lead", "links", "named", "newest", "opened", "opens", "scanned", "sent")

    def __init__(self, lead: "_Lead", *, named: bool) -> None:
        self.lead, self.named = lead, named
        self.newest: Instant = 0
        self.sent: Instant | None = None
        self.latest: list[Cell] = []
        """What happened at the newest instant: a sending at that instant may come after it."""
        self.opens: deque[Cell] = deque()
        self.clicks: deque[tuple[Cell, str]] = deque()
        self.links: dict[str, int] = {}
        self.scanned: list[Instant] = []
        """When a machine clicked, in order."""
        self.opened: Instant | None = None
        """The last open that a person may have made."""


class _Lead:
    """The mails of one lead. One without a name may be any of them."""

    __slots__ = ("first", "mails", "newest", "sent")

    def __init__(self, first: Cell) -> None:
        self.newest: Instant = first.at
        self.first: Cell | None = first
        """What alone happened for long: most mail is opened once, and nothing comes near it."""
        self.mails: dict[str, _Mail] = {}
        self.sent: Instant | None = None

    def mail(self, name: str, at: Instant, oldest: Instant) -> _Mail:
        """The mail of that name, at its newest instant."""
        mail = self.mails.get(name)
        if mail is None:
            if len(self.mails) >= _MAILS:
                self.mails = {each: kept for each, kept in self.mails.items() if kept.newest >= oldest}
            mail = self.mails[name] = _Mail(self, named=bool(name))
        if mail.newest != at:
            mail.newest = at
            mail.latest.clear()
        return mail


class Judge:
    """Sees activities in the order of time. `reach` is how long after one it may still turn out a machine's."""

    def __init__(self, rules: MachineRules) -> None:
        self.rules = rules
        self.reach: Span = max(2 * rules.clicks.within, rules.opens.within)
        self.horizon: Span = rules.opens.apart + 2 * self.reach + rules.after_send
        self._leads: dict[str, _Lead] = {}
        self._agents: dict[str, bool] = {}

    def see(self, at: Instant, who: str, kind: str, properties: Fields) -> str | Cell:
        """The rule of an activity that is a machine's by itself, or a cell that `decided` answers for later."""
        rule = self._by_itself(properties)
        if kind in BY_ITSELF:
            return rule
        cell = Cell(at, kind, properties, rule)
        lead = self._leads.get(who)
        if lead is None or at - lead.newest > self.horizon:
            self._leads[who] = _Lead(cell)
        else:
            if lead.first is not None:
                self._place(lead, lead.first)
                lead.first = None
            lead.newest = at
            self._place(lead, cell)
        return cell

    def _place(self, lead: _Lead, cell: Cell) -> None:
        """Put an activity beside what else happened in its mail."""
        at, kind = cell.at, cell.kind
        mail = cell.mail = lead.mail(_name(cell.properties), at, at - self.horizon)
        if kind == "email_sent":
            self._sent(lead, mail, at)
            return
        mail.latest.append(cell)
        if not cell.rule and self._just_sent(mail, at):
            cell.rule = SENT
        if kind == "email_open":
            self._open(mail, cell)
            if cell.decided and not cell.rule:
                mail.opened = at
        elif kind == "email_click":
            self._click(mail, cell)

    def decided(self, cell: Cell) -> str:
        """The rule of a cell, once everything within reach has been seen; in the order in which they were seen."""
        cell.decided = True
        mail = cell.mail
        if cell.rule or mail is None:
            return "" if cell.kind == "email_sent" else cell.rule
        if cell.kind == "email_open" and mail.named:
            apart = self.rules.opens.apart
            if apart and mail.opened is not None and cell.at - mail.opened <= apart:
                cell.rule = AGAIN
            mail.opened = cell.at
        elif cell.kind == "unsubscribe" and self._scanned(mail, cell.at):
            cell.rule = SCANNED
        return cell.rule

    def _by_itself(self, properties: Fields) -> str:
        for name in TOLD_BY:
            if name in properties:
                return self._own_rule(properties)
        return ""

    def _own_rule(self, properties: Fields) -> str:
        if properties.get("machine") is True:
            return MARKED
        agent = properties.get("user_agent")
        if agent and isinstance(agent, str) and self._known(agent):
            return AGENT
        method = properties.get("method")
        if method and isinstance(method, str) and method.strip().upper() in self.rules.methods:
            return METHOD
        return ""

    def _known(self, agent: str) -> bool:
        found = self._agents.get(agent)
        if found is None:
            if len(self._agents) >= _AGENTS:
                self._agents.clear()
            folded = agent.strip().lower()
            found = self._agents[agent] = any(glob.match_lower(folded) is not None for glob in self.rules.agents)
        return found

    def _sent(self, lead: _Lead, mail: _Mail, at: Instant) -> None:
        """A sending; what happened at its very instant came no later, whatever its id."""
        if not self.rules.after_send:
            return
        mail.sent = lead.sent = at
        for each in (mail, lead.mails.get("")) if mail.named else lead.mails.values():
            if each is not None and each.newest == at:
                for cell in each.latest:
                    cell.rule = cell.rule or SENT
                    self._note_scan(each, cell)

    def _just_sent(self, mail: _Mail, at: Instant) -> bool:
        """Whether the mail, or one without a name, was sent a moment before; one without a name may be any mail."""
        unnamed = mail.lead.mails.get("")
        last = mail.lead.sent if not mail.named else _later(mail.sent, unnamed.sent if unnamed else None)
        return last is not None and at - last <= self.rules.after_send

    def _open(self, mail: _Mail, cell: Cell) -> None:
        rule, opens = self.rules.opens, mail.opens
        if not rule.times:
            return
        opens.append(cell)
        if len(opens) > rule.times:
            opens.popleft()
        if len(opens) == rule.times and cell.at - opens[0].at <= rule.within:
            for each in opens:
                each.rule = each.rule or OPENS

    def _click(self, mail: _Mail, cell: Cell) -> None:
        rule, clicks, links = self.rules.clicks, mail.clicks, mail.links
        link = str(cell.properties.get("url") or "").strip()
        clicks.append((cell, link))
        links[link] = links.get(link, 0) + 1
        while cell.at - clicks[0][0].at > rule.within:
            _, gone = clicks.popleft()
            links[gone] -= 1
            if not links[gone]:
                del links[gone]
        distinct = len(links) - ("" in links)
        many = bool(rule.links) and distinct >= rule.links
        if many or (rule.times and len(clicks) >= rule.times):
            for each, _ in reversed(clicks):
                if each.burst:
                    break  # so are all of the window that came before it
                each.burst = True
                each.rule = each.rule or (LINKS if many else CLICKS)
                self._note_scan(mail, each)
        self._note_scan(mail, cell)

    def _note_scan(self, mail: _Mail, cell: Cell) -> None:
        if cell.rule and cell.kind == "email_click":
            times = mail.scanned
            place = bisect_left(times, cell.at)
            if place == len(times) or times[place] != cell.at:
                times.insert(place, cell.at)
            if len(times) > _SCANS:
                del times[: bisect_left(times, cell.at - self.horizon)]

    def _scanned(self, mail: _Mail, at: Instant) -> bool:
        """Whether a machine clicked in the same mail at that time."""
        within = self.rules.clicks.within
        for each in (mail, mail.lead.mails.get("")) if mail.named else mail.lead.mails.values():
            if each is not None:
                place = bisect_left(each.scanned, at - within)
                if place < len(each.scanned) and each.scanned[place] <= at + within:
                    return True
        return False


def _name(properties: Fields) -> str:
    """What names a mail: its campaign and touch; "" where it has neither."""
    campaign, touch = properties.get("campaign"), properties.get("touch")
    return f"{campaign or ''}\n{touch or ''}" if campaign or touch else ""


def _later(one: Instant | None, other: Instant | None) -> Instant | None:
    return max((each for each in (one, other) if each is not None), default=None)
