"""E-mails and domains that are stored get their one spelling; leads who thereby are one person are joined later.

Only rows that are spelt otherwise are written. What is no single address stays in nobody's field: its CRM record names
its lead. `flows/people/join_leads.py` joins the leads that share an e-mail from now on.
"""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from mappings.values import domains, emails

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SHARED = "emails:shared"
PAGE = 1_000

leads = sa.table("leads", sa.column("id"), sa.column("email"), sa.column("fields"), sa.column("merged_into"))
accounts = sa.table("accounts", sa.column("id"), sa.column("domain"), sa.column("fields"))
changes = sa.table("changes", sa.column("seq"), sa.column("lead_id"), sa.column("fields"))
references = sa.table("crm_references", *map(sa.column, ("system", "object", "external_id", "lead_id")))
refresh = sa.table("refresh", *map(sa.column, ("connection", "object", "external_id")))
cursors = sa.table("cursors", sa.column("name"), sa.column("value"), sa.column("updated_at", sa.BigInteger()))


def upgrade() -> None:
    conn = op.get_bind()
    _columns(conn, leads, "email", emails.normal)
    _columns(conn, accounts, "domain", lambda domain: domains.domain(domain) or domain)
    for table, key in ((leads, "id"), (accounts, "id"), (changes, "seq")):
        _fields(conn, table, table.c[key])
    _renamed(conn, references, references.c.system == "email")
    _former(conn)
    _renamed(conn, refresh, refresh.c.object == "")
    alive = sa.select(leads.c.email).where(leads.c.email.is_not(None), leads.c.merged_into.is_(None))
    if conn.execute(alive.group_by(leads.c.email).having(sa.func.count() > 1).limit(1)).first():
        conn.execute(sa.insert(cursors).values(name=SHARED, value="waiting", updated_at=0))


def downgrade() -> None:
    op.execute(sa.delete(cursors).where(cursors.c.name == SHARED))


def _columns(conn: sa.Connection, table: sa.TableClause, column: str, respelt: Any) -> None:
    """A column of names, each in its one spelling."""
    new = [
        {"row": key, "new": spelt}
        for key, name in _pages(
            conn, sa.select(table.c.id, table.c[column]).where(table.c[column].is_not(None)), table.c.id
        )
        if (spelt := respelt(name)) != name
    ]
    if new:
        conn.execute(
            sa.update(table).where(table.c.id == sa.bindparam("row")).values({column: sa.bindparam("new")}), new
        )


def _fields(conn: sa.Connection, table: sa.TableClause, key: sa.ColumnClause[Any]) -> None:
    """Fields as JSON that contain an e-mail or a domain in another spelling."""
    found = sa.select(key, table.c.fields).where(
        sa.or_(table.c.fields.contains('"email":'), table.c.fields.contains('"domain":'))
    )
    new = []
    for row, text in _pages(conn, found, key):
        fields = json.loads(text)
        spelt = dict(fields)
        if isinstance(fields.get("email"), str):
            spelt["email"] = emails.normal(fields["email"])
        if isinstance(fields.get("domain"), str):
            spelt["domain"] = domains.domain(fields["domain"]) or fields["domain"]
        if spelt != fields:
            new.append({"row": row, "new": json.dumps(spelt, ensure_ascii=False, separators=(",", ":"))})
    if new:
        conn.execute(sa.update(table).where(key == sa.bindparam("row")).values(fields=sa.bindparam("new")), new)


def _former(conn: sa.Connection) -> None:
    """Whatever address a lead ever had, the lead is found by it, unless somebody else has it now."""
    told = sa.select(changes.c.seq, changes.c.lead_id, changes.c.fields).where(
        changes.c.lead_id.is_not(None), changes.c.fields.contains('"email":')
    )
    new: dict[str, str] = {}
    for _, lead, text in _pages(conn, told, changes.c.seq):
        email = json.loads(text).get("email")
        if email:
            new[email] = lead
        if len(new) >= PAGE:
            _keep_former(conn, new)
            new = {}
    _keep_former(conn, new)


def _keep_former(conn: sa.Connection, owners: dict[str, str]) -> None:
    """References of these addresses to these leads, but for those that are somebody's now or known already."""
    known = set(conn.execute(sa.select(leads.c.email).where(leads.c.email.in_(owners))).scalars())
    theirs = sa.select(references.c.external_id).where(
        references.c.system == "email", references.c.external_id.in_(owners)
    )
    known |= set(conn.execute(theirs).scalars())
    rows = [
        {"system": "email", "object": "address", "external_id": email, "lead_id": lead}
        for email, lead in sorted(owners.items())
        if email not in known
    ]
    if rows:
        conn.execute(sa.insert(references), rows)


def _renamed(conn: sa.Connection, table: sa.TableClause, which: sa.ColumnElement[bool]) -> None:
    """Rows whose key is an e-mail; of two that come to have one key, the one that has it already stays."""
    for key in list(conn.execute(sa.select(table.c.external_id).where(which).distinct()).scalars()):
        spelt = emails.normal(key)
        if spelt in {key, None}:
            continue
        taken = conn.execute(sa.select(table.c.external_id).where(which, table.c.external_id == spelt).limit(1)).first()
        here = sa.and_(which, table.c.external_id == key)
        if taken:
            conn.execute(sa.delete(table).where(here))
        else:
            conn.execute(sa.update(table).where(here).values(external_id=spelt))


def _pages(conn: sa.Connection, found: sa.Select[Any], key: sa.ColumnClause[Any]) -> Iterator[Any]:
    """The rows of a query, by their key, a page at a time."""
    page = conn.execute(found.order_by(key).limit(PAGE)).all()
    while page:
        yield from page
        page = conn.execute(found.where(key > page[-1][0]).order_by(key).limit(PAGE)).all()
