"""The pages of the first day: the path, and each long work: begun, watched, and what came of it."""

from dataclasses import dataclass

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Reply

from connectors import vendors
from integration.flows.base import write_access
from integration.flows.going_live.go_live import back_to_shadow
from integration.store.audit import audit_trail
from integration.store.console import long_works
from integration.store.console.long_works import SERVICE, Kind, Work
from integration.web.console.first_day.path_steps import path
from integration.web.console.shell.console_parts import audited, parts, person
from integration.web.console.shell.rooms import Room
from integration.wiring import connection_names
from integration.wiring.connection_names import Known
from mappings.values.identifiers import ConnectionName

ROOM = Room("first_day", "First day", path="/first-day")
_MOST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPage:
    """What a work is called, while it goes on and once it has ended."""

    title: str
    progress: str


_PAGES = {
    "provision": WorkPage(title="What the CRM needs", progress="The CRM is looked at"),
    "sync": WorkPage(title="Reading everything once", progress="The CRMs are read"),
    "report": WorkPage(title="What would be written", progress="What waits is compared with the CRMs"),
    "live": WorkPage(title="Going live", progress="The service goes live"),
}


@ROOM.page("/", role="viewer")
def overview() -> str:
    """The steps: which are done, which is next, and what each found."""
    crms = sorted(vendors.every(), key=lambda each: each.label)
    return render_template("console/first_day/path.html", path=path(parts()), now=parts().now(), crms=crms)


@ROOM.page("/<any(provision, sync, report, live):kind>/<connection>", role="viewer")
def work(kind: Kind, connection: str) -> str:
    """The last work of a kind: how far it has come, then what came of it."""
    with parts().store.read() as conn:
        found = long_works.last(conn, kind, ConnectionName(connection))
    if found is None:
        abort(404, "Nobody has begun this yet.")
    going = found.under_way(parts().now())
    part = "HX-Request" in request.headers and going
    template = "progress" if part else "work"
    defaults = parts().service().going_live
    return render_template(
        f"console/first_day/{template}.html", work=found, going=going, page=_PAGES[kind], limits=defaults
    )


@ROOM.change("/provision/<connection>/begin", role="admin")
def provision(connection: str) -> Reply:
    """Look at what a CRM lacks; with `act`, make it."""
    known = _known(connection)
    act = request.form.get("act") == "yes"
    return _begin("provision", known.name, {"system": known.system, "act": act}, noted=act)


@ROOM.change("/sync/begin", role="admin")
def sync() -> Reply:
    """Read every CRM whole, or go on where that stopped."""
    if not connection_names.known(parts().settings, parts().store):
        abort(409, "No CRM is connected yet.")
    return _begin("sync", SERVICE, {})


@ROOM.change("/report/begin", role="editor")
def report() -> Reply:
    """Compare what waits with what stands in the CRMs."""
    return _begin("report", SERVICE, {}, noted=False)


@ROOM.change("/live/begin", role="admin")
def live() -> Reply:
    """End shadow mode, within the limits of the form. Who has not looked at what would be written is refused."""
    with parts().store.read() as conn:
        seen = long_works.last(conn, "report")
        mode = write_access.mode(conn, forced=parts().settings.shadow)
    if mode.forced:
        abort(409, "COLDFRAME_SHADOW is set: unset it for every process, then start them again.")
    if seen is None or seen.state != "ready":
        abort(409, "Look at what would be written first.")
    asked: dict[str, object] = {name: _number(name) for name in ("tasks_per_hour", "records_per_minute")}
    return _begin("live", SERVICE, {**asked, "hot_leads": request.form.get("hot_leads") == "yes"})


@ROOM.change("/shadow", role="admin")
def shadow() -> Reply:
    """Write nothing from now on."""
    back_to_shadow(parts().service(), person().subject)
    return redirect(url_for("console.first_day.overview"), 303)


def _begin(kind: Kind, connection: ConnectionName, asked: dict[str, object], *, noted: bool = True) -> Reply:
    """Begin a work, unless it is under way, and lead to its page."""
    now = parts().now()
    with parts().store.write() as conn:
        before = long_works.last(conn, kind, connection)
        fresh = before is None or not before.under_way(now)
        if fresh:
            new = Work(
                kind=kind, connection=connection, actor=person().subject, began_at=now, moved_at=now, asked=asked
            )
            long_works.put(conn, new)
            if noted:
                audit_trail.add(conn, [audited(f"first day: {kind}", connection, **asked)])
    if fresh:
        parts().begin_work(kind, connection)
    return redirect(url_for("console.first_day.work", kind=kind, connection=connection), 303)


def _known(connection: str) -> Known:
    found = connection_names.known(parts().settings, parts().store)
    each = next((one for one in found if one.name == connection), None)
    if each is None:
        abort(404, "There is no connection of this name.")
    return each


def _number(name: str) -> int | None:
    """A limit from the form; None leaves the setting's."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or int(text) > _MOST:
        abort(400, f"{name.replace('_', ' ')} is a whole number up to {_MOST:,}; 0 is no limit.")
    return int(text)
