"""Why a webhook was refused, as far as it shows: what an admin would set right. Nothing of what was sent is kept."""

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from webhooks import signatures
from webhooks.signatures import Headers

Cause: TypeAlias = Literal[
    "unsigned",
    "public_url",
    "secret",
    "timestamp",
    "portal",
    "organization",
    "not_connected",
    "not_examined",
    "origin",
    "machine",
    "too_many",
]
"""`unsigned`: no signature of its kind at all. `public_url`: rightly signed, for another address than ours. `secret`:
signed, with none of our secrets. `timestamp`: rightly signed, at another time. `portal`: signed with the secret of
another portal's app. `organization`: of an organization that is not ours. `not_connected`: of portals that nobody has
connected. `not_examined`: too many came at once to look at each. `origin`: of a page or with a key that is not listed.
`machine`: sent by a program in a browser's place. `too_many`: more than a website, or one of its visitors, may send."""

SAID: Mapping[Cause, str] = {
    "unsigned": "carry no signature",
    "public_url": "are signed for another address than COLDFRAME_PUBLIC_URL",
    "secret": "are signed with another secret",
    "timestamp": "are signed at a time more than five minutes from this clock's",
    "portal": "are signed with the secret of another portal's app",
    "organization": "are of another organization",
    "not_connected": "are of portals that are not connected",
    "not_examined": "came too fast to look at each",
    "origin": "are of a page, or with a key, that COLDFRAME_SITES does not list",
    "machine": "are sent by a program, and by no visitor",
    "too_many": "are more than a website or a visitor may send in a minute",
}
"""What refused webhooks have in common, after `they`."""

Refused: TypeAlias = Callable[[str, Callable[[], Cause]], None]
"""Takes a source, and what finds the cause, which costs as much as judging the request again a few times."""

_MOST_HOSTS = 2
_LONGEST_HOST = 255
MOST_SECRETS = 8
"""Secrets that are tried when a cause is looked for."""


def of_standard(headers: Headers) -> Cause:
    """Why a signature of Standard Webhooks was not right."""
    return "secret" if all(headers.get(name, "") for name in signatures.STANDARD_HEADERS) else "unsigned"


def addresses(headers: Headers, ours: str) -> list[str]:
    """The addresses under which a request may have been sent, by what it and the proxies before us say.

    `ours` is the one under which senders should know us.
    """
    parts = urlsplit(ours)
    path = f"{parts.path}{'?' if parts.query else ''}{parts.query}"
    given = (headers.get("X-Forwarded-Host", "").split(",")[0].strip(), headers.get("Host", "").strip())
    hosts = [host for host in dict.fromkeys(given) if host and len(host) <= _LONGEST_HOST][:_MOST_HOSTS]
    return [f"{scheme}://{host}{path}" for host in hosts for scheme in ("https", "http")]
