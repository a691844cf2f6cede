"""Assets: one page is one, however its address is written [rules: scores]."""

import pytest

from mappings.vocabulary.assets import identity

PAGE = "example.com/pricing"


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/pricing",
        "http://example.com/pricing",
        "HTTPS://EXAMPLE.com/pricing",
        "//example.com/pricing",
        "example.com/pricing",
        "https://www.example.com/pricing",
        "https://example.com/pricing/",
        "https://example.com/pricing//",
        "https://example.com/pricing?utm_source=a&utm_medium=b",
        "https://example.com/pricing#plans",
        "https://example.com/pricing/?a=b#c",
        "https://example.com:443/pricing",
        "http://example.com:80/pricing",
        "https://example.com./pricing",
        "https://user@example.com/pricing",
        "https://example.com/pri%63ing",
        "  https://example.com/pricing\n",
    ],
)
def test_an_address_is_compared_without_what_does_not_matter(address: str) -> None:
    assert identity(address, address=True) == PAGE
    assert identity(address) == PAGE, "also where a name is expected"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/pricing", "https://example.com/Pricing"),
        ("https://example.com/pricing", "https://example.com/pricing/plans"),
        ("https://example.com/pricing", "https://example.org/pricing"),
        ("https://example.com/pricing", "https://shop.example.com/pricing"),
        ("https://example.com/pricing", "https://example.com:8443/pricing"),
        ("https://example.com/pricing", "/pricing"),
        ("https://example.com/", "/"),
    ],
)
def test_other_pages_are_other_assets(one: str, other: str) -> None:
    assert identity(one, address=True) != identity(other, address=True)


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("/pricing?a=b", "/pricing"),
        ("/pricing/", "/pricing"),
        ("pricing.html#top", "/pricing.html"),
        ("/", "/"),
        ("?utm_source=a", "/"),
        ("https://example.com/", "example.com"),
        ("https://example.com?x=1", "example.com"),
        ("https://example.com/%C3%BCber-uns", "example.com/über-uns"),
        ("https://example.com/u\u0308ber-uns", "example.com/über-uns"),
        ("https://example.com/100%", "example.com/100%"),
        ("mailto:ana@example.com", "/mailto:ana@example.com"),
        ("   ", ""),
    ],
)
def test_odd_addresses_are_what_they_are(address: str, known: str) -> None:
    assert identity(address, address=True) == known


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Price list", "Price list"),
        (" Price list ", "Price list"),
        ("price list", "price list"),
        ("Guide v2.0", "Guide v2.0"),
        ("guide.pdf", "guide.pdf"),
        ("What is it? #1", "What is it? #1"),
        ("Q1/Q2 report?", "Q1/Q2 report?"),
        ("https://cdn.example.com/guide.pdf?token=1", "cdn.example.com/guide.pdf"),
        (17, "17"),
        (17.0, "17"),
        ("17", "17"),
        (17.5, "17.5"),
        (True, "True"),
        (["a", "b"], "['a', 'b']"),
        ({"a": 1}, "{'a': 1}"),
        (None, ""),
        ("", ""),
    ],
)
def test_anything_else_is_the_name_given(name: object, known: str) -> None:
    assert identity(name) == known


def test_what_is_long_is_kept_short_and_told_apart() -> None:
    one, other = (identity(f"https://example.com/{'a' * 5_000}{end}", address=True) for end in ("1", "2"))
    assert len(one) <= 200
    assert one.startswith("example.com/aaa")
    long = "https://example.com/" + "b" * 300
    assert identity(long) == identity(f"{long}?utm_source=a")
    assert identity(f"{long}c") != identity(long)
    assert one == other, "an address is looked at up to its first 4,096 characters"
