"""A task's text in each CRM: safe, within its limits, and what is left out where room is short."""

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hubspot.batches import BODY_LIMIT as HUBSPOT
from connectors.salesforce.batches import BODY_LIMIT as SALESFORCE
from connectors.shared.task_rendering import Render, task_html, within
from mappings.model.task_text import Line, Link, TaskText, of_plain, plain, shortened, units
from mappings.vocabulary.web_links import web_link

TAGS = re.compile(r"</?(?:p|ul|li|strong)>|<br>|<a href=\"https?://[^\"<>\s]*\">|</a>")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=2_000), st.text(max_size=50), st.text(max_size=50))
def test_a_task_body_is_escaped_whatever_it_holds(body: str, label: str, address: str) -> None:
    link = Link(f"https://{address}")
    lines = (Line(label, (body, link)), Line("", (body,), "item"), Line(body, (link,), "todo"))
    rendered = task_html(TaskText((lines,)))
    assert not set("<>") & set(TAGS.sub("", rendered))


class Anchors(HTMLParser):
    """What a browser would make of a body: its links."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "a":
            self.found.append(dict(attrs))


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "//evil.example/x",
        "ftp://acme.example/x",
        'https://acme.example/"onmouseover="alert(1)',
        "https://acme.example/ x",
        "https://acme.example/\nx",
        "https://acme.example/<script>",
        "https://" + "a" * 2_000,
    ],
)
def test_what_is_no_plain_web_address_is_words_and_no_link(address: str) -> None:
    found = Anchors()
    found.feed(task_html(TaskText(((Line("", (Link(address),)),),))))
    assert (found.found, found.tags) == ([], {"p"})
    assert plain(TaskText(((Line("", (Link(address),)),),))) == address


@pytest.mark.parametrize(
    ("what", "address"),
    [
        ("acme.example/pricing", "https://acme.example/pricing"),
        ("acme.example/a b", "https://acme.example/a%20b"),
        ("acme.example/日本", "https://acme.example/%E6%97%A5%E6%9C%AC"),
        ('acme.example/"><script>', "https://acme.example/%22%3E%3Cscript%3E"),
        ("acme.example:8443/x", "https://acme.example:8443/x"),
    ],
)
def test_a_page_is_a_link_that_shows_where_it_leads(what: str, address: str) -> None:
    assert web_link(what) == Link(address)
    assert plain(TaskText(((Line("", (web_link(what),)),),))) == address
    found = Anchors()
    found.feed(task_html(TaskText(((Line("", (web_link(what),)),),))))
    assert found.found == [{"href": address}]


@pytest.mark.parametrize(
    "what", ["roi-guide", "javascript:alert(1)//x.example/", "localhost/x", "10.0.0.1/x", "/pricing", "a/b"]
)
def test_what_names_no_page_of_the_web_is_no_link(what: str) -> None:
    assert web_link(what) == what


LIMITS = pytest.mark.parametrize(("render", "limit"), [(task_html, HUBSPOT), (plain, SALESFORCE)])


@LIMITS
@pytest.mark.parametrize("body", ["&" * 200_000, "<\n" * 20_000, '"' * 9_000 + "\n" + "x" * 90_000, "😀" * 40_000])
def test_a_very_long_text_is_cut_and_the_limit_holds_for_what_is_written(render: Render, limit: int, body: str) -> None:
    written = within(of_plain(body), limit, render)
    assert units(written) <= limit
    assert "Shortened" in written
    assert written == written.encode("utf-16", "strict").decode("utf-16"), "no half of a pair"
    assert not re.search(r"&[#a-z0-9]*(?![#a-z0-9;])", written) or render is plain, "no half of an entity"


@LIMITS
def test_the_least_important_lines_go_first_and_a_line_says_so(render: Render, limit: int) -> None:
    read = tuple(Line("", (f"page {n} {'x' * 900}",), "item", spare=4) for n in range(100))
    text = TaskText(
        ((Line("Who", ("Ana",)),), read, (Line("Source", ("webinar",), spare=1),), (Line("Answer due", ("Friday",)),))
    )
    said = html.unescape(within(text, limit, render))
    assert all(word in said for word in ("Ana", "webinar", "Friday", "page 0 "))
    assert "page 99 " not in said
    assert "lines of the least important are left out" in said


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("one two three four five six", 27, "one two three four five six"),
        ("a" * 20 + " bbbbbb ccccc ddd eee fff ggg", 44, "a" * 20 + " bbbbbb … (shortened)"),
        ("👩‍👩‍👧" * 6, 34, "👩‍👩‍👧" * 2 + " … (shortened)"),
        ("e\u0301" * 20, 25, "e\u0301" * 5 + " … (shortened)"),
    ],
)
def test_a_text_is_shortened_between_words_and_never_within_a_character(text: str, limit: int, kept: str) -> None:
    assert shortened(text, limit) == kept
    assert units(shortened(text, limit)) <= limit
