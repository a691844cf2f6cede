"""Leads: each person's fields and where they stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, update

from integration.store.db.dialects import among, insert_new, run_many
from integration.store.db.json_codec import decode_fields, encode, listed
from integration.store.db.shards import ALL, Shard, within
from integration.store.people import record_references
from integration.store.people.record_references import Address, Reference
from integration.store.schema.tables import leads
from mappings.model.canonical import Fields
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLead:
    """A person nobody knew; `email` is in its one spelling (`mappings.values.emails`), as everywhere in the store."""

    id: LeadId
    email: str | None
    fields: Fields
    created_at: Instant
    account_id: AccountId | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFields:
    """The current canonical fields of a known lead, whole (not a difference)."""

    id: LeadId
    email: str | None
    fields: Fields
    updated_at: Instant
    account_id: AccountId | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedLead:
    """What a decision leaves behind. `state` (the core's LeadState) and `standing` are JSON text: see code.encode.

    They are text before the transaction begins, since while it is open nobody else can write to SQLite.
    """

    id: LeadId
    state: str
    seen: int
    due: Instant | None
    standing: str
    stage: str | None
    band: str | None
    total: int | None
    updated_at: Instant
    version: int | None = None
    """The version of the playbook that `state` was derived under."""
    segment: str | None = None
    track: str | None = None
    applied: int = 0
    """How many events are in `state`, as far as is known: leads of long ago were not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadRow:
    """A lead as stored; `state` is JSON text or None before the first decision, derived under `version`."""

    id: LeadId
    email: str | None
    account_id: AccountId | None
    owner: str | None
    fields: Fields
    state: str | None
    seen: int
    due: Instant | None
    standing: Fields | None
    stage: str | None
    band: str | None
    total: int | None
    created_at: Instant
    updated_at: Instant
    merged_into: LeadId | None
    version: int | None
    applied: int


_BY_EMAIL = (
    select(leads.c.email, leads.c.id)
    .where(among(leads.c.email, "emails"), leads.c.merged_into.is_(None))
    .order_by(leads.c.created_at.desc(), leads.c.id.desc())
)
_NAMELESS = select(leads.c.id).where(among(leads.c.id, "ids"), leads.c.email.is_(None), leads.c.merged_into.is_(None))
_SHARED = (
    select(leads.c.email)
    .where(leads.c.email.is_not(None), leads.c.merged_into.is_(None))
    .group_by(leads.c.email)
    .having(func.count() > 1)
    .order_by(leads.c.email)
    .limit(bindparam("n"))
)
_ADD = insert_new(leads, ["id"])
_GET = select(*leads.c).where(among(leads.c.id, "ids"))
_STATES = select(leads.c.id, leads.c.version, leads.c.state).where(among(leads.c.id, "ids"), leads.c.state.is_not(None))
_HOMES = select(leads.c.id, leads.c.account_id).where(among(leads.c.id, "ids"), leads.c.account_id.is_not(None))
_SAVED = ("state", "seen", "due", "standing", "stage", "band", "total", "segment", "track", "version", "applied")
_SAVE = (
    update(leads)
    .where(leads.c.id == bindparam("row"))
    .values({name: bindparam(name) for name in _SAVED})
    .values(updated_at=bindparam("updated_at"))
)
_SET_FIELDS = (
    update(leads)
    .where(leads.c.id == bindparam("row"))
    .values({name: bindparam(name) for name in ("email", "fields", "account_id", "owner", "updated_at")})
)
_ANEW = update(leads).where(among(leads.c.id, "ids"), leads.c.version.is_not(None)).values(version=None)
_DUE = select(leads.c.id).where(leads.c.due <= bindparam("now")).order_by(leads.c.due, leads.c.id).limit(bindparam("n"))
_DUE_SHARD = _DUE.where(within(leads.c.id))
_REST = update(leads).where(among(leads.c.id, "ids")).values(due=None)
_SURVIVORS = select(leads.c.id, leads.c.merged_into).where(among(leads.c.id, "ids"), leads.c.merged_into.is_not(None))
_MERGE = update(leads).where(leads.c.id == bindparam("row")).values(merged_into=bindparam("winner"), due=None)


def by_email(conn: Connection, emails: Iterable[str]) -> dict[str, LeadId]:
    """Lead id by e-mail; the oldest lead where several share one; merged leads are not found."""
    wanted = set(emails)
    return dict(conn.execute(_BY_EMAIL, {"emails": listed(wanted)}).all()) if wanted else {}


def nameless(conn: Connection, ids: Iterable[LeadId]) -> frozenset[LeadId]:
    """Those of these leads whose e-mail nobody knows."""
    return frozenset(conn.execute(_NAMELESS, {"ids": listed(sorted(ids))}).scalars())


def shared(conn: Connection, limit: int) -> list[str]:
    """E-mails that several leads have, none of whom was merged."""
    return list(conn.execute(_SHARED, {"n": limit}).scalars())


def sharing(conn: Connection, emails: Iterable[str]) -> list[list[LeadId]]:
    """The ids of leads that have one of these e-mails together, the oldest first; merged leads are not."""
    wanted = sorted(set(emails))
    found: dict[str, list[LeadId]] = {}
    for email, lead in reversed(conn.execute(_BY_EMAIL, {"emails": listed(wanted)}).all() if wanted else []):
        found.setdefault(email, []).append(lead)
    return [ids for ids in found.values() if len(ids) > 1]


def by_reference(conn: Connection, addresses: Iterable[Address]) -> dict[Address, LeadId]:
    """Lead id by (system, object, external id)."""
    return record_references.leads(conn, addresses)


def add(conn: Connection, rows: Sequence[NewLead]) -> None:
    """Add leads; an id that is there already is left as it is."""
    if rows:
        conn.execute(
            _ADD.on(conn),
            [
                {
                    "id": row.id,
                    "email": row.email,
                    "account_id": row.account_id,
                    "owner": row.owner,
                    "fields": encode(row.fields),
                    "created_at": row.created_at,
                    "updated_at": row.created_at,
                }
                for row in rows
            ],
        )


def get(conn: Connection, lead_ids: Iterable[LeadId]) -> list[LeadRow]:
    """The leads of these ids that exist, in any order."""
    wanted = list(lead_ids)
    return [
        LeadRow(
            id=row.id,
            email=row.email,
            account_id=row.account_id,
            owner=row.owner,
            fields=decode_fields(row.fields),
            state=row.state,
            seen=row.seen,
            due=row.due,
            standing=None if row.standing is None else decode_fields(row.standing),
            stage=row.stage,
            band=row.band,
            total=row.total,
            created_at=row.created_at,
            updated_at=row.updated_at,
            merged_into=row.merged_into,
            version=row.version,
            applied=row.applied,
        )
        for row in (conn.execute(_GET, {"ids": listed(wanted)}).all() if wanted else ())
    ]


def states(conn: Connection, lead_ids: Iterable[LeadId], version: int | None) -> dict[LeadId, str]:
    """The states (JSON text) of those of these leads that were derived under this version; much lighter than `get`."""
    wanted = sorted(set(lead_ids))
    rows = conn.execute(_STATES, {"ids": listed(wanted)}).all() if wanted else []
    return {lead: state for lead, under, state in rows if under == version}


def homes(conn: Connection, lead_ids: Iterable[LeadId]) -> list[tuple[LeadId, AccountId]]:
    """(lead, account) for those who have one; much lighter than `get`."""
    wanted = list(lead_ids)
    return [(lead, account) for lead, account in conn.execute(_HOMES, {"ids": listed(wanted)})] if wanted else []


def save(conn: Connection, rows: Sequence[SavedLead]) -> None:
    """Store what was decided. Check the lease in the same transaction (leases.extend)."""
    if rows:
        run_many(
            conn,
            _SAVE,
            [
                {
                    "row": row.id,
                    "state": row.state,
                    "seen": row.seen,
                    "due": row.due,
                    "standing": row.standing,
                    "stage": row.stage,
                    "band": row.band,
                    "total": row.total,
                    "segment": row.segment,
                    "track": row.track,
                    "updated_at": row.updated_at,
                    "version": row.version,
                    "applied": row.applied,
                }
                for row in sorted(rows, key=lambda row: row.id)
            ],
        )


def set_fields(conn: Connection, rows: Sequence[LeadFields]) -> None:
    """Replace the current canonical fields of leads."""
    if rows:
        run_many(
            conn,
            _SET_FIELDS,
            [
                {
                    "row": row.id,
                    "email": row.email,
                    "fields": encode(row.fields),
                    "account_id": row.account_id,
                    "owner": row.owner,
                    "updated_at": row.updated_at,
                }
                for row in sorted(rows, key=lambda row: row.id)
            ],
        )


def due(conn: Connection, now: Instant, limit: int, shard: Shard = ALL) -> list[LeadId]:
    """The leads for whom time alone changes something by now, the longest overdue first."""
    asked = {"now": now, "n": limit}
    if shard.whole:
        return list(conn.execute(_DUE, asked).scalars())
    return list(conn.execute(_DUE_SHARD, asked | shard.asked).scalars())


def not_due(conn: Connection, lead_ids: Iterable[LeadId]) -> None:
    """Time alone brings these leads up no more, until they are decided about again."""
    conn.execute(_REST, {"ids": listed(lead_ids)})


def derive_anew(conn: Connection, lead_ids: Iterable[LeadId]) -> None:
    """What these leads are was derived from what is known better now: no version has derived them."""
    conn.execute(_ANEW, {"ids": listed(sorted(lead_ids))})


def survivors(conn: Connection, lead_ids: Iterable[LeadId]) -> dict[LeadId, LeadId]:
    """Those of the leads that were merged, and as whom they live on."""
    return dict(conn.execute(_SURVIVORS, {"ids": listed(lead_ids)}).all())


def link(conn: Connection, rows: Iterable[Reference]) -> None:
    """These CRM records are these leads."""
    record_references.link(conn, rows)


def merge(conn: Connection, loser: LeadId, winner: LeadId) -> None:
    """The lead `loser` lives on as `winner`; it is no longer found by e-mail. Move its references with `link`."""
    conn.execute(_MERGE, {"row": loser, "winner": winner})
