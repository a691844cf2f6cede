"""Adds the console to the web application: its rooms, their guard, their headers, and what templates may use."""

from collections.abc import Sequence

from flask import Blueprint, Flask, Response, request
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Reply

from integration.flows.levels import time_words
from integration.store.db.errors import StoreError
from integration.web.console.access import access_pages, console_cookies, guard, openid
from integration.web.console.connections import connections_pages
from integration.web.console.field_mappings import record_preview
from integration.web.console.first_day import preview_pages
from integration.web.console.home import home_pages
from integration.web.console.leads import leads_pages
from integration.web.console.people import sales_people_pages
from integration.web.console.rules import version_pages
from integration.web.console.shell import page_headers, page_times, page_words
from integration.web.console.shell.console_parts import PARTS, ConsoleParts
from integration.web.console.shell.rooms import CONSOLE, Entrance, Room, may
from integration.web.console.vocabulary import vocabulary_pages
from integration.web.console.work import alert_pages, audit_pages, error_pages, people_pages, work_pages
from integration.wiring.unusable import UnusableError

ROOMS: Sequence[Room] = (
    home_pages.ROOM,
    preview_pages.ROOM,
    leads_pages.ROOM,
    work_pages.ROOM,
    error_pages.ROOM,
    people_pages.ROOM,
    alert_pages.ROOM,
    audit_pages.ROOM,
    connections_pages.ROOM,
    version_pages.ROOM,
    record_preview.ROOM,
    vocabulary_pages.ROOM,
    sales_people_pages.ROOM,
    access_pages.ROOM,
)
"""Every room, in the order of the navigation."""
PATH = "/console"


def serve(app: Flask, parts: ConsoleParts) -> None:
    """Answer everything under `/console`."""
    settings = parts.settings
    secure = (settings.public_url or "").startswith("https://")
    app.extensions[PARTS] = parts
    console_cookies.configure(app, secure=secure)
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SSL_STRICT=False,  # our pages let browsers send no referrer
        WTF_CSRF_TIME_LIMIT=None,  # a token is good as long as its session: nobody loses an hour's editing
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    csrf = CSRFProtect(app)
    Bootstrap5(app)
    openid.configure(app, settings)
    app.register_blueprint(_console(csrf), url_prefix=PATH)


def _console(csrf: CSRFProtect) -> Blueprint:
    console = Blueprint(CONSOLE, __name__, template_folder="templates", static_folder="static")
    roles = {}
    for room in ROOMS:
        console.register_blueprint(room)
        roles.update(room.roles)

    @console.before_request
    def guarded() -> Reply | None:
        return guard.admitted(roles, csrf)

    @console.after_request
    def headed(response: Response) -> Response:
        return page_headers.guarded(response, static=request.endpoint == f"{CONSOLE}.static")

    @console.context_processor
    def shared() -> dict[str, object]:
        shown = [Entrance(each.label, f"{CONSOLE}.{each.name}.{_first(each)}") for each in ROOMS if each.label]
        return {"entrances": shown, "may": may, "style_nonce": page_headers.style_nonce}

    _filters(console)
    _refusals(console)
    return console


def _first(room: Room) -> str:
    """The page of a room that the navigation leads to: the one that was declared first."""
    return next(iter(room.roles)).rpartition(".")[2]


def _filters(console: Blueprint) -> None:
    console.add_app_template_filter(page_times.moment, "moment")
    console.add_app_template_filter(page_times.here, "here")
    console.add_app_template_filter(page_times.lasting, "lasting")
    console.add_app_template_filter(time_words.span_words, "span_words")
    console.add_app_template_filter(page_words.stage_name, "stage_name")
    console.add_app_template_filter(page_words.connection_name, "connection_name")


def _refusals(console: Blueprint) -> None:
    """What goes wrong on a page is said on a page."""

    @console.errorhandler(CSRFError)
    def stale(_error: CSRFError) -> tuple[str, int]:
        text = "This form has expired, or was not made by this console. Go back, reload the page, and try again."
        return guard.refusal("Not done", text, 400)

    @console.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[str, int]:
        return guard.refusal(error.name, error.description or "", error.code or 500)

    @console.errorhandler(StoreError)
    def away(_error: StoreError) -> tuple[str, int]:
        return guard.refusal("Try again in a minute", "The store does not answer now. Nothing was changed.", 503)

    @console.errorhandler(UnusableError)
    def unusable(error: UnusableError) -> tuple[str, int]:
        return guard.refusal("A file cannot be used", str(error), 503)
