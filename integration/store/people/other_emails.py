"""Other emails: a person's addresses besides the current one, present and former."""

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from sqlalchemy import Connection, bindparam, delete, select, update

from integration.store.db.dialects import among, upsert
from integration.store.db.json_codec import listed
from integration.store.people import leads
from integration.store.schema.tables import other_emails
from mappings.values.identifiers import LeadId

Kind: TypeAlias = Literal["secondary", "former"]
"""An e-mail that a person has as well, says a CRM; one that a person once had."""

_c = other_emails.c
_WHOSE = select(_c.email, _c.lead_id).where(_c.kind == bindparam("sort"), among(_c.email, "emails"))
_OF_LEADS = select(_c.email).where(among(_c.lead_id, "ids"))
_PUT = upsert(other_emails, ["email", "kind"], lambda new: {"lead_id": new.lead_id})
_FORGET = delete(other_emails).where(_c.kind == bindparam("sort"), among(_c.email, "emails"))
_MOVE = update(other_emails).where(_c.lead_id == bindparam("loser")).values(lead_id=bindparam("winner"))


def secondary(conn: Connection, emails: Iterable[str]) -> dict[str, LeadId]:
    """Lead id by an e-mail that the lead has as well."""
    return _whose(conn, "secondary", emails)


def former(conn: Connection, emails: Iterable[str]) -> dict[str, LeadId]:
    """Lead id by an e-mail that the lead once had."""
    return _whose(conn, "former", emails)


def whose(conn: Connection, emails: Iterable[str]) -> dict[str, LeadId]:
    """Lead id by any e-mail the lead ever had; of several who had one, whoever has it now."""
    wanted = set(emails)
    return {**former(conn, wanted), **secondary(conn, wanted), **leads.by_email(conn, wanted)}


def of_leads(conn: Connection, lead_ids: Iterable[LeadId]) -> set[str]:
    """Every e-mail of these leads beside their current ones."""
    return set(conn.execute(_OF_LEADS, {"ids": listed(lead_ids)}).scalars())


def add_secondary(conn: Connection, owners: Mapping[str, LeadId]) -> None:
    """Each of these e-mails is this lead's as well (e-mail → lead id); what is known already is not written again."""
    known = secondary(conn, owners)
    _put(conn, "secondary", {email: lead for email, lead in owners.items() if known.get(email) != lead})


def add_former(conn: Connection, owners: Mapping[str, LeadId]) -> None:
    """Each of these e-mails once was this lead's (e-mail → lead id)."""
    _put(conn, "former", owners)


def demote(conn: Connection, emails: Iterable[str]) -> None:
    """These e-mails are no longer had as well: they become former ones of whoever had them."""
    owners = secondary(conn, sorted(set(emails)))
    if owners:
        conn.execute(_FORGET, {"sort": "secondary", "emails": listed(sorted(owners))})
        add_former(conn, owners)


def move(conn: Connection, loser: LeadId, winner: LeadId) -> None:
    """Every other e-mail of the lead `loser` is `winner`'s."""
    conn.execute(_MOVE, {"loser": loser, "winner": winner})


def _whose(conn: Connection, kind: Kind, emails: Iterable[str]) -> dict[str, LeadId]:
    asked = sorted(set(emails))
    return dict(conn.execute(_WHOSE, {"sort": kind, "emails": listed(asked)}).all()) if asked else {}


def _put(conn: Connection, kind: Kind, owners: Mapping[str, LeadId]) -> None:
    if owners:
        rows = [{"email": email, "kind": kind, "lead_id": lead} for email, lead in sorted(owners.items())]
        conn.execute(_PUT.on(conn), rows)
