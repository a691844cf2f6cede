"""The ground of the provisioning rules: a CRM without our fields, and the rules that both provisioners keep."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from connectors.answers.replies import Refusal
from connectors.base.port import Unavailable
from connectors.shared.provisioning import MARK, Provisioner, Step, wanted
from integration.flows.going_live.provision_steps import carried_out
from mappings.model.canonical import STANDING_FIELDS
from mappings.model.compiled_mapping import CrmMapping
from mappings.translate.translation import load_mapping
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

CHANGES = ("POST", "PATCH", "PUT", "DELETE")


def actions(steps: Sequence[Step]) -> dict[str, int]:
    """How many steps there are of each action."""
    return {action: sum(step.action == action for step in steps) for action in {step.action for step in steps}}


def carry_out(steps: Sequence[Step]) -> list[Refusal]:
    """Do it all; what was refused."""
    tried = [step.carry_out() for step in steps if step.carry_out]
    return [refusal for refusal in tried if refusal]


class Provisioning:
    """The rules; subclasses say where things are in their CRM."""

    system: str
    task: str
    key: str
    band: str
    score: str
    person: str

    def connect(self, box: Sandbox, **options: Any) -> Provisioner:
        raise NotImplementedError

    def fields(self, box: Sandbox, object_name: str) -> Mapping[str, Any]:
        """Every field that is there, by name."""
        raise NotImplementedError

    def text_field(self, box: Sandbox, name: str) -> None:
        """A field that somebody else has made as text."""
        raise NotImplementedError

    @pytest.fixture
    def mapping(self) -> CrmMapping:
        found, _ = load_mapping(self.system)
        assert found is not None
        return found

    @pytest.fixture
    def crm(self, bare: Sandbox) -> Iterator[Provisioner]:
        crm = self.connect(bare)
        yield crm
        crm.close()

    def changes(self, box: Sandbox) -> list[str]:
        log = box.hubspot.log if self.system == "hubspot" else box.salesforce.log
        return [f"{entry.method} {entry.path}" for entry in log.entries() if entry.method in CHANGES]

    def test_what_is_needed_follows_from_the_mapping_alone(self, mapping: CrmMapping) -> None:
        needed = wanted(mapping, task=self.task, key=self.key)
        for person in mapping.people:
            written = {target.field for target in mapping.objects[person].write if not target.native}
            assert written <= {one.name for one in needed if one.object == person and one.filled == "coldframe"}
        filled = {one.label for one in needed if one.filled == "people"}
        assert {"Student", "Competitor", "Problem", "Budget", "Timeline"} <= filled
        assert [one.object for one in needed if one.key] == [self.task]
        assert all(one.description.endswith(MARK) for one in needed)
        band = next(one for one in needed if one.name == self.band)
        assert [value for value, _ in band.choices] == list(STANDING_FIELDS["band"].choices)

    def test_a_plan_changes_nothing(self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping) -> None:
        steps = crm.plan(mapping)
        assert actions(steps)["create"] > 20
        assert self.changes(bare) == []

    def test_all_that_was_planned_is_there_afterwards(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        assert carry_out(crm.plan(mapping)) == []
        for one in wanted(mapping, task=self.task, key=self.key):
            assert one.name in self.fields(bare, one.object), one.where

    def test_a_second_run_keeps_everything_and_sends_no_change(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        carry_out(crm.plan(mapping))
        before = self.changes(bare)
        again = self.connect(bare)
        steps = again.plan(mapping)
        assert set(actions(steps)) <= {"keep", "by hand"}
        assert carry_out(steps) == []
        again.close()
        assert self.changes(bare) == before

    def test_what_was_made_is_taken_away_and_nothing_else(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        self.text_field(bare, "coldframe_of_others")
        before = {name: set(self.fields(bare, name)) for name in (*mapping.objects, self.task)}
        carry_out(crm.plan(mapping))
        again = self.connect(bare)
        assert carry_out(again.removal(mapping)) == []
        assert actions(again.removal(mapping)).get("remove", 0) == 0
        again.close()
        assert {name: set(self.fields(bare, name)) for name in before} == before

    def test_a_field_of_the_wrong_type_blocks_with_a_remedy_and_is_left_alone(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        self.text_field(bare, self.scored)
        blocked = [step for step in crm.plan(mapping) if step.action == "blocked"]
        assert [step.what for step in blocked] == [f"{self.person}.{self.scored}"]
        assert "a time is wanted" in blocked[0].remedy
        assert blocked[0].carry_out is None

    scored: str

    def test_a_lost_picklist_value_is_put_back_and_what_others_added_stays(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        carry_out(crm.plan(mapping))
        self.rename(bare, self.band, "warm", "lukewarm")
        again = self.connect(bare)
        changed = [step for step in again.plan(mapping) if step.action == "change"]
        assert [(step.what, step.detail) for step in changed] == [(f"{self.person}.{self.band}", "adds warm")]
        assert carry_out(changed) == []
        again.close()
        assert {"cold", "warm", "hot", "lukewarm"} == set(self.offered(bare, self.band))

    def rename(self, box: Sandbox, field: str, old: str, new: str) -> None:
        raise NotImplementedError

    def offered(self, box: Sandbox, field: str) -> Sequence[str]:
        raise NotImplementedError

    def test_a_refused_step_keeps_the_crms_words_and_the_others_go_on(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        bare.faults.add(
            Fault(
                kind="status", method="POST", skip=1, status=403, code="NOT_ALLOWED", message="no permission to do this"
            )
        )
        lines = list(carried_out(crm.plan(mapping), crm.needs))
        failed = [line for line in lines if line.outcome == "failed"]
        assert "no permission to do this" in failed[0].error
        assert failed[0].step.remedy == crm.needs
        assert sum(line.outcome == "created" for line in lines) > len(failed)

    def test_an_outage_stops_the_run_and_a_refused_token_is_told(
        self, bare: Sandbox, crm: Provisioner, mapping: CrmMapping
    ) -> None:
        steps = crm.plan(mapping)
        bare.faults.add(Fault(kind="unavailable", method="POST", times=0))
        lines = list(carried_out(steps, crm.needs))
        assert {line.outcome for line in lines} <= {"failed", "keep", "by hand"}
        assert len(self.changes(bare)) == 1, "the first outage is the last call"
        bare.faults.clear()
        bare.faults.add(Fault(kind="unauthorized", times=0))
        with pytest.raises(Unavailable, match="relogin"):
            crm.plan(mapping)
