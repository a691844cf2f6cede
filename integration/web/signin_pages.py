"""The pages of a sign-in through this service's own address: the link, and the way back from the CRM.

Both answer with plain pages. What goes wrong is logged by its cause; no link, code, state or cookie ever is.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus

import structlog
from flask import Flask, Response, current_app, request
from markupsafe import Markup, escape

from connectors import vendors
from integration.settings.environment import Settings
from integration.signin import public_sign_in as signing
from integration.signin.keep_sign_in import Means
from integration.signin.next_steps import next_steps
from integration.signin.public_sign_in import Cause, SignInRefusedError, VendorAnswer
from integration.store.crm.sign_in_links import LASTS
from integration.store.db.errors import StoreError
from integration.store.db.session import Store
from mappings.values.identifiers import System
from mappings.values.instant import SECOND, Instant

log = structlog.get_logger()

_ON = Markup('<p><a href="/console/first-day/">Go on in the console</a></p>')
CONSOLE = "coldframe.console"
"""Under this name an application that has the console holds its parts (see console_parts.py)."""
_LONGEST = 4_000
"""Characters of a parameter; what is longer is none of ours."""
_STATUS: Mapping[Cause, HTTPStatus] = {
    "unknown_link": HTTPStatus.NOT_FOUND,
    "used_link": HTTPStatus.GONE,
    "expired_link": HTTPStatus.GONE,
    "unknown_answer": HTTPStatus.BAD_REQUEST,
    "other_browser": HTTPStatus.FORBIDDEN,
    "used_answer": HTTPStatus.GONE,
    "refused": HTTPStatus.CONFLICT,
    "no_public_url": HTTPStatus.SERVICE_UNAVAILABLE,
    "clear_text": HTTPStatus.SERVICE_UNAVAILABLE,
    "unreadable": HTTPStatus.SERVICE_UNAVAILABLE,
}
_PAGE = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Coldframe: {title}</title></head>\n'
    "<body><h1>{title}</h1>{text}</body></html>\n"
)


def serve(app: Flask, settings: Settings, store: Store, now: Callable[[], Instant]) -> None:
    """Answer `GET /signin/<system>/start` and `GET /signin/<system>/callback`."""
    means = Means(settings=settings, store=store, now=now, actor="sign-in page")

    @app.get("/signin/<system>/start")
    def start_sign_in(system: str) -> Response:
        if request.method == "HEAD" or "prefetch" in request.headers.get("Sec-Purpose", ""):
            return _page("Sign in", "Open this link in a browser.")  # looking at a link does not use it up
        return _safely(system, lambda known: _started(known, means))

    @app.get("/signin/<system>/callback")
    def finish_sign_in(system: str) -> Response:
        if request.method == "HEAD":
            return _page("Sign in", "This address waits for the answer of a CRM.")
        return _safely(system, lambda known: _finished(known, means))


def _started(system: System, means: Means) -> Response:
    begun = signing.begin(system, _given("link"), means)
    answer = Response(status=HTTPStatus.SEE_OTHER, headers={"Location": begun.address})
    name, secure = _cookie(system, means)
    answer.set_cookie(
        name,
        begun.secret,
        max_age=LASTS // SECOND,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )
    log.info("a sign-in was begun", system=system)
    return answer


def _finished(system: System, means: Means) -> Response:
    name, secure = _cookie(system, means)
    answer = VendorAnswer(
        system=system,
        state=_given("state"),
        secret=request.cookies.get(name, "")[:_LONGEST],
        code=_given("code"),
        error=": ".join(filter(None, (_given("error"), _given("error_description")))),
    )
    asked, details = signing.finish(answer, means)
    log.info("signed in", system=system, connection=asked.name, account=details.account)
    label = vendors.vendor(system).label
    account = f"Account {details.account}" if details.account else f"This {label} account"
    steps = Markup("").join(Markup("<li><code>{}</code>: {}</li>").format(*step) for step in next_steps(asked))
    text = Markup("<p>{} is connected as <b>{}</b>. Its tokens are kept encrypted.</p><p>Next:</p><ul>{}</ul>")
    page = _page(f"{label} is connected", text.format(account, asked.name, steps) + _console())
    page.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")
    return page


def _console() -> Markup:
    there = CONSOLE in current_app.extensions
    return _ON if there else Markup("")


def _safely(system: str, answered: Callable[[System], Response]) -> Response:
    """The answer, or a page that says why there is none."""
    known = {str(each): each for each in vendors.systems()}.get(system)
    if known is None:
        return _page("Not found", "There is no CRM of this name.", HTTPStatus.NOT_FOUND)
    try:
        return answered(known)
    except SignInRefusedError as refusal:
        log.warning("a sign-in was refused", system=known, cause=refusal.cause)
        again = Markup("<p>For a new link, run <code>coldframe connect {} --public</code> again.</p>").format(known)
        text = Markup("<p>{}.</p>").format(_sentence(str(refusal))) + again
        return _page("Not connected", text, _STATUS[refusal.cause])
    except StoreError as error:
        log.warning("a sign-in found no store", system=known, error=type(error).__name__)
        sorry = "The store does not answer now. Wait a minute, and make a new link."
        return _page("Not connected", sorry, HTTPStatus.SERVICE_UNAVAILABLE)


def _given(name: str) -> str:
    return request.args.get(name, "")[:_LONGEST]


def _cookie(system: System, means: Means) -> tuple[str, bool]:
    """The cookie's name, and whether it is secure.

    Under the prefix, browsers take a cookie from this very host over https alone, for all of its paths.
    """
    secure = not signing.plain_http(means)
    return f"{'__Host-' if secure else ''}coldframe-signin-{system}", secure


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _page(title: str, text: str | Markup, status: HTTPStatus = HTTPStatus.OK) -> Response:
    body = text if isinstance(text, Markup) else Markup("<p>{}</p>").format(text)
    return Response(_PAGE.format(title=escape(title), text=body), status, content_type="text/html; charset=utf-8")
