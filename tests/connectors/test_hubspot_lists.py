"""The ready views in HubSpot: lists made by its API (the sandbox answers), and saved views as they are described."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from provision_ground import carry_out

from connectors.base.credentials import Credential
from connectors.hubspot.setup.contact_lists import HubSpotLists
from connectors.hubspot.setup.provisioner import HubSpotProvisioner
from connectors.shared.provisioning import Step
from connectors.shared.ready_views import UnwrittenError
from mappings.model.compiled_mapping import CrmMapping
from mappings.translate.translation import load_mapping
from mappings.values.instant import HOUR, to_datetime
from sandbox.hubspot.endpoints.list_calls import Lists
from sandbox.server import Sandbox

NAMES = ["Coldframe: Hot leads", "Coldframe: Due today", "Coldframe: Breached", "Coldframe: Recycled coming back"]


@pytest.fixture
def mapping() -> CrmMapping:
    found, _ = load_mapping("hubspot")
    assert found is not None
    return found


@pytest.fixture
def lists(bare: Sandbox) -> Iterator[HubSpotLists]:
    bare.hubspot.portal.add_coldframe_fields()
    made = HubSpotLists(Credential(token="t", api_url=f"{bare.url}/hubspot"))
    yield made
    made.close()


def held(box: Sandbox) -> Lists:
    return box.hubspot.gate.lists


def names(box: Sandbox) -> list[str]:
    return [str(one["name"]) for one in held(box).held.values()]


def of_lists(steps: list[Step] | tuple[Step, ...]) -> list[tuple[str, str]]:
    return [(step.action, step.what) for step in steps if step.kind == "list"]


def test_the_lists_are_made_once_and_a_second_run_changes_nothing(
    bare: Sandbox, lists: HubSpotLists, mapping: CrmMapping
) -> None:
    steps = list(lists.plan(mapping))
    assert of_lists(steps) == [("create", name) for name in NAMES]
    assert names(bare) == [], "a plan changes nothing"
    assert carry_out(steps) == []
    assert names(bare) == NAMES
    again = list(lists.plan(mapping))
    assert of_lists(again) == [("keep", name) for name in NAMES]
    assert carry_out(again) == []
    assert names(bare) == NAMES


def test_each_list_holds_those_whom_it_says(bare: Sandbox, lists: HubSpotLists, mapping: CrmMapping) -> None:
    carry_out(lists.plan(mapping))
    now = bare.hubspot.portal.now() * 1_000
    later, before = (to_datetime(now + span).isoformat() for span in (0, -48 * HOUR))
    who = {
        "hot": {"coldframe_band": "hot", "coldframe_stage": "mql", "coldframe_sla_due": later},
        "won": {"coldframe_band": "hot", "coldframe_stage": "customer"},
        "late": {
            "coldframe_band": "warm",
            "coldframe_stage": "mql",
            "coldframe_sla_due": before,
            "coldframe_overdue_since": before,
        },
        "back": {"coldframe_stage": "recycled", "coldframe_active_again": before},
        "gone": {"coldframe_stage": "recycled"},
    }
    ids = {name: bare.hubspot.add("contacts", {"email": f"{name}@acme.example", **each}) for name, each in who.items()}
    found = {name: held(bare).members(name) for name in NAMES}
    assert found == {
        "Coldframe: Hot leads": [ids["hot"]],
        "Coldframe: Due today": [ids["hot"]],
        "Coldframe: Breached": [ids["late"]],
        "Coldframe: Recycled coming back": [ids["back"]],
    }


def test_filters_follow_the_mapping(bare: Sandbox, lists: HubSpotLists, mapping: CrmMapping) -> None:
    carry_out(lists.plan(mapping))
    contact = mapping.objects["contact"]
    write = tuple(
        replace(each, values={"hot": "warm"}) if each.name == "band" and not each.native else each
        for each in contact.write
    )
    ours = replace(mapping, objects={**mapping.objects, "contact": replace(contact, write=write)})
    steps = list(lists.plan(ours))
    assert of_lists(steps)[:2] == [("change", NAMES[0]), ("keep", NAMES[1])]
    assert carry_out(steps) == []
    assert of_lists(list(lists.plan(ours)))[0] == ("keep", NAMES[0])
    assert names(bare) == NAMES


def test_a_list_that_somebody_has_narrowed_down_or_fills_by_hand_is_left_as_it_is(
    bare: Sandbox, lists: HubSpotLists, mapping: CrmMapping
) -> None:
    carry_out(lists.plan(mapping))
    first, second = list(held(bare).held.values())[:2]
    known = {"operationType": "ALL_PROPERTY", "operator": "IS_KNOWN", "includeObjectsWithNoValueSet": False}
    first["filterBranch"]["filterBranches"][0]["filters"].append(
        {"filterType": "PROPERTY", "property": "country", "operation": known}
    )
    second["processingType"] = "MANUAL"
    steps = list(lists.plan(mapping))
    blocked = [step for step in steps if step.action == "blocked"]
    assert [step.what for step in blocked] == NAMES[:2]
    assert "looks at country too" in blocked[0].detail
    assert "fill by hand" in blocked[1].detail
    assert carry_out(steps) == []
    assert carry_out(lists.removal(mapping)) == []
    assert names(bare) == NAMES[:2], "what is not ours stays"


def test_what_was_made_is_taken_away(bare: Sandbox, lists: HubSpotLists, mapping: CrmMapping) -> None:
    carry_out(lists.plan(mapping))
    assert carry_out(lists.removal(mapping)) == []
    assert names(bare) == []
    assert list(lists.removal(mapping)) == []


def test_a_token_without_the_scopes_is_said_with_their_names(
    bare: Sandbox, lists: HubSpotLists, mapping: CrmMapping
) -> None:
    held(bare).allowed = False
    steps = list(lists.plan(mapping))
    blocked = [step for step in steps if step.action == "blocked"]
    assert len(blocked) == 1
    assert "crm.lists.read and crm.lists.write" in blocked[0].remedy
    assert [step.kind for step in steps if step.action == "by hand"] == ["saved view"] * 4


def test_without_our_properties_it_says_to_provision(bare: Sandbox, mapping: CrmMapping) -> None:
    made = HubSpotLists(Credential(token="t", api_url=f"{bare.url}/hubspot"))
    steps = list(made.plan(mapping))
    made.close()
    blocked = {step.what: step.remedy for step in steps if step.action == "blocked"}
    assert "contact.coldframe_overdue_since" in blocked
    assert set(blocked.values()) == {"run coldframe provision hubspot, then this again"}


def test_saved_views_are_described_with_their_exact_filters(lists: HubSpotLists, mapping: CrmMapping) -> None:
    described = {step.what: step.detail for step in lists.plan(mapping) if step.kind == "saved view"}
    assert described == {
        "My hot leads": "Contact owner is any of Me; Band is any of Hot; Nurture stage is none of Customer, Suppressed",
        "Due today": "Answer due is Today",
        "Breached": "Answer overdue since is known",
        "Recycled coming back": "Nurture stage is any of Recycled; Active again since is known",
    }


def test_a_mapping_that_lacks_a_part_names_it(lists: HubSpotLists, mapping: CrmMapping) -> None:
    contact = mapping.objects["contact"]
    write = tuple(each for each in contact.write if each.name != "overdue_since")
    ours = replace(mapping, objects={**mapping.objects, "contact": replace(contact, write=write)})
    with pytest.raises(UnwrittenError, match=r"overdue_since of contact \(for Breached\)"):
        lists.plan(ours)


def test_our_properties_are_made_before(bare: Sandbox, mapping: CrmMapping) -> None:
    credential = Credential(token="t", api_url=f"{bare.url}/hubspot")
    provisioner, made = HubSpotProvisioner(credential), HubSpotLists(credential)
    assert carry_out(provisioner.plan(mapping)) == []
    assert carry_out(made.plan(mapping)) == []
    provisioner.close()
    made.close()
    assert names(bare) == NAMES
