"""Who may see a page: nobody, unless the page says who may."""

from collections.abc import Mapping

from flask import g, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.wrappers import Response as Reply

from integration.settings.console_settings import Role
from integration.store.console import console_sessions
from integration.store.console.console_sessions import SignedIn
from integration.web.console.access import console_cookies
from integration.web.console.access.entering import came_by_https, remember
from integration.web.console.shell.console_parts import parts
from integration.web.console.shell.rooms import CONSOLE, may

PARTIAL = "HX-Request"
"""The header with which htmx asks for a part of a page."""


def admitted(roles: Mapping[str, Role | None], csrf: CSRFProtect) -> Reply | None:
    """None where this request may go on; else the way to the sign-in.

    Raises NotFound for a page that says nothing of who may see it, Forbidden for somebody with a lesser role, and
    what Flask-WTF raises for a change without its token.
    """
    endpoint = request.endpoint or ""
    if endpoint == f"{CONSOLE}.static":
        return None
    if endpoint not in roles:
        raise NotFound
    g.person = signed_in()
    least = roles[endpoint]
    if least is not None:
        if g.person is None:
            return _to_sign_in()
        if not may(g.person.role, least):
            text = f"This needs the role {least}; you have the role {g.person.role}."
            raise Forbidden(text)
    csrf.protect()
    return None


def signed_in() -> SignedIn | None:
    """Who makes this request, by the browser's token; its use is noted once a minute."""
    token = console_cookies.token(request, secure=came_by_https())
    if not token:
        return None
    now = parts().now()
    with parts().store.read() as conn:
        found = console_sessions.by_token(conn, token, now)
    if found is not None and console_sessions.stale(found, now):
        with parts().store.write() as conn:
            console_sessions.seen(conn, found, now)
    return found


def _to_sign_in() -> Reply:
    """The way to the sign-in, and back to this page where it was only looked at."""
    if request.method == "GET" and PARTIAL not in request.headers:
        remember(request.full_path.rstrip("?"))
    answer = redirect(url_for(f"{CONSOLE}.access.sign_in"), 303)
    if PARTIAL in request.headers:
        answer.headers["HX-Redirect"] = answer.location
    return answer


def refusal(title: str, text: str, status: int) -> tuple[str, int]:
    """A page of the console that says why something is not to be had."""
    return render_template("console/refusal.html", title=title, text=text), status
