"""Statistics as of a service that has run for years: 50 million activities, and what followed of them.

Each table gets a thousand rows whose values are spread as theirs would be, and PostgreSQL is told that it has as many
rows as it would have then. Its planner goes by that, and filling a table takes milliseconds.
"""

from dataclasses import dataclass, field

import psycopg

T = 1_767_600_000_000_000
"""Now: an instant."""
_ROWS = 1_000


@dataclass(frozen=True)
class Large:
    """A table that grows: how many rows it has, what a row is (of number `n`), and how many values a column has.

    A column's number of values is a share of the rows where it is negative, as in `ALTER TABLE … SET (n_distinct)`.
    """

    rows: int
    values: dict[str, str]
    distinct: dict[str, float] = field(default_factory=dict)


_TABLES = {
    "leads": Large(
        500_000,
        {
            "id": "'l' || n", "email": "'p' || n || '@firm' || n || '.example'", "account_id": "'a' || n",
            "owner": "'u' || n % 50", "fields": "'{}'", "seen": "n", "due": "{t} + 30000000000000 + n",
            "standing": "'{}'", "stage": "(ARRAY['nurture', 'mql', 'customer'])[1 + n % 3]", "total": "n % 100",
            "merged_into": "CASE WHEN n % 50 = 0 THEN 'l1' END",
            "created_at": "{t} - n", "updated_at": "{t} - n", "version": "1",
        },
        {"account_id": -0.1},
    ),
    "accounts": Large(
        50_000,
        {"id": "'a' || n", "domain": "'firm' || n || '.example'", "fields": "'{}'", "due": "{t} + 30000000000000 + n",
         "created_at": "{t} - n", "updated_at": "{t} - n", "version": "1"},
    ),
    "other_emails": Large(50_000, {"email": "'o' || n || '@firm.example'", "kind": "'former'", "lead_id": "'l' || n"}),
    "crm_references": Large(
        1_000_000,
        {"connection": "(ARRAY['hubspot', 'salesforce'])[1 + n % 2]", "object": "(ARRAY['contact', 'Lead'])[1 + n % 2]",
         "external_id": "'c' || n", "lead_id": "'l' || n", "written": "'{}'", "told": "'{}'"},
        {"lead_id": -0.5},
    ),
    "activities": Large(
        50_000_000,
        {"seq": "n", "key": "'web:' || n", "lead_id": "'l' || n",
         "account_id": "CASE WHEN n % 20 = 0 THEN 'a' || n END", "at": "{t} - 1000000 * n::bigint",
         "type": "(ARRAY['page_view', 'email_open', 'email_click'])[1 + n % 3]",
         "properties": "'{}'", "source": "'activities'", "derived": "n % 50 = 0"},
        {"lead_id": -0.01, "account_id": 50_000},
    ),
    "changes": Large(
        2_000_000,
        {"seq": "n + 1000", "key": "'hubspot:' || n", "lead_id": "CASE WHEN n % 10 > 0 THEN 'l' || n END",
         "account_id": "CASE WHEN n % 10 = 0 THEN 'a' || n END", "at": "{t} - n", "fields": "'{}'"},
        {"lead_id": -0.25, "account_id": 50_000},
    ),
    "effects": Large(
        20_000_000,
        {"key": "'l' || n || '/' || n", "lead_id": "'l' || n", "kind": "(ARRAY['stage', 'task', 'touch'])[1 + n % 3]",
         "at": "{t} - 1000000 * n::bigint", "payload": "'{}'", "because": "'[]'", "decided_at": "{t} - n"},
        {"lead_id": -0.025},
    ),
    "outbox": Large(
        20_000_000,
        {"connection": "(ARRAY['hubspot', 'salesforce'])[1 + n % 2]",
         "kind": "(ARRAY['fields', 'task', 'touch'])[1 + n % 3]", "key": "'l' || n || '/o/' || n",
         "lead_id": "'l' || n", "payload": "'{}'", "state": "'sent'", "created_at": "{t} - n", "since": "{t} - n"},
        {"lead_id": -0.025},
    ),
    "inbox": Large(
        5_000_000,
        {"source": "'activities'", "received_at": "{t} - 1000000 * n::bigint", "headers": "'{}'", "body": "'[]'",
         "state": "'done'"},
    ),
    "taken": Large(5_000_000, {"digest": "n", "at": "{t} - 1000000 * n::bigint", "delivery": "n"}),
    "assignments": Large(
        500_000,
        {"key": "'l' || n || '/o/' || n", "lead_id": "'l' || n", "connection": "'hubspot'", "user_id": "'u' || n % 200",
         "person": "'p' || n % 200", "pool": "'sdr'", "at": "{t} - 1000000 * n::bigint",
         "closed_at": "CASE WHEN n % 50 > 0 THEN {t} - n END"},
    ),
    "alerts": Large(
        200_000,
        {"key": "'l' || n || '/alert'", "alert": "'handoff'", "lead_id": "'l' || n", "at": "{t} - n",
         "raised_at": "{t} - 1000000 * n::bigint", "text": "''", "remedy": "''", "because": "'[]'"},
    ),
    "clock_runs": Large(
        500_000,
        {"key": "'l' || n || '/clock'", "lead_id": "'l' || n", "clock": "'first_touch'", "times": "1",
         "started_at": "{t} - 1000000 * n::bigint", "received_at": "{t} - n", "due_at": "{t} - n", "breached": "false",
         "ended_at": "CASE WHEN n % 100 > 0 THEN {t} - n END", "answer": "''", "hours": "''"},
    ),
    "checkpoints": Large(
        4_000_000,
        {"lead_id": "'l' || n", "number": "n % 8", "at": "{t} - n", "kind": "0", "event": "'e' || n", "applied": "50",
         "state": "'{}'"},
        {"lead_id": -0.125},
    ),
    "dead_letters": Large(
        100_000,
        {"stage": "'ingest'", "source": "'activities'", "ref": "'r' || n", "payload": "'{}'", "reason": "''",
         "at": "{t} - n", "replayed_at": "CASE WHEN n % 100 > 0 THEN {t} - 1000000 * n::bigint END"},
    ),
    "audit": Large(
        500_000,
        {"at": "{t} - n", "actor": "'a'", "action": "'b'", "subject": "'c'", "detail": "'{}'"},
    ),
}  # fmt: skip
LARGE = frozenset(_TABLES)
"""Tables that grow with what ever happened."""
_TOLD = """UPDATE pg_class SET reltuples = greatest(reltuples, 0) * %s WHERE oid = %s::regclass
    OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = %s::regclass)"""


def fill(url: str) -> None:
    """Fill every growing table of a migrated database, and tell the planner how large they are."""
    with psycopg.connect(url, autocommit=True) as conn, conn.transaction():
        for name, table in _TABLES.items():
            columns, words = ", ".join(table.values), ", ".join(table.values.values()).replace("{t}", str(T))
            of = f"generate_series(1, {_ROWS}) n"
            conn.execute(f"INSERT INTO {name} ({columns}) SELECT {words} FROM {of}")  # noqa: S608 - our own words
            for column, values in table.distinct.items():
                conn.execute(f"ALTER TABLE {name} ALTER COLUMN {column} SET (n_distinct = {values})")
        conn.execute("SELECT setval('event_seq', 100000)")
        conn.execute("ANALYZE")
        for name, table in _TABLES.items():
            conn.execute(_TOLD, (table.rows / _ROWS, name, name))
