"""Addresses in the one form in which they are compared with patterns.

Scheme, `www.`, user, default port, query, fragment, the case of the host and a closing slash never matter.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from mappings.vocabulary.globs import Glob, GlobError, compile_glob

LONGEST = 4_096
"""Characters of an address that are looked at, without its query: more than any server takes."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_FILES = frozenset({"asp", "aspx", "cfm", "htm", "html", "jsp", "pdf", "php", "shtml", "xhtml"})
"""What follows the last dot of a file's name, and never of a host's."""


def parted(address: str) -> tuple[str, str]:
    """(host, path) of an address as it was sent: `acme.example`, `/pricing`; "" for a part that it does not have.

    What has neither scheme nor slash before it begins with a host where its first part looks like one
    (`acme.example/pricing`), else with a path (`pricing.html`). The home page has the path "".
    """
    rest = address.strip()
    for mark in "#?":
        rest = rest.partition(mark)[0]
    host, rest = _host(rest[:LONGEST])
    path = unquote(rest) if "%" in rest else rest
    path = path.rstrip("/")
    return host, path if not path or path.startswith("/") else f"/{path}"


def _host(rest: str) -> tuple[str, str]:
    scheme = _SCHEME.match(rest)
    if scheme is not None and not rest[scheme.end() :].startswith("//"):
        # `mailto:` and `tel:` have no host; `acme.example:8080/x` and `localhost:8080` have a port.
        if not rest[scheme.end() :].partition("/")[0].isdigit():
            return "", rest
    elif scheme is not None:
        rest = rest[scheme.end() :]
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        return host_name(host), slash + path
    first, slash, path = rest.partition("/")
    if first and _looks_like_host(first):
        return host_name(first), slash + path
    return "", rest


def host_name(host: str) -> str:
    """A host without user, default port, `www.` and closing dot, in lower case."""
    name = host.rpartition("@")[2].lower()
    for port in (":443", ":80"):
        name = name.removesuffix(port)
    return name.rstrip(".").removeprefix("www.")


def _looks_like_host(part: str) -> bool:
    name, colon, port = part.partition(":")
    if colon and port.isdigit():
        return True
    return "." in name.strip(".") and name.rpartition(".")[2].lower() not in _FILES


@dataclass(frozen=True, slots=True)
class AddressGlob:
    """A pattern of addresses: of a path on any host, or (`whole`) of host and path together.

    With `below`, it ends in `/*` and means the page above as well: `/blog/*` is the blog and everything in it.
    """

    glob: Glob
    whole: bool
    below: bool

    def match(self, host: str, path: str) -> dict[str, str] | None:
        """The captured segments of an address that matches, by name, in lower case; None where it does not."""
        return self.match_lower(host.lower(), path.lower())

    def match_lower(self, host: str, path: str) -> dict[str, str] | None:
        """As `match`, of an address in lower case."""
        text = host + path if self.whole else path
        found = self.glob.match_lower(text)
        return self.glob.match_lower(f"{text}/") if found is None and self.below else found


def compile_address(pattern: str) -> AddressGlob:
    """A pattern that begins with a slash (any host) or with a host; GlobError where it cannot be used."""
    for mark, what in (("?", "a query"), ("#", "a fragment")):
        if (at := pattern.find(mark)) >= 0:
            msg = f"{what} never matters: leave out '{pattern[at : at + 20]}'"
            raise GlobError(msg, at)
    scheme = _SCHEME.match(pattern)
    rest = pattern[scheme.end() :] if scheme is not None and pattern[scheme.end() :].startswith("//") else pattern
    rest = rest.removeprefix("//") if rest is not pattern else rest
    whole = not rest.startswith("/")
    if whole:
        host, slash, path = rest.partition("/")
        if not (_looks_like_host(host) or "*" in host or host == "localhost"):
            near = f": write '/{rest}'" if rest else ""
            msg = f"an address begins with a slash or with a host{near}"
            raise GlobError(msg)
        rest = host_name(host) + slash + path
    rest = rest.rstrip("/")
    return AddressGlob(glob=compile_glob(rest, segments=True), whole=whole, below=rest.endswith("/*"))
