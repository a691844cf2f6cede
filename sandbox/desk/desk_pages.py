"""The SDR's desk on screen: tasks of both systems, one task with its packet, the leads, and alerts that arrived."""

from pathlib import Path

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Reply

from sandbox.both.both_systems import BothSystems
from sandbox.desk import sales_desk
from sandbox.desk.lead_list import leads, pipeline
from sandbox.desk.task_bodies import safe
from sandbox.hubspot.state.refusals import Refused as HubSpotRefused
from sandbox.salesforce.state.refusals import Refused as SalesforceRefused
from sandbox.shared import sandbox_clock
from sandbox.shared.sandbox_clock import DAY

_SHOWN = 500


def pages(sandbox: BothSystems) -> Blueprint:
    """The blueprint at the root."""
    rooms = Blueprint("pages", __name__, template_folder="templates")
    _tasks(rooms, sandbox)
    _leads(rooms, sandbox)

    @rooms.get("/messages")
    def messages() -> str:
        return render_template("messages.html", messages=sandbox.sinks.shown()[: -_SHOWN - 1 : -1])

    @rooms.app_template_filter("when")
    def when(value: str) -> str:
        return _when(value, sandbox.now())

    @rooms.app_template_filter("late")
    def late(value: str) -> bool:
        return (
            bool(value) and sandbox_clock.read(value) + (DAY if len(value) == len("2026-01-05") else 0) < sandbox.now()
        )

    @rooms.get("/desk.css")
    def style() -> Response:
        text = (Path(__file__).parent / "templates" / "desk.css").read_text(encoding="utf-8")
        return Response(text, mimetype="text/css", headers={"Cache-Control": "max-age=300"})

    @rooms.after_request
    def guarded(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors 'none'; form-action 'self'"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return rooms


def _tasks(rooms: Blueprint, sandbox: BothSystems) -> None:
    @rooms.get("/")
    def tasks() -> str:
        found = sales_desk.tasks(sandbox)
        system, shown = request.args.get("system", ""), request.args.get("show", "open")
        listed = [one for one in found if system in {"", one.system} and (shown == "all" or one.open)]
        return render_template(
            "tasks.html",
            tasks=listed[:_SHOWN],
            open_count=sum(one.open for one in found),
            done_count=sum(not one.open for one in found),
            total=len(listed),
            system=system,
            shown=shown,
        )

    @rooms.get("/tasks/<system>/<id_>")
    def task(system: str, id_: str) -> str:
        found = next((one for one in sales_desk.tasks(sandbox) if (one.system, one.id) == (system, id_)), None)
        if found is None:
            abort(404)
        body = safe(found.body)
        return render_template(
            "task.html",
            task=found,
            body=body,
            outcomes=sales_desk.OUTCOMES,
            reasons=sales_desk.REASONS,
            told=request.args.get("told"),
        )

    @rooms.post("/tasks/<system>/<id_>/close")
    def close(system: str, id_: str) -> Reply:
        outcome, reason = request.form.get("outcome", ""), request.form.get("reason", "")
        try:
            sales_desk.close(sandbox, system, id_, outcome=outcome, reason=reason if outcome == "rejected" else "")
        except KeyError:
            abort(404)
        except (HubSpotRefused, SalesforceRefused) as refusal:
            return redirect(url_for("pages.task", system=system, id_=id_, told=refusal.message), 303)
        return redirect(url_for("pages.tasks"), 303)


def _leads(rooms: Blueprint, sandbox: BothSystems) -> None:
    @rooms.get("/leads")
    def standing() -> str:
        found = leads(sandbox)
        band, stage = request.args.get("band", ""), request.args.get("stage", "")
        listed = [one for one in found if band in {"", one.band} and stage in {"", one.stage}]
        return render_template(
            "leads.html",
            leads=listed[:_SHOWN],
            total=len(listed),
            scored=sum(one.score is not None for one in found),
            known=len(found),
            stages=pipeline(found),
            band=band,
            stage=stage,
        )


def _when(value: str, now: int) -> str:
    """A due time for people: `today 14:30`, `tomorrow`, `Tue 6 Jan`."""
    if not value:
        return "no date"
    at = sandbox_clock.read(value)
    days = at // DAY - now // DAY
    moment = sandbox_clock.moment(at)
    name = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days, f"{moment:%a} {moment.day} {moment:%b}")
    return name if len(value) == len("2026-01-05") else f"{name} {moment:%H:%M}"
