"""Provisioning HubSpot, over HTTP against the sandbox."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import requests
from hubspot_leads import with_leads
from provision_ground import Provisioning, actions, carry_out

from connectors.base.credentials import Credential
from connectors.base.port import TaskWrite, Unavailable, Verdict
from connectors.hubspot.connector import HubSpotConnector
from connectors.hubspot.setup.provisioner import HubSpotProvisioner
from connectors.hubspot.setup.public_app import App
from connectors.shared.provisioning import Provisioner
from mappings.model.compiled_mapping import CrmMapping
from mappings.model.task_text import of_plain
from mappings.values.instant import parse
from sandbox.both.both_systems import APP_ID
from sandbox.hubspot.state.associations import kind_named
from sandbox.hubspot.state.property_values import Property
from sandbox.server import Sandbox


def credential(box: Sandbox) -> Credential:
    return Credential(token="t", api_url=f"{box.url}/hubspot")


class TestHubSpotProvisioning(Provisioning):
    system = "hubspot"
    task = "task"
    key = "coldframe_key"
    band = "coldframe_band"
    score = "coldframe_score"
    scored = "coldframe_scored_at"
    person = "contact"

    def connect(self, box: Sandbox, **options: Any) -> Provisioner:
        return HubSpotProvisioner(credential(box), **options)

    def fields(self, box: Sandbox, object_name: str) -> Mapping[str, Any]:
        return box.hubspot.portal.properties(kind_named(object_name))

    def text_field(self, box: Sandbox, name: str) -> None:
        made = Property(
            name=name, label=name, type="string", field_type="text", group="contactinformation", custom=True
        )
        box.hubspot.portal.properties("contacts")[name] = made

    def rename(self, box: Sandbox, field: str, old: str, new: str) -> None:
        held = box.hubspot.portal.properties("contacts")[field]
        held.options = {new if value == old else value: label for value, label in held.options.items()}

    def offered(self, box: Sandbox, field: str) -> Sequence[str]:
        return list(box.hubspot.portal.properties("contacts")[field].options)

    def test_properties_stand_in_a_group_of_ours_with_label_and_help(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        carry_out(crm.plan(mapping))
        score = bare.hubspot.portal.properties("contacts")["coldframe_score"]
        assert (score.group, score.label, score.type) == ("coldframe", "Lead score", "number")
        assert score.description == "Fit and engagement together, in points. Made by Coldframe."
        assert bare.hubspot.portal.groups["contacts"]["coldframe"] == "Coldframe"
        assert bare.hubspot.portal.properties("tasks")["coldframe_key"].unique

    def test_leads_get_our_key_where_the_mapping_creates_them_and_are_asked_for_nowhere_else(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        assert not [step for step in crm.plan(mapping) if "lead" in step.what.split(".")]
        carry_out(crm.plan(with_leads()))
        assert bare.hubspot.portal.properties("leads")["coldframe_key"].unique
        assert {step.action for step in crm.plan(with_leads()) if step.what.startswith("lead.")} == {"keep"}

    def test_a_group_that_others_use_stays_and_says_why(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        carry_out(crm.plan(mapping))
        self.text_field(bare, "of_others")
        bare.hubspot.portal.properties("contacts")["of_others"].group = "coldframe"
        steps = crm.removal(mapping)
        kept = [step for step in steps if step.action == "keep"]
        assert [(step.what, step.detail) for step in kept] == [
            ("contact.coldframe", "holds properties that others made: of_others")
        ]
        assert carry_out(steps) == []
        assert "of_others" in bare.hubspot.portal.properties("contacts")

    def test_a_key_that_is_not_unique_is_blocked_since_hubspot_cannot_change_that(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        carry_out(crm.plan(mapping))
        bare.hubspot.portal.properties("tasks")["coldframe_key"].unique = False
        (blocked,) = [step for step in crm.plan(mapping) if step.action == "blocked"]
        assert (blocked.what, blocked.detail) == ("task.coldframe_key", "has no unique values")
        assert "delete it" in blocked.remedy

    def test_texts_that_somebody_has_changed_in_our_properties_are_set_right_and_others_left(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        self.text_field(bare, "coldframe_segment")
        carry_out(crm.plan(mapping))
        properties = bare.hubspot.portal.properties("contacts")
        properties["coldframe_fit"].label = "Fitness"
        changed = [step for step in crm.plan(mapping) if step.action == "change"]
        assert [(step.what, step.detail) for step in changed] == [("contact.coldframe_fit", "label")]
        carry_out(changed)
        assert properties["coldframe_fit"].label == "Fit score"
        assert properties["coldframe_segment"].label == "coldframe_segment"

    def test_webhooks_are_told_to_be_subscribed_by_hand_with_every_property_that_is_read(
        self, bare: Sandbox, mapping: CrmMapping
    ) -> None:
        crm = self.connect(bare, webhook_url="https://coldframe.example/webhooks/hubspot")
        told = {step.what: step for step in crm.plan(mapping) if step.action == "by hand"}
        crm.close()
        assert {"contact", "company"} <= set(told)
        assert "contact.privacyDeletion" in told["contact"].detail
        assert all(name in told["contact"].detail for name in mapping.reads("contact"))
        assert "coldframe_score" not in told["contact"].detail, "what we write ourselves is of no interest"
        assert "https://coldframe.example/webhooks/hubspot" in told["contact"].remedy

    def test_with_the_developers_key_the_app_is_subscribed_once(self, bare: Sandbox, mapping: CrmMapping) -> None:
        app = App(number=str(APP_ID), key="developer-key")
        options = {"webhook_url": "https://coldframe.example/webhooks/hubspot", "app": app}
        crm = self.connect(bare, **options)
        steps = [step for step in crm.plan(mapping) if step.kind.startswith("webhook")]
        assert actions(steps) == {"create": len(steps)}
        assert carry_out(steps) == []
        held = bare.hubspot.gate.subscriptions
        assert held.settings["targetUrl"] == options["webhook_url"]
        events = {(one["eventType"], one.get("propertyName")) for one in held.held}
        assert {("contact.privacyDeletion", None), ("contact.propertyChange", "jobtitle")} <= events
        assert ("contact.propertyChange", "coldframe_score") not in events
        count = len(held.held)
        held.held.remove(next(one for one in held.held if one.get("propertyName") == "jobtitle"))
        (changed,) = [step for step in crm.plan(mapping) if step.action == "change"]
        assert (changed.what, changed.detail) == ("contact", "contact.propertyChange of jobtitle")
        carry_out([changed])
        assert len(held.held) == count
        assert actions([step for step in crm.plan(mapping) if step.kind.startswith("webhook")]) == {"keep": len(steps)}
        assert [step for step in crm.removal(mapping) if step.kind.startswith("webhook")] == []
        crm.close()
        assert "developer-key" not in repr(app)

    def test_a_target_that_is_set_to_something_else_is_left_to_a_person(
        self, bare: Sandbox, mapping: CrmMapping
    ) -> None:
        bare.hubspot.gate.subscriptions.settings = {"targetUrl": "https://other.example/hooks"}
        app = App(number=str(APP_ID), key="developer-key")
        crm = self.connect(bare, webhook_url="https://coldframe.example/webhooks/hubspot", app=app)
        (target,) = [step for step in crm.plan(mapping) if step.kind == "webhook target"]
        assert (target.action, target.detail) == ("by hand", "is https://other.example/hooks")
        crm.close()

    def test_an_app_that_the_developer_does_not_have_is_told(self, bare: Sandbox, mapping: CrmMapping) -> None:
        crm = self.connect(bare, webhook_url="https://c.example/h", app=App(number="1", key="developer-key"))
        with pytest.raises(Unavailable, match="has no app 1"):
            crm.plan(mapping)
        crm.close()

    def test_an_access_token_cannot_reach_an_apps_webhooks(self, bare: Sandbox, misshapen: list[str]) -> None:
        reply = requests.get(
            f"{bare.url}/hubspot/app-webhooks/2026-09/{APP_ID}/subscriptions",
            headers={"Authorization": "Bearer t"},
            timeout=5,
        )
        assert reply.status_code == 401
        assert "no parameter hapikey" in misshapen.pop()

    def test_after_provisioning_scores_and_tasks_can_be_written(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        carry_out(crm.plan(mapping))
        ana = bare.hubspot.add("contacts", {"email": "ana@acme.example"})
        connector = HubSpotConnector(credential(bare))
        write = TaskWrite(
            key="t:1", object="contact", id=ana, subject="Call", body=of_plain(""), due_at=parse("2026-03-02T15:00:00Z")
        )
        assert connector.apply([write])[0].verdict is Verdict.DONE
        assert [finding for finding in connector.examine({"contact": ["coldframe_score"]}) if not finding.ok] == []
        connector.close()
        assert actions(crm.plan(mapping)).get("create", 0) == 0
