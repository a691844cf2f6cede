"""Provisioning Salesforce, over HTTP against the sandbox: fields are invisible until a permission set shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import requests
from provision_ground import Provisioning, actions, carry_out

from connectors.base.credentials import Credential
from connectors.base.port import FieldWrite, Verdict
from connectors.salesforce.connector import SalesforceConnector
from connectors.salesforce.setup.provisioner import SalesforceProvisioner
from connectors.shared.provisioning import Provisioner
from mappings.model.compiled_mapping import CrmMapping
from sandbox.server import Sandbox

BASE = "/salesforce/services/data/v66.0"
NADIA = "nadia.rasmussen@fernhill-systems.example"


def credential(box: Sandbox) -> Credential:
    instance = "https://sandbox.my.salesforce.com"
    return Credential(token="t", api_url=f"{box.url}/salesforce", instance_url=instance)


def call(box: Sandbox, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """As an administrator of the org."""
    reply = requests.request(
        method, f"{box.url}{BASE}/{path}", json=body, headers={"Authorization": "Bearer t"}, timeout=5
    )
    return reply.json() if reply.content else None


def custom(box: Sandbox) -> dict[str, str]:
    """Ids of the custom fields by `Lead.Name__c`."""
    soql = "SELECT Id, DeveloperName, TableEnumOrId FROM CustomField"
    rows = call(box, "GET", f"tooling/query?q={soql}")["records"]
    return {f"{row['TableEnumOrId']}.{row['DeveloperName']}__c": row["Id"] for row in rows}


class TestSalesforceProvisioning(Provisioning):
    system = "salesforce"
    task = "Task"
    key = "Coldframe_Key__c"
    band = "Coldframe_Band__c"
    score = "Coldframe_Score__c"
    scored = "Coldframe_Scored_At__c"
    person = "Lead"

    def connect(self, box: Sandbox, **options: Any) -> Provisioner:
        return SalesforceProvisioner(credential(box), **options)

    def fields(self, box: Sandbox, object_name: str) -> Mapping[str, Any]:
        return {found["name"]: found for found in call(box, "GET", f"sobjects/{object_name}/describe")["fields"]}

    def text_field(self, box: Sandbox, name: str) -> None:
        name = name if name.endswith("__c") else f"{name}__c"
        metadata = {"label": name, "type": "Text", "length": 255}
        assert call(box, "POST", "tooling/sobjects/CustomField", {"FullName": f"Lead.{name}", "Metadata": metadata})[
            "success"
        ]

    def rename(self, box: Sandbox, field: str, old: str, new: str) -> None:
        path = f"tooling/sobjects/CustomField/{custom(box)[f'Lead.{field}']}"
        metadata = call(box, "GET", path)["Metadata"]
        for value in metadata["valueSet"]["valueSetDefinition"]["value"]:
            value["valueName"] = new if value["valueName"] == old else value["valueName"]
        call(box, "PATCH", path, {"Metadata": metadata})

    def offered(self, box: Sandbox, field: str) -> Sequence[str]:
        return [value["value"] for value in self.fields(box, "Lead")[field]["picklistValues"]]

    def test_a_field_without_its_permission_is_there_and_unseen(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        carry_out([step for step in crm.plan(mapping) if step.kind == "field"])
        assert "Lead.Coldframe_Score__c" in custom(bare)
        assert "Coldframe_Score__c" not in self.fields(bare, "Lead")
        again = self.connect(bare)
        steps = again.plan(mapping)
        assert {step.action for step in steps if step.kind == "field"} == {"keep"}
        assert carry_out(steps) == []
        again.close()
        assert self.fields(bare, "Lead")["Coldframe_Score__c"]["updateable"]

    def test_the_task_key_is_defined_on_activity_unique_and_external(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        carry_out(crm.plan(mapping))
        assert "Activity.Coldframe_Key__c" in custom(bare)
        key = self.fields(bare, "Task")["Coldframe_Key__c"]
        assert (key["unique"], key["externalId"], key["type"]) == (True, True, "string")

    def test_fields_have_label_help_and_picklist_values(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        carry_out(crm.plan(mapping))
        metadata = call(bare, "GET", f"tooling/sobjects/CustomField/{custom(bare)['Lead.Coldframe_Band__c']}")[
            "Metadata"
        ]
        assert metadata["label"] == "Band"
        assert metadata["inlineHelpText"] == "Hot, warm or cold, by the scores."
        assert metadata["description"] == "Hot, warm or cold, by the scores. Made by Coldframe."
        assert metadata["valueSet"]["restricted"] is True
        reasons = self.fields(bare, "Lead")["Coldframe_Reasons__c"]
        assert (reasons["type"], reasons["length"]) == ("textarea", 32000)

    def test_sales_gets_a_permission_set_that_edits_only_what_people_fill_in(
        self, bare: Sandbox, mapping: CrmMapping
    ) -> None:
        crm = self.connect(bare, sales=[NADIA, "nobody@acme.example"])
        steps = crm.plan(mapping)
        (blocked,) = [step for step in steps if step.action == "blocked"]
        assert "nobody@acme.example" in blocked.what
        assert carry_out(steps) == []
        crm.close()
        (sales,) = bare.salesforce.find("PermissionSet", Name="Coldframe_Sales")
        rights = {
            row["Field"]: row["PermissionsEdit"]
            for row in bare.salesforce.find("FieldPermissions", ParentId=sales["Id"])
        }
        assert rights["Lead.Coldframe_Score__c"] is False
        assert rights["Lead.Coldframe_Problem__c"] is True
        assert "Task.Coldframe_Key__c" not in rights
        (assigned,) = bare.salesforce.find("PermissionSetAssignment", PermissionSetId=sales["Id"])
        assert assigned["AssigneeId"] == bare.salesforce.find("User", Username=NADIA)[0]["Id"]

    def test_a_lost_permission_is_given_back(self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping) -> None:
        carry_out(crm.plan(mapping))
        for row in bare.salesforce.find("FieldPermissions", Field="Lead.Coldframe_Score__c"):
            bare.salesforce.delete("FieldPermissions", row["Id"])
        for row in bare.salesforce.find("FieldPermissions", Field="Lead.Coldframe_Fit__c"):
            bare.salesforce.set("FieldPermissions", row["Id"], {"PermissionsEdit": False})
        assert "Coldframe_Score__c" not in self.fields(bare, "Lead")
        changed = [step for step in crm.plan(mapping) if step.action == "change"]
        assert [step.what for step in changed] == ["Coldframe", "Coldframe_Sales"]
        assert changed[0].detail == "2 of 66 fields"
        assert carry_out(changed) == []
        assert self.fields(bare, "Lead")["Coldframe_Score__c"]["updateable"]
        assert self.fields(bare, "Lead")["Coldframe_Fit__c"]["updateable"]

    def test_a_permission_set_of_the_same_name_that_others_made_is_used_and_never_removed(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        bare.salesforce.add("PermissionSet", {"Name": "Coldframe", "Label": "Ours", "Description": "by an admin"})
        carry_out(crm.plan(mapping))
        assert "Coldframe_Score__c" in self.fields(bare, "Lead")
        removal = crm.removal(mapping)
        assert [(step.action, step.detail) for step in removal if step.what == "Coldframe"] == [
            ("keep", "made by others")
        ]
        carry_out(removal)
        assert len(bare.salesforce.find("PermissionSet", Name="Coldframe")) == 1

    def test_a_set_that_cannot_be_made_leaves_words_not_a_traceback(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        bare.salesforce.rule(object="PermissionSet", field="Name", pattern="Coldframe.*", message="not here")
        refused = carry_out(crm.plan(mapping))
        assert [refusal.message for refusal in refused][:2] == ["not here", "the permission set could not be made"]

    def test_after_provisioning_scores_can_be_written(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        lead = bare.salesforce.add("Lead", {"LastName": "Silva", "Company": "Acme", "Email": "ana@acme.example"})
        connector = SalesforceConnector(credential(bare))
        write = FieldWrite(key="f", object="Lead", id=lead, fields={"Coldframe_Score__c": 55})
        before = connector.apply([write])[0]
        assert (before.verdict, before.code) == (Verdict.PERMANENT, "INVALID_FIELD")
        carry_out(crm.plan(mapping))
        assert connector.apply([write])[0].verdict is Verdict.DONE
        connector.close()
        assert bare.salesforce.record("Lead", lead)["Coldframe_Score__c"] == 55
        assert actions(crm.plan(mapping)).get("create", 0) == 0

    @pytest.mark.parametrize(
        ("name", "metadata", "code"),
        [
            ("Task.X__c", {"label": "X", "type": "Text", "length": 20}, "INVALID_CROSS_REFERENCE_KEY"),
            ("Lead.X", {"label": "X", "type": "Text", "length": 20}, "FIELD_INTEGRITY_EXCEPTION"),
            ("Lead.X__c", {"label": "X", "type": "Text"}, "REQUIRED_FIELD_MISSING"),
            ("Lead.X__c", {"label": "X", "type": "Text", "length": 300}, "FIELD_INTEGRITY_EXCEPTION"),
            ("Lead.Problem__c", {"label": "X", "type": "Text", "length": 20}, "DUPLICATE_DEVELOPER_NAME"),
        ],
    )
    def test_the_sandbox_refuses_what_salesforce_refuses(
        self, bare: Sandbox, name: str, metadata: Mapping[str, Any], code: str
    ) -> None:
        body = {"FullName": name, "Metadata": metadata}
        assert call(bare, "POST", "tooling/sobjects/CustomField", body)[0]["errorCode"] == code
