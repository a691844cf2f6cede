"""Creating people: each once, whatever is lost on the way, and under the CRM's own rules."""

from typing import Any

from connector_ground import Ground, Plug

from connectors.base.port import PersonWrite, Receipt, Verdict
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault


class Creating(Ground):
    def newcomer(self, email: str, **more: Any) -> PersonWrite:
        """Somebody with this e-mail, and a last name and company where the CRM wants them."""
        fields = {"email": email}
        if self.system == "salesforce":
            fields = {"Email": email, "LastName": email.partition("@")[0]}
            fields |= {"Company": email.partition("@")[2]} if self.person == "Lead" else {}
        return PersonWrite(key=f"p:{email}", object=self.person, email=email, fields=fields | more)

    def there(self, box: Sandbox, email: str) -> list[str]:
        """The ids of the records with this e-mail."""
        if self.system == "salesforce":
            return [str(one["Id"]) for one in box.salesforce.records(self.person) if one.get("Email") == email]
        return [one.id for one in box.hubspot.records("contacts") if one.values.get("email") == email]

    def lost(self) -> Fault:
        """The next creation is carried out, and its reply is lost."""
        path = "*/composite/sobjects" if self.system == "salesforce" else "*/contacts/batch/create"
        return Fault(kind="apply_then_drop", system=self.system, method="POST", path=path)

    def test_people_are_created_in_one_call_and_each_is_answered_in_order(self, box: Sandbox, crm: Plug) -> None:
        emails = [f"p{number}@acme{number}.example" for number in range(30)]
        receipts = crm.apply([self.newcomer(email) for email in emails])
        assert [(each.key, each.verdict) for each in receipts] == [(f"p:{email}", Verdict.DONE) for email in emails]
        assert [[each.id] for each in receipts] == [self.there(box, email) for email in emails]

    def test_somebody_who_is_there_already_is_found_and_not_created(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        there, new = crm.apply([self.newcomer("Ana@Acme.example"), self.newcomer("bo@blue.example")])
        assert (there.verdict, there.moved_to) == (Verdict.FOLLOW, (self.person, ana))
        assert new.verdict is Verdict.DONE
        assert self.there(box, "ana@acme.example") == [ana]

    def test_a_creation_whose_reply_was_lost_is_not_repeated(self, box: Sandbox, crm: Plug) -> None:
        box.faults.add(self.lost())
        (first,) = crm.apply([self.newcomer("ana@acme.example")])
        assert first.verdict is Verdict.UNCLEAR
        (again,) = crm.apply([self.newcomer("ana@acme.example")])
        (record,) = self.there(box, "ana@acme.example")
        assert (again.verdict, again.moved_to) == (Verdict.FOLLOW, (self.person, record))

    def test_a_crm_that_cannot_be_asked_creates_nobody(self, box: Sandbox, crm: Plug) -> None:
        box.faults.add(Fault(kind="unavailable", times=0, system=self.system))
        (receipt,) = crm.apply([self.newcomer("ana@acme.example")])
        box.faults.clear()
        assert (receipt.key, receipt.verdict, receipt.outage) == ("p:ana@acme.example", Verdict.RETRY, True)
        assert self.there(box, "ana@acme.example") == []

    def test_one_that_is_refused_does_not_keep_the_others(self, box: Sandbox, crm: Plug) -> None:
        crm_box = box.salesforce if self.system == "salesforce" else box.hubspot
        held, name = (self.person, "LastName") if self.system == "salesforce" else ("contacts", "lastname")
        crm_box.rule(object=held, field=name, pattern="BO", message="No shouting")
        writes = [self.newcomer(f"{word}@{word}.example", **{name: word}) for word in ("Ana", "BO", "Cid")]
        receipts = crm.apply(writes)
        assert [each.verdict for each in receipts] == [Verdict.DONE, Verdict.PERMANENT, Verdict.DONE]
        assert "No shouting" in receipts[1].message

    def test_whom_the_crms_own_rule_names_is_the_person(self, box: Sandbox, crm: Plug) -> None:
        """HubSpot: the address is another contact's second one. Salesforce: a rule that goes by name and company."""
        if self.system == "hubspot":
            ana = self.add(box, "ana@acme.example")
            box.hubspot.set("contacts", ana, {"hs_additional_emails": "second@acme.example"})
            write = self.newcomer("second@acme.example")
        else:
            box.salesforce.org.duplicate_rule = True
            account = box.salesforce.add("Account", {"Name": "Acme"})
            firm = {"Company": "Acme"} if self.person == "Lead" else {"AccountId": account}
            name = {"FirstName": "Ana", "LastName": "Silva", **firm}
            ana = box.salesforce.add(self.person, {**name, "Email": "ana@acme.example"})
            write = self.newcomer("second@home.example", **name)
        receipt = self.alone(crm, write)
        assert (receipt.verdict, receipt.moved_to) == (Verdict.FOLLOW, (self.person, ana))
        assert self.there(box, write.email) == []

    def alone(self, crm: Plug, write: PersonWrite) -> Receipt:
        """The receipt of one person among others who are fine."""
        others = [self.newcomer(f"o{number}@other{number}.example") for number in range(3)]
        *done, receipt = crm.apply([*others, write])
        assert {each.verdict for each in done} == {Verdict.DONE}
        return receipt
