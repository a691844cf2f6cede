"""Identities: finds people by stored references, then by e-mail; companies by reference, then by domain.

Never by name. The functions work inside the caller's write transaction, after `serialise`, so that
two flows that meet the same stranger make one lead. [rules: identity]
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from sqlalchemy import Connection as Sql

from integration.store.outgoing import outbox
from integration.store.overall import merging
from integration.store.people import accounts, leads, other_emails, record_references
from integration.store.people.record_references import Address
from mappings.conflicts.field_conflicts import Owners
from mappings.model.canonical import NOTHING
from mappings.values.identifiers import AccountId, ConnectionName, LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Somebody or some company as a source names it: by references, by e-mail or domain, or both."""

    references: tuple[Address, ...] = ()
    handle: str | None = None
    """The e-mail of a person, the domain of a company, each in its one spelling."""
    others: tuple[str, ...] = ()
    """Further e-mails of the same person, from a CRM's own record."""

    @property
    def handles(self) -> tuple[str, ...]:
        """Every handle, the first one first."""
        return self.others if self.handle is None else (self.handle, *self.others)

    joins: bool = False
    """Whether it is a CRM's own record: leads that it shows to be one person become one."""
    introduces: bool = False
    """Whether its reference is the sender's own id: somebody known by nothing else is whose e-mail it is."""


Id = TypeVar("Id", bound=str)
"""LeadId or AccountId."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Generic[Id]):
    """The id behind every sighting, in order, which ids are new, and which references are."""

    ids: tuple[Id, ...]
    newcomers: frozenset[Id]
    linked: frozenset[Address]
    joined: Mapping[Id, Id] = field(default_factory=dict)
    """Leads that turned out to be the same person as another, and as whom they live on."""
    unknown: frozenset[str] = frozenset()
    """The e-mails by which nobody was known before."""
    introduced: Mapping[Id, str] = field(default_factory=dict)
    """Leads that had no e-mail, and the one by which they are known from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before(Generic[Id]):
    """Who is known: by reference, by handle, by an e-mail they once had, and whose e-mail nobody knows."""

    references: Mapping[Address, Id]
    handles: Mapping[str, Id]
    former: Mapping[str, Id] = field(default_factory=dict)
    nameless: frozenset[Id] = frozenset()


def people(  # noqa: PLR0913 - who is seen, and what follows
    conn: Sql,
    sightings: Sequence[Sighting],
    *,
    at: Instant,
    new_id: Callable[[], str],
    connected: Container[ConnectionName],
    owners: Owners,
) -> Resolved[LeadId]:
    """Find or add the lead behind every sighting, and store references not seen before.

    Whoever is first met in a `connected` CRM is to have their standing written there. Leads that a CRM's record
    shows to be one person become one.
    """
    handles, former = _by_address(conn, sightings)
    if all(seen.handle in handles and not seen.references for seen in sightings):
        ids = tuple(handles[str(seen.handle)] for seen in sightings)
        return Resolved(ids=ids, newcomers=frozenset(), linked=frozenset())  # the usual case, and a busy one
    by_reference = leads.by_reference(conn, _references(sightings))
    before = _Before(
        references=by_reference, handles=handles, former=former, nameless=_nameless(conn, sightings, by_reference)
    )
    resolved, links, created = _resolve(sightings, before, lambda: LeadId(new_id()))
    leads.add(
        conn, [leads.NewLead(id=key, email=handle, fields=NOTHING, created_at=at) for key, handle in created.items()]
    )
    record_references.link(
        conn,
        [
            record_references.Reference(connection=connection, object=name, external_id=key, lead_id=lead)
            for (connection, name, key), lead in links.items()
        ],
    )
    for loser, winner in resolved.joined.items():
        merging.join(conn, loser, winner, at, owners)
    further = {email: lead for lead, seen in zip(resolved.ids, sightings, strict=True) for email in seen.others}
    other_emails.add_secondary(conn, further)
    met: defaultdict[ConnectionName, list[LeadId]] = defaultdict(list)
    for (connection, name, _), lead in links.items():
        if connection in connected and name in record_references.PEOPLE:
            met[connection].append(lead)
    for connection, those in met.items():
        outbox.want_fields(conn, connection, those, at)
    return replace(resolved, unknown=frozenset(_handles(sightings)) - handles.keys())


