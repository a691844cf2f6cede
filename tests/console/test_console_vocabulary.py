"""The vocabulary in the console: what came in and nobody knows is listed, ticked with its meaning, and published."""

import re

import pytest
from console_browser import ConsoleBrowser, ConsoleGround
from flows_run import Watch, activity, drain_all, receive, with_parts

from integration.store.events import playbook_versions
from integration.web.console.vocabulary.seen_words import Ticked, taught
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse

ANA = "ana@acme.example"
PAGE = "/console/vocabulary/"


@pytest.fixture
def living(service: Service, at: Watch) -> Service:
    """A service to which senders have said what it does not know."""
    receive(
        service,
        *(activity(n, ANA, "page_view", at() - n * HOUR, url="https://acme.example/tour") for n in range(3)),
        activity(7, ANA, "page_view", at() - HOUR, page="Price list"),
        activity(8, ANA, "form_submit", at() - HOUR, form="Talk to us"),
        activity(9, ANA, "watched_video", at() - HOUR, percent=40),
        activity(10, ANA, "page_view", at() - HOUR, scrolled="much"),
    )
    drain_all(service)
    return with_parts(service, started=at())


def rows(page: str) -> dict[str, str]:
    """What was sent, and the number of its row."""
    return {text: at for at, text in re.findall(r'<label for="tick-(\d+)">([^<]+)</label>', page)}


def fields(browser: ConsoleBrowser, meanings: dict[str, str]) -> dict[str, str]:
    """The form with these ticked."""
    page = browser.get(PAGE).text
    hidden = dict(re.findall(r'name="((?:kind|place|word)-\d+)" value="([^"]*)"', page))
    at = {sent: rows(page)[sent] for sent in meanings}
    ticks = {f"tick-{at[sent]}": "yes" for sent in meanings} | {f"means-{at[sent]}": m for sent, m in meanings.items()}
    return hidden | ticks


def vocabulary(service: Service) -> str:
    with service.store.read() as conn:
        current = playbook_versions.current(conn)
        assert current is not None
        return playbook_versions.texts(conn, current.number).vocabulary or ""


def test_what_is_ticked_with_its_meaning_is_published_and_known(living: Service, ground: ConsoleGround) -> None:
    browser = ground.signed_in("editor")
    page = browser.get(PAGE).text
    assert {"acme.example/tour", "Talk to us", "watched_video"} <= rows(page).keys()
    assert "page view with page = Price list" in rows(page)
    assert "page view with the property scrolled" in rows(page)
    meanings = {
        "acme.example/tour": "page:product",
        "Talk to us": "is:contact_request",
        "watched_video": "own",
        "page view with page = Price list": "word:choices",
        "page view with the property scrolled": "property:text",
    }
    chosen = fields(browser, meanings)
    assert browser.post(f"{PAGE}propose", {**chosen, "reason": ""}).status_code == 400
    nothing = browser.post(f"{PAGE}propose", {"reason": "a test"})
    assert "Tick what you know" in nothing.text
    answer = browser.post(f"{PAGE}propose", {**chosen, "reason": "a test"})
    assert answer.status_code == 303, answer.text
    draft = answer.headers["Location"]
    assert browser.post(draft.replace("/drafts/", "/publish/")).status_code == 303
    made, problems = parse(vocabulary(living), "", shipped())
    assert made is not None, problems
    assert made.recognised("page_view", {"url": "https://acme.example/tour"})[1]["page"] == "product"
    assert made.recognised("form_submit", {"form": "Talk to us"})[0] == "contact_request"
    assert "watched_video" in made.own_activities
    assert "price_list" in made.activities["page_view"]["page"].choices
    left = browser.get(PAGE).text
    assert meanings.keys() & rows(left).keys() == set()
    assert "watched_video" in left, "it stands among the words of one's own"


def test_a_word_that_cannot_be_taught_so_is_refused_and_a_viewer_only_looks(
    living: Service, ground: ConsoleGround
) -> None:
    assert living
    browser, viewer = ground.signed_in("editor"), ground.signed_in("viewer", "vi@acme.example")
    wrong = browser.post(f"{PAGE}propose", {**fields(browser, {"Talk to us": "is:nothing"}), "reason": "a test"})
    assert wrong.status_code == 400
    assert "unknown activity" in wrong.text
    assert 'value="yes" checked' in wrong.text, "what was ticked stays so"
    assert "acme.example/tour" in viewer.get(PAGE).text
    assert "See what it would do" not in viewer.get(PAGE).text
    assert viewer.post(f"{PAGE}propose", {"reason": "a test"}).status_code == 403


@pytest.mark.parametrize(
    ("word", "line"),
    [
        (Ticked("asset", "", "ROI sheet", "asset_type:research"), "{asset: ROI sheet, asset_type: research}"),
        (Ticked("event", "", "Trial…", "is:demo_request"), '{event: "Trial*", is: demo_request}'),
        (Ticked("type", "", "pageView", "is:page_view"), "{type: pageView, is: page_view}"),
        (Ticked("value", "lead.source", "Partner", "word:choices"), "choices: {source: [partner]}"),
        (Ticked("field", "account", "tier", "property:text"), "account: {tier: text}"),
    ],
)
def test_each_kind_of_word_has_its_line(word: Ticked, line: str) -> None:
    text = taught("language: 1 # ours\n", word)
    assert line in text
    assert text.startswith("language: 1 # ours\n")
    assert parse(text, "", shipped())[0] is not None
