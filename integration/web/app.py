"""The web application: webhooks, health, metrics, and one page that says what this is.

`integration.web` serves it. Every refusal is JSON; no answer ever holds a traceback.
"""

import hmac
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec
import structlog
from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from markupsafe import escape
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException, InternalServerError, Unauthorized

from connectors import vendors
from integration.settings.environment import Settings
from integration.settings.value_types import is_loopback
from integration.store.db.errors import StoreError
from integration.store.db.session import Store
from integration.store.overall import figure_snapshots
from integration.store.overall.store_figures import Numbers
from integration.web import openapi, signin_pages, tracker_script
from integration.web.console import console_app
from integration.web.console.first_day import work_runs
from integration.web.console.rules import draft_impact
from integration.web.console.shell.console_parts import PARTS, ConsoleParts
from integration.web.inbox_writer import Intake
from integration.web.metrics import CONTENT_TYPE, Metrics
from integration.web.readiness import Checks, Ready, Room, ready, store_problems
from integration.web.refusal_counts import RefusedWebhooks
from integration.wiring import build, clock, connection_names
from integration.wiring.connected_accounts import ConnectedAccounts
from integration.wiring.connection_names import Known
from integration.wiring.wake_ups import BackgroundWakeUps, Wakeups, connect, queue_problems
from mappings.values.identifiers import System
from mappings.values.instant import Instant
from mappings.vocabulary.files.load_vocabulary import in_use, shipped
from webhooks import registry
from webhooks.blueprint import NAME as WEBHOOKS
from webhooks.blueprint import blueprint
from webhooks.declaration import Receiver, Source, Trusted

METRICS = "coldframe.metrics"
"""Under this name `Flask.extensions` holds the figures of this process."""
INTAKE = "coldframe.intake"
"""Under this name `Flask.extensions` holds the intake; close it when the application is done with."""
REFUSED = "coldframe.refused"
"""Under this name `Flask.extensions` holds what counts refused webhooks; let it keep the last when the process ends."""


log = structlog.get_logger()

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PROXIES = ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP")
_NO_FIGURES = "Set COLDFRAME_METRICS_TOKEN, and send it as: Authorization: Bearer TOKEN."
_HSTS = "max-age=31536000"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Coldframe</title></head>
<body><h1>Coldframe</h1>
<p>Lead nurturing beside {crms}: webhooks in, explainable scores, stages and SDR tasks out.</p>
<ul>
<li><a href="healthz">healthz</a>: the process is alive</li>
<li><a href="readyz">readyz</a>: the store and Redis can be worked with</li>
<li><a href="metrics">metrics</a>: figures for Prometheus</li>
<li><a href="openapi.json">openapi.json</a>: how to send activities, for programs</li>
{console}<li>POST {routes}: signed deliveries</li>
</ul></body></html>
"""
_CONSOLE = '<li><a href="console/">console</a>: for admins</li>\n'


class _Sessions(SecureCookieSessionInterface):
    """Sessions are for the console's pages: a webhook gets none, which costs a twentieth of its answer's time."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of this request; None for what is no page of the console."""
        return super().open_session(app, request) if request.path.startswith(console_app.PATH) else None


def create_app(
    settings: Settings,
    *,
    store: Store,
    wake: Callable[[str], None],
    queue: Callable[[], Sequence[str]],
    now: Callable[[], Instant] = clock.now,
) -> Flask:
    """The web application over these parts.

    `wake` names a lane that has work and must neither raise nor wait. `queue` says what is wrong with
    Redis, as `queue_problems` does.
    """
    app = Flask("coldframe", static_folder=None, static_url_path="/static")
    app.secret_key = settings.secret_key.get_secret_value()
    app.session_interface = _Sessions()
    intake = Intake(store)
    app.extensions[INTAKE] = intake
    metrics = Metrics(lambda: _numbers(store), now)
    app.extensions[METRICS] = metrics
    refused = RefusedWebhooks(store, metrics.not_let_in, now, clock.monotonic)
    app.extensions[REFUSED] = refused
    words, _ = in_use(settings.vocabulary)
    known = words or shipped()  # a file with mistakes stops the workers, which say so, and keeps no delivery out
    routes = blueprint(
        intake,
        receivers(settings, store),
        wake=wake,
        now=now,
        max_body=settings.max_body_bytes,
        public_url=settings.public_url or "",
        vocabulary=known,
        refused=refused.note,
        origins={each.name: each.origins(settings.given) for each in registry.every() if each.origins},
    )
    app.register_blueprint(routes)
    room = Room(store, now, clock.monotonic)
    checks: Checks = {"store": lambda: store_problems(store) or room.problems(), "redis": queue}
    _serve_pages(app, lambda: ready(checks, store, settings), metrics, _may_see_figures(settings))
    openapi.serve(app, settings.public_url or "")
    signin_pages.serve(app, settings, store, now)
    tracker_script.serve(app)
    _answer_safely(app, metrics, secure=(settings.public_url or "").startswith("https://"))
    return app


