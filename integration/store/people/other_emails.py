"""Other emails: a person's addresses besides the current one, present and former.

They are kept as references of a system of their own, so that they follow their lead when two become one.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from integration.store.people import leads, record_references
from integration.store.people.record_references import Reference

SECONDARY = ("email", "secondary")
"""System and object of an e-mail that a person has as well, says a CRM."""
FORMER = ("email", "address")
"""System and object of an e-mail that a person once had."""


def secondary(conn: Connection, emails: Iterable[str]) -> dict[str, str]:
    """Lead id by an e-mail that the lead has as well."""
    return _whose(conn, SECONDARY, emails)


def former(conn: Connection, emails: Iterable[str]) -> dict[str, str]:
    """Lead id by an e-mail that the lead once had."""
    return _whose(conn, FORMER, emails)


def whose(conn: Connection, emails: Iterable[str]) -> dict[str, str]:
    """Lead id by any e-mail the lead ever had; of several who had one, whoever has it now."""
    wanted = set(emails)
    return {**former(conn, wanted), **secondary(conn, wanted), **leads.by_email(conn, wanted)}


def add_secondary(conn: Connection, owners: Mapping[str, str]) -> None:
    """Each of these e-mails is this lead's as well (e-mail → lead id); what is known already is not written again."""
    known = secondary(conn, owners)
    _link(conn, SECONDARY, {email: lead for email, lead in owners.items() if known.get(email) != lead})


def add_former(conn: Connection, owners: Mapping[str, str]) -> None:
    """Each of these e-mails once was this lead's (e-mail → lead id)."""
    _link(conn, FORMER, owners)


def demote(conn: Connection, emails: Iterable[str]) -> None:
    """These e-mails are no longer had as well: they become former ones of whoever had them."""
    owners = secondary(conn, sorted(set(emails)))
    record_references.unlink(conn, [(*SECONDARY, email) for email in owners])
    add_former(conn, owners)


def _whose(conn: Connection, kind: tuple[str, str], emails: Iterable[str]) -> dict[str, str]:
    asked = [(*kind, email) for email in emails]
    return {email: lead for (_, _, email), lead in record_references.leads(conn, asked).items()} if asked else {}


def _link(conn: Connection, kind: tuple[str, str], owners: Mapping[str, str]) -> None:
    system, name = kind
    record_references.link(
        conn,
        [Reference(system=system, object=name, external_id=email, lead_id=lead) for email, lead in owners.items()],
    )
