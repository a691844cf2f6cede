"""`creates` in a mapping: read, checked with places and the nearest names, compared with the CRM, and filled."""

from typing import Any

import pytest

from connectors.base.port import FieldInfo
from mappings.checking.live_fields import against
from mappings.language.mapping_compiler import compile_mapping
from mappings.model.compiled_mapping import CrmMapping
from mappings.model.creation_rule import Creation, Given
from mappings.translate.new_records import first_fields
from mappings.yaml_files.located_yaml import Located, load
from mappings.yaml_files.problems import Problem

PEOPLE = """
objects:
  Lead: {is: person, lead: {email: Email, first_name: FirstName}}
  Contact: {is: person, lead: {first_name: FirstName}}
  Account: {is: account, account: {name: Name}}
"""
FINE = "{on: [demo_request], as: Lead, with: {LastName: {from: email}, Company: {from: account.domain, default: none}}}"


def located(creates: str, system: str = "salesforce") -> Located:
    found, problems = load(f"system: {system}\ncreates: {creates}{PEOPLE}", "m.yaml")
    assert found is not None, problems
    return found


def compiled(creates: str, system: str = "salesforce") -> tuple[CrmMapping | None, tuple[Problem, ...]]:
    return compile_mapping(located(creates, system))


def creation(creates: str) -> Creation:
    mapping, problems = compiled(creates)
    assert mapping is not None, problems
    assert mapping.creates is not None
    return mapping.creates


@pytest.mark.parametrize(
    ("creates", "expected"),
    [
        ("{on: [demo_reqest], as: Lead}", "m.yaml:2:16: unknown activity 'demo_reqest' (did you mean 'demo_request'?)"),
        ("{on: demo_reqest, as: Lead}", "m.yaml:2:15: unknown activity 'demo_reqest'"),
        ("{as: Lead}", "m.yaml:2:10: needs 'on': the activities of somebody unknown, a list"),
        ("{on: [], as: Lead}", "m.yaml:2:15: needs 'on'"),
        ("{on: [demo_request]}", "m.yaml:2:10: needs 'as': Lead or Contact"),
        ("{on: [demo_request], as: Leed}", "m.yaml:2:35: 'Leed' is no person of this mapping (did you mean 'Lead'?)"),
        ("{on: [demo_request], as: Account}", "'Account' is no person of this mapping: use Lead or Contact"),
        ("{on: [demo_request], as: Contact}", "nothing under 'objects: Contact: lead' says which field is the e-mail"),
        ("{on: [demo_request], as: Lead, wiht: {}}", "unknown name 'wiht' (did you mean 'with'?)"),
        ("{on: [demo_request], as: Lead}", "m.yaml:2:1: a new Lead needs 'Company': say what it is under 'with'"),
        ("{on: [demo_request], as: Lead, with: {LastName: x}}", "m.yaml:2:41: a new Lead needs 'Company'"),
        (
            "{on: [demo_request], as: Lead, with: {LastName: {from: last_name}, Company: x}}",
            "m.yaml:2:48: a new Lead needs 'LastName': give it a 'default' too",
        ),
        (
            "{on: [demo_request], as: Lead, with: {LastName: {from: lastname, default: x}, Company: x}}",
            "m.yaml:2:65: unknown source 'lastname' (did you mean 'last_name'?)",
        ),
        (
            "{on: [demo_request], as: Lead, with: {LastName: {from: [email, property.], default: x}, Company: x}}",
            "unknown source 'property.'",
        ),
        ("{on: [demo_request], as: Lead, with: {OwnerId: 005}}", "owners are a matter of routing alone"),
        ("{on: [demo_request], as: Lead, with: {Email: x}}", "'Email' is the e-mail, which is written by itself"),
        ("{on: [demo_request], as: Lead, with: {Last Name: x}}", "'Last Name' is no field name of this CRM"),
        ("{on: [demo_request], as: Lead, with: {LastName: ''}}", "must be a text that is not blank"),
        ("{on: [demo_request], as: Lead, with: {LastName: {}}}", "needs a text, or 'from' and 'default'"),
        ("{on: [demo_request], as: Lead, with: {LastName: {form: x}}}", "unknown name 'form' (did you mean 'from'?)"),
        ("yes please", "must be a table of names and values"),
    ],
)
def test_mistakes_are_told_with_their_place_and_the_nearest_name(creates: str, expected: str) -> None:
    mapping, problems = compiled(creates)
    assert mapping is None
    assert any(expected in str(problem) for problem in problems), list(map(str, problems))


def test_a_mapping_that_says_nothing_creates_nobody() -> None:
    found, _ = load(f"system: salesforce{PEOPLE}", "m.yaml")
    assert found is not None
    mapping, problems = compile_mapping(found)
    assert problems == ()
    assert mapping is not None
    assert mapping.creates is None


