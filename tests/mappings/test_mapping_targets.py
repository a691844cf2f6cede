"""What a mapping writes: to several fields, in the CRM's words, never where routing or the CRM itself decides."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from connectors.base.port import FieldInfo
from integration.commands.authoring.mapping import mapping as mapping_command
from mappings.checking.live_fields import against
from mappings.language.mapping_compiler import compile_mapping
from mappings.language.mapping_files import parsed
from mappings.model.compiled_mapping import CrmMapping
from mappings.translate.translation import outward
from mappings.yaml_files.located_yaml import load
from mappings.yaml_files.problems import Problem


def compiled(write: str, system: str = "hubspot") -> tuple[CrmMapping | None, tuple[Problem, ...]]:
    located, problems = load(f"system: {system}\nobjects:\n  contact:\n    is: person\n    write: {write}\n", "m.yaml")
    assert located is not None, problems
    return compile_mapping(located)


@pytest.mark.parametrize(
    ("write", "system", "expected"),
    [
        ("{stage: lifecyclestage}", "hubspot", "'lifecyclestage' has words of its own: give 'values' for ours"),
        ("{stage: Status}", "salesforce", "'Status' has words of its own"),
        ("{fit: lifecyclestage}", "hubspot", "may write with this: it takes stage"),
        ("{band: hs_lead_status}", "hubspot", "may write with this: it takes stage or recycle_reason"),
        ("{stage: {to: Status, values: {mqll: x}}}", "salesforce", "unknown name 'mqll' (did you mean 'mql'?)"),
        ("{stage: [a, {to: a, values: {mql: x}}]}", "hubspot", "'a' is already written by 'stage'"),
        ("{stage: []}", "hubspot", "must name a field"),
        ("{stage: {to: acme_stage, over: [x]}}", "hubspot", "'over' is for fields of the CRM's own"),
        ("{stage: {to: Status, values: {mql: x}, over: x}}", "salesforce", "must be a list of values"),
        ("{stage: {to: Status, values: {mql: x}, blank: clear}}", "salesforce", "the CRM's own, and is never cleared"),
        ("{track: {to: acme_track, blank: never}}", "hubspot", "must be 'keep' or 'clear'"),
        ("{fit: OwnerId}", "salesforce", "owners are a matter of routing alone"),
        ("{fit: hubspot_owner_id}", "hubspot", "owners are a matter of routing alone"),
        ("{fit: Id}", "salesforce", "it is the CRM's own; map one of yours"),
        ("{reasons: Email}", "salesforce", "it is the CRM's own"),
        ("{reasons: email}", "hubspot", "it is the CRM's own"),
        ("{scored_at: LastModifiedDate}", "salesforce", "it is the CRM's own"),
        ("{fit: hs_object_id}", "hubspot", "it is the CRM's own"),
        ("{band: HasOptedOutOfEmail}", "salesforce", "it takes opted_out"),
        ("{budget: acme_budget}", "hubspot", "'acme_budget' must be read as well, as people fill it in too"),
        ("{budget: {to: acme_budget, blank: clear}}", "hubspot", "is filled in by people too, and is never cleared"),
        ("{budget: {to: acme_budget, over: [x]}}", "hubspot", "'over' is for fields of the CRM's own"),
        ("{problem: Description}", "salesforce", "it is the CRM's own; map one of yours"),
    ],
)
def test_a_mistake_is_told_with_its_place(write: str, system: str, expected: str) -> None:
    mapping, problems = compiled(write, system)
    assert mapping is None
    assert all(str(problem).startswith("m.yaml:5:") for problem in problems)
    assert any(expected in problem.text for problem in problems), [problem.text for problem in problems]


def test_a_place_in_a_list_is_the_places_own() -> None:
    _, problems = compiled("{stage: [acme_stage, OwnerId]}")
    assert str(problems[0]).startswith("m.yaml:5:33: 'OwnerId'")


def test_one_part_goes_to_several_fields_each_in_its_own_words() -> None:
    mapping, problems = compiled("{stage: [acme_stage, {to: acme_phase, values: {mql: MQL}, blank: keep}], track: t}")
    assert problems == ()
    assert mapping is not None
    assert outward(mapping, "contact", {"stage": "mql", "track": None}) == {
        "acme_stage": "mql",
        "acme_phase": "MQL",
        "t": "",
    }
    assert outward(mapping, "contact", {"stage": None}) == {"acme_stage": ""}, "kept where the mapping says so"


def test_what_a_portal_does_not_offer_is_told_with_the_nearest_and_is_no_error() -> None:
    text = (
        "system: hubspot\nobjects:\n  contact:\n    is: person\n    write:\n      stage:\n        - acme_stage\n"
        "        - to: lifecyclestage\n          values:\n            mql: marketingqualifiedlead\n"
        "            sal: sql\n"
    )
    file = parsed(text, "m.yaml")
    assert file.mapping is not None, file.problems
    assert file.located is not None
    stage = FieldInfo(
        name="lifecyclestage", label="", type="enumeration", options=("lead", "marketingqualifiedleads", "sql")
    )
    own = FieldInfo(name="acme_stage", label="", type="string")
    (found,) = against(file.located, file.mapping, {"contact": [stage, own]})
    assert found.problem.severity == "warning"
    assert str(found.problem) == (
        "m.yaml:10:18: 'lifecyclestage' has no value 'marketingqualifiedlead' "
        "(did you mean 'marketingqualifiedleads'?): 'mql' is not written"
    )


def test_a_box_that_this_user_may_not_tick_is_told_but_hubspots_is_set_another_way() -> None:
    for system, name, field, misfits in (
        ("salesforce", "Lead", "HasOptedOutOfEmail", 1),
        ("hubspot", "contact", "hs_email_optout", 0),
    ):
        file = parsed(
            f"system: {system}\nobjects: {{{name}: {{is: person, write: {{opted_out: {field}}}}}}}\n", "m.yaml"
        )
        assert file.mapping is not None, file.problems
        assert file.located is not None
        kind = "boolean" if system == "salesforce" else "bool"
        live = {name: [FieldInfo(name=field, label="", type=kind, writable=False)]}
        assert len(against(file.located, file.mapping, live)) == misfits


def test_check_tells_a_field_that_two_mappings_claim(tmp_path: Path) -> None:
    body = "objects: {{{name}: {{is: person, lead: {{email: {field}}}}}}}\n"
    ours = tmp_path / "hubspot.yaml"
    ours.write_text("system: hubspot\nowns: {lead: [title]}\n" + body.format(name="contact", field="email"))
    theirs = tmp_path / "salesforce.yaml"
    theirs.write_text("system: salesforce\nowns: {lead: [title]}\n" + body.format(name="Lead", field="Email"))
    found = CliRunner().invoke(mapping_command, ["check", "--offline", str(ours), str(theirs)])
    assert found.exit_code == 1
    assert "hubspot.yaml:2:15: 'title' has one owner, and Salesforce claims it too" in found.output
    assert CliRunner().invoke(mapping_command, ["check", "--offline", str(ours), str(ours)]).exit_code == 0
