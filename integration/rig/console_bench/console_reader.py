"""A browser that reads the console's pages, one after the other, and how long each takes to be answered whole."""

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import islice
from urllib.parse import urlencode, urljoin, urlsplit

import requests

_HREF = re.compile(r'<a\b[^>]*?href="([^"#]+)')
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_NAMED = re.compile(r"[0-9@]|^.{24,}$")
"""A part of a path that is somebody's or something's name, and no page's."""
_HOME = "/console/"
_FILES = (".csv", ".json", ".zip")
_A_KIND = 5
"""So many pages of a kind are read, as many lead pages."""
_TIMEOUT = 60.0
LISTS: Mapping[str, Mapping[str, str]] = {
    "leads, of a stage": {"stage": "mql"},
    "leads, of a grade and a segment": {"band": "hot", "segment": "A"},
    "leads, of an owner": {"owner": "84120011"},
    "leads, overdue": {"level": "breached"},
    "leads, last changed": {"order": "change"},
    "leads, of hardly anybody": {"stage": "customer", "band": "hot", "order": "change"},
    "leads, by the beginning of an e-mail": {"q": "person1"},
    "leads, by an e-mail": {"q": "person7@firm000001.example"},
    "leads, far down the list": {"after": "3", "lead": "lead000001"},
}
"""Lists of leads that no link leads to, by what they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How long the pages of one kind took, in seconds, from the shortest, and how large the largest was, in bytes."""

    kind: str
    seconds: Sequence[float]
    size: int

    @property
    def median(self) -> float:
        """Half took longer."""
        return self.seconds[len(self.seconds) // 2]

    @property
    def p95(self) -> float:
        """One in twenty took longer."""
        return self.seconds[min(len(self.seconds) - 1, len(self.seconds) * 19 // 20)]


class ConsoleReader:
    """Signed in by a one-time link. Raises RuntimeError where a page is not answered as it is to be."""

    def __init__(self, base: str, link: str) -> None:
        self._base = base
        self._session = requests.Session()
        entered = self._session.get(link, timeout=_TIMEOUT)
        form = {"csrf_token": _found(_TOKEN, entered.text), "link": link.partition("link=")[2]}
        headers = {"Referer": link}
        answer = self._session.post(f"{base}{_HOME}enter", data=form, headers=headers, timeout=_TIMEOUT)
        if not answer.ok:
            msg = f"the link does not let the bench in: {answer.status_code}"
            raise RuntimeError(msg)

    def pages(self) -> dict[str, list[str]]:
        """The addresses of some pages of each kind, as links lead to them, and the lists; by kind."""
        kinds: defaultdict[str, list[str]] = defaultdict(list)
        kinds[_HOME].append(_HOME)
        waiting = [_HOME]
        while waiting:
            for address in self._links(waiting.pop(0)):
                kind = _kind(address)
                if address not in kinds[kind] and len(kinds[kind]) < _A_KIND:
                    kinds[kind].append(address)
                    if len(kinds[kind]) == 1:
                        waiting.append(address)
        for name, given in LISTS.items():
            kinds[name].append(f"{_HOME}leads?{urlencode(given)}")
        return dict(kinds)

    def read(self, kinds: Mapping[str, Sequence[str]], times: int, tell: Callable[[str], None]) -> list[Reading]:
        """Read the pages of each kind so many times in all; the first reading of each is not counted."""
        found = []
        for kind, addresses in kinds.items():
            tell(kind)
            sizes = [self._timed(address)[1] for address in addresses]
            seconds = sorted(self._timed(address)[0] for address in islice(_around(addresses), times))
            found.append(Reading(kind=kind, seconds=seconds, size=max(sizes)))
        return found

    def close(self) -> None:
        """End the session's connections."""
        self._session.close()

    def _timed(self, address: str) -> tuple[float, int]:
        began = time.perf_counter()
        answer = self._session.get(f"{self._base}{address}", timeout=_TIMEOUT)
        took = time.perf_counter() - began
        if answer.status_code != requests.codes.ok:
            msg = f"{address} was answered with {answer.status_code}"
            raise RuntimeError(msg)
        return took, len(answer.content)

    def _links(self, address: str) -> Iterator[str]:
        answer = self._session.get(f"{self._base}{address}", timeout=_TIMEOUT)
        for href in _HREF.findall(answer.text):
            parts = urlsplit(urljoin(f"{self._base}{address}", unescape(href)))
            ours = f"{parts.scheme}://{parts.netloc}" == self._base and parts.path.startswith(_HOME)
            if ours and not parts.path.endswith(_FILES):
                yield f"{parts.path}{'?' if parts.query else ''}{parts.query}"


def _kind(address: str) -> str:
    """What pages of one kind have in common: the path without anybody's names, and which questions it asks."""
    parts = urlsplit(address)
    path = "/".join("*" if _NAMED.search(each) else each for each in parts.path.split("/"))
    asked = ",".join(sorted(each.partition("=")[0] for each in parts.query.split("&") if each))
    return f"{path}?{asked}" if asked else path


def _around(addresses: Sequence[str]) -> Iterator[str]:
    while True:
        yield from addresses


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if found is None:
        msg = "the console's page has another form than expected"
        raise RuntimeError(msg)
    return found[1]
