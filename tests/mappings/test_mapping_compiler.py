"""An author's mistakes in a mapping: all reported at once, each with its place and the nearest right name."""

from dataclasses import replace

import pytest

from mappings.language import mapping_files
from mappings.language.mapping_compiler import compile_mapping
from mappings.model.compiled_mapping import CrmMapping
from mappings.translate.record_answers import happened, whose
from mappings.translate.translation import inward, load_mapping
from mappings.values.instant import parse
from mappings.vocabulary.value import CANONICAL
from mappings.yaml_files.located_yaml import load
from mappings.yaml_files.problems import Problem


def compiled(text: str) -> tuple[CrmMapping | None, tuple[Problem, ...]]:
    located, problems = load(text, "m.yaml")
    assert located is not None, problems
    return compile_mapping(located)


def person(body: str, system: str = "hubspot") -> str:
    return f"system: {system}\nobjects:\n  contact:\n    is: person\n{body}"


def deeds(section: str, system: str = "hubspot") -> str:
    return f"system: {system}\nobjects:\n  call:\n    is: activity\n    activity: {section}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "system: hubspt\nobjects: {}\n",
            "m.yaml:1:9: unknown system 'hubspt', expected one of hubspot, salesforce",
        ),
        ("system: hubspot\n", "m.yaml:1:1: no objects are mapped"),
        ("system: hubspot\nobjets: {}\n", "m.yaml:2:1: unknown name 'objets' (did you mean 'objects'?)"),
        (person("    lead: {emial: email}\n"), "m.yaml:5:12: unknown name 'emial' (did you mean 'email'?)"),
        (
            person("    lead: {email: {from: email, as: lowr}}\n"),
            "unknown transform 'lowr' (did you mean 'lower'?)",
        ),
        (person("    lead: {opted_out: hs_email_optout}\n"), "'text' makes no boolean; use as: boolean"),
        (person("    lead: {email: {as: lower}}\n"), "needs either 'from' or 'first'"),
        (person("    lead: {email: {from: a, first: [b]}}\n"), "needs either 'from' or 'first'"),
        (person("    lead: {phone: {first: [], as: text}}\n"), "'as' belongs to each entry of 'first'"),
        (person("    lead: {phone: {first: phone}}\n"), "must be a list of fields"),
        (person("    lead: {email: E-Mail}\n"), "'E-Mail' is no field name of this CRM"),
        (person("    lead: {problem: {from: s, as: picklist}}\n"), "a picklist needs 'values'"),
        (
            person("    lead: {source: {from: s, as: picklist, values: {A: webiner}}}\n"),
            "unknown value 'webiner' (did you mean 'webinar'?)",
        ),
        (person("    lead: {source: {from: s, as: picklist, values: {A: other, a: webinar}}}\n"), "by case alone"),
        (
            person("    lead: {source: {from: s, as: picklist, values: {A: other}, else: keep}}\n"),
            "unknown value 'keep' (a choice keeps no other words)",
        ),
        (person("    lead: {email: {from: email, values: {a: b}}}\n"), "'values' needs 'as: picklist'"),
        (person("    lead: {email: {from: email, blank: maybe}}\n"), "must be 'keep' or 'clear'"),
        (person("    lead: {email: {from: email, default: 3}}\n"), "a default here must be a text"),
        (person("    account: {employees: {from: n, as: number, default: true}}\n"), "a default here must be a number"),
        (person("    write: {fit: hubspot_owner_id}\n"), "'hubspot_owner_id' is not a field a mapping may write"),
        (person("    write: {fit: hs_lead_status}\n"), "'hs_lead_status' is not a field a mapping may write"),
        (person("    write: {fit: OwnerId}\n", "salesforce"), "'OwnerId' is not a field a mapping may write"),
        (person("    write: {fit: a, band: a}\n"), "'a' is already written by 'fit'"),
        (person("    write: {fitt: a}\n"), "unknown name 'fitt' (did you mean 'fit'?)"),
        (person("    write: {reasons: {to: a, limit: 0}}\n"), "must be a number of characters"),
        (person("    write: {stage: {to: a, values: {mqll: x}}}\n"), "unknown name 'mqll' (did you mean 'mql'?)"),
        (person("    references: {a: b}\n"), "must be a list"),
        (person("    references: [{system: x, object: y, from: z}]\n"), "unknown system 'x'"),
        (person("    account_ref: {from: z}\n"), "must name an object"),
        ("system: hubspot\nobjects: {company: {is: account, write: {fit: a}}}\n", "an account has no 'write'"),
        (
            "system: hubspot\nobjects: {company: {is: thing}}\n",
            "'task', 'opportunity' or 'activity'",
        ),
        ("system: hubspot\nobjects: {company: 3}\n", "must be a table"),
        (deeds("{at: t}"), "needs 'cases': which records say what"),
        (deeds("{at: t, cases: {}}"), "needs 'cases': which records say what"),
        (deeds("{at: t, cases: [{is: call_atempt}]}"), "unknown activity 'call_atempt' (did you mean 'call_attempt'?)"),
        (deeds("{at: t, cases: [{is: call_attempt, outcome: conected}]}"), "unknown value 'conected' (did you mean"),
        (deeds("{at: t, cases: [{is: call_attempt, outcom: x}]}"), "unknown name 'outcom' (did you mean 'outcome'?)"),
        (deeds("{att: t, cases: [{is: email_reply}]}"), "unknown name 'att' (did you mean 'at'?)"),
        (deeds("{at: 9, cases: [{is: email_reply}]}"), "'9' is no field name of this CRM"),
        (deeds("{at: a.b, cases: [{is: email_reply}]}"), "'a.b' is no field name of this CRM"),
        (
            deeds("{people: {contact: x}, cases: [{is: email_reply}]}"),
            "this CRM's associations say whose activity it is",
        ),
        (deeds("{cases: [{is: email_reply}]}", "salesforce"), "needs 'people': Lead or Contact, and the field"),
        (deeds("{create: {hs_x: y}, cases: [{is: email_reply}]}"), "no call is created for a handover"),
        (deeds("{moves: 3, cases: [{is: email_reply}]}"), "must be true or false"),
        (deeds("{people: {Leed: WhoId}, cases: [{is: email_reply}]}", "salesforce"), "(did you mean 'Lead'?)"),
        (deeds("{people: {Lead: A.B.C}, cases: [{is: email_reply}]}", "salesforce"), "'A.B.C' is no field name"),
        ("system: hubspot\nobjects: {call: {is: activity, lead: {}}}\n", "an activity has no 'lead'"),
        (person("    lead: {title: Account.Name}\n", "salesforce"), "'Account.Name' is no field name of this CRM"),
        ("- a\n", "must be a table"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, expected: str) -> None:
    mapping, problems = compiled(text)
    assert mapping is None
    assert any(expected in str(problem) for problem in problems), [str(problem) for problem in problems]


