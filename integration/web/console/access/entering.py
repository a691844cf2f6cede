"""Entering and leaving: a session begins with a token that nobody has seen before, and ends in the store."""

import secrets as chance

from flask import Response, redirect, request, session, url_for
from werkzeug.wrappers import Response as Reply

from integration.settings.console_settings import Role
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.console import console_sessions
from integration.store.console.console_sessions import SignedIn
from integration.web.console.access import console_cookies
from integration.web.console.shell.console_parts import parts
from integration.web.console.shell.page_times import known_zone

_BYTES = 32
HOME = "console.home.overview"


def let_in(subject: str, name: str, role: Role, *, by: str) -> Reply:
    """Begin a session for somebody, audited, and send the browser to the page that it wanted.

    Whoever was signed in in this browser before is signed out, and nothing of the time before is kept but that page.
    """
    wanted = session.get("wanted", "")
    session.clear()
    token = chance.token_urlsafe(_BYTES)
    now = parts().now()
    who = SignedIn(subject=subject, name=name, role=role, zone=known_zone(console_cookies.zone(request)))
    before = console_cookies.token(request, secure=came_by_https())
    with parts().store.write() as conn:
        former = console_sessions.by_token(conn, before, now) if before else None
        if former is not None:
            console_sessions.end(conn, former)
        console_sessions.begin(conn, token, who, now)
        line = Entry(at=now, actor=subject, action="console sign-in", subject=role, detail={"by": by})
        audit_trail.add(conn, [line])
    answer = redirect(wanted if ours(wanted) else url_for(HOME), 303)
    console_cookies.hand_over(_flasks(answer), token, secure=came_by_https())
    return answer


def left(answer: Reply) -> Reply:
    """The answer, with which the browser forgets who was signed in."""
    session.clear()
    console_cookies.take_away(_flasks(answer), secure=came_by_https())
    return answer


def came_by_https() -> bool:
    """Whether people reach the console by https, by the address that the settings name."""
    return (parts().settings.public_url or "").startswith("https://")


def remember(path: str) -> None:
    """Remember the page that somebody wanted who has to sign in first."""
    if ours(path):
        session["wanted"] = path


def ours(path: str) -> bool:
    """Whether this is the path of a page of the console, and no other address in disguise."""
    home = url_for(HOME)
    return path.startswith(home) and "\\" not in path and "//" not in path and path.isprintable()


def _flasks(answer: Reply) -> Response:
    """The answer as Flask's own kind, which it is where Flask made it."""
    if not isinstance(answer, Response):
        msg = f"not an answer of Flask: {type(answer).__name__}"
        raise TypeError(msg)
    return answer
