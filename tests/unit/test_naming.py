"""What a person is called: e-mails in any spelling, records by id; and never a part of somebody else's name."""

import pytest

from mappings import naming

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
    assert ANA in naming.emails_in(text)
    rest = naming.blacked(text, {ANA}.__contains__)
    assert "acme" not in rest.casefold()
    assert naming.ERASED in rest
    assert naming.emails_in(rest) == naming.emails_in(text) & {"email:bob@blue.example"}


@pytest.mark.parametrize(
    "text", ["juliana@acme.example", "ana@acme.example.org", "mary-ana@acme.example", "ana+1@acme.example", "ana", ""]
)
def test_somebody_elses_address_is_left_alone(text: str) -> None:
    assert naming.blacked(text, {ANA}.__contains__) == text


def test_a_name_tells_what_it_names() -> None:
    assert naming.email(naming.of_email(" ÄNA@acme.example ")) == "äna@acme.example"
    short, full = "00Q5g00000AbCdE", "00Q5g00000AbCdEEAV"
    assert naming.of_record("salesforce", "Lead", short) == naming.of_record("salesforce", "Lead", full)
    assert naming.record(naming.of_record("web", "lead", "a:b")) == ("web", "lead", "a:b")
    assert naming.record(ANA) is None
    assert naming.email("record:a:b:c") is None