def test_all_mistakes_are_told_at_once_in_the_files_order() -> None:
    _, problems = compiled(person("    lead: {emial: a}\n    write: {fitt: b}\n    is_: 3\n"))
    assert [problem.line for problem in problems] == [5, 6, 7]


def test_a_default_fills_a_blank_and_a_clearing_rule_passes_it_on() -> None:
    body = "    lead: {country: {from: c, as: country, default: DE}, title: {from: t, blank: clear}, phone: p}\n"
    mapping, problems = compiled(person(body))
    assert problems == ()
    assert mapping is not None
    assert inward(mapping, "contact", {"c": "", "t": "", "p": ""}).lead == {"country": "DE", "title": None}
    assert inward(mapping, "contact", {"c": "France"}).lead == {"country": "FR"}


def test_the_first_that_is_not_blank_wins_even_when_an_earlier_one_cannot_be_read() -> None:
    body = "    account: {domain: {first: [{from: w, as: domain}, {from: e, as: domain}]}}\n"
    mapping, _ = compiled(person(body))
    assert mapping is not None
    assert inward(mapping, "contact", {"w": "not a site", "e": "a@b.example"}).account == {"domain": "b.example"}


def test_a_mapping_of_another_system_is_refused(tmp_path: object) -> None:
    path = f"{tmp_path}/m.yaml"
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 -- tmp_path is typed as it comes
        file.write(person("    lead: {email: email}\n"))
    mapping, problems = load_mapping("salesforce", path)
    assert mapping is None
    assert problems[0].text == "maps hubspot, expected salesforce"


def test_activities_say_what_happened_when_and_to_whom() -> None:
    text = """system: salesforce
objects:
  CampaignMember:
    is: activity
    activity:
      at: [FirstRespondedDate, CreatedDate]
      people: {Contact: ContactId, Lead: LeadId}
      cases:
        - {when: {Campaign.Type: Webinar, Status: "Attended*"}, is: webinar_attend, webinar: {from: Campaign.Name}}
        - {when: {HasResponded: true}, is: form_submit}
"""
    mapping, problems = compiled(text)
    assert mapping is not None
    assert problems == ()
    found = mapping.objects["CampaignMember"].activity
    assert found is not None
    raw = {"Campaign.Type": "webinar", "Campaign.Name": "Cold", "Status": "Attended live", "CreatedDate": "2026-01-05"}
    raw |= {"LeadId": "00Q7Q0000000001AAA", "ContactId": None}
    said = happened(found, raw)
    assert said is not None
    assert (said.type, dict(said.properties), said.at) == (
        "webinar_attend",
        {"webinar": "Cold"},
        parse("2026-01-05T00:00:00Z"),
    )
    assert whose(found, "salesforce", raw) == (("Lead", "00Q7Q0000000001AAA"),)
    assert happened(found, {"HasResponded": "true"}) is not None
    assert happened(found, {"HasResponded": "false"}) is None
    assert mapping.needed["CampaignMember"][0] == "CampaignId", (
        "the relation is there where the field that leads to it is"
    )


def test_a_field_that_may_hold_ids_of_several_objects_names_the_one_it_holds() -> None:
    mapping, _ = compiled(deeds("{people: {Contact: WhoId, Lead: WhoId}, cases: [{is: meeting_booked}]}", "salesforce"))
    assert mapping is not None
    found = mapping.objects["call"].activity
    assert found is not None
    assert whose(found, "salesforce", {"WhoId": "0037Q0000000001"})[0][0] == "Contact"
    assert whose(found, "salesforce", {"WhoId": "0017Q0000000001"}) == (), "an account is nobody"


def test_a_mappings_text_is_compiled_once_and_what_differs_in_text_file_or_words_anew() -> None:
    text, other = mapping_files.shipped("hubspot").text, replace(CANONICAL, name="others.yaml")
    once = mapping_files.parsed(text, "once.yaml")
    assert mapping_files.parsed(text, "once.yaml") is once
    for differs in (
        mapping_files.parsed(text + "# ours\n", "once.yaml"),
        mapping_files.parsed(text, "elsewhere.yaml"),
        mapping_files.parsed(text, "once.yaml", vocabulary=other),
    ):
        assert differs is not once
        assert differs.mapping is not None
