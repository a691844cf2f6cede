"""The pages of signing in and out."""

from flask import current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Reply

from integration.store.audit import audit_trail
from integration.store.console import console_sessions, entry_links
from integration.web.console.access import openid
from integration.web.console.access.entering import left, let_in
from integration.web.console.access.guard import refusal
from integration.web.console.shell.console_parts import audited, parts, person
from integration.web.console.shell.rooms import Room

ROOM = Room("access")
_LONGEST = 200
_SHOWN = 200


@ROOM.page("/sign-in", role=None)
def sign_in() -> str:
    """Where people sign in: with the provider, or the word that a one-time link is needed."""
    return render_template("console/sign_in.html", provider=parts().settings.oidc_issuer)


@ROOM.page("/enter", role=None)
def enter() -> str | tuple[str, int]:
    """The page of a one-time link. Looking at it does not use it up; its button does."""
    token = request.args.get("link", "")[:_LONGEST]
    with parts().store.read() as conn:
        link = entry_links.by_token(conn, token)
    if link is None or link.used or link.expires_at <= parts().now():
        return _no_link("used" if link is not None and link.used else "expired" if link is not None else "unknown")
    return render_template("console/enter.html", token=token, link=link)


@ROOM.change("/enter", role=None)
def enter_by_link() -> Reply | tuple[str, int]:
    """Use the link up, and let its browser in."""
    token = request.form.get("link", "")[:_LONGEST]
    with parts().store.write() as conn:
        link = entry_links.by_token(conn, token)
        used = link is not None and entry_links.use_once(conn, token, parts().now())
    if link is None or not used:
        return _no_link("used" if link is not None else "unknown")
    return let_in(link.name, link.name, link.role, by="one-time link")


@ROOM.page("/openid", role=None)
def openid_begin() -> Reply | tuple[str, int]:
    """Send the browser to the provider."""
    if parts().settings.oidc_issuer is None:
        return refusal("No provider", "No OpenID Connect provider is set (COLDFRAME_OIDC_ISSUER).", 404)
    try:
        return openid.begin(current_app, parts().settings)
    except openid.OpenIdError as error:
        return refusal("Not signed in", str(error), 502)


@ROOM.page("/openid/answer", role=None)
def openid_answer() -> Reply | tuple[str, int]:
    """The provider's answer."""
    if parts().settings.oidc_issuer is None:
        return refusal("No provider", "No OpenID Connect provider is set (COLDFRAME_OIDC_ISSUER).", 404)
    try:
        who = openid.finish(current_app, parts().settings)
    except openid.OpenIdError as error:
        return refusal("Not signed in", str(error), 403)
    return let_in(who.subject, who.name, who.role, by="OpenID Connect")


@ROOM.change("/sign-out", role="viewer")
def sign_out() -> Reply:
    """Sign out this browser."""
    with parts().store.write() as conn:
        console_sessions.end(conn, person())
        audit_trail.add(conn, [audited("console sign-out", "this browser")])
    return left(redirect(url_for("console.access.sign_in"), 303))


@ROOM.page("/sessions", role="viewer")
def sessions() -> str:
    """Who is signed in: everybody for an admin, one's own browsers for others."""
    with parts().store.read() as conn:
        found = console_sessions.live(conn, parts().now(), _SHOWN)
    me = person()
    shown = [each for each in found if me.role == "admin" or each.subject == me.subject]
    return render_template("console/sessions.html", sessions=shown, me=me)


@ROOM.change("/sign-out-everywhere", role="viewer")
def sign_out_everywhere() -> Reply | tuple[str, int]:
    """Sign out every browser of somebody: oneself, or anybody for an admin."""
    subject = request.form.get("subject", "")[:_LONGEST] or person().subject
    if subject != person().subject and person().role != "admin":
        return refusal("Not allowed", "An admin alone signs out other people.", 403)
    with parts().store.write() as conn:
        count = console_sessions.end_all(conn, subject)
        audit_trail.add(conn, [audited("console sign-out", subject, browsers=count)])
    if subject == person().subject:
        return left(redirect(url_for("console.access.sign_in"), 303))
    flash(f"{subject} is signed out of {count} browser{'' if count == 1 else 's'}.")
    return redirect(url_for("console.access.sessions"), 303)


def _no_link(why: str) -> tuple[str, int]:
    texts = {
        "used": "This link has been used. A link lets one browser in, once.",
        "expired": "This link has expired: it works for a quarter of an hour.",
        "unknown": "This link is not known here.",
    }
    return refusal("No way in", f"{texts[why]} For a new one, run coldframe console.", 410 if why != "unknown" else 404)
