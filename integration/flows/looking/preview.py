"""Preview: what one CRM record would become, score and have written, with nothing stored and nothing sent."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from connectors.base.port import Raw, Record
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.ledger import Line
from integration.core.model.state import newborn
from integration.core.rules.scoring_rules import POINT
from integration.core.run.apply_events import advance
from integration.core.run.standing import Standing, standing
from integration.flows.base.service import Connection
from integration.flows.delivering.write_decisions import as_fields
from integration.store.people import leads
from mappings.model.canonical import Fields, Kind
from mappings.model.compiled_mapping import CrmMapping
from mappings.reading.same_value import same
from mappings.translate.new_records import first_fields
from mappings.translate.translation import Inward, inward, natives, outward
from mappings.values import emails
from mappings.values.identifiers import AccountId, ConnectionName, LeadId
from mappings.values.instant import Instant
from mappings.values.record_ids import full, genuine, people

_NAMED = re.compile(r"([A-Za-z]\w*)[:/]([A-Za-z0-9]+)")


_OF_THE_RECORD = frozenset({"fit", "opted_out", "persona"})
"""The parts of a standing that a record alone decides; all others follow from what somebody has done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How the mapping reads and writes one record. `held` is what stands in the written fields now.

    `known`: the service has decided about this person, and `writes` are what it would write. Otherwise they are those
    of somebody who has done nothing, and fields of `history` will be others once their past has been read.
    """

    connection: ConnectionName
    record: Record
    company: Record | None
    lead: Fields
    account: Fields
    fit: Sequence[tuple[str, float]]
    standing: Standing
    writes: Raw
    held: Raw
    known: bool
    history: frozenset[str]
    kinds: Mapping[str, Kind]

    def change(self, name: str) -> bool:
        """Whether the field would stand otherwise than now."""
        return not same(self.kinds[name], self.held[name], self.writes[name])


def find(connection: Connection, named: str, others: Sequence[CrmMapping] = ()) -> Record | None:
    """A person's record by `contact:17`, by id or by e-mail, with every field that is read or written.

    `others` are mappings that it is to be looked at by as well. ValueError where the text is none of these. Raises
    Unavailable.
    """
    mapping, connector = connection.mapping, connection.connector
    needed = {name: _fields([mapping, *others], name) for name in mapping.people}
    text = named.removeprefix(f"{connection.name}:").strip()
    if "@" in text:
        return next(iter(connector.find([text], needed)), None)
    match = _NAMED.fullmatch(text)
    object_name, record_id = match.groups() if match else (_object(connection, text), text)
    if object_name not in needed or not genuine(connection.system, record_id):
        people = ", ".join(mapping.people)
        msg = f"'{named}' names no record: write an e-mail address, an id, or OBJECT:ID with one of {people}"
        raise ValueError(msg)
    return next(iter(connector.read(object_name, [full(connection.system, record_id)], needed[object_name])), None)


def stored_standing(conn: Sql, connection: Connection, record: Record) -> Fields | None:
    """Where the service has a record's person stand; None for somebody whom it has not decided about."""
    address = (connection.name, record.object, record.id)
    lead = leads.by_reference(conn, [address]).get(address)
    return next((row.standing for row in leads.get(conn, [lead])), None) if lead else None


def preview(  # noqa: PLR0913 -- a record, and by which rules it is looked at
    connection: Connection,
    compiled: CompiledPlaybook,
    record: Record,
    now: Instant,
    standing_now: Fields | None = None,
    *,
    company: Record | None = None,
    others: Sequence[CrmMapping] = (),
    anew: bool = False,
) -> Preview:
    """Take a record through mapping, scoring and mapping back.

    `standing_now` is where the service has its person stand; without it, the lead is one of whom nothing else is known.
    `anew`: what the record alone decides is by these rules, and not as it stands. `company` is the record's, where it
    has been read, and `others` are mappings that it is to be read for as well. Raises Unavailable where it cannot be.
    """
    mapping = connection.mapping
    told = inward(mapping, record.object, record.fields)
    company = company or _company(connection, told, others)
    account = {**told.account, **(inward(mapping, company.object, company.fields).account if company else {})}
    state = newborn(LeadId("preview"))
    events: list[Event] = [LeadChanged(id="record", at=now, fields={**told.lead, "account": "preview"})]
    if account:
        events.insert(0, AccountChanged(id="company", at=now, account=AccountId("preview"), fields=account))
    decision = advance(compiled, state, events, now)
    where = standing(compiled, decision.state, now)
    fields = as_fields(where, now)
    if standing_now is not None:
        fields = _renewed(standing_now, fields) if anew else standing_now
    targets = mapping.objects[record.object].write
    writes = {
        **outward(mapping, record.object, fields),
        **natives(mapping, record.object, fields, record.fields),
    }
    return Preview(
        connection=connection.name,
        record=record,
        company=company,
        lead=told.lead,
        account=account,
        fit=_points(decision.lines),
        standing=where,
        writes=writes,
        held={name: record.fields.get(name) for name in writes},
        known=standing_now is not None,
        history=frozenset(each.field for each in targets if each.name not in _OF_THE_RECORD),
        kinds=mapping.kinds(record.object),
    )


def newcomer(connection: Connection, named: str) -> dict[str, str] | None:
    """What a new record of somebody unknown would start with; None where the text is no e-mail, or nobody is created.

    Of the person no more is known than the e-mail and the company's domain; activities may bring more.
    """
    creation, email = connection.mapping.creates, emails.normal(named) if "@" in named else None
    return first_fields(creation, email) if creation and email else None


def _company(connection: Connection, told: Inward, others: Sequence[CrmMapping]) -> Record | None:
    if told.account_ref is None:
        return None
    name, record_id = told.account_ref
    reads = sorted({field for mapping in (connection.mapping, *others) for field in mapping.reads(name)})
    return next(iter(connection.connector.read(name, [record_id], reads)), None)


def _fields(mappings: Sequence[CrmMapping], object_name: str) -> tuple[str, ...]:
    """Every field of an object that one of the mappings needs."""
    return tuple(sorted({field for mapping in mappings for field in mapping.needed.get(object_name, ())}))


def _renewed(stands: Fields, fresh: Fields) -> Fields:
    """Where somebody stands, with what their record alone decides by other rules."""
    found = {**stands, **{name: fresh.get(name) for name in _OF_THE_RECORD if name in fresh}}
    fit, engagement = found.get("fit"), found.get("engagement")
    if isinstance(fit, (int, float)) and isinstance(engagement, (int, float)):
        found["total"] = fit + engagement
    return found


def _points(lines: Sequence[Line]) -> list[tuple[str, float]]:
    """Points of fit by rule, in whole points, caps and floors under their own names."""
    found: dict[str, int] = {}
    for line in lines:
        if line.axis == "fit":
            name = line.rule if line.line == "points" else line.line
            found[name] = found.get(name, 0) + line.points
    return [(name, points / POINT) for name, points in found.items() if points]


def _object(connection: Connection, record_id: str) -> str:
    """The object that an id alone is of: the one whose ids begin so; the first, where ids do not say; "" for none."""
    begins = people(connection.system)
    if not begins:
        return connection.mapping.people[0]
    return next((name for name, start in begins.items() if record_id.startswith(start)), "")
