"""What each transform makes of the values that CRMs really have."""

import time
from typing import Any

import pytest

from mappings.reading import transforms
from mappings.values import countries, domains, numbers, record_ids
from mappings.values.instant import parse


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
        ("10,000 \N{EN DASH} 50,000", 10_000),
        (" 45 ", 45),
        ("45.0", 45),
        ("1.200,50", 1200.5),
        ("1.200,50 €", 1200.5),
        ("1,200.50", 1200.5),
        ("1.200.000", 1_200_000),
        ("1.200", 1.2),
        ("45,5", 45.5),
        ("0,200", 0.2),
        ("12,34,567", 1_234_567),
        ("1'200", 1200),
        ("1\N{RIGHT SINGLE QUOTATION MARK}200,5", 1200.5),
        ("1\N{NARROW NO-BREAK SPACE}200", 1200),
        ("\N{FULLWIDTH DIGIT FOUR}\N{FULLWIDTH DIGIT FIVE}", 45),
        ("\N{ARABIC-INDIC DIGIT FOUR}\N{ARABIC-INDIC DIGIT FIVE}", 45),
        ("0.29M", 290_000),
        (9_223_372_036_854_775_807, 9_223_372_036_854_775_807),
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
        ("45 min", None),
        ("1_000", None),
        ("inf", None),
        ("Infinity", None),
        ("1e5", None),
        ("0x10", None),
        ("12 34", None),
        ("1,2,3", None),
        ("1.2.3", None),
        ("1,200,50", None),
        ("--5", None),
        ("5\N{SUPERSCRIPT TWO}", None),
        ([45], None),
        (float("nan"), None),
        (2**63, None),
        (-(2**63), None),
        (1e300, None),
        ("9223372036854775808", None),
        ("9" * 5_000, None),
        (10**500, None),
    ],
)
def test_numbers(raw: Any, number: float | None) -> None:
    assert transforms.number(raw) == number


def test_letters_for_thousands_and_millions_are_read_only_where_they_mean_that() -> None:
    assert numbers.number("45m") == 45_000_000
    for text in ("45m", "45 k", "$1.2M", "1b"):
        assert numbers.number(text, scaled=False) is None
    assert numbers.number("1,200", scaled=False) == 1200


@pytest.mark.parametrize("worst", ["$" * 65_536, "1" * 65_536, "1," * 32_768, " " * 65_536 + "x", "- " * 32_768])
def test_no_text_takes_long_to_be_no_number(worst: str) -> None:
    began = time.perf_counter()
    assert transforms.number(worst) is None
    assert transforms.boolean(worst) is None
    assert time.perf_counter() - began < 0.05


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (True, True),
        ("true", True),
        ("Yes", True),
        ("0", False),
        ("false", False),
        (1, True),
        (0, False),
        (1.0, True),
        (" TRUE ", True),
        ("y", True),
        ("On", True),
        ("N", False),
        ("off", False),
        ("\N{FULLWIDTH DIGIT ONE}", True),
        (2, None),
        ("maybe", None),
        (["true"], None),
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
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("https://www.MÜNCHEN.example/über", "xn--mnchen-3ya.example"),
        ("ana@xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
        ("https://shop.acme.example/", "acme.example"),
        ("ana@mail.berlin.acme.co.uk", "acme.co.uk"),
        ("www.acme.com.br", "acme.com.br"),
        ("https://acme.github.io/page", "acme.github.io"),
        ("acme.uk.com", "acme.uk.com"),
        ("co.uk", "co.uk"),
        ("ana@relay.hotmail.co.uk", ""),
        ("ana@gmail.com.", ""),
        ("a" * 250 + ".example", ""),
        ("x" * 70_000, ""),
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
