"""Signing in through this service's own address: a link for any browser, and what the vendor's page answers to it.

The browser that follows the link gets a random secret in a cookie. The state that goes to the vendor and the PKCE
verifier are both derived from that secret, so that the answer counts in this browser alone, and for this link alone.

What survives a crash: a link that was followed, or whose answer was taken, is used up. The command says so when the
link expires, and a new one is made.
"""

import base64
import hashlib
import hmac
import secrets as chance
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from connectors.base.port import Unavailable
from connectors.base.sign_in_port import Asking
from integration.flows.upkeep.renew_tokens import client
from integration.settings.value_types import is_loopback
from integration.signin.keep_sign_in import Means, keep, refusal_words
from integration.signin.loopback_callback import NotSignedInError
from integration.signin.sign_in_request import SignInRequest
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.audit.sealing import SealError
from integration.store.crm import sign_in_links
from integration.store.crm.connections import Details
from integration.store.crm.sign_in_links import Link
from integration.store.db.json_codec import decode, encode
from integration.store.db.session import Store
from integration.wiring import build, connection_names
from integration.wiring.provisioners import further_scopes
from mappings.values.identifiers import System
from mappings.values.instant import Instant

CALLBACK = "/signin/{system}/callback"
START = "/signin/{system}/start"
_WORDS = 300

Cause: TypeAlias = Literal[
    "unknown_link",
    "used_link",
    "expired_link",
    "unknown_answer",
    "other_browser",
    "used_answer",
    "refused",
    "no_public_url",
    "clear_text",
    "unreadable",
]


_TEXTS: Mapping[Cause, str] = {
    "unknown_link": "this link is mistyped, or so old that it has been deleted",
    "used_link": "this link has been followed already; it works once",
    "expired_link": "the link to this sign-in has expired",
    "unknown_answer": "this answer belongs to no sign-in that was begun here",
    "other_browser": "this sign-in was begun in another browser, or another one was begun in this browser since",
    "used_answer": "this answer has been taken already; it counts once",
    "no_public_url": "this service does not know its own address: set COLDFRAME_PUBLIC_URL for every process",
    "clear_text": "codes and cookies would travel in the clear: COLDFRAME_PUBLIC_URL must begin with https",
    "unreadable": "this link was made with another COLDFRAME_SECRET_KEY than this process has",
}


class SignInRefusedError(Exception):
    """A link or an answer that does not count; the message is for people and shows no secret."""

    def __init__(self, *, cause: Cause, text: str = "") -> None:
        super().__init__(text or _TEXTS[cause])
        self.cause: Cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A link that works once, until `expires_at`; `redirect_uri` must be registered with the app."""

    link: str = field(repr=False)
    token: str = field(repr=False)
    redirect_uri: str
    expires_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Where the browser goes, and the secret that it keeps."""

    address: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorAnswer:
    """What the vendor's page sent the browser back with, and the secret in this browser's cookie."""

    system: System
    state: str = field(repr=False)
    secret: str = field(repr=False)
    code: str = field(repr=False)
    error: str = ""


def offer(request: SignInRequest, means: Means) -> Offer:
    """Store a link that lets one browser sign in as requested. Raises SignInRefusedError, StoreError."""
    start, redirect = _address(START, request.system, means), _address(CALLBACK, request.system, means)
    token, now = chance.token_urlsafe(32), means.now()
    with means.store.write() as conn:
        expires = sign_in_links.add(
            conn,
            token,
            connection=request.name,
            system=request.system,
            request=encode(request).encode(),
            keyring=connection_names.keyring(means.settings),
            now=now,
        )
        detail = {"system": request.system}
        audit_trail.add(
            conn, [Entry(at=now, actor=means.actor, action="sign-in link", subject=request.name, detail=detail)]
        )
    return Offer(link=f"{start}?link={token}", token=token, redirect_uri=redirect, expires_at=expires)


def begin(system: System, token: str, means: Means) -> Begun:
    """Use the link up, and send its browser to the vendor's page. Raises SignInRefusedError, StoreError."""
    redirect = _address(CALLBACK, system, means)
    with means.store.read() as conn:
        link = sign_in_links.by_token(conn, token)
    if link is None or link.system != system:
        raise SignInRefusedError(cause="unknown_link")
    _refuse_over(link, "used_link" if link.opened else None, means.now())
    request = _request(link, means)
    secret = chance.token_urlsafe(32)
    scopes = further_scopes(means.settings, means.store, system, request.name)
    asking = replace(_asking(secret, redirect), scopes=scopes)
    with closing(build.token_endpoint(system, client(request.details, request.secrets))) as endpoint:
        address = endpoint.address(asking)
    with means.store.write() as conn:
        if not sign_in_links.open_once(conn, link, asking.state, means.now()):
            raise SignInRefusedError(cause="used_link")
    return Begun(address=address, secret=secret)


