"""What the service relies on from a CRM, kept by both connectors, over HTTP against the sandbox."""

from typing import Any

import pytest
from connector_changes import Changing
from connector_creating import Creating
from connector_everything import Everything
from connector_examining import Examining
from connector_ground import HASTE, TOKEN, Plug
from connector_outages import Outages
from connector_reading import Reading
from connector_tasks import Tasks
from connector_verdicts import Verdicts
from connector_writing import Writing

from connectors.base.credentials import Credential
from connectors.base.port import FieldWrite, PersonWrite, Verdict
from connectors.base.task_words import TaskWords
from connectors.hubspot.connector import HubSpotConnector
from connectors.salesforce.connector import SalesforceConnector
from mappings.translate.translation import inward, load_mapping
from mappings.values.instant import SECOND
from sandbox.desk import sales_desk
from sandbox.server import Sandbox


class Contract(Reading, Changing, Creating, Everything, Writing, Outages, Verdicts, Tasks, Examining):
    """All the rules."""


class TestHubSpot(Contract):
    system = "hubspot"
    person = "contact"
    score = "coldframe_score"
    text = "coldframe_reasons"
    task_call = "*/tasks/batch/create"
    update_call = "/contacts/batch/update"
    read_call = "*/contacts/batch/read"
    look_call = "*/tasks/batch/read"
    words = TaskWords(
        opened={"hs_task_status": "NOT_STARTED"},
        closed={"hs_task_status": "COMPLETED"},
        priorities={
            "low": {"hs_task_priority": "LOW"},
            "normal": {"hs_task_priority": "MEDIUM"},
            "high": {"hs_task_priority": "HIGH"},
        },
    )

    def connect(self, box: Sandbox, *, haste: bool = False) -> Any:
        credential = Credential(token=TOKEN, api_url=f"{box.url}/hubspot")
        return HubSpotConnector(credential, timeout=HASTE) if haste else HubSpotConnector(credential)

    def add(self, box: Sandbox, email: str, **values: Any) -> str:
        return box.hubspot.add("contacts", {"email": email, **values})

    def held(self, box: Sandbox, record: str, field: str) -> Any:
        return box.hubspot.values("contacts", record)[field]

    def delete(self, box: Sandbox, record: str) -> None:
        box.hubspot.delete("contacts", record)

    def value(self, score: int) -> Any:
        return str(score)

    def hide(self, box: Sandbox, field: str) -> None:
        box.hubspot.portal.remove_property("contacts", field)

    def fault(self, box: Sandbox, kind: Any, path: str, **more: Any) -> None:
        super().fault(box, kind, path if path.startswith("*") else f"*{path}", **more)

    def test_requests_have_the_shapes_that_hubspot_takes(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        crm.apply(
            [FieldWrite(key="f", object="contact", id=ana, fields={"coldframe_fit": 40, "coldframe_track": None})]
        )
        crm.apply([self.task(ana)])
        (update,) = self.log(box).entries(path="batch/update")
        assert update.body["inputs"][0]["properties"] == {"coldframe_fit": "40", "coldframe_track": ""}
        (create,) = self.log(box).entries(path="tasks/batch/create")
        (made,) = create.body["inputs"]
        assert made["associations"][0]["types"][0]["associationTypeId"] == 204
        assert all(isinstance(value, str) for value in made["properties"].values())
        assert made["properties"]["hs_task_body"] == "<p>Fit 40<br>&lt;b&gt;pricing&lt;/b&gt; &amp; ROI</p>"

    def test_a_merged_contact_is_written_under_its_survivor(self, box: Sandbox, crm: Plug) -> None:
        kept, ended = self.add(box, "kept@acme.example"), self.add(box, "ended@acme.example")
        other = self.add(box, "other@acme.example")
        box.hubspot.merge("contacts", kept, ended)
        receipts = crm.apply([self.field(other, 1), self.field(ended, 2)])
        assert [(receipt.verdict, receipt.id) for receipt in receipts] == [(Verdict.DONE, other), (Verdict.DONE, kept)]
        assert [record.id for record in crm.read("contact", [ended], ["email"])] == [kept]

    def test_a_task_is_found_again_though_search_lags_and_its_key_is_not_unique(self) -> None:
        with Sandbox(unique_task_key=False) as box:
            box.hubspot.gate.search.delay = 60_000
            crm = self.connect(box, haste=True)
            people = [self.add(box, f"p{number}@acme.example") for number in range(3)]
            self.fault(box, "apply_then_drop", self.task_call)
            writes = [self.task(person, f"t:{place}") for place, person in enumerate(people[:2])]
            crm.apply(writes)
            receipts = crm.apply(
                [self.task(person, f"t:{place}", attempted=True) for place, person in enumerate(people)]
            )
            findings = [finding for finding in crm.examine({}) if finding.detail == "not unique"]
            crm.close()
            assert [receipt.verdict for receipt in receipts] == [Verdict.DONE] * 3
            assert len(sales_desk.tasks(box)) == 3
            assert findings, "doctor says that the key should be unique"

    def test_companies_are_read_by_id(self, box: Sandbox, crm: Plug) -> None:
        acme = box.hubspot.add("companies", {"name": "Acme", "domain": "acme.example", "numberofemployees": "120"})
        mapping, _ = load_mapping("hubspot")
        assert mapping is not None
        (record,) = crm.read("company", [acme], mapping.reads("company"))
        assert inward(mapping, "company", record.fields).account == {
            "name": "Acme",
            "domain": "acme.example",
            "employees": 120,
            "owner": None,
        }

    def test_the_ten_second_limit_is_told_by_its_headers(self, box: Sandbox, crm: Plug) -> None:
        box.hubspot.limits.ten_secondly = 3
        ana = self.add(box, "ana@acme.example")
        verdicts = [crm.apply([self.field(ana)])[0].verdict for _ in range(4)]
        assert verdicts == [Verdict.DONE] * 3 + [Verdict.PAUSE]
        assert crm.usage.window == 10 * SECOND
        assert crm.usage.window_remaining == 0


class SalesforceContract(Contract):
    system = "salesforce"
    score = "Coldframe_Score__c"
    text = "Coldframe_Reasons__c"
    task_call = "*/composite/sobjects/Task/*"
    update_call = "/composite/sobjects"
    look_call = "*/query"
    words = TaskWords(
        opened={"Status": "Not Started"},
        closed={"Status": "Completed"},
        priorities={"low": {"Priority": "Low"}, "normal": {"Priority": "Normal"}, "high": {"Priority": "High"}},
    )

    def connect(self, box: Sandbox, *, haste: bool = False) -> Any:
        instance = "https://sandbox.my.salesforce.example"
        credential = Credential(token=TOKEN, api_url=f"{box.url}/salesforce", instance_url=instance)
        return SalesforceConnector(credential, timeout=HASTE) if haste else SalesforceConnector(credential)

    def held(self, box: Sandbox, record: str, field: str) -> Any:
        return box.salesforce.record(self.person, record)[field]

    def delete(self, box: Sandbox, record: str) -> None:
        box.salesforce.delete(self.person, record)

    def value(self, score: int) -> Any:
        return score

    def hide(self, box: Sandbox, field: str) -> None:
        box.salesforce.org.remove_field(self.person, field)

    def fault(self, box: Sandbox, kind: Any, path: str, **more: Any) -> None:
        super().fault(box, kind, path if path.startswith("*") else f"*{path}", **more)


class TestSalesforceLead(SalesforceContract):
    person = "Lead"
    read_call = "*/composite/sobjects/Lead"

    def add(self, box: Sandbox, email: str, **values: Any) -> str:
        return box.salesforce.add("Lead", {"LastName": "Silva", "Company": "Acme", "Email": email, **values})

    def test_a_converted_lead_is_followed_to_its_contact(self, box: Sandbox, crm: Plug) -> None:
        ana, bo = self.add(box, "ana@acme.example"), self.add(box, "bo@acme.example")
        contact = box.salesforce.convert(ana)["ConvertedContactId"]
        fields = crm.apply([self.field(bo), self.field(ana)])
        assert [receipt.verdict for receipt in fields] == [Verdict.DONE, Verdict.FOLLOW]
        assert fields[1].moved_to == ("Contact", contact)
        assert fields[1].code == "CANNOT_UPDATE_CONVERTED_LEAD"
        task = crm.apply([self.task(ana)])[0]
        assert (task.verdict, task.moved_to) == (Verdict.FOLLOW, ("Contact", contact))
        moved = FieldWrite(key="k", object="Contact", id=contact, fields={self.score: 7})
        assert crm.apply([moved])[0].verdict is Verdict.DONE

    @pytest.mark.parametrize(("kind", "verdict"), [("unavailable", Verdict.RETRY), ("rate_limited", Verdict.PAUSE)])
    def test_a_converted_lead_whose_contact_nobody_could_look_up_is_not_given_up(
        self, box: Sandbox, crm: Plug, kind: str, verdict: Verdict
    ) -> None:
        ana = self.add(box, "ana@acme.example")
        contact = box.salesforce.convert(ana)["ConvertedContactId"]
        self.fault(box, kind, "*/query")
        assert crm.apply([self.field(ana)])[0].verdict is verdict
        receipt = crm.apply([self.field(ana)])[0]
        assert (receipt.verdict, receipt.moved_to) == (Verdict.FOLLOW, ("Contact", contact))

    def test_a_converted_lead_is_not_found_by_email_but_its_contact_is(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        contact = box.salesforce.convert(ana)["ConvertedContactId"]
        found = crm.find(["ana@acme.example"], {"Lead": ["Email"], "Contact": ["Email"]})
        assert [(record.object, record.id) for record in found] == [("Contact", contact)]

    def test_a_locked_row_is_tried_again_alone(self, box: Sandbox, crm: Plug) -> None:
        ids = [self.add(box, f"p{number}@acme.example") for number in range(3)]
        self.fault(box, "record_error", self.update_call, record=ids[1], code="UNABLE_TO_LOCK_ROW")
        receipts = crm.apply([self.field(record) for record in ids])
        assert [receipt.verdict for receipt in receipts] == [Verdict.DONE, Verdict.RETRY, Verdict.DONE]
        assert receipts[1].code == "UNABLE_TO_LOCK_ROW"
        assert not receipts[1].outage

    def test_leads_and_contacts_go_in_one_call(self, box: Sandbox, crm: Plug) -> None:
        lead = self.add(box, "ana@acme.example")
        contact = box.salesforce.add("Contact", {"LastName": "Bo", "Email": "bo@acme.example"})
        receipts = crm.apply(
            [self.field(lead), FieldWrite(key="c", object="Contact", id=contact, fields={self.score: 3})]
        )
        assert [receipt.verdict for receipt in receipts] == [Verdict.DONE] * 2
        assert len(self.log(box).entries(path="/composite/sobjects")) == 1

    def test_a_field_this_user_cannot_see_does_not_refuse_the_whole_read(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        wanted = ["Email", "Title", "Nowhere__c"]
        assert crm.read("Lead", [ana], wanted)[0].fields == {"Email": "ana@acme.example", "Title": None}
        box.salesforce.org.remove_field("Lead", "Title")
        assert crm.read("Lead", [ana], wanted)[0].fields == {"Email": "ana@acme.example"}
        assert crm.find(["ana@acme.example"], {"Lead": wanted})[0].fields == {"Email": "ana@acme.example"}

    def test_changes_tell_what_lies_in_the_recycle_bin(self, box: Sandbox, crm: Plug) -> None:
        ana, gone = self.add(box, "ana@acme.example"), self.add(box, "gone@acme.example")
        self.delete(box, gone)
        page = crm.changes("Lead", ["Email"], since=0)
        assert {record.id: record.deleted for record in page.records} == {ana: False, gone: True}

    def test_people_are_found_over_several_pages(self, box: Sandbox, crm: Plug) -> None:
        box.salesforce.gate.queries.page = 3
        emails = [f"p{number}@acme.example" for number in range(8)]
        for email in emails:
            self.add(box, email)
        found = crm.find(emails, {"Lead": ["Email"]})
        assert sorted(record.fields["Email"] for record in found) == emails

    def test_short_ids_are_answered_with_long_ones(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        assert [record.id for record in crm.read("Lead", [ana[:15]], ["Email"])] == [ana]
        assert crm.apply([self.field(ana[:15])])[0].id == ana

    def test_the_task_is_upserted_by_our_key(self, box: Sandbox, crm: Plug) -> None:
        crm.apply([self.task(self.add(box, "ana@acme.example"))])
        (call,) = self.log(box).entries(method="PATCH")
        assert call.path.endswith("/services/data/v66.0/composite/sobjects/Task/Coldframe_Key__c")
        assert call.body["allOrNone"] is False

    def test_accounts_are_read_by_id(self, box: Sandbox, crm: Plug) -> None:
        acme = box.salesforce.add("Account", {"Name": "Acme", "NumberOfEmployees": 120, "Industry": "Technology"})
        mapping, _ = load_mapping("salesforce")
        assert mapping is not None
        (record,) = crm.read("Account", [acme], mapping.reads("Account"))
        told = inward(mapping, "Account", record.fields).account
        assert told == {"name": "Acme", "employees": 120, "industry": "software", "owner": told["owner"]}

    @pytest.mark.parametrize(
        "instance", ["https://evil.example", "https://salesforce.com.evil.example", "", "nonsense"]
    )
    def test_an_instance_that_is_not_salesforces_is_refused(self, instance: str) -> None:
        with pytest.raises(ValueError, match="not an address of Salesforce"):
            SalesforceConnector(Credential(token="t", instance_url=instance))


class TestSalesforceContact(SalesforceContract):
    person = "Contact"
    read_call = "*/composite/sobjects/Contact"

    def add(self, box: Sandbox, email: str, **values: Any) -> str:
        return box.salesforce.add("Contact", {"LastName": "Silva", "Email": email, **values})


@pytest.mark.parametrize("token", ["", "  ", "a b", "a\nb", "t\N{SNOWMAN}ken"])
def test_a_token_that_cannot_be_one_is_refused_at_once_and_not_shown(token: str) -> None:
    for build in (HubSpotConnector, SalesforceConnector):
        with pytest.raises(ValueError, match="access token") as caught:
            build(Credential(token=token, instance_url="https://acme.my.salesforce.com"))
        assert "ken" not in str(caught.value).replace("token", "")


def named_twice(box: Sandbox) -> None:
    """An org whose rule finds two people of one name at one company."""
    box.salesforce.org.duplicate_rule = True
    for email in ("ana@acme.example", "ana@home.example"):
        box.salesforce.add("Lead", {"FirstName": "Ana", "LastName": "Silva", "Company": "Acme", "Email": email})


def test_a_duplicate_rule_of_salesforce_that_names_several_is_a_refusal_in_its_words(box: Sandbox) -> None:
    named_twice(box)
    crm = TestSalesforceLead().connect(box)
    fields = {"Email": "third@acme.example", "FirstName": "Ana", "LastName": "Silva", "Company": "Acme"}
    write = PersonWrite(key="p", object="Lead", email="third@acme.example", fields=fields)
    (receipt,) = crm.apply([write])
    crm.close()
    assert (receipt.verdict, receipt.code) == (Verdict.PERMANENT, "DUPLICATES_DETECTED")
    assert receipt.message.startswith("Use one of these records? The duplicate rule names Lead 00Q")
    assert len(list(box.salesforce.records("Lead"))) == 2


def test_somebody_who_is_a_contact_of_salesforce_is_not_created_as_a_lead(box: Sandbox) -> None:
    """Also where there is a lead of that e-mail: a contact comes first."""
    account = box.salesforce.add("Account", {"Name": "Acme"})
    box.salesforce.add("Lead", {"LastName": "Silva", "Company": "Acme", "Email": "ana@acme.example"})
    contact = box.salesforce.add("Contact", {"LastName": "Silva", "AccountId": account, "Email": "ana@acme.example"})
    crm = TestSalesforceLead().connect(box)
    fields = {"Email": "ana@acme.example", "LastName": "Silva", "Company": "Acme"}
    (receipt,) = crm.apply([PersonWrite(key="p", object="Lead", email="ana@acme.example", fields=fields)])
    crm.close()
    assert (receipt.verdict, receipt.moved_to) == (Verdict.FOLLOW, ("Contact", contact))
