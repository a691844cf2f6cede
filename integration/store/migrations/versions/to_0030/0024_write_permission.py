"""Who has written to the CRMs may go on: a service that was live before this version needs no `coldframe live`.

A store counts as live where something was delivered from it, or where it decided and was not in shadow mode. Any
other works in shadow mode until a person runs `coldframe live`.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

NOW = {
    "postgresql": "SELECT CAST(extract(epoch FROM now()) AS bigint)",
    "sqlite": "SELECT CAST(strftime('%s', 'now') AS INTEGER)",
}
"""Seconds, by the database's clock."""

service_values = sa.table(
    "service_values", sa.column("purpose"), sa.column("value"), sa.column("updated_at", sa.BigInteger())
)
outbox = sa.table("outbox", sa.column("id"), sa.column("state"))
audit = sa.table("audit", *map(sa.column, ("at", "actor", "action", "subject", "detail")))


def upgrade() -> None:
    conn = op.get_bind()
    known = dict(
        conn.execute(
            sa.select(service_values.c.purpose, service_values.c.value).where(
                service_values.c.purpose.in_(["live_since", "shadow_since"])
            )
        ).all()
    )
    wrote = conn.execute(sa.select(outbox.c.id).where(outbox.c.state == "sent").limit(1)).first() is not None
    if not wrote and ("live_since" not in known or "shadow_since" in known):
        return
    now = int(conn.execute(sa.text(NOW[conn.dialect.name])).scalar_one()) * 1_000_000
    since = int(json.loads(known["live_since"])["since"]) if "live_since" in known else now
    value = json.dumps({"at": since, "live_from": since})
    conn.execute(sa.insert(service_values).values(purpose="write_permission", value=value, updated_at=now))
    detail = json.dumps({"why": "the service was live before this version"})
    conn.execute(
        sa.insert(audit).values(at=now, actor="coldframe migrate", action="went live", subject="service", detail=detail)
    )


def downgrade() -> None:
    op.get_bind().execute(sa.delete(service_values).where(service_values.c.purpose == "write_permission"))
