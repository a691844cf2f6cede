"""Patterns of addresses and names: what matches, what is captured, and what it costs at worst."""

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.vocabulary.addresses import compile_address, parted
from mappings.vocabulary.globs import GlobError, compile_glob

LONGEST = 65_536
WITHIN = 0.050
"""Seconds that a pattern may take on the longest text."""


@pytest.mark.parametrize(
    ("address", "host", "path"),
    [
        ("https://www.acme.example/Pricing/?utm_source=x#top", "acme.example", "/Pricing"),
        ("http://ACME.example:80/pricing", "acme.example", "/pricing"),
        ("https://acme.example:443", "acme.example", ""),
        ("https://acme.example:8443/", "acme.example:8443", ""),
        ("//acme.example/a/b//", "acme.example", "/a/b"),
        ("acme.example/pricing", "acme.example", "/pricing"),
        ("acme.example:8080/pricing", "acme.example:8080", "/pricing"),
        ("localhost:8080/x", "localhost:8080", "/x"),
        ("/pricing#plans", "", "/pricing"),
        ("pricing.html?x=/y", "", "/pricing.html"),
        ("pricing", "", "/pricing"),
        ("https://ana:secret@acme.example./x", "acme.example", "/x"),
        ("https://acme.example/caf%C3%A9%20menu", "acme.example", "/café menu"),
        ("mailto:ana@acme.example", "", "/mailto:ana@acme.example"),
        ("  ", "", ""),
        ("https://acme.example?x=1", "acme.example", ""),
        ("https://acme.example#/pricing", "acme.example", ""),
    ],
)
def test_what_never_matters_of_an_address_is_left_out(address: str, host: str, path: str) -> None:
    assert parted(address) == (host, path)


@pytest.mark.parametrize(
    ("pattern", "address", "captured"),
    [
        ("/pricing*", "https://www.acme.example/Pricing/?utm_source=x#top", {}),
        ("/pricing*", "/pricing-plans/enterprise", {}),
        ("/pricing*", "https://acme.example/blog/pricing", None),
        ("/pricing", "https://acme.example/pricing/", {}),
        ("/pricing/", "https://acme.example/pricing", {}),
        ("/pricing", "https://acme.example/pricing/x", None),
        ("/", "https://acme.example", {}),
        ("/", "https://acme.example/x", None),
        ("*/pricing", "https://acme.example/en/pricing", {}),
        ("*/pricing", "/pricing", {}),
        ("/customers/{name}", "https://acme.example/customers/Bolt/", {"name": "bolt"}),
        ("/customers/{name}", "https://acme.example/customers", None),
        ("/customers/{name}", "https://acme.example/customers/bolt/video", None),
        ("/{area}/stories/{name}/*", "/eu/stories/bolt/video", {"area": "eu", "name": "bolt"}),
        ("/{area}/stories/{name}/*", "/eu/stories/bolt", {"area": "eu", "name": "bolt"}),
        ("*/stories/{name}/*", "acme.example/a/stories/bolt/x", {"name": "bolt"}),
        ("*/stories/{name}", "acme.example/stories/a/stories/bolt", {"name": "bolt"}),
        ("docs.acme.example/integrations/*", "https://docs.acme.example/integrations/slack", {}),
        ("docs.acme.example/integrations/*", "https://www.docs.acme.example/integrations/", {}),
        ("docs.acme.example/integrations/*", "https://acme.example/integrations/slack", None),
        ("docs.acme.example/integrations/*", "/integrations/slack", None),
        ("https://www.acme.example/pricing", "http://acme.example/pricing", {}),
        ("*.acme.example/login", "app.acme.example/login", {}),
        ("/blog/*", "/blog", {}),
        ("/blog/*", "/blogging", None),
        ("/preise/übersicht", "/preise/%C3%BCbersicht", {}),
    ],
)
def test_an_address_matches_a_pattern(pattern: str, address: str, captured: dict[str, str] | None) -> None:
    assert compile_address(pattern).match(*parted(address)) == captured


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("Contact sales*", "contact SALES (EMEA)", True),
        ("*roi*calculator*", "The ROI savings Calculator 2026", True),
        ("*roi*calculator*", "calculator of roi", False),
        ("*", "", True),
        ("", "", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("[a-z]+(.)", "[A-Z]+(.)", True),
        ("[a-z]+", "abc", False),
    ],
)
def test_a_name_matches_a_pattern(pattern: str, text: str, matches: object) -> None:
    assert (compile_glob(pattern).match(text) is not None) is matches


