"""What a person is called: e-mails in any spelling, records by id; and never a part of somebody else's name."""

import pytest

from mappings.values import person_names, record_ids
from mappings.values.identifiers import ConnectionName, ExternalId, System

ANA = "email:ana@acme.example"


@pytest.mark.parametrize(
    "text",
    [
        "ana@acme.example",
        "write to <Ana@ACME.example>.",
        "mailto:ana@acme.example?subject=x",
        "https://x.example/u?e=ana%40acme.example&y=1",
        "ids such as 17-ana@acme.example-4",
        '{"email":"ana@acme.example","x":1}',
        "ana@acme.example,bob@blue.example",
    ],
)
def test_an_address_is_found_and_blacked_out_wherever_it_stands(text: str) -> None:
    assert ANA in person_names.emails_in(text)
    rest = person_names.blacked(text, {ANA}.__contains__)
    assert "acme" not in rest.casefold()
    assert person_names.ERASED in rest
    assert person_names.emails_in(rest) == person_names.emails_in(text) & {"email:bob@blue.example"}


@pytest.mark.parametrize(
    "text", ["juliana@acme.example", "ana@acme.example.org", "mary-ana@acme.example", "ana+1@acme.example", "ana", ""]
)
def test_somebody_elses_address_is_left_alone(text: str) -> None:
    assert person_names.blacked(text, {ANA}.__contains__) == text


def test_a_name_tells_what_it_names() -> None:
    assert person_names.email(person_names.of_email(" ÄNA@acme.example ")) == "äna@acme.example"
    short, full, emea = "00Q5g00000AbCdE", "00Q5g00000AbCdEEAV", ConnectionName("emea")
    assert person_names.of_record(emea, "Lead", record_ids.full(System("salesforce"), short)) == (
        person_names.of_record(emea, "Lead", ExternalId(full))
    ), "whatever the connection is called: its ids are Salesforce's"
    assert person_names.record(person_names.of_record("web", "lead", "a:b")) == ("web", "lead", "a:b")
    assert person_names.record(ANA) is None
    assert person_names.email("record:a:b:c") is None
