"""The pages of rules: what is in force, an editor, a draft and what it would do, and publishing it."""

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask.wrappers import Response
from werkzeug.wrappers import Response as Reply

from integration.flows.publishing import put_in_force as flow
from integration.flows.publishing.proposals import ProposalError
from integration.flows.publishing.put_in_force import OvertakenError
from integration.playbook.reading import library
from integration.store.audit import audit_trail
from integration.store.console import rule_drafts
from integration.store.console.rule_drafts import Draft
from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import Terms
from integration.web.console.rules import draft_impact, rule_files, score_histogram
from integration.web.console.rules.new_drafts import chosen_terms, drafted, led_to
from integration.web.console.rules.rule_files import RuleFile
from integration.web.console.shell.console_parts import audited, parts, person
from integration.web.console.shell.rooms import Room
from integration.web.console.shell.rules_in_force import service_in_force

ROOM = Room("rules", "Rules", path="/rules")


@ROOM.page("/", role="viewer")
def overview() -> str:
    """What is in force, since when, by whom and why; what was before."""
    service = service_in_force()
    with parts().store.read() as conn:
        versions = playbook_versions.every(conn)
    found = rule_files.files(service, parts().settings)
    return render_template(
        "console/rules/overview.html", files=found, versions=versions, left=draft_impact.left(service)
    )


@ROOM.page("/edit/<subject>", role="viewer")
def edit(subject: str) -> str:
    """A file as it is in force, in the editor; `from` puts a shipped playbook there instead."""
    file = _file(subject)
    text, start = file.text, request.args.get("from", "")
    if start and file.what == "playbook" and start in library.names():
        text = library.text(start)
    shipped = rule_files.shipped() if file.what == "playbook" else ()
    return render_template("console/rules/edit.html", file=file, text=text, shipped=shipped, problems=(), terms=None)


@ROOM.change("/check/<subject>", role="viewer")
def check(subject: str) -> Response:
    """What is wrong with a text, as JSON, for the editor."""
    try:
        found = rule_files.checked(service_in_force(), parts().settings, _file(subject), request.form.get("text", ""))
    except ProposalError as error:
        return jsonify({"problems": [{"line": 1, "column": 1, "severity": "error", "text": str(error)}]})
    return jsonify({"problems": rule_files.placed(found.problems)})


@ROOM.change("/propose/<subject>", role="editor")
def propose(subject: str) -> Reply | tuple[str, int]:
    """Make a draft of a text that has no mistakes, and begin to work out what it would do."""
    service, file, text = service_in_force(), _file(subject), request.form.get("text", "")
    terms = chosen_terms(file.what)
    problems: list[dict[str, object]] = []
    try:
        found = rule_files.checked(service, parts().settings, file, text)
        problems = rule_files.placed(found.problems)
        sound = found.proposal is not None
    except ProposalError as error:
        problems, sound = [{"line": 1, "column": 1, "severity": "error", "text": str(error)}], False
    if not terms.reason:
        problems.append({"line": 0, "column": 0, "severity": "error", "text": "Say why: it stands with the version."})
    if not sound or not terms.reason:
        shipped = rule_files.shipped() if file.what == "playbook" else ()
        page = render_template(
            "console/rules/edit.html", file=file, text=text, shipped=shipped, problems=problems, terms=terms
        )
        return page, 400
    return led_to(drafted(service, subject, text, terms))


@ROOM.change("/rollback/<int:number>", role="editor")
def rollback(number: int) -> Reply:
    """Make a draft that puts a former version back."""
    service = service_in_force()
    former = flow.former(service, number)
    if former is None:
        abort(404, f"There is no version {number}.")
    terms = Terms(author=person().subject, reason=f"back to version {number}", what=former.what)
    return led_to(drafted(service, f"{rule_files.VERSION}{number}", "", terms))


@ROOM.page("/drafts/<draft_id>", role="viewer")
def draft(draft_id: str) -> str:
    """A draft: how far the look at the leads has come, then what it would do."""
    found = _draft(draft_id)
    part = "HX-Request" in request.headers and found.state == "working"
    return render_template(
        f"console/rules/{'progress' if part else 'draft'}.html",
        draft=found,
        histogram=score_histogram.score_histogram(found.result.get("scores", ())),
        size=score_histogram,
    )


@ROOM.change("/publish/<draft_id>", role="editor")
def publish(draft_id: str) -> Reply | tuple[str, int]:
    """Put a draft in force, as it was shown."""
    found, started = _draft(draft_id), parts().service()
    service = service_in_force()
    if found.state != "ready":
        abort(409, "This draft cannot be published: it was, or nobody knows yet what it would do.")
    try:
        proposal = draft_impact.proposed(service, started, parts().settings, found)
        version = flow.publish(service, proposal.compiled, proposal.said, found.terms, over=found.over)
    except (OvertakenError, ProposalError) as error:
        abort(409, f"{error}. Nothing was changed.")
    with parts().store.write() as conn:
        rule_drafts.end(conn, found, "published", {**found.result, "published": version.number})
        line = audited("publish", f"version {version.number}", what=version.what, reason=version.reason)
        audit_trail.add(conn, [line])
    flash(f"Version {version.number} is in force. The workers derive {found.result.get('leads', 0)} leads anew.")
    return redirect(url_for("console.rules.overview"), 303)


def _file(subject: str) -> RuleFile:
    found = next(
        (each for each in rule_files.files(service_in_force(), parts().settings) if each.subject == subject), None
    )
    if found is None:
        abort(404, f"There is no {subject} here.")
    return found


def _draft(draft_id: str) -> Draft:
    with parts().store.read() as conn:
        found = rule_drafts.get(conn, draft_id)
    if found is None:
        abort(404, "This draft is not known here: drafts are kept for a week.")
    return found