@pytest.mark.parametrize(
    ("pattern", "at", "said"),
    [
        ("/a?b=c", 2, "a query never matters"),
        ("/a#b", 2, "a fragment never matters"),
        ("pricing", 0, "begins with a slash or with a host: write '/pricing'"),
        ("/a/{}", 3, "no name"),
        ("/a/{Name}", 3, "no name"),
        ("/{a}/{a}", 5, "twice"),
        ("/a{name}", 2, "whole segment"),
        ("/{name}.html", 1, "whole segment"),
        ("/{name}*", 1, "whole segment"),
        ("/{name", 1, "'{' belongs to"),
        ("/na}me", 3, "'}' belongs to"),
        ("/" + "a" * 501, 0, "longer than 500"),
    ],
)
def test_a_pattern_that_cannot_be_used_says_where_and_why(pattern: str, at: int, said: str) -> None:
    with pytest.raises(GlobError) as error:
        compile_address(pattern)
    assert error.value.at == at
    assert said in error.value.text


def test_segments_are_captured_in_addresses_alone() -> None:
    with pytest.raises(GlobError, match="addresses only"):
        compile_glob("Contact {name}")


def oracle(pattern: str, text: str) -> dict[str, str] | None:
    """What a regular expression makes of a pattern: right, and slow at worst."""
    pieces = re.split(r"(\*|\{[a-z]+\})", pattern.lower())
    made = "".join(
        "(?s:.*?)" if piece == "*" else f"(?P<{piece[1:-1]}>[^/]+)" if piece.startswith("{") else re.escape(piece)
        for piece in pieces
    )
    found = re.fullmatch(made, text.lower())
    return found.groupdict() if found else None


_literals = st.text(alphabet="ab/", max_size=3)


@st.composite
def patterns(draw: st.DrawFn) -> str:
    made, names = "/", iter("vwxyz")
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["literal", "star", "segment"]))
        if kind == "literal":
            made += draw(_literals)
        elif kind == "star":
            made += "*"
        elif made.endswith("/"):
            made += f"{{{next(names)}}}" + draw(st.sampled_from(["/", "/*", "/a"]))
    return made


@settings(max_examples=600, deadline=None)
@given(patterns(), st.text(alphabet="ab/", max_size=12))
def test_matching_is_what_a_regular_expression_would_say(pattern: str, text: str) -> None:
    assert compile_glob(pattern, segments=True).match(text) == oracle(pattern, text)


WORST = [
    ("*a*a*a*a*a*a*a*a*b", "a" * LONGEST),
    ("*" + "a" * 99 + "b*", "a" * LONGEST),
    ("*" + "a" * 248 + "b" + "a" * 248 + "*", "a" * LONGEST),
    ("*a" * 240 + "*b", "a" * LONGEST),
    ("*/{a}/{b}/{c}/x*", "/a" * (LONGEST // 2)),
    ("*/{a}/" + "a/" * 200 + "b*", "/a" * (LONGEST // 2)),
    ("*/{a}/{b}/{c}/{d}", "/" * LONGEST),
    ("*/{a}", "a" * LONGEST),
    ("/{a}/*", "/" + "a" * LONGEST),
    ("/pricing*", "%41" * (LONGEST // 3)),
    ("/pricing*", "a:" * (LONGEST // 2)),
    ("acme.example/pricing*", "@" * LONGEST),
    ("acme.example/pricing*", "https://" + "a." * (LONGEST // 2)),
]


def took(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


@pytest.mark.parametrize(("pattern", "text"), WORST, ids=range(len(WORST)))
def test_the_longest_address_takes_no_time_to_speak_of(pattern: str, text: str) -> None:
    glob = compile_address(pattern)
    assert took(lambda: glob.match(*parted(text))) < WITHIN


@pytest.mark.parametrize("pattern", ["*a*a*a*a*b", "*a" * 240 + "*b", "*" + "a" * 248 + "b" + "a" * 248 + "*"])
def test_the_longest_name_takes_no_time_to_speak_of(pattern: str) -> None:
    glob = compile_glob(pattern)
    assert took(lambda: glob.match("a" * LONGEST)) < WITHIN


def test_an_address_is_looked_at_up_to_where_no_server_reads_on() -> None:
    assert compile_address("/pricing*").match(*parted("/pricing" + "a" * LONGEST)) == {}
    assert compile_address("/pricing").match(*parted("/pricing?" + "a" * LONGEST)) == {}