def finish(answer: VendorAnswer, means: Means) -> tuple[SignInRequest, Details]:
    """Exchange the vendor's code for tokens and store them, live. Raises SignInRefusedError, StoreError."""
    redirect = _address(CALLBACK, answer.system, means)
    with means.store.read() as conn:
        link = sign_in_links.by_state(conn, answer.state)
    if link is None or link.system != answer.system:
        raise SignInRefusedError(cause="unknown_answer")
    asking = _asking(answer.secret, redirect)
    if not hmac.compare_digest(asking.state.encode(), answer.state.encode()):
        raise SignInRefusedError(cause="other_browser")
    _refuse_over(link, "used_answer" if link.answered else None, means.now())
    request = _request(link, means)
    with means.store.write() as conn:
        if not sign_in_links.answer_once(conn, link, means.now()):
            raise SignInRefusedError(cause="used_answer")
    try:
        details = _exchanged(request, answer, asking, means)
    except (NotSignedInError, Unavailable) as error:
        said = refusal_words(error) if isinstance(error, Unavailable) else str(error)
        text = f"{answer.system} gives no token: {said}" if isinstance(error, Unavailable) else said
        _end(link, means, "refused", text)
        raise SignInRefusedError(cause="refused", text=text) from None
    _end(link, means, "connected", details.account)
    return request, details


def look(token: str, store: Store) -> Link | None:
    """The link as it stands now; None where it has been deleted. Raises StoreError."""
    with store.read() as conn:
        return sign_in_links.by_token(conn, token)


def plain_http(means: Means) -> bool:
    """Whether browsers reach the service over http on this machine, where cookies cannot be secure."""
    parts = urlsplit(means.settings.public_url or "")
    return parts.scheme == "http" and is_loopback(parts.hostname or "")


def _address(path: str, system: System, means: Means) -> str:
    """One of this service's own public addresses. Raises SignInRefusedError where there is none."""
    public_url = means.settings.public_url
    if not public_url:
        raise SignInRefusedError(cause="no_public_url")
    if not (plain_http(means) or public_url.startswith("https:")):
        raise SignInRefusedError(cause="clear_text")
    return public_url + path.format(system=system)


def _exchanged(request: SignInRequest, answer: VendorAnswer, asking: Asking, means: Means) -> Details:
    if answer.error or not answer.code:
        said = answer.error[:_WORDS] or "it sent no code"
        msg = f"the vendor's page said no ({said}): make a new link, and say yes there"
        raise NotSignedInError(msg)
    with closing(build.token_endpoint(request.system, client(request.details, request.secrets))) as endpoint:
        issued = endpoint.exchanged(answer.code, asking)
        return keep(request, issued, endpoint, means)


def _refuse_over(link: Link, used: Cause | None, now: Instant) -> None:
    """Raises SignInRefusedError where the link was `used` so, or has expired."""
    cause: Cause | None = used or ("expired_link" if link.expires_at <= now else None)
    if cause:
        raise SignInRefusedError(cause=cause)


def _request(link: Link, means: Means) -> SignInRequest:
    """What the link was made for. Raises SignInRefusedError."""
    try:
        plain = sign_in_links.request(link, connection_names.keyring(means.settings))
    except SealError:
        raise SignInRefusedError(cause="unreadable") from None
    except LookupError:
        raise SignInRefusedError(cause="used_answer") from None
    return decode(plain.decode(), SignInRequest)


def _end(link: Link, means: Means, outcome: sign_in_links.Outcome, message: str) -> None:
    with means.store.write() as conn:
        sign_in_links.end(conn, link, outcome, message)


def _asking(secret: str, redirect: str) -> Asking:
    """The walk of the browser that keeps this secret: state and verifier tell nothing about it, or each other."""
    return Asking(redirect_uri=redirect, state=_derived(secret, "state"), verifier=_derived(secret, "verifier"))


def _derived(secret: str, purpose: str) -> str:
    found = hmac.digest(secret.encode("utf-8", "surrogatepass"), purpose.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode()
