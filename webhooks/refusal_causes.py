"""Why a webhook was refused, as far as it shows: what an admin would set right. Nothing of what was sent is kept."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from mappings.values.instant import Instant
from webhooks import signatures

Cause: TypeAlias = Literal[
    "unsigned", "public_url", "secret", "timestamp", "portal", "organization", "not_connected", "not_examined"
]
"""`unsigned`: no signature of its kind at all. `public_url`: rightly signed, for another address than ours. `secret`:
signed, with none of our secrets. `timestamp`: rightly signed, at another time. `portal`: signed with the secret of
another portal's app. `organization`: of an organization that is not ours. `not_connected`: of portals that nobody has
connected. `not_examined`: too many came at once to look at each."""

SAID: Mapping[Cause, str] = {
    "unsigned": "carry no signature",
    "public_url": "are signed for another address than COLDFRAME_PUBLIC_URL",
    "secret": "are signed with another secret",
    "timestamp": "are signed at a time more than five minutes from this clock's",
    "portal": "are signed with the secret of another portal's app",
    "organization": "are of another organization",
    "not_connected": "are of portals that are not connected",
    "not_examined": "came too fast to look at each",
}
"""What refused webhooks have in common, after `they`."""

Refused: TypeAlias = Callable[[str, Callable[[], Cause]], None]
"""Takes a source, and what finds the cause, which costs as much as judging the request again a few times."""

_MOST_HOSTS = 2
_LONGEST_HOST = 255
_MOST_SECRETS = 8


def of_hubspot(
    headers: Mapping[str, str], body: bytes, *, uris: Iterable[str], secrets: Sequence[str], now: Instant
) -> Cause:
    """Why HubSpot's signature was not right: `uris` are other addresses under which the sender may know us."""
    if not all(headers.get(name) for name in signatures.HUBSPOT_HEADERS):
        return "unsigned"
    some = secrets[:_MOST_SECRETS]
    other = any(signatures.hubspot(headers, body, uri=uri, secrets=some, now=now) != "forged" for uri in uris)
    return "public_url" if other else "secret"


def of_standard(headers: Mapping[str, str]) -> Cause:
    """Why a signature of Standard Webhooks was not right."""
    return "secret" if all(headers.get(name) for name in signatures.STANDARD_HEADERS) else "unsigned"


def addresses(header: Callable[[str, str], str], path: str) -> list[str]:
    """The addresses under which the request may have been sent, by what it and the proxies before us say."""
    given = (header("X-Forwarded-Host", "").split(",")[0].strip(), header("Host", "").strip())
    hosts = [host for host in dict.fromkeys(given) if host and len(host) <= _LONGEST_HOST][:_MOST_HOSTS]
    return [f"{scheme}://{host}{path}" for host in hosts for scheme in ("https", "http")]
