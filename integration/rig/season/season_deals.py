"""What sales makes of a lead that it has taken: further calls, opportunities that are won, lost or go on."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random  # noqa: TID251 - seeded: the same deals every time

from integration.rig.season.season_people import Lead
from integration.rig.season.season_team import Seller
from mappings.values.instant import DAY, HOUR, Instant
from sandbox.hubspot.state.refusals import Refused as HubSpotRefused
from sandbox.salesforce.state.refusals import Refused as SalesforceRefused
from sandbox.server import Sandbox
from sandbox.shared import sandbox_clock

_OPENS_A_DEAL, _WON, _LOST = 0.55, 0.25, 0.65
_REACHED, _MOST_CALLS = 0.25, 6
_DISPOSITIONS = {
    "connected": ("f240bbac-87c9-4f6e-bf70-924b57d47db7", "Connected"),
    "no_answer": ("73a0d17f-1163-4015-bdd5-ec830791da20", "No answer"),
}
"""HubSpot's id of an outcome, and Salesforce's word."""


@dataclass(slots=True, kw_only=True)
class Deals:
    """The work that follows an answer; all of it is done in the CRM of the task."""

    box: Sandbox
    later: Callable[[Instant, Callable[[], None]], None]
    now: Callable[[], Instant]
    chance: Random
    whose: dict[str, Lead]

    def follow_up(self, lead: Lead, system: str, seller: Seller, outcome: str) -> None:
        """Plan what comes after an answer."""
        if outcome == "no_answer":
            self._plan(seller, 1, 2, lambda: self._call(lead, system, seller, 2))
        elif outcome in {"connected", "accepted"} and self.chance.random() < _OPENS_A_DEAL:
            self._plan(seller, 1, 10, lambda: self._open(lead, system, seller))

    def _plan(self, seller: Seller, least: int, most: int, do: Callable[[], None]) -> None:
        wanted = self.now() + self.chance.randrange(least * 24, most * 24 + 1) * HOUR

        def done() -> None:
            if not seller.left(self.now()):
                with suppress(HubSpotRefused, SalesforceRefused, KeyError):
                    do()

        self.later(seller.next_at_work(wanted), done)

    def _call(self, lead: Lead, system: str, seller: Seller, number: int) -> None:
        """Once more, and again, until they answer or it has been enough."""
        outcome = "connected" if self.chance.random() < _REACHED else "no_answer"
        disposition, word = _DISPOSITIONS[outcome]
        if system == "hubspot" and lead.hubspot:
            at = sandbox_clock.short_zulu(self.now() // 1_000)
            values = {"hs_timestamp": at, "hs_call_disposition": disposition, "hs_call_status": "COMPLETED"}
            call = self.box.hubspot.add("calls", {**values, "hs_call_direction": "OUTBOUND"})
            self.box.hubspot.link("calls", call, "contacts", lead.hubspot)
        elif lead.salesforce:
            about = {"Subject": "Call", "WhoId": lead.salesforce, "TaskSubtype": "Call", "Status": "Completed"}
            self.box.salesforce.add("Task", {**about, "CallDisposition": word, "OwnerId": seller.salesforce})
        if outcome == "connected":
            self.follow_up(lead, system, seller, outcome)
        elif number < _MOST_CALLS:
            self._plan(seller, 2, 3, lambda: self._call(lead, system, seller, number + 1))

    def _open(self, lead: Lead, system: str, seller: Seller) -> None:
        if system == "hubspot":
            self._open_in_hubspot(lead, seller)
        else:
            self._open_in_salesforce(lead, seller)

    def _open_in_hubspot(self, lead: Lead, seller: Seller) -> None:
        values = {"dealname": f"Deal {lead.number}", "dealstage": "qualifiedtobuy", "amount": "9000"}
        deal = self.box.hubspot.add("deals", {**values, "hubspot_owner_id": seller.hubspot})
        self.box.hubspot.link("deals", deal, "contacts", lead.hubspot)
        share = self.chance.random()
        if share < _WON:
            won = {"dealstage": "closedwon", "hs_is_closed": "true", "hs_is_closed_won": "true"}
            self._plan(seller, 5, 30, lambda: self.box.hubspot.set("deals", deal, won))
        elif share < _LOST:
            lost = {"dealstage": "closedlost", "hs_is_closed": "true", "closed_lost_reason": "Price"}
            self._plan(seller, 5, 30, lambda: self.box.hubspot.set("deals", deal, lost))

    def _open_in_salesforce(self, lead: Lead, seller: Seller) -> None:
        name = f"Deal {lead.number}"
        if lead.object == "Lead":
            done = self.box.salesforce.convert(lead.salesforce, opportunity=name)
            lead.object, lead.salesforce = "Contact", str(done["ConvertedContactId"])
            self.whose[lead.salesforce] = lead
            deal = str(done["ConvertedOpportunityId"])
        else:
            account = self.box.salesforce.record("Contact", lead.salesforce).get("AccountId")
            close = sandbox_clock.day((self.now() + 60 * DAY) // 1_000)
            values = {"Name": name, "AccountId": account, "StageName": "Qualification", "CloseDate": close}
            deal = self.box.salesforce.add("Opportunity", {**values, "OwnerId": seller.salesforce})
            role = {"OpportunityId": deal, "ContactId": lead.salesforce, "IsPrimary": True}
            self.box.salesforce.add("OpportunityContactRole", role)
        share = self.chance.random()
        if share < _WON:
            self._plan(seller, 5, 30, lambda: self._close(deal, {"StageName": "Closed Won"}))
        elif share < _LOST:
            lost = {"StageName": "Closed Lost", "Loss_Reason__c": "Price"}
            self._plan(seller, 5, 30, lambda: self._close(deal, lost))

    def _close(self, deal: str, values: dict[str, str]) -> None:
        self.box.salesforce.set("Opportunity", deal, values)
