"""Takes pictures of the console's pages, light and dark, wide and narrow: `make console-pictures INTO=FOLDER`.

A demo runs meanwhile, so that every page has something to show. Pages are found by following links, one of each kind,
and each is looked at by axe-core as well. Exit status 1 where a page has a serious problem, is wider than its window,
cannot be reached by the keyboard, or asks another host.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click
from console_screen import SCHEMES, SIZES, Screen, browser, chromium

_LINK = re.compile(r"(http://127\.0\.0\.1:\d+)/console/enter\?link=\S+")
_MOST = 60
_VALUE = re.compile(r"[0-9@]|^.{24,}$")
"""A part of a path that is somebody's or something's name, and no page's."""


@click.command()
@click.argument("into", type=click.Path(path_type=Path))
@click.option("--seconds", default=60, show_default=True, help="How long the demo's three weeks take.")
def main(into: Path, seconds: int) -> None:
    """Write NAME-light-1280.png and so on into a folder, which is made."""
    if chromium() is None:
        msg = "no Chromium on this machine: `make browser` installs it"
        raise click.ClickException(msg)
    into.mkdir(parents=True, exist_ok=True)
    with _demo(seconds) as link, browser() as chrome:
        found = _LINK.match(link)
        assert found is not None
        context = chrome.new_context(timezone_id="Europe/Berlin", reduced_motion="reduce")
        screen = Screen(context, found[1])
        screen.enter(link)
        wrong: list[str] = []
        for path in _pages(screen):
            for scheme in SCHEMES:
                for width in SIZES:
                    screen.look(width, scheme)
                    page = screen.open(path)
                    file = into / f"{_named(path)}-{scheme}-{width}.png"
                    page.screenshot(path=file, full_page=True)
                    wrong += [f"{path} at {width}: wider than its window"] if screen.overflows() else []
                wrong += [f"{path} ({scheme}): {each}" for each in screen.serious()]
            wrong += [f"{path}: not reached by the keyboard: {each}" for each in screen.unreachable()]
            click.echo(f"{path}: {_named(path)}")
        wrong += [f"the browser says: {each}" for each in screen.complaints]
        wrong += [f"another host was asked: {each}" for each in screen.hosts if each != urlsplit(screen.base).netloc]
    for each in wrong:
        click.echo(each, err=True)
    if wrong:
        raise SystemExit(1)


@contextmanager
def _demo(seconds: int) -> Iterator[str]:
    """A demo that stays up meanwhile; the link into its console."""
    command = [str(Path(sys.executable).parent / "coldframe"), "demo", "--port", "0", "--sandbox-port", "0"]
    process = subprocess.Popen([*command, "--seconds", str(seconds)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            found = _LINK.search(line)
            if found:
                yield found[0]
                return
        msg = "the demo ended without a link into the console"
        raise click.ClickException(msg)
    finally:
        process.terminate()
        process.wait()


def _pages(screen: Screen) -> list[str]:
    """The path of one page of each kind that links lead to from the first page."""
    kinds, waiting = {"/console/": "/console/"}, ["/console/"]
    while waiting and len(kinds) < _MOST:
        page = screen.open(waiting.pop(0))
        links = page.eval_on_selector_all("a[href]", "found => found.map(each => each.href)")
        for address in links:
            parts = urlsplit(address)
            kind = "/".join("*" if _VALUE.search(each) else each for each in parts.path.split("/"))
            ours = f"{parts.scheme}://{parts.netloc}" == screen.base and parts.path.startswith("/console/")
            if ours and kind not in kinds and not parts.path.endswith((".csv", ".json")):
                kinds[kind] = f"{parts.path}{'?' if parts.query else ''}{parts.query}"
                waiting.append(kinds[kind])
    return list(kinds.values())


def _named(path: str) -> str:
    """A file's name: the pages' own words, without anybody's."""
    words = [each for each in urlsplit(path).path.strip("/").split("/") if not _VALUE.search(each)]
    rest = "-one" if _VALUE.search(urlsplit(path).path) else ""
    return "-".join(words[1:] or ["home"]) + rest


if __name__ == "__main__":
    main()
