"""CRM records into canonical fields and back, with the mappings that come with Coldframe."""

import json
from typing import Any

import pytest
from places import SAMPLES

from mappings.model.canonical import ACCOUNT_FIELDS, FOUND_OUT, LEAD_FIELDS, MOVING, STANDING_FIELDS
from mappings.model.compiled_mapping import CrmMapping
from mappings.translate.cut_text import cut
from mappings.translate.translation import inward, inward_property, load_mapping, outward
from mappings.values.instant import parse


def shipped(system: str) -> CrmMapping:
    mapping, problems = load_mapping(system)
    assert problems == ()
    assert mapping is not None
    return mapping


HUBSPOT = shipped("hubspot")
SALESFORCE = shipped("salesforce")


def test_a_hubspot_contact_becomes_a_lead() -> None:
    raw = {
        "email": " Ana.Silva@ACME.example ",
        "firstname": "Ana",
        "jobtitle": "VP Marketing",
        "mobilephone": "+32 470",
        "phone": "",
        "country": "Belgium",
        "hs_timezone": "europe_slash_brussels",
        "hs_email_optout": "false",
        "lead_source": "Demo Request",
        "hs_analytics_source": "OFFLINE",
        "hubspot_owner_id": "77",
        "lifecyclestage": "lead",
        "associatedcompanyid": "802532973417",
        "website": "https://www.acme.example/about",
        "hs_salesforceleadid": "00Q5e00000AbCdE",
        "hs_merged_object_ids": "11;12",
        "lastname": None,
    }
    seen = inward(HUBSPOT, "contact", raw)
    assert seen.lead == {
        "email": "ana.silva@acme.example",
        "first_name": "Ana",
        "title": "VP Marketing",
        "seniority": "vp",
        "phone": "+32 470",
        "country": "BE",
        "timezone": "Europe/Brussels",
        "opted_out": False,
        "source": "demo_request",
        "owner": "77",
    }
    assert seen.account == {"domain": "acme.example"}
    assert seen.account_ref == ("company", "802532973417")
    assert seen.references == (
        ("salesforce", "Lead", "00Q5e00000AbCdEEAV"),
        ("hubspot", "contact", "11"),
        ("hubspot", "contact", "12"),
    )


def test_a_salesforce_lead_names_its_company_itself_and_its_converted_contact() -> None:
    raw = {
        "Email": "bo@Globex.example",
        "Company": "Globex",
        "NumberOfEmployees": 120,
        "AnnualRevenue": 2500000.0,
        "Industry": "Technology",
        "Country": "USA",
        "HasOptedOutOfEmail": True,
        "LeadSource": "Trade Show",
        "Status": "Working - Contacted",
        "ConvertedContactId": "0035e00000XyZaBAAV",
        "Website": None,
    }
    seen = inward(SALESFORCE, "Lead", raw)
    assert seen.lead == {
        "email": "bo@globex.example",
        "country": "US",
        "opted_out": True,
        "source": "trade_show",
        "stage": "sal",
    }
    assert seen.account == {
        "name": "Globex",
        "domain": "globex.example",
        "employees": 120,
        "revenue": 2500000,
        "country": "US",
        "industry": "software",
    }
    assert seen.account_ref is None
    assert seen.references == (("salesforce", "Contact", "0035e00000XyZaBAAV"),)


def test_a_salesforce_contact_points_at_its_account() -> None:
    seen = inward(SALESFORCE, "Contact", {"Email": "c@gmail.com", "AccountId": "0015e00000AbCdE"})
    assert seen.account_ref == ("Account", "0015e00000AbCdEAAV")
    assert seen.account == {}, "a private mail provider says nothing about a company"


@pytest.mark.parametrize("blank", [None, "", "   "])
def test_a_blank_says_nothing_but_that_nobody_is_the_owner(blank: str | None) -> None:
    raw = dict.fromkeys(HUBSPOT.reads("contact"), blank)
    seen = inward(HUBSPOT, "contact", raw)
    assert seen.lead == {"owner": None}, "an owner who is taken away gets no more tasks"
    assert seen.account == {}
    assert seen.account_ref is None
    assert seen.references == ()


def test_an_id_of_the_wrong_form_is_no_reference() -> None:
    seen = inward(HUBSPOT, "contact", {"associatedcompanyid": "1/../2", "hs_salesforceleadid": "nonsense"})
    assert seen.account_ref is None
    assert seen.references == ()


def test_one_changed_property_speaks_for_the_fields_it_alone_feeds() -> None:
    assert inward_property(HUBSPOT, "contact", "jobtitle", "Head of IT") == {
        "title": "Head of IT",
        "seniority": "director",
    }
    assert inward_property(HUBSPOT, "company", "numberofemployees", "120") == {"employees": 120}
    assert inward_property(HUBSPOT, "contact", "phone", "+1 555") == {"phone": "+1 555"}


def test_one_changed_property_is_silent_where_another_comes_first() -> None:
    assert inward_property(HUBSPOT, "contact", "mobilephone", "+1 555") == {}
    assert inward_property(HUBSPOT, "contact", "phone", "") == {}
    assert not HUBSPOT.settles("contact", "mobilephone")
    assert not HUBSPOT.settles("contact", "phone")
    assert HUBSPOT.settles("contact", "jobtitle")
    assert HUBSPOT.settles("contact", "unmapped")


def test_unmapped_properties_and_objects_say_nothing() -> None:
    assert inward_property(HUBSPOT, "contact", "shoe_size", "44") == {}
    assert inward_property(HUBSPOT, "ticket", "subject", "x") == {}
    assert inward(HUBSPOT, "ticket", {"subject": "x"}).lead == {}
    assert outward(HUBSPOT, "ticket", {"fit": 1}) == {}


