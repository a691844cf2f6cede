"""Credentials: where a CRM is, how to sign in there, and where access tokens come from."""

from dataclasses import dataclass, field
from typing import Protocol


class Tokens(Protocol):
    """Where a session gets its access token from, call by call; what renews it is no connector's business."""

    def current(self) -> str:
        """A token that should be good now. Raises Unavailable where there is none to be had."""

    def renewed(self, after: str) -> str | None:
        """The token that follows one which was refused; None where none does. Raises Unavailable as `current`."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A token as its vendor made it, which nothing follows."""

    token: str = field(repr=False)

    def current(self) -> str:
        """The token."""
        return self.token

    def renewed(self, after: str) -> str | None:
        """None."""
        del after
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """Where a CRM is and how to sign in: a fixed `token`, or `tokens` that are renewed.

    `api_url` points at a sandbox; "" means the vendor's own.
    """

    token: str = field(default="", repr=False)
    tokens: Tokens | None = field(default=None, repr=False)
    api_url: str = ""
    instance_url: str = ""

    @property
    def source(self) -> Tokens:
        """Where tokens come from."""
        return self.tokens or Fixed(self.token)
