"""A date of a company's own vocabulary, from either CRM to the touch that it sets off [five-tracks: expansion]."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest
from flows_crms import SYSTEMS, person
from flows_run import Watch, activity, dead, lead, receive, with_parts

from connectors.base.credentials import Credential
from connectors.hubspot.setup.provisioner import HubSpotProvisioner
from connectors.salesforce.setup.provisioner import SalesforceProvisioner
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.reading import reconcile
from integration.playbook.compiling.compiler import compile_text
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.language.mapping_files import shipped as shipped_mapping
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import DAY, Instant, show
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
ANA = "ana@acme.example"
FIELD = {"hubspot": "coldframe_renewal_date", "salesforce": "Coldframe_Renewal_Date__c"}
TOUCH = {"hubspot": "coldframe_touch", "salesforce": "Coldframe_Touch__c"}
PLAYBOOK = """
language: 1
name: ours
bands: {hot: fit >= 50, warm: fit >= 20}
handoff: {gate: band = hot, play: handoff}
triggers: {renewal: {date: 90d before renewal_date, touch: renewal_review}}
plays: {handoff: [{call: "Call {name}"}]}
contents: {renewal_review: What the year brought, profile: A form}
"""


@pytest.fixture
def ours(service: Service, credentials: Mapping[str, Credential], tmp_path: Path, system: str) -> Service:
    """The service beside one CRM, from which it reads the date of a renewal."""
    words, problems = parse("lead: {renewal_date: {kind: date}}", "words.yaml", shipped())
    assert words is not None, problems
    read = f"    lead:\n      renewal_date: {{from: {FIELD[system]}, as: date}}\n"
    text = shipped_mapping(system).text.replace("    lead:\n", read, 1)
    (tmp_path / f"{system}.yaml").write_text(text, encoding="utf-8")
    connection = build.connect(system, credentials[system], str(tmp_path / f"{system}.yaml"), words=words)
    maker = HubSpotProvisioner if system == "hubspot" else SalesforceProvisioner
    provisioner = maker(credentials[system])
    assert [step.carry_out() for step in provisioner.plan(connection.mapping) if step.carry_out is not None]
    provisioner.close()
    playbook, found = compile_text(PLAYBOOK, "ours.yaml", words)
    assert playbook is not None, found
    return with_parts(service, compiled=CompiledPlaybook.of(playbook), connections={system: connection})


def renews(sandbox: Sandbox, system: str, record: str, at: Instant) -> None:
    day = show(at)[:10]
    if system == "hubspot":
        sandbox.hubspot.set("contacts", record, {FIELD[system]: day})
    else:
        sandbox.salesforce.set("Lead", record, {FIELD[system]: f"{day}T00:00:00.000+0000"})


def touched(sandbox: Sandbox, system: str, record: str) -> object:
    values = (
        sandbox.hubspot.values("contacts", record) if system == "hubspot" else sandbox.salesforce.record("Lead", record)
    )
    return values.get(TOUCH[system])


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_renewal_that_is_put_off_in_the_crm_is_planned_anew_and_its_touch_is_named_on_the_record(
    ours: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    record = person(sandbox, system, ANA)
    renews(sandbox, system, record, at() + 100 * DAY)
    receive(ours, activity(1, ANA, "page_view", at(), page="pricing"))
    drain_all(ours)
    first = lead(ours, ANA).due
    assert first is not None
    begun = at()
    at.forward(2 * DAY)
    renews(sandbox, system, record, begun + 130 * DAY)
    reconcile.poll(ours, ConnectionName(system))
    drain_all(ours)
    assert lead(ours, ANA).due == first + 30 * DAY, "the index names the new instant"
    at.forward(20 * DAY)
    drain_all(ours)
    assert touched(sandbox, system, record) in (None, "")
    at.forward(18 * DAY)
    drain_all(ours)
    assert touched(sandbox, system, record) == "renewal_review"
    assert dead(ours) == []