def test_what_is_said_is_read() -> None:
    assert creation(FINE) == Creation(
        on=frozenset({"demo_request"}),
        object="Lead",
        email="Email",
        given=(
            Given(field="LastName", sources=("email",)),
            Given(field="Company", sources=("account.domain",), default="none"),
        ),
    )


def test_one_activity_and_plain_texts_may_stand_bare() -> None:
    found = creation("{on: contact_request, as: Lead, with: {LastName: x, Company: 7, Rating: true}}")
    assert found.on == {"contact_request"}
    assert [(each.field, each.default) for each in found.given] == [
        ("LastName", "x"),
        ("Company", "7"),
        ("Rating", "true"),
    ]


@pytest.mark.parametrize(
    ("known", "company"),
    [
        ({"account": {"domain": "acme.com"}}, "acme.com"),
        ({}, "acme.example"),
        ({"account": {"domain": None}}, "acme.example"),
    ],
)
def test_the_first_source_that_is_known_counts_and_the_e_mail_tells_the_domain(
    known: dict[str, Any], company: str
) -> None:
    fields = first_fields(creation(FINE), "ana@acme.example", **known)
    assert fields == {"Email": "ana@acme.example", "LastName": "ana@acme.example", "Company": company}


def test_a_private_address_tells_no_company() -> None:
    assert first_fields(creation(FINE), "ana@gmail.com")["Company"] == "none"


def test_what_the_activity_said_is_taken_blanks_are_not_and_long_texts_are_cut() -> None:
    found = Creation(
        on=frozenset({"demo_request"}),
        object="contact",
        email="email",
        given=(
            Given(field="firstname", sources=("first_name", "property.first_name")),
            Given(field="lastname", sources=("property.last_name",)),
            Given(field="message", sources=("property.note",)),
        ),
    )
    said = {"first_name": " Ana ", "last_name": "  ", "note": "x" * 400}
    fields = first_fields(found, "ana@acme.example", lead={"first_name": ""}, properties=said)
    assert fields.keys() == {"email", "firstname", "message"}
    assert (fields["firstname"], len(fields["message"])) == ("Ana", 255)


def live(**changed: Any) -> dict[str, list[FieldInfo]]:
    fields = {
        "Email": FieldInfo(name="Email", label="", type="email"),
        "FirstName": FieldInfo(name="FirstName", label="", type="string"),
        "LastName": FieldInfo(name="LastName", label="", type="string", length=80, required=True),
        "Company": FieldInfo(name="Company", label="", type="string", length=255, required=True),
        **changed,
    }
    others = {"Contact": [fields["FirstName"]], "Account": [FieldInfo(name="Name", label="", type="string")]}
    return {"Lead": [field for field in fields.values() if field], **others}


def told(creates: str, **changed: Any) -> list[tuple[str, str]]:
    """(subject, problem) of everything that does not fit."""
    where = located(creates)
    mapping, problems = compile_mapping(where)
    assert mapping is not None, problems
    return [(each.subject, str(each.problem)) for each in against(where, mapping, live(**changed))]


def test_what_fits_the_org_is_not_spoken_of() -> None:
    assert told(FINE) == []


def test_a_field_that_the_org_requires_besides_is_missed() -> None:
    region = FieldInfo(name="Region__c", label="", type="string", required=True)
    ((subject, problem),) = told(FINE, Region__c=region)
    assert subject == "Lead.Region__c"
    assert problem.startswith("m.yaml:2:41: a new Lead needs 'Region__c' here")


def test_a_field_that_is_not_there_or_cannot_be_set_or_does_not_take_the_word_is_told() -> None:
    one = FINE.replace("LastName:", "LedSource: Web, LastName:")
    source = FieldInfo(name="LeadSource", label="", type="picklist", options=("Webinar", "Website"), restricted=True)
    ((_, problem),) = told(one, LeadSource=source)
    assert problem == "m.yaml:2:48: Salesforce's Lead has no 'LedSource', or hides it (did you mean 'LeadSource'?)"
    other = FINE.replace("LastName:", "LeadSource: Websit, LastName:")
    ((_, problem),) = told(other, LeadSource=source)
    assert problem == "m.yaml:2:60: 'LeadSource' has no value 'Websit' (did you mean 'Website'?)"
    fixed = FieldInfo(name="LeadSource", label="", type="string", creatable=False)
    ((_, problem),) = told(other, LeadSource=fixed)
    assert "'LeadSource' cannot be set in a new record by this user" in problem


def test_a_default_that_is_longer_than_its_field_is_told() -> None:
    long = FINE.replace("default: none", f"default: {'x' * 300}")
    ((_, problem),) = told(long)
    assert "'Company' holds 255 characters" in problem
