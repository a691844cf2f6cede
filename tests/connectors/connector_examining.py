"""Describing objects, and what doctor says."""

from urllib.parse import urlsplit

import psutil
from connector_ground import TOKEN, Ground, Plug

from connectors.base.credentials import Credential
from connectors.base.port import Verdict
from mappings.translate.translation import load_mapping
from sandbox.desk import sales_desk
from sandbox.server import Sandbox


class Examining(Ground):
    def test_describe_tells_types_options_and_what_may_be_written(self, crm: Plug) -> None:
        fields = {field.name: field for field in crm.describe(self.person)}
        assert fields[self.score].writable
        assert fields[self.score].type in {"number", "double"}
        stage = next(
            field for name, field in fields.items() if name.casefold() in {"coldframe_stage", "coldframe_stage__c"}
        )
        assert "mql" in stage.options

    def test_examine_is_content_with_a_portal_that_has_everything(self, crm: Plug) -> None:
        mapping, _ = load_mapping(self.system)
        assert mapping is not None
        findings = crm.examine(mapping.needed)
        assert [finding for finding in findings if not finding.ok] == []
        assert any(finding.subject == "create tasks" for finding in findings)

    def test_examine_names_each_missing_field_with_the_remedy(self, box: Sandbox, crm: Plug) -> None:
        self.hide(box, self.score)
        findings = [finding for finding in crm.examine({self.person: [self.score, self.text]}) if not finding.ok]
        assert [finding.subject for finding in findings] == [f"{self.person}.{self.score}"]
        assert self.score in findings[0].remedy
        assert "create" in findings[0].remedy

    def test_examine_says_what_to_do_about_a_refused_token_and_never_raises(self, box: Sandbox, crm: Plug) -> None:
        for kind in ("unauthorized", "unavailable", "drop"):
            box.faults.clear()
            self.fault(box, kind, "*", times=0)
            findings = crm.examine({self.person: [self.score]})
            assert not any(finding.ok for finding in findings)
            assert all(finding.remedy for finding in findings)

    def test_a_field_that_is_missing_is_told_by_name_when_written(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        self.hide(box, self.score)
        receipt = crm.apply([self.field(ana)])[0]
        assert receipt.verdict is Verdict.PERMANENT
        assert self.score in receipt.message

    def test_people_are_known_by_email_and_those_who_have_left_too(self, box: Sandbox, crm: Plug) -> None:
        gone = self.leave(box)
        users = {user.id: user for user in crm.users()}
        assert len(users) >= 4
        assert all("@" in user.email and user.label for user in users.values() if user.kind == "person")
        assert {user.id for user in users.values() if not user.active} == {gone}
        assert [user.active for user in crm.users([gone])] == [False]
        assert crm.users(["999999" if self.system == "hubspot" else "0057Q000000ZZZZQA4"]) == []

    def test_a_task_goes_to_its_owner(self, box: Sandbox, crm: Plug) -> None:
        ana = self.add(box, "ana@acme.example")
        own = crm.own_user()
        owner = min(user.id for user in crm.users() if user.id != own)
        assert crm.apply([self.task(ana, owner=owner)])[0].verdict is Verdict.DONE
        assert [task.owner for task in sales_desk.tasks(box)] == [owner]

    def test_the_token_is_in_no_receipt_finding_or_representation(self, box: Sandbox) -> None:
        crm = self.connect(box, haste=True)
        ana = self.add(box, "ana@acme.example")
        self.fault(box, "unauthorized", "*", times=0)
        shown = [repr(crm), repr(crm.apply([self.field(ana), self.task(ana)])), repr(crm.examine({self.person: ["x"]}))]
        crm.close()
        assert TOKEN not in "".join(shown)
        assert TOKEN not in repr(Credential(token=TOKEN, api_url=box.url))

    def test_a_closed_connector_holds_no_connection(self, box: Sandbox) -> None:
        def held() -> int:
            port = urlsplit(box.url).port
            found = psutil.Process().net_connections("tcp")
            return sum(each.status == "ESTABLISHED" and each.raddr.port == port for each in found if each.raddr)

        before = held()
        crm = self.connect(box)
        crm.describe(self.person)
        assert held() > before
        crm.close()
        assert held() == before
