"""Who is who: people by stored references, then by e-mail; companies by reference, then by domain.

Never by name. The functions work inside the caller's write transaction, after `serialise`, so that
two flows that meet the same stranger make one lead. [semantics 11]
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection as Sql

from integration.store import accounts, leads, merging, outbox, references
from integration.store.references import Address
from mappings.canonical import NOTHING
from mappings.conflicts import Owners
from mappings.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Somebody or some company as a source names it: by references, by e-mail or domain, or both."""

    references: tuple[Address, ...] = ()
    handle: str | None = None
    """The case-folded e-mail of a person, the domain of a company."""
    joins: bool = False
    """Whether it is a CRM's own record: leads that it shows to be one person become one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The id behind every sighting, in order, which ids are new, and which references are."""

    ids: tuple[str, ...]
    newcomers: frozenset[str]
    linked: frozenset[Address]
    joined: Mapping[str, str] = field(default_factory=dict)
    """Leads that turned out to be the same person as another, and as whom they live on."""


def people(  # noqa: PLR0913 - who is seen, and what follows
    conn: Sql,
    sightings: Sequence[Sighting],
    *,
    at: Instant,
    new_id: Callable[[], str],
    connected: Container[str],
    owners: Owners,
) -> Resolved:
    """Find or add the lead behind every sighting, and store references not seen before.

    Whoever is first met in a `connected` CRM is to have their standing written there. Leads that a CRM's record
    shows to be one person become one.
    """
    handles = leads.by_email(conn, _handles(sightings))
    handles |= _former(conn, [seen for seen in sightings if seen.handle and seen.handle not in handles])
    if all(seen.handle in handles and not seen.references for seen in sightings):
        ids = tuple(handles[str(seen.handle)] for seen in sightings)
        return Resolved(ids=ids, newcomers=frozenset(), linked=frozenset())  # the usual case, and a busy one
    resolved, links, created = _resolve(sightings, leads.by_reference(conn, _references(sightings)), handles, new_id)
    leads.add(
        conn, [leads.NewLead(id=key, email=handle, fields=NOTHING, created_at=at) for key, handle in created.items()]
    )
    references.link(
        conn,
        [
            references.Reference(system=system, object=name, external_id=key, lead_id=lead)
            for (system, name, key), lead in links.items()
        ],
    )
    for loser, winner in resolved.joined.items():
        merging.join(conn, loser, winner, at, owners)
    met: defaultdict[str, list[str]] = defaultdict(list)
    for (system, name, _), lead in links.items():
        if system in connected and name in references.PEOPLE:
            met[system].append(lead)
    for system, those in met.items():
        outbox.want_fields(conn, system, those, at)
    return resolved


def _former(conn: Sql, sightings: Sequence[Sighting]) -> dict[str, str]:
    """Leads by an e-mail they once had, for those of whom nothing but that e-mail is told."""
    told = {str(seen.handle) for seen in sightings if not seen.references}
    known = leads.by_reference(conn, [(*merging.FORMER, email) for email in told])
    return {email: lead for (_, _, email), lead in known.items()}


def companies(conn: Sql, sightings: Sequence[Sighting], *, at: Instant, new_id: Callable[[], str]) -> Resolved:
    """Find or add the account behind every sighting, and store references not seen before."""
    known = accounts.by_reference(conn, _references(sightings)), accounts.by_domain(conn, _handles(sightings))
    resolved, links, created = _resolve(sightings, *known, new_id)
    accounts.add(
        conn,
        [accounts.NewAccount(id=key, domain=handle, fields=NOTHING, created_at=at) for key, handle in created.items()],
    )
    references.link(
        conn,
        [
            references.Reference(system=system, object=name, external_id=key, account_id=account)
            for (system, name, key), account in links.items()
        ],
    )
    return resolved


def _resolve(
    sightings: Sequence[Sighting],
    by_reference: Mapping[Address, str],
    by_handle: Mapping[str, str],
    new_id: Callable[[], str],
) -> tuple[Resolved, dict[Address, str], dict[str, str | None]]:
    """Ids for all sightings, the references to store, and the newcomers with their handles."""
    references, handles = dict(by_reference), dict(by_handle)
    links: dict[Address, str] = {}
    created: dict[str, str | None] = {}
    ids = []
    joined: dict[str, str] = {}

    def alive(one: str) -> str:
        while one in joined:
            one = joined[one]
        return one

    for seen in sightings:
        known = list(dict.fromkeys(alive(references[each]) for each in seen.references if each in references))
        if seen.handle in handles and (seen.joins or not known):
            known = list(dict.fromkeys((*known, alive(handles[seen.handle]))))
        if known:
            found = min(known) if seen.joins else known[0]  # ids sort by age: the older lead lives on
        else:
            found = new_id()
            created[found] = seen.handle
        if seen.joins:
            joined |= {other: found for other in known if other != found}
        for each in seen.references:
            if each not in references:
                references[each] = links[each] = found
        if seen.handle is not None:
            handles.setdefault(seen.handle, found)
        ids.append(found)
    resolved = Resolved(
        ids=tuple(map(alive, ids)), newcomers=frozenset(created), linked=frozenset(links), joined=joined
    )
    return resolved, {each: alive(one) for each, one in links.items()}, created


def _references(sightings: Iterable[Sighting]) -> list[Address]:
    return sorted({reference for seen in sightings for reference in seen.references})


def _handles(sightings: Iterable[Sighting]) -> list[str]:
    return sorted({seen.handle for seen in sightings if seen.handle is not None})
