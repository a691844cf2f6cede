"""The cookies of the console: one for who is signed in, and Flask's own, which is signed, for forms and messages."""

from urllib.parse import unquote

from flask import Flask, Request, Response

SIGNED_IN = "coldframe-console"
_ZONE = "coldframe-zone"
"""The browser's time zone, which the console's script sets; it is no secret."""
_LONGEST = 200
"""Characters of a token that are looked at."""


def configure(app: Flask, *, secure: bool) -> None:
    """Set Flask's own cookie up as ours: from this very host alone, over https alone where people come by https."""
    app.config.update(
        SESSION_COOKIE_NAME=_named("coldframe-form", secure=secure),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
    )


def token(request: Request, *, secure: bool) -> str:
    """The token that this browser sends; "" where it sends none."""
    return request.cookies.get(_named(SIGNED_IN, secure=secure), "")[:_LONGEST]


def zone(request: Request) -> str:
    """The time zone that this browser names; "" where it names none."""
    return unquote(request.cookies.get(_ZONE, "")[:_LONGEST])


def hand_over(response: Response, given: str, *, secure: bool) -> None:
    """Give the browser a token. It lasts as long as the browser's window; the store says when it ends before."""
    name = _named(SIGNED_IN, secure=secure)
    response.set_cookie(name, given, path="/", secure=secure, httponly=True, samesite="Lax")


def take_away(response: Response, *, secure: bool) -> None:
    """Let the browser forget its token."""
    name = _named(SIGNED_IN, secure=secure)
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")


def _named(name: str, *, secure: bool) -> str:
    """Under the prefix, browsers take a cookie from this very host over https alone, for all of its paths."""
    return f"__Host-{name}" if secure else name
