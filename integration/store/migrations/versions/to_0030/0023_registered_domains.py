"""Companies' domains that are stored become the ones that they have registered: `shop.acme.co.uk` is `acme.co.uk`.

Only rows that hold another domain are written. Where companies come to share one, new people join the oldest.
"""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from mappings.values import domains

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

PAGE = 1_000

accounts = sa.table("accounts", *map(sa.column, ("id", "domain", "fields")))
changes = sa.table("changes", *map(sa.column, ("seq", "fields")))


def upgrade() -> None:
    conn = op.get_bind()
    _written(conn, accounts, accounts.c.id, accounts.c.domain, registered)
    for table, key in ((accounts, accounts.c.id), (changes, changes.c.seq)):
        _written(conn, table, key, table.c.fields, _with_registered, sa.column("fields").contains('"domain":'))


def downgrade() -> None:
    """What people wrote is not known any more; the registered domain is right before too."""


def registered(domain: str) -> str:
    """The registered domain; what is none stays as it is."""
    return domains.domain(domain) or domain


def _with_registered(text: str) -> str:
    fields = json.loads(text)
    domain = fields.get("domain")
    if not isinstance(domain, str) or registered(domain) == domain:
        return text
    return json.dumps(fields | {"domain": registered(domain)}, ensure_ascii=False, separators=(",", ":"))


def _written(
    conn: sa.Connection,
    table: sa.TableClause,
    key: sa.ColumnClause[Any],
    column: sa.ColumnClause[Any],
    respelt: Any,
    *where: sa.ColumnElement[bool],
) -> None:
    rows = sa.select(key, column).where(column.is_not(None), *where)
    new = [{"row": row, "new": text} for row, old in _pages(conn, rows, key) if (text := respelt(old)) != old]
    if new:
        conn.execute(sa.update(table).where(key == sa.bindparam("row")).values({column: sa.bindparam("new")}), new)


def _pages(conn: sa.Connection, found: sa.Select[Any], key: sa.ColumnClause[Any]) -> Iterator[Any]:
    """The rows of a query, by their key, a page at a time."""
    page = conn.execute(found.order_by(key).limit(PAGE)).all()
    while page:
        yield from page
        page = conn.execute(found.where(key > page[-1][0]).order_by(key).limit(PAGE)).all()
