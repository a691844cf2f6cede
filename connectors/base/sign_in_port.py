"""The part of a vendor that signs in: who we are to it, what it issues, and the ways to a token."""

from dataclasses import dataclass, field
from typing import Protocol

from mappings.values.instant import Instant, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who we are to a vendor: an app's id and secret, or its private key (PEM) and the user as whom it asks.

    `login_url` is the vendor's door, `api_url` a sandbox in the vendor's place.
    """

    id: str
    secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    user: str = ""
    login_url: str = ""
    api_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A token, and what the vendor sent along with it; `lifetime` None where it does not say."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    lifetime: Span | None = None
    instance_url: str = ""
    account: str = ""
    user: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One walk of a person through the vendor's page: `state` and `verifier` are random and used once.

    `scopes` are what the mapping needs beside what every app of ours is granted.
    """

    redirect_uri: str
    state: str
    verifier: str = field(repr=False)
    scopes: tuple[str, ...] = ()


class SignIn(Protocol):
    """One vendor's ways to a token. Close it after use."""

    def address(self, asking: Asking) -> str:
        """The page on which a person says yes."""

    def exchanged(self, code: str, asking: Asking) -> Issued:
        """The token for a code that the vendor's page has sent back. Raises Unavailable."""

    def refreshed(self, refresh_token: str) -> Issued:
        """The next token. Raises Unavailable."""

    def asserted(self, now: Instant) -> Issued:
        """A token for a signed assertion (JWT bearer). Raises Unavailable."""

    def credentialed(self) -> Issued:
        """A token for the app's own id and secret (client credentials). Raises Unavailable."""

    def account(self, issued: Issued) -> str:
        """The portal or organization that a token belongs to; "" where the vendor does not say. Raises Unavailable."""

    def close(self) -> None:
        """Close the connections that are kept open."""
