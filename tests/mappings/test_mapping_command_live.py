"""A mapping against a CRM's fields: what is missing, read-only or of another kind, with place, subject and remedy."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from places import SAMPLES

from connectors.base.port import FieldInfo
from connectors.hubspot import queries as hubspot
from connectors.salesforce import queries as salesforce
from mappings.checking.live_fields import Misfit, against
from mappings.language.mapping_files import parsed, shipped
from mappings.model.canonical import STANDING_FIELDS

DESCRIBES = sorted((SAMPLES / "salesforce_describe").glob("*.json")) + sorted(
    (SAMPLES / "salesforce_errors").glob("*describe*success*.json")
)
LISTINGS = sorted((SAMPLES / "hubspot_properties").glob("*.json"))


def field(name: str, type_: str = "string", **more: Any) -> FieldInfo:
    return FieldInfo(name=name, label=name, type=type_, **more)


def misfits(body: str, fields: Sequence[FieldInfo] | None, system: str = "hubspot") -> list[Misfit]:
    file = parsed(f"system: {system}\nobjects:\n  contact:\n    is: person\n{body}", "m.yaml")
    assert file.mapping is not None, file.problems
    assert file.located is not None
    return list(against(file.located, file.mapping, {"contact": fields}))


def told(body: str, fields: Sequence[FieldInfo] | None, system: str = "hubspot") -> str:
    (found,) = misfits(body, fields, system)
    return str(found.problem)


def test_what_fits_is_not_spoken_of() -> None:
    known = [field("email"), field("coldframe_fit", "number")]
    assert misfits("    lead: {email: email}\n    write: {fit: coldframe_fit}\n", known) == []


def test_an_unknown_field_is_told_with_its_place_and_the_nearest_name() -> None:
    assert told("    lead:\n      email: emial\n", [field("email")]) == (
        "m.yaml:6:14: HubSpot's contact has no 'emial', or hides it (did you mean 'email'?)"
    )


def test_a_missing_field_of_our_own_is_a_matter_of_provisioning() -> None:
    (found,) = misfits("    write: {fit: coldframe_fit}\n", [])
    assert (found.subject, found.remedy) == ("contact.coldframe_fit", "run coldframe provision hubspot")
    assert found.problem.severity == "error"


def test_an_object_that_the_crm_does_not_have_is_told_once_at_its_name() -> None:
    assert told("    lead: {email: email}\n", None) == ("m.yaml:3:3: HubSpot has no object 'contact', or hides it")


def test_a_misspelt_object_is_told_with_the_nearest_there_is() -> None:
    file = parsed("system: salesforce\nobjects: {Leed: {is: person, lead: {email: Email}}}\n", "m.yaml")
    assert file.mapping is not None
    assert file.located is not None
    (found,) = against(file.located, file.mapping, {"Leed": None}, ["Account", "Lead"])
    assert found.problem.text.endswith("has no object 'Leed', or hides it (did you mean 'Lead'?)")


def test_one_of_several_may_be_missing_while_another_is_there() -> None:
    body = "    lead: {phone: {first: [phone, {from: mobile}]}}\n"
    (mild,) = misfits(body, [field("phone")])
    assert (mild.subject, mild.problem.severity, mild.problem.column) == ("contact.mobile", "warning", 42)
    assert {each.problem.severity for each in misfits(body, [])} == {"error"}


def test_a_read_only_field_cannot_be_written() -> None:
    text = told("    write: {fit: score}\n", [field("score", "number", writable=False)])
    assert text.endswith("'score' is read-only for this user")


@pytest.mark.parametrize(
    ("system", "name", "type_", "fits"),
    [
        ("hubspot", "fit", "number", True),
        ("hubspot", "fit", "datetime", False),
        ("hubspot", "scored_at", "datetime", True),
        ("hubspot", "scored_at", "date", False),
        ("hubspot", "reasons", "enumeration", False),
        ("salesforce", "fit", "double", True),
        ("salesforce", "fit", "string", False),
        ("salesforce", "band", "picklist", True),
        ("salesforce", "scored_at", "date", False),
        ("salesforce", "reasons", "textarea", True),
    ],
)
def test_a_field_takes_only_values_of_its_kind(system: str, name: str, type_: str, *, fits: bool) -> None:
    crm = "score__c" if system == "salesforce" else "score"
    found = misfits(f"    write: {{{name}: {crm}}}\n", [field(crm, type_)], system)
    assert ([each.problem.text for each in found] == []) is fits
    if not fits:
        assert found[0].problem.text == f"'{crm}' is a {type_}, which takes no {STANDING_FIELDS[name].kind}"


def test_every_value_that_will_be_written_must_be_offered_under_the_name_it_is_given() -> None:
    band = field("band", "enumeration", options=("cold", "Warm!", "hot"), restricted=True)
    assert told("    write: {band: band}\n", [band]).endswith("'band' has no value 'warm' (did you mean 'Warm!'?)")
    assert misfits("    write: {band: {to: band, values: {warm: Warm!}}}\n", [band]) == []
    loose = field("band", "enumeration", options=("cold", "hot"), restricted=False)
    assert [each.problem.severity for each in misfits("    write: {band: band}\n", [loose])] == ["warning"]


def test_text_that_is_longer_than_its_field_is_told() -> None:
    text = told("    write: {reasons: {to: why__c, limit: 500}}\n", [field("why__c", length=255)], "salesforce")
    assert text.endswith("'why__c' holds 255 characters, the mapping's limit is 500")


def test_a_field_for_what_sales_finds_out_takes_text_or_words_and_a_list_of_words_is_told() -> None:
    body = "    lead: {budget: acme_budget}\n    write: {budget: acme_budget}\n"
    assert misfits(body, [field("acme_budget")]) == []
    (listed,) = misfits(body, [field("acme_budget", "enumeration", options=("10k", "50k"))])
    assert listed.problem.severity == "warning"
    assert listed.problem.text == (
        "'acme_budget' takes 2 values alone: what sales finds out in other words stays out of it"
    )
    assert told(body, [field("acme_budget", "number")]).endswith("'acme_budget' is a number, which takes no text")
    assert told(body, [field("acme_budget", writable=False)]).endswith("'acme_budget' is read-only for this user")
    assert len(misfits(body, [])) == 2, "missed where it is read and where it is written"


def test_a_transform_that_cannot_read_the_fields_type_is_told() -> None:
    body = "    account: {employees: {from: founded, as: number}}\n"
    assert told(body, [field("founded", "datetime")]).endswith("'number' cannot read 'founded': it is a datetime")


def test_a_value_that_was_renamed_is_told_only_when_nothing_else_leads_to_the_same_word() -> None:
    values = "{Webinar: webinar, Online event: webinar, Fair: trade_show}"
    body = f"    lead:\n      source: {{from: s, as: picklist, values: {values}}}\n"
    both = field("s", "enumeration", options=("webinar", "Fair"))
    assert misfits(body, [both]) == [], "case does not matter, and one spelling is enough"
    (found,) = misfits(body, [field("s", "enumeration", options=("Web seminar", "Fairs", "Webinar"))])
    assert found.problem.text == "'s' has no value 'Fair' (did you mean 'Fairs'?), so nothing reads as 'trade_show'"
    assert (found.problem.line, found.problem.severity) == (6, "warning")


@pytest.mark.skipif(not DESCRIBES, reason="the recorded samples are not beside this checkout: salesforce_describe")
@pytest.mark.parametrize("path", DESCRIBES, ids=lambda path: path.name)
def test_every_describe_loads(path: Path) -> None:
    body = json.loads(path.read_text(encoding="utf-8"))
    if "sobjects" in body:
        assert len(salesforce.objects(body)) == len(body["sobjects"]) > 0
        return
    found = salesforce.fields(body)
    assert {each.name for each in found} == {each["name"] for each in body["fields"]}
    assert all(each.type for each in found)
    described = {each.name: each for each in found}
    assert not described["Id"].writable
    assert any(each.options for each in found)


@pytest.mark.skipif(not LISTINGS, reason="the recorded samples are not beside this checkout: hubspot_properties")
@pytest.mark.parametrize("path", LISTINGS, ids=lambda path: path.name)
def test_every_property_listing_loads(path: Path) -> None:
    found = {each.name: each for each in hubspot.fields(json.loads(path.read_text(encoding="utf-8")))}
    assert len(found) > 200
    assert found["email"].type == "string"
    assert found["lifecyclestage"].restricted
    assert "customer" in found["lifecyclestage"].options
    assert not found["hs_analytics_num_page_views"].writable or not found["num_conversion_events"].writable
    assert found["jobtitle"].writable


@pytest.mark.skipif(not LISTINGS, reason="the recorded samples are not beside this checkout: hubspot_properties")
def test_the_shipped_mapping_misses_only_what_provisioning_makes_in_a_recorded_portal() -> None:
    file = shipped("hubspot")
    assert file.mapping is not None
    assert file.located is not None
    body = json.loads((SAMPLES / "hubspot_properties" / "contact_schema_v3.json").read_text(encoding="utf-8"))
    live = dict.fromkeys(file.mapping.objects, ()) | {"contact": hubspot.fields(body)}
    found = [each for each in against(file.located, file.mapping, live) if each.subject.startswith("contact.")]
    missed = {each.subject.removeprefix("contact.") for each in found if each.problem.severity == "error"}
    later = {"hs_role"}  # younger than the recording
    assert {name for name in missed - later if not name.startswith("coldframe_")} <= {
        name for name in missed if name.startswith("sdr_")
    }
