"""What was kept under names that had to be read apart stands in tables whose columns say what it is.

`cursors` becomes `counters`, `service_values`, `connection_values`, `object_values` and `call_rates`; `lanes` becomes
`pauses`, whose kind no longer stands in a name or a reason. Every row that this version knows is carried over.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

COUNTERS = {"event_seq": "event_seq", "erased:dropped": "erased_dropped"}
OF_SERVICE = {
    "live": "live_since",
    "shadow": "shadow_since",
    "derived anew": "rederivation",
    "handover": "next_handover",
    "emails:shared": "shared_emails",
}
OF_CONNECTION = {
    "poll": "next_poll_object",
    "drift": "drift",
    "users": "user_reading",
    "offered": "picklists",
    "task-words": "task_words",
}
OF_OBJECT = {"poll": "poll", "sync": "sync", "unread": "unread"}
EMPTY_IS_NONE = {"shadow_since", "unread", "next_poll_object"}
PERSON, BUDGET, SIGNED_OUT, MOVED = "person ", "budget:", "signed out: ", "MOVED"


def _table(name: str, *columns: str) -> sa.TableClause:
    numbers = {"value_number", "updated_at", "until", "paused_until", "since", "began_at", "used"}
    return sa.table(name, *(sa.column(each, sa.BigInteger() if each in numbers else sa.Text()) for each in columns))


cursors = _table("cursors", "name", "value", "updated_at")
counters = sa.table("counters", sa.column("name"), sa.column("value", sa.BigInteger()))
service_values = _table("service_values", "purpose", "value", "updated_at")
connection_values = _table("connection_values", "purpose", "connection", "value", "updated_at")
object_values = _table("object_values", "purpose", "connection", "object", "value", "updated_at")
call_rates = _table("call_rates", "connection", "what", "began_at", "used")
lanes = _table("lanes", "name", "paused_until", "reason", "since")
pauses = _table("pauses", "name", "kind", "until", "reason", "code", "since")


def upgrade() -> None:
    _create("counters", key=["name"], numbers=["value"])
    _create("service_values", key=["purpose"], texts=["value"], numbers=["updated_at"])
    _create("connection_values", key=["purpose", "connection"], texts=["value"], numbers=["updated_at"])
    _create("object_values", key=["purpose", "connection", "object"], texts=["value"], numbers=["updated_at"])
    _create("call_rates", key=["connection", "what"], numbers=["began_at", "used"])
    op.create_table(
        "pauses",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", "kind", name="pk_pauses"),
    )
    conn = op.get_bind()
    for name, value, updated_at in conn.execute(sa.select(cursors)).all():
        _carry_value(conn, name, value, updated_at)
    for name, until, reason, since in conn.execute(sa.select(lanes)).all():
        conn.execute(sa.insert(pauses).values(**_pause(name, until, reason), reason=reason, since=since))
    op.drop_table("cursors")
    op.drop_table("lanes")


def downgrade() -> None:
    _create("cursors", key=["name"], texts=["value"], numbers=["updated_at"])
    op.create_table(
        "lanes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("paused_until", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_lanes"),
    )
    conn = op.get_bind()
    rows = list(_former(conn))
    if rows:
        conn.execute(sa.insert(cursors), rows)
    prefixes = {"person": PERSON, "budget": BUDGET}
    seen: set[str] = set()
    order = sa.case((pauses.c.kind == "signed_out", 0), else_=1)  # it waits for a person, whatever else is said
    for name, kind, until, reason, _, since in conn.execute(sa.select(pauses).order_by(order)).all():
        former = f"{prefixes.get(kind, '')}{name}"
        if former not in seen:
            conn.execute(sa.insert(lanes).values(name=former, paused_until=until, reason=reason, since=since))
        seen.add(former)
    for name in ("counters", "service_values", "connection_values", "object_values", "call_rates", "pauses"):
        op.drop_table(name)


def _create(name: str, *, key: list[str], texts: list[str] | None = None, numbers: list[str]) -> None:
    columns: list[sa.Column[Any]] = [
        *(sa.Column(each, sa.Text(), nullable=False) for each in [*key, *(texts or [])]),
        *(sa.Column(each, sa.BigInteger(), nullable=False) for each in numbers),
    ]
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"))


def _carry_value(conn: sa.Connection, name: str, value: str, updated_at: int) -> None:
    """One row of `cursors`; a purpose that no version knows is left behind."""
    purpose, _, rest = name.partition(":")
    connection, _, about = rest.partition(":")
    if name in COUNTERS:
        conn.execute(sa.insert(counters).values(name=COUNTERS[name], value=int(value)))
    elif name in OF_SERVICE:
        _keep(conn, service_values, {"purpose": OF_SERVICE[name]}, value, updated_at)
    elif purpose == "rate" and about:
        window = json.loads(value)
        row = {"began_at": window["began_at"], "used": window["used"]}
        conn.execute(sa.insert(call_rates).values(connection=connection, what=about, **row))
    elif about and purpose in OF_OBJECT:
        key = {"purpose": OF_OBJECT[purpose], "connection": connection, "object": about}
        _keep(conn, object_values, key, value, updated_at)
    elif connection and not about and purpose in OF_CONNECTION:
        _keep(conn, connection_values, {"purpose": OF_CONNECTION[purpose], "connection": connection}, value, updated_at)


def _keep(conn: sa.Connection, table: sa.TableClause, key: dict[str, str], value: str, updated_at: int) -> None:
    """A value under its key; an empty one stood for none."""
    if value or key["purpose"] not in EMPTY_IS_NONE:
        conn.execute(sa.insert(table).values(**key, value=value, updated_at=updated_at))


def _pause(name: str, until: int | None, reason: str) -> dict[str, object]:
    """Name, kind, end and code of a row of `lanes`; an endless one that no CRM made is a person's."""
    code = MOVED if reason.startswith(MOVED) else ""
    if name.startswith(PERSON):
        return {"name": name.removeprefix(PERSON), "kind": "person", "until": until, "code": ""}
    if name.startswith(BUDGET):
        return {"name": name.removeprefix(BUDGET), "kind": "budget", "until": until, "code": ""}
    if until is None:
        kind = "signed_out" if reason.startswith(SIGNED_OUT) else "person"
        return {"name": name, "kind": kind, "until": None, "code": ""}
    return {"name": name, "kind": "outage", "until": until, "code": code}


def _former(conn: sa.Connection) -> list[dict[str, object]]:
    """The rows of `cursors` as they were called before."""
    named = [
        ({v: k for k, v in COUNTERS.items()}[name], str(value), 0) for name, value in conn.execute(sa.select(counters))
    ]
    of_service = {new: old for old, new in OF_SERVICE.items()}
    named += [(of_service[what], value, at) for what, value, at in conn.execute(sa.select(service_values))]
    of_connection = {new: old for old, new in OF_CONNECTION.items()}
    named += [
        (f"{of_connection[what]}:{connection}", value, at)
        for what, connection, value, at in conn.execute(sa.select(connection_values))
    ]
    named += [
        (f"{what}:{connection}:{about}", value, at)
        for what, connection, about, value, at in conn.execute(sa.select(object_values))
    ]
    named += [
        (f"rate:{connection}:{what}", json.dumps({"began_at": began, "used": used}), 0)
        for connection, what, began, used in conn.execute(sa.select(call_rates))
    ]
    return [{"name": name, "value": value, "updated_at": at} for name, value, at in named]