STANDING = {
    "fit": 40,
    "engagement": 15,
    "total": 55,
    "band": "warm",
    "stage": "mql",
    "track": None,
    "reasons": "pricing page",
    "scored_at": parse("2026-01-05T09:00:00.250Z"),
}


def test_hubspot_takes_text_and_an_empty_text_clears() -> None:
    assert outward(HUBSPOT, "contact", STANDING) == {
        "coldframe_fit": "40",
        "coldframe_engagement": "15",
        "coldframe_score": "55",
        "coldframe_band": "warm",
        "coldframe_stage": "mql",
        "coldframe_track": "",
        "coldframe_reasons": "pricing page",
        "coldframe_scored_at": "2026-01-05T09:00:00.250Z",
    }


def test_salesforce_takes_numbers_null_and_times_without_a_colon() -> None:
    expected = {
        "Coldframe_Fit__c": 40,
        "Coldframe_Engagement__c": 15,
        "Coldframe_Score__c": 55,
        "Coldframe_Band__c": "warm",
        "Coldframe_Stage__c": "mql",
        "Coldframe_Track__c": None,
        "Coldframe_Reasons__c": "pricing page",
        "Coldframe_Scored_At__c": "2026-01-05T09:00:00.250+0000",
    }
    assert outward(SALESFORCE, "Lead", STANDING) == expected
    assert outward(SALESFORCE, "Contact", STANDING) == expected


def test_only_what_the_standing_names_is_written() -> None:
    assert outward(SALESFORCE, "Lead", {"band": "hot"}) == {"Coldframe_Band__c": "hot"}


def test_the_whole_standing_has_a_field_in_both_systems() -> None:
    for mapping in (HUBSPOT, SALESFORCE):
        for person in mapping.people:
            written = {target.name for target in mapping.objects[person].write}
            assert written == set(STANDING_FIELDS) - set(FOUND_OUT), "what sales found out goes where an admin says"


def test_long_text_is_cut_to_the_field_as_the_crm_counts_it() -> None:
    assert outward(SALESFORCE, "Lead", {"segment": "x" * 300})["Coldframe_Segment__c"] == "x" * 254 + "…"
    assert len(outward(SALESFORCE, "Lead", {"reasons": "y" * 40_000})["Coldframe_Reasons__c"]) == 32_000
    assert cut("abc", 3) == "abc"
    assert cut("\N{SNOWMAN}" * 4, 3) == "\N{SNOWMAN}" * 2 + "…"
    assert cut("\N{ROCKET}" * 3, 4) == "\N{ROCKET}…", "a pair of units is never split"


def test_a_time_alone_is_quiet() -> None:
    assert {target.name for target in HUBSPOT.objects["contact"].write if target.field in HUBSPOT.quiet} == MOVING
    assert {target.name for target in SALESFORCE.objects["Lead"].write if target.field in SALESFORCE.quiet} == MOVING


def test_needed_names_every_field_read_or_written() -> None:
    assert {"email", "coldframe_score"} <= set(HUBSPOT.needed["contact"])
    assert {"Name", "Website"} <= set(SALESFORCE.needed["Account"])


def test_canonical_values_are_of_the_vocabulary() -> None:
    for mapping in (HUBSPOT, SALESFORCE):
        for found in mapping.objects.values():
            assert {rule.name for rule in found.lead} <= set(LEAD_FIELDS)
            assert {rule.name for rule in found.account} <= set(ACCOUNT_FIELDS)


@pytest.mark.parametrize("object_name", ["Lead", "Contact", "Account"])
def test_every_standard_field_that_is_read_stands_in_salesforces_own_describe(object_name: str) -> None:
    path = SAMPLES / "salesforce_describe" / f"{object_name}.json"
    if not path.exists():
        pytest.skip(f"sample absent: {path}")
    known = {field["name"] for field in json.loads(path.read_text())["fields"]}
    hidden_by_default = {"HasOptedOutOfEmail"}
    standard = {name for name in SALESFORCE.reads(object_name) if not name.endswith("__c")}
    assert standard - known <= hidden_by_default


def test_every_standard_contact_property_that_is_read_stands_in_hubspots_own_listing() -> None:
    path = SAMPLES / "hubspot_properties" / "contact_schema_v3.json"
    if not path.exists():
        pytest.skip(f"sample absent: {path}")
    known = {found["name"] for found in json.loads(path.read_text())["properties"]}
    later = {"hs_role", "hs_salesforceleadid", "hs_salesforcecontactid"}
    custom = {"lead_source", "sdr_problem", "sdr_budget", "sdr_authority", "sdr_timeline"}
    ours = {name for name in HUBSPOT.reads("contact") if name.startswith("coldframe_")}
    assert set(HUBSPOT.reads("contact")) - known <= later | custom | ours


def test_every_time_zone_that_hubspot_offers_is_known() -> None:
    path = SAMPLES / "hubspot_properties" / "contact_schema_v3.json"
    if not path.exists():
        pytest.skip(f"sample absent: {path}")
    properties: list[dict[str, Any]] = json.loads(path.read_text())["properties"]
    zones = next(found for found in properties if found["name"] == "hs_timezone")["options"]
    unknown = [zone["value"] for zone in zones if not inward_property(HUBSPOT, "contact", "hs_timezone", zone["value"])]
    assert len(unknown) <= len(zones) // 100, unknown


def test_a_file_that_is_not_there_is_a_problem() -> None:
    mapping, problems = load_mapping("hubspot", "/nowhere/hubspot.yaml")
    assert mapping is None
    assert str(problems[0]) == "/nowhere/hubspot.yaml:1:1: cannot be read: No such file or directory"
