"""A real browser for the console's pages: Debian's Chromium through Playwright, where this machine has one."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

NONE = "no Chromium on this machine: `make browser` installs it"
SIZES = (1280, 390)
SCHEMES = ("light", "dark")


def chromium() -> str | None:
    """Where Chromium is; None where it is not."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser without a window; the test is skipped, visibly, where there is none."""
    found = chromium()
    if found is None:
        pytest.skip(NONE)  # no browser is part of a fresh machine, and the project cannot bring one from PyPI
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


class Screen:
    """One browser window. `complaints` are what the page's console says, refused requests, and answers of 500."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.page: Page = context.new_page()
        self.base = base
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))
        self.page.on("response", lambda answer: self._answered(answer.status, answer.url))

    def open(self, path: str) -> Page:
        """Go to a page of the service, and wait until it has loaded."""
        self.page.goto(f"{self.base}{path}")
        self.page.wait_for_load_state("load")
        return self.page

    def enter(self, link: str) -> Page:
        """Sign in with a one-time link."""
        self.page.goto(link)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(re.compile(r"/console/$"))
        return self.page

    def look(self, width: int, scheme: str) -> None:
        """Set the window's width, and whether the reader likes it light or dark."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")

    def serious(self) -> list[str]:
        """What axe-core finds on this page that is serious or critical, with the elements concerned."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{each['id']}: {each['help']}: {[node['html'][:160] for node in each['nodes'][:3]]}"
            for each in found
            if each["impact"] in {"serious", "critical"}
        ]

    def unreachable(self) -> list[str]:
        """What a person would use on this page, and that the keyboard does not lead to."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll("main a, main button, main input, main select, main textarea")]
                .filter((each) => each.offsetParent && !each.disabled && each.type !== "hidden" && each.tabIndex < 0)
                .map((each) => each.outerHTML.slice(0, 120))"""
        )
        return found

    def overflows(self) -> bool:
        """Whether the page is wider than its window, so that people would have to scroll sideways."""
        wide: bool = self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        return wide

    def _answered(self, status: int, url: str) -> None:
        if status >= 500:
            self.complaints.append(f"{status} {url}")
