"""What addresses, forms, assets, events and foreign types are; what the sender gave stands."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_globs import oracle, patterns
from vocabulary_files import made, on_shipped

from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse

OURS = made(
    """
activities:
  video_watched: {properties: {video: text, percent: number}}
recognise:
  - {url: "/blog/*", page: blog}
  - {url: "*/pricing*", page: pricing}
  - {url: "/customers/{name}", page: case_study, asset: "{name}"}
  - {url: "/{lang}/stories/{name}", page: case_study, asset: "story-{name}-{lang}"}
  - {url: "docs.acme.example/integrations/*", page: integrations}
  - {url: "/thanks/demo", is: demo_request, form: demo}
  - {form: "Contact sales*", is: demo_request}
  - {form: "*newsletter*", is: newsletter_signup, event: mail}
  - {asset: "*roi*calculator*", asset_type: roi_calculator}
  - {asset: "*story*", asset_type: case_study}
  - {event: "Trial Started", is: product_usage, event: trial_started}
  - {event: "Signed *", is: product_usage}
  - {type: "Watched Video", is: video_watched}
  - {type: "viewed *", is: page_view}
"""
)


@pytest.mark.parametrize(
    ("kind", "properties", "becomes", "gains"),
    [
        ("page_view", {"url": "https://www.acme.example/Pricing/?x=1#top"}, "page_view", {"page": "pricing"}),
        ("page_view", {"url": "/blog/pricing"}, "page_view", {"page": "blog"}),
        ("page_view", {"url": "/about"}, "page_view", {}),
        ("page_view", {"url": "/customers/Bolt/"}, "page_view", {"page": "case_study", "asset": "bolt"}),
        ("page_view", {"url": "/en/stories/Bolt"}, "page_view", {"page": "case_study", "asset": "story-bolt-en"}),
        # What the sender gave stands; what it left blank is absent.
        ("page_view", {"url": "/pricing", "page": "product"}, "page_view", {}),
        ("page_view", {"url": "/pricing", "page": ""}, "page_view", {"page": "pricing"}),
        ("page_view", {"url": "/pricing", "page": None}, "page_view", {"page": "pricing"}),
        ("page_view", {"url": "/customers/bolt", "asset": "mine"}, "page_view", {"page": "case_study"}),
        # A click names a page as well; but who clicks through to a page of thanks has asked for nothing.
        ("email_click", {"url": "https://acme.example/pricing"}, "email_click", {"page": "pricing"}),
        ("page_view", {"url": "/thanks/demo"}, "demo_request", {"form": "demo"}),
        ("email_click", {"url": "/thanks/demo"}, "email_click", {}),
        ("form_submit", {"form": " contact SALES (EMEA) "}, "demo_request", {}),
        ("form_reached", {"form": "Contact sales"}, "form_reached", {}),
        ("demo_request", {"form": "newsletter"}, "demo_request", {}),
        ("form_submit", {"form": "Our Newsletter!"}, "newsletter_signup", {"event": "mail"}),
        ("content_download", {"asset": "ROI savings calculator"}, "content_download", {"asset_type": "roi_calculator"}),
        ("content_download", {"asset": "Bolt story", "asset_type": "research"}, "content_download", {}),
        ("content_download", {"url": "/pricing"}, "content_download", {}),
        # An event is in a property, or it is the type itself.
        ("track", {"event": "Trial Started"}, "product_usage", {"event": "trial_started"}),
        ("trial started", {}, "product_usage", {"event": "trial_started"}),
        ("Signed in", {"x": 1}, "product_usage", {"event": "Signed in"}),
        ("product_usage", {"event": "Trial Started"}, "product_usage", {"event": "trial_started"}),
        ("event_scan", {"event": "Trial Started"}, "event_scan", {}),
        # A foreign type is known by its name, whatever its case, and then by what it holds.
        ("watched video", {"video": "intro", "percent": 80}, "video_watched", {}),
        ("Viewed Page", {"url": "/pricing"}, "page_view", {"page": "pricing"}),
        ("Something else", {"url": "/pricing"}, "Something else", {}),
        ("call_attempt", {"url": "/pricing", "outcome": "connected"}, "call_attempt", {}),
        # Odd values are left as they are.
        ("page_view", {"url": 5}, "page_view", {}),
        ("page_view", {"url": ("/pricing",)}, "page_view", {}),
        ("page_view", {"url": {"href": "/pricing"}}, "page_view", {}),
        ("page_view", {}, "page_view", {}),
        ("", {}, "", {}),
    ],
)
def test_an_activity_is_what_the_first_line_that_matches_says(
    kind: str, properties: dict[str, Any], becomes: str, gains: dict[str, Any]
) -> None:
    before = dict(properties)
    for _ in range(2):
        assert OURS.recognition(kind, properties) == (becomes, {**properties, **gains})
        assert properties == before


def test_what_is_not_recognised_costs_no_copy() -> None:
    for properties in ({"url": "/about"}, {"page": "pricing"}):
        assert OURS.recognised("page_view", properties)[1] is properties


def test_lines_of_a_file_come_before_those_that_are_shipped() -> None:
    vocabulary = on_shipped("recognise: [{url: '/pricing/archive*', page: other}]")
    assert vocabulary.recognised("page_view", {"url": "/pricing/archive/2019"})[1]["page"] == "other"
    assert vocabulary.recognised("page_view", {"url": "/pricing"})[1]["page"] == "pricing"


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/pricing", "pricing"),
        ("https://www.acme.example/Pricing/?utm_source=x#top", "pricing"),
        ("https://acme.example/en-gb/pricing/enterprise", "pricing"),
        ("/plans", "pricing"),
        ("/demo", "demo"),
        ("/request-a-demo", "demo"),
        ("/security", "security"),
        ("/trust-center", "security"),
        ("/integrations", "integrations"),
        ("/integrations/slack", "integrations"),
        ("/customers", "case_study"),
        ("/customers/bolt", "case_study"),
        ("/case-studies", "case_study"),
        ("/resources/case-studies/bolt", "case_study"),
        ("/blog", "blog"),
        ("/blog/what-pricing-pages-get-wrong", "blog"),
        ("https://blog.acme.example/pricing", "blog"),
        ("/docs", "docs"),
        ("/docs/security/pricing", "docs"),
        ("https://docs.acme.example/", "docs"),
        ("/compare/other-vendor", "comparison"),
        ("/acme-vs-other", "comparison"),
        ("/roi-calculator", "roi"),
        ("/product", "product"),
        ("/features/reporting", "product"),
        ("/careers/security-engineer", "careers"),
        ("/", None),
        ("https://acme.example", None),
        ("/about", None),
        ("/demographics", None),
        ("/planned-maintenance", None),
    ],
)
def test_the_shipped_vocabulary_knows_the_usual_paths(address: str, page: str | None) -> None:
    _, properties = shipped().recognised("page_view", {"url": address})
    assert properties.get("page") == page


def test_the_story_of_a_customer_is_known_by_its_own_name() -> None:
    assert shipped().recognised("page_view", {"url": "/en/customers/Bolt/"})[1]["asset"] == "bolt"


lines = st.lists(st.tuples(patterns(), st.sampled_from(["pricing", "blog", "product"])), min_size=1, max_size=6)
hosts = st.sampled_from(["", "https://acme.example", "HTTP://www.Acme.example", "//acme.example"])
paths = st.text(alphabet="ab/A", max_size=10).map(lambda text: "/" + text.lstrip("/"))
rests = st.sampled_from(["", "/", "?a=/b", "#b", "?x#y"])


@settings(max_examples=300, deadline=None)
@given(lines, st.lists(st.tuples(hosts, paths, rests), min_size=1, max_size=4))
def test_recognition_is_the_first_line_that_a_naive_reader_would_find(
    rows: list[tuple[str, str]], asked: list[tuple[str, str, str]]
) -> None:
    text = "recognise:\n" + "".join(f"  - {{url: '{pattern}', page: {page}}}\n" for pattern, page in rows)
    vocabulary, _ = parse(text, "v.yaml")
    assert vocabulary is not None
    for host, path, rest in asked:
        found = vocabulary.recognised("page_view", {"url": f"{host}{path}{rest}"})[1].get("page")
        assert found == _naive(rows, path.rstrip("/"))


def _naive(rows: list[tuple[str, str]], path: str) -> str | None:
    for pattern, page in rows:
        closed = pattern.rstrip("/")
        for text in (path, f"{path}/") if closed.endswith("/*") else (path,):
            if oracle(closed, text) is not None:
                return page
    return None
