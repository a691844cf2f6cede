"""Store deliveries: stores what deliveries say, as activities and field changes of the people they are about."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection as Sql

from integration.flows.base.connection_of_system import Routed, address, routed
from integration.flows.base.service import HasCrms, HasNewLeads, HasRules, Intake, NewPeople, Versioned
from integration.flows.intake import conflicting_contents
from integration.flows.intake.conflicting_contents import Delivered
from integration.flows.people import identities
from integration.flows.people.identities import Resolved, Sighting
from integration.flows.people.record_field_changes import ReportedFields, change_leads
from integration.flows.people.signal_activities import relevant
from integration.store.crm import crm_field_state
from integration.store.events.activities import NewActivity, Stored
from integration.store.people import leads
from integration.store.people.record_references import Address
from integration.store.queues import dirty, people_to_find, records_to_read
from mappings.conflicts.field_conflicts import key_prefix
from mappings.model.canonical import STANDING_FIELDS, Fields, Value
from mappings.model.compiled_mapping import Target
from mappings.translate.native_fields import FieldState
from mappings.translate.record_answers import telling
from mappings.translate.translation import inward_property, misread
from mappings.values import domains
from mappings.values.identifiers import AccountId, ConnectionName, ExternalId, LeadId
from mappings.values.instant import Instant
from webhooks.facts import Noticed, SentActivity


def store(conn: Sql, service: Intake, *, heard: Sequence[Delivered], noticed: Sequence[Noticed]) -> None:
    """Store a batch of facts: dirty marks first, since they order the writers of one lead."""
    _store_activities(conn, service, heard)
    _store_noticed(conn, service, noticed)


def _store_activities(conn: Sql, service: Intake, delivered: Sequence[Delivered]) -> None:
    now = service.now()
    settled = conflicting_contents.settle(conn, delivered, now)
    heard = [(each.source, each.heard) for each in settled.counting]
    if not heard:
        return
    who = identities.people(
        conn,
        [_person(service, source, each) for source, each in heard],
        at=now,
        new_id=service.new_leads.new_id,
        connected=service.connections,
        owners=service.ownership.lead,
    )
    where = _companies(conn, service, heard, now)
    _welcome(conn, service, who, [each for _, each in heard], where)
    rows = [
        NewActivity(
            key=f"{source}:{each.id}",
            lead_id=lead,
            account_id=account,
            at=each.at,
            type=each.type,
            properties=each.properties,
            source=source,
            named=conflicting_contents.named(each),
        )
        for (source, each), lead, account in zip(heard, who.ids, where, strict=True)
    ]
    dirty.mark(conn, sorted(conflicting_contents.losers(settled.displaced)), now)
    _mark(conn, service, who, [each for _, each in heard], now, conflicting_contents.came_at(settled.counting, now))
    _mark_accounts(conn, service, rows, settled.displaced.values())
    conflicting_contents.put(conn, rows, settled.displaced)


def _mark(  # noqa: PLR0913, PLR0917 - who did what, and since when we know
    conn: Sql, service: Intake, who: Resolved[LeadId], heard: Sequence[SentActivity], now: Instant, came_at: Instant
) -> None:
    """Everybody here has to be decided about; those whom some CRM has still to be asked for, a little later.

    Without their record they would be judged as if nothing were known of them. Who clicked several times, or
    unsubscribed, just now waits for a few seconds: by then it shows whether a scanner did it. Whoever asks for a demo
    comes before everybody else.
    """
    known = service.rules.vocabulary.recognised
    asking = {
        lead
        for lead, each in zip(who.ids, heard, strict=True)
        if known(each.type, each.properties)[0] == "demo_request"
    }
    sought = people_to_find.sought(conn, sorted({each.email for each in heard if each.email}))
    resting = {lead for lead, each in zip(who.ids, heard, strict=True) if each.email in sought}
    scanned = _perhaps_scanned(service, who, heard, now) - resting
    dirty.mark(conn, sorted(set(who.ids) - resting - scanned), now, first=asking, came_at=came_at)
    dirty.mark(
        conn, sorted(scanned), now, rest=service.rules.vocabulary.machine.clicks.within, first=asking, came_at=came_at
    )
    dirty.mark(conn, sorted(resting), now, rest=service.new_leads.grace, first=asking, came_at=came_at)


def _perhaps_scanned(
    service: HasRules, who: Resolved[LeadId], heard: Sequence[SentActivity], now: Instant
) -> set[LeadId]:
    """Who clicked several times, or unsubscribed, so short a while ago that more may show it to be a machine."""
    rules, known = service.rules.vocabulary.machine.clicks, service.rules.vocabulary.recognised
    recent = [
        (lead, known(each.type, each.properties)[0])
        for lead, each in zip(who.ids, heard, strict=True)
        if abs(now - each.at) <= rules.within
    ]
    clicks = Counter(lead for lead, kind in recent if kind == "email_click")
    return {lead for lead, kind in recent if kind == "unsubscribe" or clicks[lead] > 1} if rules.within else set()


def _mark_accounts(conn: Sql, service: Versioned, new: Iterable[NewActivity], displaced: Iterable[Stored]) -> None:
    """Accounts at which somebody did, or did not do after all, what an account signal looks at."""
    types, known = relevant(service.rules.playbook), service.rules.vocabulary.recognised
    for rows, only_new in ((new, True), (displaced, False)):
        noted = [row for row in rows if known(row.type, row.properties)[0] in types]
        if noted:
            homes = dict(leads.homes(conn, sorted({row.lead_id for row in noted if row.lead_id})))
            where = {*homes.values(), *(row.account_id for row in noted)}
            found = sorted(account for account in where if account)
            dirty.mark_accounts(conn, found, service.now(), only_new=only_new)


def _person(service: HasCrms, source: str, heard: SentActivity) -> Sighting:
    """A person by our own or a CRM's reference (`hubspot:contact:17`), or by the source's own id, or by e-mail."""
    references: tuple[Address, ...] = ()
    if heard.lead:
        references = (address(service.connections, source, heard.lead),)
    own = bool(references) and references[0][:2] == (source, "lead")
    return Sighting(references=references, handle=heard.email or None, introduces=own)


def _companies(
    conn: Sql, service: HasNewLeads, heard: Sequence[tuple[str, SentActivity]], now: Instant
) -> list[AccountId | None]:
    """The account that each activity names, if any: a domain, or the source's own id."""
    named = sorted({(source, each.account) for source, each in heard if each.account})
    sightings = [
        Sighting(handle=known)
        if (known := domains.domain(account))
        else Sighting(references=((ConnectionName(source), "account", ExternalId(account)),))
        for source, account in named
    ]
    found = identities.companies(conn, sightings, at=now, new_id=service.new_leads.new_id)
    ids = dict(zip(named, found.ids, strict=True))
    return [ids.get((source, each.account)) if each.account else None for source, each in heard]