def _by_address(conn: Sql, sightings: Sequence[Sighting]) -> tuple[dict[str, LeadId], dict[str, LeadId]]:
    """Leads by an e-mail that they have, their first or a further one; and by one that they once had.

    The latter are for those of whom nothing but that e-mail is known.
    """
    wanted = _handles(sightings)
    handles = leads.by_email(conn, wanted)
    missing = {each for each in wanted if each not in handles}
    handles |= other_emails.secondary(conn, missing)
    alone = {str(seen.handle) for seen in sightings if seen.handle in missing and not seen.references}
    return handles, other_emails.former(conn, alone - handles.keys())


def companies(
    conn: Sql, sightings: Sequence[Sighting], *, at: Instant, new_id: Callable[[], str]
) -> Resolved[AccountId]:
    """Find or add the account behind every sighting, and store references not seen before."""
    before = _Before(
        references=accounts.by_reference(conn, _references(sightings)),
        handles=accounts.by_domain(conn, _handles(sightings)),
    )
    resolved, links, created = _resolve(sightings, before, lambda: AccountId(new_id()))
    accounts.add(
        conn,
        [accounts.NewAccount(id=key, domain=handle, fields=NOTHING, created_at=at) for key, handle in created.items()],
    )
    record_references.link(
        conn,
        [
            record_references.Reference(connection=connection, object=name, external_id=key, account_id=account)
            for (connection, name, key), account in links.items()
        ],
    )
    return resolved


def _nameless(conn: Sql, sightings: Sequence[Sighting], by_reference: Mapping[Address, LeadId]) -> frozenset[LeadId]:
    """The leads without an e-mail that a sighting gives one to."""
    met = {
        by_reference[each]
        for seen in sightings
        if seen.introduces and seen.handle
        for each in seen.references
        if each in by_reference
    }
    return leads.nameless(conn, met) if met else frozenset()


def _resolve(
    sightings: Sequence[Sighting], before: _Before[Id], new_id: Callable[[], Id]
) -> tuple[Resolved[Id], dict[Address, Id], dict[Id, str | None]]:
    """Ids for all sightings, the references to store, and the newcomers with their handles."""
    references, handles = dict(before.references), dict(before.handles)
    links: dict[Address, Id] = {}
    created: dict[Id, str | None] = {}
    ids = []
    joined: dict[Id, Id] = {}
    nameless, introduced = set(before.nameless), dict[Id, str]()

    def alive(one: Id) -> Id:
        while one in joined:
            one = joined[one]
        return one

    for seen in sightings:
        known = list(dict.fromkeys(map(alive, _known(seen, references, handles, before.former))))
        names = seen.handle if seen.introduces and known and known[0] in nameless else None
        if names is not None:
            nameless.discard(known[0])
            other = alive(handles.get(names, known[0]))
            known = list(dict.fromkeys((known[0], other)))
            introduced |= {known[0]: names} if other == known[0] else {}
        joins = seen.joins or names is not None
        if known:
            found = min(known) if joins else known[0]  # ids sort by age: the older lead lives on
        else:
            found = new_id()
            created[found] = seen.handle
            nameless |= set() if seen.handle else {found}
        if joins:
            joined |= {other: found for other in known if other != found}
        for each in seen.references:
            if each not in references:
                references[each] = links[each] = found
        for handle in seen.handles:
            handles.setdefault(handle, found)
        ids.append(found)
    resolved = Resolved(
        ids=tuple(map(alive, ids)),
        newcomers=frozenset(created),
        linked=frozenset(links),
        joined=joined,
        introduced=introduced,
    )
    return resolved, {each: alive(one) for each, one in links.items()}, created | _only(created, introduced)


def _only(created: Mapping[Id, str | None], introduced: Mapping[Id, str]) -> dict[Id, str | None]:
    """The e-mails of newcomers who were introduced in the same batch."""
    return {one: handle for one, handle in introduced.items() if one in created}


def _known(
    seen: Sighting, references: Mapping[Address, Id], handles: Mapping[str, Id], former: Mapping[str, Id]
) -> list[Id]:
    """Everybody whom a sighting may be, the likeliest first: by reference, then by address, then by a former one."""
    found = [references[each] for each in seen.references if each in references]
    if seen.joins or not found:
        found += [handles[each] for each in seen.handles if each in handles]
    if not found and not seen.references:
        found = [former[each] for each in seen.handles if each in former]
    return found


def _references(sightings: Iterable[Sighting]) -> list[Address]:
    return sorted({reference for seen in sightings for reference in seen.references})


def _handles(sightings: Iterable[Sighting]) -> list[str]:
    return sorted({each for seen in sightings for each in seen.handles})
