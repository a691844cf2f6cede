"""What each transform makes of the values that CRMs really hold."""

from typing import Any

import pytest

from mappings import countries, domains, record_ids, transforms
from mappings.instant import parse


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (120, 120),
        (120.0, 120),
        (1.5, 1.5),
        ("120", 120),
        ("1,200", 1200),
        ("1 200", 1200),
        ("$1.2M", 1_200_000),
        ("€ 500k", 500_000),
        ("25-50", 25),
        ("100 to 500", 100),
        ("1000+", 1000),
        ("-5", -5),
        ("", None),
        (None, None),
        (True, None),
        ("many", None),
        ("nan", None),
        (float("inf"), None),
        ("1-2-3", None),
    ],
)
def test_numbers(raw: Any, number: float | None) -> None:
    assert transforms.number(raw) == number


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (True, True),
        ("true", True),
        ("Yes", True),
        ("0", False),
        ("false", False),
        ("", None),
        (None, None),
        ("?", None),
    ],
)
def test_booleans(raw: Any, value: bool | None) -> None:  # noqa: FBT001 -- the value is the case
    assert transforms.boolean(raw) is value


@pytest.mark.parametrize(
    "raw",
    [
        "1767603600000",
        1767603600000,
        "2026-01-05T09:00:00Z",
        "2026-01-05T09:00:00.000Z",
        "2026-01-05T09:00:00.000+0000",
        "2026-01-05T10:00:00+01:00",
        "2026-01-05T09:00:00",
    ],
)
def test_one_moment_in_every_form_the_crms_use(raw: Any) -> None:
    assert transforms.date(raw) == parse("2026-01-05T09:00:00Z")


def test_a_bare_date_is_midnight_utc_and_nonsense_is_none() -> None:
    assert transforms.date("2026-01-05") == parse("2026-01-05T00:00:00Z")
    for nonsense in (None, "", "soon", True, "123", "2026-13-45"):
        assert transforms.date(nonsense) is None


def test_a_multi_select_keeps_order_and_drops_repeats() -> None:
    assert transforms.parts("b; a;;b") == ("b", "a")
    assert transforms.parts(";") is None
    assert transforms.parts(None) is None


def test_zones_by_both_names() -> None:
    assert transforms.timezone("america_slash_new_york") == "America/New_York"
    assert transforms.timezone("Europe/Berlin") == "Europe/Berlin"
    assert transforms.timezone("mars_slash_olympus") is None


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.Acme.example/about?x=1", "acme.example"),
        ("acme.example", "acme.example"),
        ("http://acme.example:8080", "acme.example"),
        ("ana@acme.example", "acme.example"),
        ("ana@gmail.com", ""),
        ("gmail.com", "gmail.com"),
        ("https://user:pass@acme.example/", "acme.example"),
        ("acme", ""),
        ("", ""),
        ("not a site", ""),
        ("http://", ""),
        ("münchen.example", "münchen.example"),
    ],
)
def test_domains(text: str, domain: str) -> None:
    assert domains.domain(text) == domain


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("United States", "US"),
        ("usa", "US"),
        ("us", "US"),
        ("UK", "GB"),
        ("Deutschland", "DE"),
        ("Atlantis", "Atlantis"),
    ],
)
def test_countries(name: str, code: str) -> None:
    assert countries.code(name) == code


def test_a_short_salesforce_id_gets_its_suffix_and_others_stay() -> None:
    assert record_ids.full("salesforce", "0015e00000AbCdE") == "0015e00000AbCdEAAV"
    assert record_ids.full("salesforce", "001D000000IqhSL") == "001D000000IqhSLIAZ"
    assert record_ids.full("salesforce", "001D000000IqhSLIAZ") == "001D000000IqhSLIAZ"
    assert record_ids.full("hubspot", "123456789012345") == "123456789012345"


@pytest.mark.parametrize("bad", ["", "1/2", "00Q5e00000AbCd", "00Q5e00000AbCdE' OR 1=1", "00Q5e00000AbCdE\n", "a" * 16])
def test_what_is_no_id_never_enters_a_path(bad: str) -> None:
    assert not record_ids.genuine("salesforce", bad)
    assert not record_ids.genuine("hubspot", bad)
