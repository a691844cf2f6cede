"""Deleted records, other e-mails and people to find have columns and tables, no longer by words in a name.

`crm_references.system` is called `connection`, since that is what it holds; a deleted record is marked in a column
(it stood under `hubspot (deleted)`); an e-mail beside the current one has a table of its own (it stood under the system
`email`). Who is to be found by e-mail has one as well (it stood in `refresh` under the object ``).
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

DELETED = " (deleted)"
KINDS = {"secondary": "secondary", "address": "former"}
OBJECTS = {kind: name for name, kind in KINDS.items()}

references = sa.table("crm_references", *map(sa.column, ("connection", "object", "external_id", "lead_id")))
marked = sa.table(
    "crm_references", *map(sa.column, ("connection", "object", "external_id")), sa.column("deleted", sa.Boolean())
)
other_emails = sa.table("other_emails", *map(sa.column, ("email", "kind", "lead_id")))
refresh = sa.table("refresh", *map(sa.column, ("connection", "object", "external_id", "seq", "not_before", "attempts")))
people = sa.table("people_to_find", *map(sa.column, ("connection", "email", "seq", "not_before", "attempts")))
letters = sa.table(
    "dead_letters", *map(sa.column, ("id", "stage", "ref", "replayed_at")), sa.column("payload", sa.LargeBinary())
)


def upgrade() -> None:
    op.create_table(
        "other_emails",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("email", "kind", name="pk_other_emails"),
    )
    op.create_index("ix_other_emails_lead_id", "other_emails", ["lead_id"])
    op.create_table(
        "people_to_find",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("not_before", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("connection", "email", name="pk_people_to_find"),
    )
    op.create_index("ix_people_to_find_next", "people_to_find", ["connection", "not_before", "email"])
    op.create_index("ix_people_to_find_email", "people_to_find", ["email"])
    op.alter_column("crm_references", "system", new_column_name="connection")
    op.add_column("crm_references", sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    conn = op.get_bind()
    _mark_deleted(conn)
    emails = references.c.connection == "email"
    kind = sa.case(*((references.c.object == name, kind) for name, kind in KINDS.items()))
    told = sa.select(references.c.external_id, kind, references.c.lead_id).where(
        emails, references.c.object.in_(KINDS), references.c.lead_id.is_not(None)
    )
    conn.execute(sa.insert(other_emails).from_select(["email", "kind", "lead_id"], told))
    conn.execute(sa.delete(references).where(emails, references.c.object.in_(KINDS)))
    columns = ["connection", "email", "seq", "not_before", "attempts"]
    sought = sa.select(
        refresh.c.connection, refresh.c.external_id, refresh.c.seq, refresh.c.not_before, refresh.c.attempts
    ).where(refresh.c.object == "")
    conn.execute(sa.insert(people).from_select(columns, sought))
    conn.execute(sa.delete(refresh).where(refresh.c.object == ""))
    _rewrite_letters(conn, _named)


def downgrade() -> None:
    conn = op.get_bind()
    _rewrite_letters(conn, _paired)
    columns = ["connection", "object", "external_id", "seq", "not_before", "attempts"]
    sought = sa.select(
        people.c.connection, sa.literal(""), people.c.email, people.c.seq, people.c.not_before, people.c.attempts
    )
    conn.execute(sa.insert(refresh).from_select(columns, sought))
    name = sa.case(*((other_emails.c.kind == kind, name) for kind, name in OBJECTS.items()))
    told = sa.select(sa.literal("email"), name, other_emails.c.email, other_emails.c.lead_id)
    conn.execute(sa.insert(references).from_select(["connection", "object", "external_id", "lead_id"], told))
    conn.execute(
        sa.update(marked).where(marked.c.deleted.is_(True)).values(connection=marked.c.connection.concat(DELETED))
    )
    op.drop_column("crm_references", "deleted")
    op.alter_column("crm_references", "connection", new_column_name="system")
    op.drop_table("people_to_find")
    op.drop_table("other_emails")


def _mark_deleted(conn: sa.Connection) -> None:
    """Deleted records under their connection's own name; one that has come back as somebody else's stays as it is."""
    named = marked.c.connection.like(f"%{DELETED}")
    there = marked.alias()
    bare = sa.func.substr(marked.c.connection, 1, sa.func.length(marked.c.connection) - len(DELETED))
    taken = sa.exists().where(
        there.c.connection == bare,
        there.c.object == marked.c.object,
        there.c.external_id == marked.c.external_id,
    )
    conn.execute(sa.delete(marked).where(named, taken))
    conn.execute(sa.update(marked).where(named).values(connection=bare, deleted=True))


def _rewrite_letters(conn: sa.Connection, rewritten: Any) -> None:
    """What sync errors contain of records and people that a CRM is to be asked for."""
    waiting = sa.select(letters.c.id, letters.c.ref, letters.c.payload).where(letters.c.stage == "refresh")
    for row, ref, payload in conn.execute(waiting).all():
        try:
            held = json.loads(bytes(payload))
        except ValueError:
            continue
        new = rewritten(ref, held) if isinstance(held, dict) else None
        if new is not None:
            told = json.dumps(new, ensure_ascii=False).encode()
            conn.execute(sa.update(letters).where(letters.c.id == row).values(payload=told))


def _named(ref: str, held: dict[str, Any]) -> dict[str, Any] | None:
    """`wishes` as objects, and an e-mail under its name; what could not be read as a record's names it, too."""
    if "wishes" in held:
        return {**held, "wishes": [_look_up(name, key) for name, key in held["wishes"]]}
    if held.get("object") == "" and "id" in held:
        rest = {name: value for name, value in held.items() if name not in {"object", "id"}}
        return {**rest, "email": held["id"]}
    name, colon, key = ref.partition(":")
    return {"object": name, "id": key, **held} if colon and name and "id" not in held else None


def _paired(_ref: str, held: dict[str, Any]) -> dict[str, Any] | None:
    """`wishes` as pairs, and an e-mail as the id of no object: as they were before."""
    if "wishes" in held:
        return {
            **held,
            "wishes": [[each.get("object", ""), each.get("id", each.get("email"))] for each in held["wishes"]],
        }
    if "email" in held and "id" not in held:
        rest = {name: value for name, value in held.items() if name != "email"}
        return {**rest, "object": "", "id": held["email"]}
    return None


def _look_up(name: str, key: str) -> dict[str, str]:
    return {"object": name, "id": key} if name else {"email": key}
