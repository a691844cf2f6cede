"""Issued tokens: what both vendors' authorization servers keep, and what a test may set about them.

Any client id and secret will do until an app is registered under that id; a token that was given out here is good until
it expires or is revoked, by the sandbox's own clock. Vendors' words and shapes are said elsewhere.
"""

import base64
import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.shared.sandbox_clock import Now
from sandbox.shared.seeded_random import Chance

_SECOND = 1_000


@dataclass(slots=True, kw_only=True)
class App:
    """An app as its owner has registered it; "" and () mean that anything will do."""

    secret: str = ""
    redirect_uris: Sequence[str] = ()
    public_key: str = ""
    """PEM: what verifies the app's assertions."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Code:
    """An authorization code, good once."""

    client: str
    redirect_uri: str
    challenge: str
    expires_at: int


@dataclass(slots=True, kw_only=True)
class TokenSettings:
    """What a test wants. `lifetime` in seconds; `refuse` an OAuth error that every token call gets, with `words`.

    `deny` has the person on the page say no, `page` shows them a page instead of answering at once, `instance_url`
    replaces Salesforce's own, `withhold` is a scope that HubSpot gives nobody, `rotate` gives a new refresh token with
    every refresh.
    """

    lifetime: int = 1_800
    refuse: str = ""
    words: str = ""
    deny: bool = False
    page: bool = False
    instance_url: str = ""
    withhold: str = ""
    rotate: bool = False


@dataclass(slots=True)
class Issuer:
    """One vendor's tokens. Safe for threads."""

    now: Now
    chance: Chance
    settings: TokenSettings = field(default_factory=TokenSettings)
    apps: dict[str, App] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    """The scopes that each client has asked for last, parted by spaces."""
    _codes: dict[str, Code] = field(default_factory=dict)
    _access: dict[str, int] = field(default_factory=dict)
    _refresh: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set_up(self, **wishes: Any) -> None:
        """Change what is set about tokens."""
        for name, value in wishes.items():
            setattr(self.settings, name, type(getattr(self.settings, name))(value))

    def knows(self, client: str, secret: str) -> bool:
        """Whether an app may ask with this secret."""
        app = self.apps.get(client)
        return bool(client) and (app is None or not app.secret or app.secret == secret)

    def redirects(self, client: str, redirect_uri: str) -> bool:
        """Whether the page may send a code there."""
        app = self.apps.get(client)
        return redirect_uri.startswith("http") and (
            app is None or not app.redirect_uris or redirect_uri in app.redirect_uris
        )

    def code(self, client: str, redirect_uri: str, challenge: str) -> str:
        """A new authorization code."""
        made = self._text("code")
        with self._lock:
            self._codes[made] = Code(
                client=client, redirect_uri=redirect_uri, challenge=challenge, expires_at=self.now() + 600 * _SECOND
            )
        return made

    def redeem(self, code: str, client: str, redirect_uri: str, verifier: str) -> bool:
        """Whether a code is this app's, for this address, with this verifier; it is used up in any case."""
        with self._lock:
            held = self._codes.pop(code, None)
        return (
            held is not None
            and held.client == client
            and held.redirect_uri == redirect_uri
            and held.expires_at > self.now()
            and (not held.challenge or held.challenge == challenge_of(verifier))
        )

    def access(self, prefix: str) -> str:
        """A new access token."""
        made = self._text(prefix)
        with self._lock:
            self._access[made] = self.now() + self.settings.lifetime * _SECOND
        return made

    def refresh(self, client: str) -> str:
        """A new refresh token."""
        made = self._text("refresh")
        with self._lock:
            self._refresh[made] = client
        return made

    def refreshes(self, token: str, client: str) -> bool:
        """Whether a refresh token is this app's; where they rotate, it is used up."""
        with self._lock:
            good = self._refresh.get(token) == client
            if good and self.settings.rotate:
                del self._refresh[token]
            return good

    def expiry(self, token: str) -> int | None:
        """When an access token from here expires or has expired, in milliseconds; None for a stranger."""
        return self._access.get(token)

    def expire(self) -> None:
        """All access tokens have just expired."""
        with self._lock:
            self._access = {token: min(at, self.now()) for token, at in self._access.items()}

    def revoke(self) -> None:
        """A person has taken the app's access away: nothing that was given is good any more."""
        self.expire()
        with self._lock:
            self._refresh.clear()

    def _text(self, prefix: str) -> str:
        with self._lock:
            return f"{prefix}-{self.chance.getrandbits(160):040x}"


def challenge_of(verifier: str) -> str:
    """PKCE's S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
