"""A playbook as a page to read, as it is in force or as a draft has it, and one record by both."""

from dataclasses import dataclass

from flask import abort, render_template, request
from werkzeug.exceptions import NotFound

from connectors.base.port import Unavailable
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Unfoldable
from integration.core.run.standing import Standing
from integration.flows.base.service import Connection
from integration.flows.history.find_explanation import explained
from integration.flows.looking.preview import find, preview
from integration.flows.publishing.proposals import Proposal, ProposalError
from integration.flows.publishing.put_in_force import current_rules
from integration.playbook.explaining.explanation import Explanation
from integration.playbook.language.amounts import signed
from integration.playbook.reading.read_playbook import read
from integration.playbook.showing.playbook_sections import sections
from integration.store.console import rule_drafts
from integration.store.console.rule_drafts import Draft
from integration.web.console.rules import draft_impact
from integration.web.console.rules.rules_pages import ROOM as ROOM  # noqa: PLC0414 - these pages are of that room
from integration.web.console.shell.console_parts import parts
from integration.web.console.shell.page_words import stage_name
from integration.web.console.shell.rules_in_force import service_in_force
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName

_LONGEST = 320
_OURS = ""
"""Where a record is looked for: among what Coldframe knows; else the name of a connection."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing about a record, by the rules in force and by the draft's."""

    label: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether the draft says something else."""
        return self.before != self.after


@ROOM.page("/playbook", role="viewer")
def playbook() -> str:
    """The playbook in force, to be read."""
    service = service_in_force()
    _, said = current_rules(service)
    return _read_page(service, said.playbook, None)


@ROOM.page("/drafts/<draft_id>/playbook", role="viewer")
def draft_playbook(draft_id: str) -> str:
    """The playbook as a draft has it, to be read."""
    service = service_in_force()
    draft, proposal = _proposed(service, draft_id)
    return _read_page(service, proposal.said.playbook, draft)


@ROOM.page("/drafts/<draft_id>/record", role="editor")
def draft_record(draft_id: str) -> str | tuple[str, int]:
    """One lead or one record of a CRM, by the rules in force and by a draft's. Nothing is stored."""
    service = service_in_force()
    draft, proposal = _proposed(service, draft_id)
    name, where = (request.args.get(each, "").strip()[:_LONGEST] for each in ("name", "where"))
    rows: list[Compared] = []
    wrong = ""
    if name:
        try:
            rows = _of_record(service, proposal, where, name) if where != _OURS else _of_lead(service, proposal, name)
        except Unfoldable as error:
            wrong = f"The history of this lead cannot be processed by one of the two: {error}."
        except (ValueError, Unavailable) as error:
            wrong = f"{str(error)[:1].upper()}{str(error)[1:]}."
    page = render_template(
        "console/rules/record.html",
        draft=draft,
        name=name,
        where=where,
        rows=rows,
        wrong=wrong,
        connections=[each.name for each in service.connections.values()],
    )
    return (page, 404) if wrong else page


def _read_page(service: Service, text: str, draft: Draft | None) -> str:
    file, _, _ = read(text, "Playbook", service.rules.vocabulary)
    if file is None:
        said = "This playbook cannot be read by this version of the program."
        raise NotFound(said)
    return render_template("console/rules/playbook.html", file=file, sections=sections(file), draft=draft)


def _of_lead(service: Service, proposal: Proposal, name: str) -> list[Compared]:
    """Somebody whom Coldframe knows, by the whole stored history. ValueError where there is nobody of that name."""
    told = [_explained(service, each, name) for each in (service.rules.compiled, proposal.compiled)]
    before, after = told
    return [
        *_standings(before.standing, after.standing),
        Compared("What keeps it from sales", _listed(before.gate), _listed(after.gate)),
        *_points(before, after),
    ]


def _explained(service: Service, compiled: CompiledPlaybook, name: str) -> Explanation:
    found = explained(parts().store, compiled, name, parts().now(), service.ownership, connections=service.connections)
    if found is None:
        msg = f"nobody is known as {name!r}: write an e-mail address, our id, or the id of a CRM's record"
        raise ValueError(msg)
    return found[1]


def _points(before: Explanation, after: Explanation) -> list[Compared]:
    """What each rule gave in all, where the two differ."""
    sums: dict[tuple[str, str], list[int]] = {}
    for place, told in enumerate((before, after)):
        for entry in told.ledger:
            name = entry.rule if entry.line == "points" else entry.line
            sums.setdefault((entry.axis, name), [0, 0])[place] += entry.points
    return [
        Compared(f"{axis.capitalize()}: {name.replace('_', ' ')}", signed(one), signed(other))
        for (axis, name), (one, other) in sums.items()
        if one != other
    ]


def _of_record(service: Service, proposal: Proposal, where: str, name: str) -> list[Compared]:
    """A record of a CRM, as somebody who has done nothing yet. ValueError where it has none. Raises Unavailable."""
    now = service.connections.get(ConnectionName(where))
    if now is None:
        msg = f"there is no connection {where!r}"
        raise ValueError(msg)
    then = proposal.connections.get(now.name, now)
    before, after = (
        _previewed(connection, compiled, name)
        for connection, compiled in ((now, service.rules.compiled), (then, proposal.compiled))
    )
    fields = [
        Compared(f"Reads {field.replace('_', ' ')}", _value(before.get(field)), _value(after.get(field)))
        for field in dict.fromkeys([*before, *after])
        if field != "standing" and before.get(field) != after.get(field)
    ]
    return [*_standings(before["standing"], after["standing"]), *fields]


def _previewed(connection: Connection, compiled: CompiledPlaybook, name: str) -> dict[str, object]:
    record = find(connection, name)
    if record is None:
        msg = f"{connection.name} has no person {name!r}"
        raise ValueError(msg)
    seen = preview(connection, compiled, record, parts().now())
    account = {f"company {field}": value for field, value in seen.account.items()}
    return {**seen.lead, **account, "standing": seen.standing}


def _standings(before: object, after: object) -> list[Compared]:
    one, other = before, after
    if not isinstance(one, Standing) or not isinstance(other, Standing):
        raise TypeError
    return [
        Compared("Score", str(one.total), str(other.total)),
        Compared("Fit", str(one.fit), str(other.fit)),
        Compared("Engagement", str(one.engagement), str(other.engagement)),
        Compared("Grade", one.band.capitalize(), other.band.capitalize()),
        Compared("Segment", one.segment or "None", other.segment or "None"),
        Compared("Stage", stage_name(one.stage), stage_name(other.stage)),
        Compared("Track", _words(one.track), _words(other.track)),
        Compared("Persona", _words(one.persona), _words(other.persona)),
    ]


def _words(name: str | None) -> str:
    return name.replace("_", " ") if name else "None"


def _listed(lines: tuple[str, ...]) -> str:
    return "; ".join(lines) or "Nothing"


def _value(value: object) -> str:
    return "nothing" if value is None else str(value)


def _proposed(service: Service, draft_id: str) -> tuple[Draft, Proposal]:
    """A draft, and what it would put in force by the rules as they are now. Answers 404 and 409."""
    with parts().store.read() as conn:
        draft = rule_drafts.get(conn, draft_id)
    if draft is None:
        abort(404, "This draft is not known here: drafts are kept for a week.")
    try:
        return draft, draft_impact.proposed(service, parts().service(), parts().settings, draft)
    except ProposalError as error:
        abort(409, f"{error}. Make a new draft of it.")
