"""The console's pages in a real browser: accessible, within their window, with the keyboard, from one host alone."""

import re
from collections.abc import Iterator

import pytest
from console_browser import ConsoleGround
from console_screen import SCHEMES, SIZES, Screen, browser
from playwright.sync_api import Browser
from served_apps import served

from integration.web.console.console_app import ROOMS


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture
def screen(chrome: Browser, ground: ConsoleGround) -> Iterator[Screen]:
    with served(ground.app) as url:
        context = chrome.new_context(timezone_id="Europe/Berlin", reduced_motion="reduce")
        found = Screen(context, url)
        found.enter(f"{url}/console/enter?link={ground.link('admin', 'Ana').partition('link=')[2]}")
        yield found
        context.close()


def pages(ground: ConsoleGround) -> list[str]:
    """Every page that is only looked at and that no parameter leads to."""
    known = {name for room in ROOMS for name in room.roles}
    found = [
        rule.rule
        for rule in ground.app.url_map.iter_rules()
        if rule.endpoint in known and not rule.arguments and "GET" in (rule.methods or ())
    ]
    found += ["/console/mappings/hubspot", "/console/mappings/hubspot/field?object=contact&section=lead&name=source"]
    no_page = ("/console/openid", "/console/openid/answer", "/console/enter")
    return sorted(path for path in found if path not in no_page and not path.endswith((".csv", ".json")))


def test_every_page_is_accessible_within_its_window_and_from_this_host_alone(
    screen: Screen, ground: ConsoleGround
) -> None:
    wrong: list[str] = []
    for path in pages(ground):
        for width, scheme in zip((*SIZES, SIZES[0]), ("light", "light", "dark"), strict=True):
            screen.look(width, scheme)
            screen.open(path)
            if screen.overflows():
                wrong.append(f"{path} at {width}: wider than the window")
        wrong += [f"{path} ({scheme}): {each}" for each in screen.serious()]
        screen.look(SIZES[0], SCHEMES[0])
        wrong += [f"{path}: {each}" for each in screen.serious()]
    assert wrong == []
    assert screen.complaints == []
    assert screen.hosts == {screen.base.split("/")[2]}


def test_every_page_is_walked_by_the_keyboard(screen: Screen, ground: ConsoleGround) -> None:
    for path in pages(ground):
        page = screen.open(path)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className").endswith("skip"), path
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content", path
        assert screen.unreachable() == [], path


def test_the_menu_opens_on_a_narrow_screen_and_says_where_one_is(screen: Screen) -> None:
    screen.look(390, "light")
    page = screen.open("/console/")
    link = page.get_by_role("navigation").get_by_role("link", name="Home")
    assert not link.is_visible()
    page.get_by_role("button", name="Show the menu").click()
    link.wait_for()
    assert link.get_attribute("aria-current") == "page"


def test_signing_out_in_the_browser_ends_at_the_sign_in(screen: Screen) -> None:
    page = screen.open("/console/sessions")
    assert re.search(r"Tue 6 Jan 2026, 10:00 \(Europe/Berlin\)", page.content()), "times are in the browser's zone"
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url(re.compile("/console/sign-in$"))
    screen.open("/console/")
    assert page.url.endswith("/console/sign-in")
