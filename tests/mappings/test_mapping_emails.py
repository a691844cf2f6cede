"""One spelling for each address, and no address of what is none."""

import time
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.values import emails

MUELLER = "ana@xn--mller-kva.example"


@pytest.mark.parametrize(
    ("sent", "address"),
    [
        (" Ana@ACME.example ", "ana@acme.example"),
        ("\ufeffana@acme.example\u200b", "ana@acme.example"),
        ("ana@acme.example.", "ana@acme.example"),
        ("O'Neil+x/y=1@x.example", "o'neil+x/y=1@x.example"),
        ("jose\u0301@x.example", "jos\u00e9@x.example"),
        ("JOSÉ@x.example", "jos\u00e9@x.example"),
        ("ana@müller.example", MUELLER),
        ("ana@MÜLLER.Example", MUELLER),
        ("ana@mu\u0308ller.example", MUELLER),
        ("ANA@XN--MLLER-KVA.EXAMPLE", MUELLER),
        ("ana@müller。example", MUELLER),
        ("ana@straße.example", "ana@xn--strae-oqa.example"),
        ("ana@a_b.example", "ana@a_b.example"),
        ("ana@a_b.müller.example", "ana@a_b.xn--mller-kva.example"),
        ("ana@localhost", "ana@localhost"),
    ],
)
def test_however_an_address_is_written_it_has_one_spelling(sent: str, address: str) -> None:
    assert emails.normal(sent) == address
    assert emails.normal(address) == address


def test_sharp_s_and_double_s_are_two_people_and_its_capital_is_neither_ss() -> None:
    assert emails.normal("straße@x.example") != emails.normal("strasse@x.example")
    assert emails.normal("STRAẞE@x.example") == emails.normal("straße@x.example")


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ("Ana Alt <ana@acme.example>", "a name stands beside it"),
        ("<ana@acme.example>", "a name stands beside it"),
        ("Ana Alt ana@acme.example", "it is no e-mail address"),
        ('"ana"@acme.example', "it is no e-mail address"),
        ("mailto:ana@acme.example", "`mailto:` stands before it"),
        ("MAILTO:ana@acme.example?subject=x", "`mailto:` stands before it"),
        ("ana@acme.example;bo@acme.example", "several addresses in one field"),
        ("ana@acme.example, bo@acme.example", "several addresses in one field"),
        ("ana@acme.example bo@acme.example", "several addresses in one field"),
        ("ana@acme.example/bo@acme.example", "several addresses in one field"),
        ("ana@acme.example;", "it is no e-mail address"),
        ("ana(at)acme.example", "it holds no @"),
        ("n/a", "it holds no @"),
        ("@acme.example", "it is no e-mail address"),
        ("ana@", "it is no e-mail address"),
        ("ana@acme..example", "it is no e-mail address"),
        ("an a@acme.example", "it is no e-mail address"),
        ("ana\u00a0@acme.example", "it is no e-mail address"),
        ("ana@acme .example", "it is no e-mail address"),
        ("ana@☃.example", "it is no e-mail address"),
        ("x" * 310 + "@acme.example", "longer than 320 characters"),
    ],
)
def test_what_is_no_single_address_is_none_and_it_is_said_why(sent: str, why: str) -> None:
    assert emails.normal(sent) is None
    assert emails.fault(sent) == why


@given(local=st.text(min_size=1, max_size=12), domain=st.text(min_size=1, max_size=12))
def test_the_spelling_of_a_spelling_is_itself_whatever_is_written(local: str, domain: str) -> None:
    for sent in (f"{local}@{domain}", f"{local}@{domain}.example"):
        once = emails.normal(sent)
        if once is not None:
            assert emails.normal(once) == once
            assert len(once) <= emails.LONGEST
            assert once.count("@") == 1
            for form in ("NFC", "NFD"):
                again = emails.normal(unicodedata.normalize(form, sent))
                assert again in (once, None)


def test_every_spelling_that_others_may_keep_is_known() -> None:
    assert emails.spellings("ana@acme.example") == ("ana@acme.example",)
    assert set(emails.spellings(MUELLER)) == {MUELLER, "ana@müller.example", "ana@mu\u0308ller.example"}
    assert set(emails.spellings("jos\u00e9@x.example")) == {"jos\u00e9@x.example", "jose\u0301@x.example"}
    for spelling in emails.spellings("jos\u00e9@xn--mller-kva.example"):
        assert emails.normal(spelling) == "jos\u00e9@xn--mller-kva.example"


def test_the_spellings_of_earlier_versions_are_known() -> None:
    assert emails.casefolded("straße@x.example") == {"strasse@x.example"}
    assert emails.casefolded(MUELLER) >= {MUELLER, "ana@müller.example"}


@pytest.mark.parametrize(
    "worst",
    [
        "a" * 65_536 + " @",
        "@" * 65_536,
        "a@" * 32_768,
        "a@" + "x." * 32_768,
        "a@" + "ü" * 65_536,
        "a@xn--" + "a" * 65_536,
        "\u200b" * 65_536 + "@",
        "a@" + "x." * 158,
        "a@" + "ü." * 158,
        "e\u0301" * 155 + "@x.example",
    ],
)
def test_no_text_takes_long(worst: Any) -> None:
    began = time.perf_counter()
    emails.normal(worst)
    emails.fault(worst)
    assert time.perf_counter() - began < 0.05