def _welcome(
    conn: Sql,
    service: NewPeople,
    who: Resolved[LeadId],
    heard: Sequence[SentActivity],
    where: Sequence[AccountId | None],
) -> None:
    """Give newcomers their first fields, others the e-mail they were introduced by; ask every CRM for all of them."""
    first: dict[LeadId, tuple[SentActivity, AccountId | None]] = {}
    emails: dict[LeadId, str] = {}
    for lead, each, account in zip(who.ids, heard, where, strict=True):
        if lead in who.newcomers:
            emails[lead] = emails.get(lead) or each.email or ""
            if lead not in first or each.at < first[lead][0].at:
                first[lead] = (each, account)
    now = service.now()
    rows: list[ReportedFields[LeadId]] = []
    for lead, (each, account) in first.items():
        fields: dict[str, Value] = {}
        if emails[lead]:
            fields["email"] = emails[lead]
        if account:
            fields["account"] = account
        rows.append(ReportedFields(lead, each.at, f"first:{lead}", fields, initial=True))
    known = {lead: email for lead, email in who.introduced.items() if lead not in who.newcomers}
    rows += [
        ReportedFields(lead, now, f"introduced:{lead}", {"email": email}, initial=True) for lead, email in known.items()
    ]
    change_leads(conn, now, rows, owners=service.ownership.lead, rest=service.new_leads.grace)
    find(conn, service, [email for email in (*emails.values(), *known.values()) if email])


def find(conn: Sql, service: HasCrms, emails: Sequence[str]) -> None:
    """Ask every connected CRM for the records of these people."""
    people_to_find.seek(conn, service.connections, emails)


