"""What was modified since, page by page."""

import pytest
from connector_ground import Ground, Plug

from connectors.base.port import Unavailable
from mappings.values.instant import SECOND
from sandbox.server import Sandbox


class Changing(Ground):
    def everything(self, crm: Plug, object_name: str, since: int, having: str = "") -> list[str]:
        found: list[str] = []
        after = ""
        while True:
            page = crm.changes(object_name, ["email", "Email"], since=since, after=after, having=having)
            found += [record.id for record in page.records if not record.deleted]
            after = page.after
            if not after:
                return found

    def test_changes_are_the_records_modified_since_by_rising_id(self, box: Sandbox, crm: Plug) -> None:
        ids = [self.add(box, f"p{number}@acme.example") for number in range(3)]
        (first,) = crm.read(self.person, ids[:1], ["email", "Email"])
        assert first.modified_at is not None
        assert self.everything(crm, self.person, first.modified_at) == sorted(ids)
        assert self.everything(crm, self.person, first.modified_at + 3600 * SECOND) == []

    def test_more_changes_than_a_page_holds_all_come_once(self, box: Sandbox, crm: Plug) -> None:
        ids = [self.add(box, f"p{number}@acme.example") for number in range(501)]
        assert self.everything(crm, self.person, 0) == sorted(ids)

    def test_changes_of_tasks_are_those_with_our_key(self, box: Sandbox, crm: Plug) -> None:
        handle = box.hubspot if self.system == "hubspot" else box.salesforce
        ana = self.add(box, "ana@acme.example")
        made = crm.apply([self.task(ana)])[0].id
        if self.system == "hubspot":
            handle.add("tasks", {"hs_timestamp": "2026-01-05T09:00:00Z", "hs_task_subject": "Somebody else's"})
            assert self.everything(crm, "task", 0, having="coldframe_key") == [made]
        else:
            handle.add("Task", {"Subject": "Somebody else's"})
            assert self.everything(crm, "Task", 0, having="Coldframe_Key__c") == [made]

    def test_changes_that_cannot_be_read_raise_unavailable(self, box: Sandbox, crm: Plug) -> None:
        self.add(box, "ana@acme.example")
        crm.changes(self.person, ["email", "Email"], since=0)
        self.fault(box, "unavailable", "*")
        with pytest.raises(Unavailable):
            crm.changes(self.person, ["email", "Email"], since=0)

    def test_a_deal_comes_with_its_people(self, box: Sandbox, crm: Plug) -> None:
        if self.system == "hubspot":
            ana = self.add(box, "ana@acme.example")
            deal = box.hubspot.add("deals", {"dealname": "Acme", "dealstage": "closedwon", "amount": "900"})
            alone = box.hubspot.add("deals", {"dealname": "Nobody's"})
            box.hubspot.link("deals", deal, "contacts", ana)
            name, person = "deal", "contact"
        else:
            values = {"LastName": "Silva", "Email": "ana@acme.example"}
            ana = box.salesforce.add("Contact", values)
            stage = {"Name": "Acme", "StageName": "Qualification", "CloseDate": "2026-03-01"}
            deal, alone = box.salesforce.add("Opportunity", stage), box.salesforce.add("Opportunity", stage)
            box.salesforce.add("OpportunityContactRole", {"OpportunityId": deal, "ContactId": ana, "IsPrimary": True})
            name, person = "Opportunity", "Contact"
        expected = {deal: ((person, ana),), alone: ()}
        page = crm.changes(name, ["amount", "Amount"], since=0)
        assert {record.id: record.people for record in page.records} == expected
        assert {record.id: record.people for record in crm.read(name, [deal, alone], ["amount"])} == expected