def receivers(settings: Settings, store: Store) -> Sequence[tuple[Source, Receiver]]:
    """Each source whose webhooks these settings, and the connections that there are, let in."""
    connections = _signed_in(settings, store)
    found = []
    for source in registry.every():
        connected = ConnectedAccounts(settings, store, source.system, clock.monotonic) if source.system else tuple
        receiver = source.receiver(trusted(settings, connections, source.system, connected))
        if receiver is not None:
            found.append((source, receiver))
    return found


def trusted(
    settings: Settings,
    connections: Sequence[Known],
    system: System | None,
    connected: Callable[[], Collection[str]] = tuple,
) -> Trusted:
    """What may vouch for the webhooks of a system (or of none), with the `connections` that there are."""
    if not system:
        return Trusted(given=settings.given, public_url=settings.public_url or "")
    crm = vendors.by_system().get(system)
    named = crm.account(settings.given) if crm and crm.account else ""
    accounts = [named, *(each.account for each in connections if each.system == system)]
    return Trusted(
        given=settings.given,
        public_url=settings.public_url or "",
        accounts=tuple(dict.fromkeys(filter(None, accounts))),
        secrets=connection_names.webhook_secrets(settings, connections, system),
        connected=connected,
    )


def built(settings: Settings) -> tuple[Flask, Callable[[], None]]:
    """The application of a web process with all its parts, and what closes them when the process ends."""
    store = Store.open(settings.database_url.get_secret_value())
    wakeups = Wakeups(settings.redis_url, clock.monotonic)
    wake_ups = BackgroundWakeUps(wakeups.wake)
    app = create_app(settings, store=store, wake=wake_ups.wake, queue=lambda: _queue(settings))
    console = ConsoleParts(
        settings=settings,
        store=store,
        now=clock.now,
        service=build.service,
        look_ahead=draft_impact.begin,
        begin_work=work_runs.begin,
    )
    console_app.serve(app, console)

    def close() -> None:
        """Nothing new is let in, then the last lanes are woken, then the connections are closed."""
        for each in (
            app.extensions[INTAKE].close,
            app.extensions[REFUSED].keep,
            wake_ups.close,
            wakeups.close,
            store.dispose,
        ):
            each()

    return app, close


def _signed_in(settings: Settings, store: Store) -> Sequence[Known]:
    """The connections that there are now; a store that is away must not keep other webhooks out."""
    try:
        return connection_names.known(settings, store)
    except StoreError as error:
        log.warning("connections not read; webhooks are known by the settings alone", error=str(error))
        return ()


def _numbers(store: Store) -> Numbers | None:
    with store.read() as conn:
        return figure_snapshots.latest(conn)


def _queue(settings: Settings) -> Sequence[str]:
    if settings.redis_url is None:
        return ["REDIS_URL is not set; work is found by the sweep alone."]
    redis = connect(settings.redis_url.get_secret_value())
    try:
        return queue_problems(redis)
    finally:
        redis.close()


def _may_see_figures(settings: Settings) -> Callable[[], bool]:
    """Whether a request may see the figures: with the token; without one, only on this machine and through no proxy."""
    if settings.metrics_token is not None:
        wanted = f"Bearer {settings.metrics_token.get_secret_value()}".encode()
        return lambda: hmac.compare_digest(request.headers.get("Authorization", "").encode(), wanted)
    alone = is_loopback(settings.bind)
    return lambda: alone and not any(name in request.headers for name in _PROXIES)


def _serve_pages(
    app: Flask, readiness: Callable[[], Ready], metrics: Metrics, may_see_figures: Callable[[], bool]
) -> None:
    """The pages that are no webhooks."""

    @app.get("/")
    def welcome() -> str:
        crms = " and ".join(each.label for each in vendors.every())
        routes = ", ".join(f"webhooks{each.route}" for each in registry.every() if "<" not in each.route)
        console = _CONSOLE if PARTS in app.extensions else ""
        return _PAGE.format(crms=escape(crms), routes=escape(routes), console=console)

    @app.get("/healthz")
    def alive() -> Response:
        return _json({"status": "alive"})

    @app.get("/readyz")
    def ready() -> Response:
        details, fit = readiness()
        return _json(details, 200 if fit else 503)

    @app.get("/metrics")
    def show_figures() -> Response:
        if not may_see_figures():
            raise Unauthorized(_NO_FIGURES, www_authenticate=WWWAuthenticate("bearer"))
        return Response(metrics.render(), content_type=CONTENT_TYPE)


def _answer_safely(app: Flask, metrics: Metrics, *, secure: bool) -> None:
    """Errors as JSON, safe headers on everything, and a count of every webhook request."""
    headers = _HEADERS | ({"Strict-Transport-Security": _HSTS} if secure else {})

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        answer = _json({"error": error.name, "detail": error.description}, error.code or 500)
        for name, value in error.get_headers():
            if name != "Content-Type":
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        log.error("a request failed", endpoint=request.endpoint, exc_info=error)
        return refused(InternalServerError())

    @app.before_request
    def started() -> None:
        g.started = clock.monotonic()

    @app.after_request
    def finished(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if request.blueprint == WEBHOOKS:
            source = (request.endpoint or "").partition(".")[2]  # no part of the path, which may be a secret
            metrics.answered(source, response.status_code, clock.monotonic() - g.started)
        return response


def _json(content: Mapping[str, object], status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status=status, content_type="application/json")
