"""Lead lists: pages of leads by filters, in a stable order, as the console shows them.

A page costs about the same whatever the filters: it is looked for among a bounded number of leads, and says where to
go on. What has an index (stage, owner, service level, the beginning of an e-mail) narrows those; the rest is compared.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, bindparam, literal_column, select, tuple_

from integration.store.db.dialects import among
from integration.store.db.json_codec import decode_fields, listed
from integration.store.schema.tables import accounts, clock_runs, leads
from mappings.model.canonical import NOTHING, Fields
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

SIZE = 50
"""Leads of a page."""
LOOKED_AT = 20_000
"""Leads among which a page is looked for."""

Order: TypeAlias = Literal["score", "change"]
ORDERS: tuple[Order, ...] = get_args(Order)
Level: TypeAlias = Literal["", "running", "breached"]
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFilter:
    """Which leads are shown, and in which order; "" for any.

    By score, those are shown that have one. With `begins`, the leads whose e-mail begins so come in its order.
    """

    stage: str = ""
    band: str = ""
    segment: str = ""
    track: str = ""
    owner: str = ""
    level: Level = ""
    order: Order = "score"
    begins: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: what it is ordered by there, and the id of the lead."""

    key: int | str
    id: LeadId


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLead:
    """A line of the list; `total` None before the first decision."""

    id: LeadId
    email: str | None
    owner: str | None
    fields: Fields
    company: Fields
    standing: Fields
    stage: str | None
    band: str | None
    total: int | None
    updated_at: Instant

    @property
    def name(self) -> str:
        """The name of the person, "" unknown."""
        return " ".join(str(self.fields[part]) for part in ("first_name", "last_name") if self.fields.get(part))


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadPage:
    """Some leads, and the place after which the list goes on (None: it ends here).

    `unfinished`: the leads looked at did not fill the page, and there are others.
    """

    leads: tuple[ListedLead, ...]
    further: Place | None
    unfinished: bool = False


_l, _c = leads.c, clock_runs.c
_EQUAL = {"stage": _l.stage, "owner": _l.owner}
"""Filters that an index answers."""
_COMPARED = ("band", "segment", "track")
_HIGHEST = "\U0010ffff"
_ROWS = (
    select(
        *(_l.id, _l.email, _l.owner, _l.fields, _l.standing, _l.stage, _l.band, _l.total, _l.updated_at),
        accounts.c.fields.label("company"),
    )
    .outerjoin(accounts, accounts.c.id == _l.account_id)
    .where(among(_l.id, "ids"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What the statement of a page depends on, besides its values."""

    postgres: bool
    order: Literal["score", "change", "email"]
    filters: frozenset[str]
    level: Level
    after: bool


def page(conn: Connection, wanted: LeadFilter, after: Place | None = None, size: int = SIZE) -> LeadPage:
    """The leads after that place, at most `size`."""
    filters = {name: getattr(wanted, name) for name in (*_EQUAL, *_COMPARED) if getattr(wanted, name)}
    given: dict[str, Any] = {**filters, "n": size + 1, "most": LOOKED_AT}
    if wanted.begins:
        given |= {"start": wanted.begins, "end": f"{wanted.begins}{_HIGHEST}"}
    if after is not None:
        given |= {"key": after.key, "id": after.id}
    shape = _Shape(
        postgres=conn.dialect.name == "postgresql",
        order="email" if wanted.begins else wanted.order,
        filters=frozenset(filters),
        level=wanted.level,
        after=after is not None,
    )
    found = [Place(*row) for row in conn.execute(_places(shape), given)]
    shown = of(conn, [place.id for place in found[:size]])
    if len(found) > size:
        return LeadPage(leads=shown, further=found[size - 1])
    last = conn.execute(_last(shape), given | {"most": LOOKED_AT - 1}).one_or_none()
    return LeadPage(leads=shown, further=Place(*last) if last else None, unfinished=last is not None)


def of(conn: Connection, ids: Iterable[LeadId]) -> tuple[ListedLead, ...]:
    """The lines of these leads, in this order; of those that are not stored, none."""
    wanted = list(ids)
    rows = {row["id"]: _listed(row) for row in conn.execute(_ROWS, {"ids": listed(wanted)}).mappings()}
    return tuple(rows[each] for each in wanted if each in rows)


def _listed(row: RowMapping) -> ListedLead:
    opened = {name: NOTHING if row[name] is None else decode_fields(row[name]) for name in ("company", "standing")}
    return ListedLead(**{**row, **opened, "fields": decode_fields(row["fields"])})


@lru_cache(maxsize=256)
def _places(shape: _Shape) -> Select[Any]:
    """The places of a page, among the leads that are looked at."""
    looked_at = _candidates(shape).limit(bindparam("most")).subquery("looked_at")
    compared = (looked_at.c[name] == bindparam(name) for name in _COMPARED if name in shape.filters)
    found = select(looked_at.c.key, looked_at.c.id).where(*compared)
    return found.order_by(*_order(shape, looked_at.c.key, looked_at.c.id)).limit(bindparam("n"))


@lru_cache(maxsize=256)
def _last(shape: _Shape) -> Select[Any]:
    """The last place that was looked at, where there may be more behind."""
    return _candidates(shape).with_only_columns(_key(shape), _l.id).offset(bindparam("most")).limit(1)


def _key(shape: _Shape) -> ColumnElement[Any]:
    return {"score": _l.total, "change": _l.updated_at, "email": _l.email}[shape.order]


def _candidates(shape: _Shape) -> Select[Any]:
    """The leads that an index finds, in order."""
    key = _key(shape)
    found = select(key.label("key"), _l.id, *(_l[name] for name in _COMPARED)).where(_l.merged_into.is_(None))
    found = found.where(*(_EQUAL[name] == bindparam(name) for name in sorted(shape.filters & _EQUAL.keys())))
    if shape.level:
        runs = select(_c.lead_id).where(_c.ended_at.is_(None), _c.withheld.is_(None))
        found = found.where(_l.id.in_(runs.where(_c.breached.is_(True)) if shape.level == "breached" else runs))
    if shape.order == "email":
        found = found.where(*_beginning(shape))
    elif shape.order == "score":
        found = found.where(key.is_not(None))
    if shape.after and shape.order != "email":
        found = found.where(tuple_(key, _l.id) < tuple_(bindparam("key"), bindparam("id")))
    return found.order_by(*_order(shape, key, _l.id))


def _order(shape: _Shape, key: ColumnElement[Any], lead: ColumnElement[Any]) -> Iterable[ColumnElement[Any]]:
    if shape.order != "email":
        return key.desc(), lead.desc()
    return (key.op("USING")(literal_column("~<~")) if shape.postgres else key), lead


def _beginning(shape: _Shape) -> Iterator[ColumnElement[bool]]:
    """E-mails from one text to another, compared by their bytes."""
    at_least, below = ("~>=~", "~<~") if shape.postgres else (">=", "<")
    yield _l.email.op(at_least, is_comparison=True)(bindparam("start"))
    yield _l.email.op(below, is_comparison=True)(bindparam("end"))
    if shape.after:
        yield _l.email.op(at_least, is_comparison=True)(bindparam("key"))
        yield (_l.email != bindparam("key")) | (_l.id > bindparam("id"))