def _store_noticed(conn: Sql, service: NewPeople, noticed: Sequence[Noticed]) -> None:
    """Apply changed properties as they were sent, and read again every record that is not known well.

    A record without a known reference or an e-mail creates no lead yet: the record is read
    first, since it may be a person who is known by e-mail.
    """
    mine = _without_echoes(conn, routed(service.connections, noticed))
    if not mine:
        return
    by_record: dict[Address, list[Routed]] = defaultdict(list)
    for each in mine:
        by_record[each.address].append(each)
    now = service.now()
    values = {key: _values(told) for key, told in by_record.items() if _is_person(service, key)}
    known = leads.by_reference(conn, values)
    persons = [key for key in values if key in known or _email(values[key])]
    sightings = [Sighting(references=(key,), handle=_email(values[key])) for key in persons]
    owners = service.ownership.lead
    who = identities.people(
        conn, sightings, at=now, new_id=service.new_leads.new_id, connected=service.connections, owners=owners
    )
    known_rows: list[ReportedFields[LeadId]] = []
    new_rows: list[ReportedFields[LeadId]] = []
    for lead, key in zip(who.ids, persons, strict=True):
        rows = known_rows if key in known else new_rows
        rows += [ReportedFields(lead, at, change, fields) for at, change, fields in values[key]]
    _ask_elsewhere(conn, service, {key: values[key] for key in persons if _email(values[key]) in who.unknown})
    change_leads(conn, now, new_rows, owners=owners, rest=service.new_leads.grace, reported=True)
    change_leads(conn, now, known_rows, owners=owners, reported=True)
    stale = {
        key
        for key, told in by_record.items()
        if any(_worth_reading(each) for each in told) and (key not in known or not all(_settled(each) for each in told))
    }
    records_to_read.want(
        conn, [records_to_read.Wanted(connection=name, object=kind, external_id=key) for name, kind, key in stale]
    )


def _without_echoes(conn: Sql, routed_: Sequence[Routed]) -> list[Routed]:
    """What is left without our own writes coming back: known by their origin, else by their value.

    Nothing that a person did on a page is an echo, and of fields that we do not write nothing is either.
    """
    doubtful = {each.address: None for each in routed_ if _native(each) and not each.noticed.by_person}
    known = crm_field_state.load(conn, doubtful) if doubtful else {}
    return [each for each in routed_ if not _echo(each, known)]


def _echo(each: Routed, known: Mapping[Address, Mapping[str, FieldState]]) -> bool:
    told = each.noticed
    if told.what != "changed" or told.property is None or told.by_person:
        return False
    if told.own:
        return True
    target = _native(each)
    memory = known.get(each.address, {}).get(told.property)
    return bool(target and memory and memory.knows(STANDING_FIELDS[target.name].kind, told.value))


def _native(each: Routed) -> Target | None:
    """What we write to the changed property, where it is one of the CRM's own."""
    told, found = each.noticed, each.connection.mapping.objects.get(each.noticed.object)
    return next((target for target in found.native if target.field == told.property), None) if found else None


def _ask_elsewhere(
    conn: Sql, service: HasCrms, renamed: Mapping[Address, Sequence[tuple[Instant, str, Fields]]]
) -> None:
    """Ask the other CRMs for everybody with an e-mail that one CRM's webhook gives and that is new here."""
    told = [(teller, email) for (teller, _, _), values in renamed.items() if (email := _email(values))]
    for name in service.connections:
        people_to_find.seek(conn, [name], [email for teller, email in told if teller != name])


def _is_person(service: HasCrms, key: Address) -> bool:
    name, object_name, _ = key
    return object_name in service.connections[name].mapping.people


def _values(told: Sequence[Routed]) -> list[tuple[Instant, str, Fields]]:
    """The canonical fields that changed properties carry: (time, key, fields)."""
    found = []
    for connection, each in told:
        if each.what == "changed" and each.property is not None:
            fields = inward_property(connection.mapping, each.object, each.property, each.value or "")
            if fields:
                voice = key_prefix(connection.system, connection.name)  # the key says who sent it
                key = each.key if each.key.startswith(f"{voice}:") else f"{voice}:{each.key}"
                found.append((each.at, key, fields))
    return found


def _settled(each: Routed) -> bool:
    """Whether the value that came along is all there is to know; otherwise the record is read."""
    mapping, told = each.connection.mapping, each.noticed
    if told.what != "changed" or told.property is None or not mapping.settles(told.object, told.property):
        return False
    return not misread(mapping, told.object, told.property, told.value or "")


def _worth_reading(each: Routed) -> bool:
    """Whether a change can mean anything to the service: of a task or a deal, not every property does."""
    mapping, told = each.connection.mapping, each.noticed
    found = mapping.objects.get(told.object)
    if found is None or found.kind in {"person", "account"} or told.property is None or told.what != "changed":
        return found is not None and (found.kind != "task" or told.what == "changed")
    return telling(mapping, told.object, told.property, told.value or "")


def _email(values: Sequence[tuple[Instant, str, Fields]]) -> str | None:
    """The newest e-mail among changed properties."""
    emails = [(at, str(fields["email"])) for at, _, fields in values if fields.get("email")]
    return max(emails)[1] if emails else None
