"""Sales in a season: people who answer their tasks in the CRM, each in their own way, and nowhere else.

Some are quick, some slow, some never answer; others reject without a reason, close without a word, set stages by hand,
pass tasks on or delete them, and leave the company with everything open.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - seeded: the same team every time
from typing import Any, TypeAlias

from integration.rig.season.season_deals import Deals
from integration.rig.season.season_people import Lead
from integration.rig.season.season_team import Seller, Team
from mappings.values.instant import HOUR, MINUTE, Instant
from sandbox.desk import sales_desk
from sandbox.hubspot.state.refusals import Refused as HubSpotRefused
from sandbox.hubspot.state.stored_records import Record
from sandbox.salesforce.state.refusals import Refused as SalesforceRefused
from sandbox.server import Sandbox

Later: TypeAlias = Callable[[Instant, Callable[[], None]], None]
"""Has something done at an instant."""
REASONS = ("timing", "budget", "priority", "competitor", "no_response", "too_early", "bad_fit", "bad_data")
_HESITATION = {"quick": (5, 90), "slow": (3 * 60, 60 * 60)}
_ANSWERS = (("connected", 0.3), ("accepted", 0.52), ("rejected", 0.7), ("no_answer", 0.95))
"""Outcome, and up to which share; beyond the last a task is closed without a word."""
_STAGES = ("salesqualifiedlead", "Working - Contacted")
_MANAGER_CALLS = 0.25


@dataclass(slots=True, kw_only=True, eq=False)
class Given:
    """A task of ours as it was when it appeared in a CRM: whose it was then, and what has become of it."""

    system: str
    id: str
    key: str
    user: str
    at: Instant
    seller: Seller | None
    talk: bool
    """Whether it is a call or an e-mail: a conversation with the person."""
    deleted: bool = False
    said: str = ""
    """What was answered, "nothing" where it was closed without a word."""
    passed_on: bool = False


@dataclass(slots=True, kw_only=True)
class Sales:
    """Everybody's work. `tasks` has every task of ours that ever stood in a CRM, `refused` what a CRM did not take."""

    box: Sandbox
    team: Team
    now: Callable[[], Instant]
    later: Later
    chance: Random
    whose: dict[str, Lead]
    tasks: dict[tuple[str, str], Given] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    deals: Deals = field(init=False)

    def __post_init__(self) -> None:
        self.deals = Deals(box=self.box, later=self.later, now=self.now, chance=self.chance, whose=self.whose)

    def watch(self) -> None:
        """See every task that appears in a CRM from now on."""
        self.box.hubspot.portal.watchers.append(self._in_hubspot)
        self.box.salesforce.org.watchers.append(self._in_salesforce)

    def _in_hubspot(self, record: Record, changed: Mapping[str, str]) -> None:
        if record.kind == "tasks" and changed.get("coldframe_key"):
            user, kind = record.values.get("hubspot_owner_id", ""), record.values.get("hs_task_type", "")
            self._appeared("hubspot", record.id, changed["coldframe_key"], user, talk=kind in {"CALL", "EMAIL"})

    def _in_salesforce(self, name: str, record: Mapping[str, Any]) -> None:
        if name == "Task" and record.get("Coldframe_Key__c"):
            user, kind = record.get("OwnerId") or "", record.get("TaskSubtype")
            key = record["Coldframe_Key__c"]
            self._appeared("salesforce", record["Id"], key, user, talk=kind in {"Call", "Email"})

    def _appeared(self, system: str, id_: str, key: str, user: str, *, talk: bool) -> None:
        if (system, id_) in self.tasks:
            return
        seller = self.team.of(system, user)
        given = Given(system=system, id=id_, key=key, user=user, at=self.now(), seller=seller, talk=talk)
        self.tasks[system, id_] = given
        if seller is not None:
            self._plan(given, seller)

    def _plan(self, given: Given, seller: Seller) -> None:
        if seller.habit == "never":
            return
        least, most = _HESITATION["slow" if seller.habit == "slow" else "quick"]
        wanted = seller.next_at_work(self.now()) + self.chance.randrange(least, most) * MINUTE
        self.later(seller.next_at_work(wanted), lambda: self._act(given, seller))

    def _act(self, given: Given, seller: Seller) -> None:
        now = self.now()
        if seller.left(now) or not self.is_open(given):
            return
        at_work = seller.next_at_work(now)
        if at_work > now:
            self.later(at_work, lambda: self._act(given, seller))
            return
        try:
            self._do(given, seller)
        except (HubSpotRefused, SalesforceRefused, KeyError) as error:
            self.refused.append(f"{given.system} {given.key}: {error}")

    def _do(self, given: Given, seller: Seller) -> None:
        if seller in self.team.managers:
            self._manage(given)
        elif seller.habit == "passes_on" and not given.passed_on:
            self._pass_on(given, seller)
        elif seller.habit == "deletes" and self.chance.random() < 0.5:  # noqa: PLR2004 - half of what they get
            self._delete(given)
        elif seller.habit == "forgets":
            self._close(given)
        elif seller.habit == "by_hand":
            self._by_hand(given)
        elif seller.habit == "rejects":
            self._reject(given)
        else:
            self._answer(given)

    def _answer(self, given: Given) -> None:
        share = self.chance.random()
        outcome = next((outcome for outcome, upto in _ANSWERS if share < upto), "")
        if not outcome:
            self._close(given)
            return
        lead = self._lead(given)
        reason = self.chance.choice(REASONS) if outcome == "rejected" else ""
        sales_desk.close(self.box, given.system, given.id, outcome=outcome, reason=reason)
        given.said = outcome
        if lead is not None and given.seller is not None:
            self.deals.follow_up(lead, given.system, given.seller, outcome)

    def _reject(self, given: Given) -> None:
        """With a reason, or without one: then the task says `rejected` and nothing else."""
        if self.chance.random() < 0.5:  # noqa: PLR2004 - one half each
            sales_desk.close(self.box, given.system, given.id, outcome="rejected", reason=self.chance.choice(REASONS))
            given.said = "rejected"
            return
        if given.system == "hubspot":
            said = {"hs_task_status": "COMPLETED", "task_outcome": "rejected"}
            self.box.hubspot.set("tasks", given.id, said)
        else:
            said = {"Status": "Completed", "Coldframe_Outcome__c": "rejected"}
            self.box.salesforce.set("Task", given.id, said)
        given.said = "rejected without a reason"

    def _close(self, given: Given) -> None:
        if given.system == "hubspot":
            self.box.hubspot.set("tasks", given.id, {"hs_task_status": "COMPLETED"})
        else:
            self.box.salesforce.set("Task", given.id, {"Status": "Completed"})
        given.said = "nothing"

    def _by_hand(self, given: Given) -> None:
        """Set the stage on the record; of the task they think half of the time."""
        lead = self._lead(given)
        if lead is not None and given.system == "hubspot" and lead.hubspot:
            self.box.hubspot.set("contacts", lead.hubspot, {"lifecyclestage": _STAGES[0]})
        elif lead is not None and lead.object == "Lead":
            self.box.salesforce.set("Lead", lead.salesforce, {"Status": _STAGES[1]})
        if self.chance.random() < 0.5:  # noqa: PLR2004 - half of the time
            self._close(given)

    def _pass_on(self, given: Given, seller: Seller) -> None:
        other = self.team.colleague(seller, given.system, self.now(), self.chance)
        given.passed_on = True
        if other is None:
            self._answer(given)
            return
        if given.system == "hubspot":
            self.box.hubspot.set("tasks", given.id, {"hubspot_owner_id": other.hubspot})
        else:
            self.box.salesforce.set("Task", given.id, {"OwnerId": other.salesforce})
        self._plan(given, other)

    def _delete(self, given: Given) -> None:
        self.box.hubspot.delete("tasks", given.id) if given.system == "hubspot" else self.box.salesforce.delete(
            "Task", given.id
        )
        given.deleted = True

    def _manage(self, given: Given) -> None:
        """Some managers call themselves; the others close the task."""
        if self.chance.random() < _MANAGER_CALLS:
            self._answer(given)
        else:
            self._close(given)

    def is_open(self, given: Given) -> bool:
        """Whether a task stands in its CRM and is open."""
        with suppress(KeyError, SalesforceRefused):
            if given.system == "hubspot":
                return self.box.hubspot.values("tasks", given.id).get("hs_task_status") != "COMPLETED"
            return not self.box.salesforce.record("Task", given.id).get("IsClosed")
        given.deleted = True
        return False

    def _lead(self, given: Given) -> Lead | None:
        if given.system == "hubspot":
            linked = self.box.hubspot.record("tasks", given.id).links.get("contacts", {})
            return next((self.whose[each] for each in linked if each in self.whose), None)
        return self.whose.get(self.box.salesforce.record("Task", given.id).get("WhoId") or "")

    def leave(self, seller: Seller, heir_after: int) -> None:
        """Somebody has left: their manager gives what they owned to somebody else, days later."""
        self.later(self.now() + heir_after * 24 * HOUR, lambda: self._inherit(seller))

    def _inherit(self, seller: Seller) -> None:
        for lead in dict.fromkeys(self.whose.values()):
            self._give(lead, seller)

    def _give(self, lead: Lead, seller: Seller) -> None:
        with suppress(HubSpotRefused, SalesforceRefused, KeyError):
            if lead.hubspot and seller.hubspot:
                owner = self.box.hubspot.values("contacts", lead.hubspot).get("hubspot_owner_id")
                heir = self.team.colleague(seller, "hubspot", self.now(), self.chance)
                if owner == seller.hubspot and heir:
                    self.box.hubspot.set("contacts", lead.hubspot, {"hubspot_owner_id": heir.hubspot})
            if lead.salesforce and seller.salesforce:
                owner = self.box.salesforce.record(lead.object, lead.salesforce).get("OwnerId")
                heir = self.team.colleague(seller, "salesforce", self.now(), self.chance)
                if owner == seller.salesforce and heir:
                    self.box.salesforce.set(lead.object, lead.salesforce, {"OwnerId": heir.salesforce})
