"""New values: of what records say, what they have not said before. Only that counts as changed.

So a person whom two CRMs describe differently does not change back and forth each time one of them is read, and the
echo of a write of ours says nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Connection as Sql

from connectors.base.port import Record
from integration.flows.base.service import Connection
from integration.flows.people import learn_other_emails
from integration.flows.people.identities import Resolved
from integration.store.crm import crm_field_state
from integration.store.people import record_references
from integration.store.people.record_references import Address
from mappings.model.canonical import NOTHING, Fields
from mappings.translate.native_fields import FieldState, Reading, reading
from mappings.translate.translation import Inward
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant

Read: TypeAlias = tuple[Record, Inward]
"""A record, and what it says in canonical fields."""
MAPPED = "mapped"
"""The name under which a reference remembers since when the mapping was in force that its record was read by."""
_UNTOLD = object()


@dataclass(frozen=True, slots=True)
class NewValues:
    """Of what a record says, what it has not said before; `first` where it has said nothing yet.

    `email` is the address that this very record gives for the first time. `mapped`: since when the mapping is in force
    by which it is read for the first time, having been read by another one before; 0 for all else.
    """

    told: Inward
    first: bool
    email: str = ""
    mapped: Instant = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """What records say, compared with what they said last: what is new, and what is to be remembered of each."""

    news: list[NewValues]
    told: list[tuple[Address, Fields]]
    written: Mapping[Address, Mapping[str, FieldState]]
    """What is known of the fields that we write as well, where it has changed."""


def new_values(  # noqa: PLR0913 - what was read, of whom, and when
    conn: Sql,
    connection: Connection,
    read: Sequence[Read],
    found: Resolved[LeadId] | Resolved[AccountId],
    more: Sequence[Mapping[str, str]],
    *,
    asked_at: Instant,
) -> list[NewValues]:
    """Of what each record says, what it has not said before, which is remembered. `more` are further lead fields.

    Of the fields that we write as well, it is what somebody else chose. [mappings.translate.native_fields]
    """
    joined = set(found.joined.values())
    addresses = [(connection.name, record.object, record.id) for record, _ in read]
    whose = zip(addresses, found.ids, strict=True)
    anew = frozenset(address for address, subject in whose if address in found.linked or subject in joined)
    seen = compared(conn, connection, read, more, anew, asked_at=asked_at)
    crm_field_state.save(conn, seen.written)
    record_references.tell(conn, seen.told)
    return seen.news


def compared(  # noqa: PLR0913 - as above
    conn: Sql,
    connection: Connection,
    read: Sequence[Read],
    more: Sequence[Mapping[str, str]],
    anew: Collection[Address],
    *,
    asked_at: Instant,
) -> Compared:
    """As `new_values`, with nothing stored. Records `anew` say everything for the first time of whom they are now."""
    addresses = [(connection.name, record.object, record.id) for record, _ in read]
    before = record_references.last_said(conn, addresses)
    readings, written = _readings(conn, connection, addresses, read, asked_at)
    news: list[NewValues] = []
    now: list[tuple[Address, Fields]] = []
    for address, (_, told), extra in zip(addresses, read, more, strict=True):
        old = NOTHING if address in anew else before.get(address, NOTHING)
        lead, account = {**told.lead, **extra}, told.account
        said = _differs(old, "lead", lead)
        ours = readings.get(address)
        if ours is not None:
            said = {name: value for name, value in said.items() if name not in ours.silent}
            said |= {name: lead[name] for name in ours.chose}
        email = str(lead.get("email") or "")
        same = before.get(address, NOTHING).get("lead.email") == email
        other = address in before and before[address].get(MAPPED, 0) != connection.mapped
        news.append(
            NewValues(
                Inward(lead=said, account=_differs(old, "account", account)),
                first=address not in before,
                email="" if same else email,
                mapped=connection.mapped if other else 0,
            )
        )
        flat = {f"lead.{name}": value for name, value in lead.items()}
        flat |= {MAPPED: connection.mapped} if connection.mapped else {}
        flat |= {learn_other_emails.TOLD: told.other_emails} if told.other_emails else {}
        now.append((address, flat | {f"account.{name}": value for name, value in account.items()}))
    changed = [(address, fields) for address, fields in now if before.get(address) != fields]
    return Compared(news=news, told=changed, written=written)


def _readings(
    conn: Sql, connection: Connection, addresses: Sequence[Address], read: Sequence[Read], asked_at: Instant
) -> tuple[dict[Address, Reading], dict[Address, Mapping[str, FieldState]]]:
    """What each record says about the fields that we write too, and what is known of these from now on."""
    objects = connection.mapping.objects
    known = crm_field_state.load(conn, [each for each in addresses if objects[each[1]].native])
    found = {
        address: reading(
            objects[record.object],
            record.fields,
            known.get(address, {}),
            modified_at=record.modified_at,
            asked_at=asked_at,
        )
        for address, (record, _) in zip(addresses, read, strict=True)
        if objects[record.object].native
    }
    return found, {key: each.after for key, each in found.items() if each.after != known.get(key, {})}


def _differs(old: Fields, part: str, fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if old.get(f"{part}.{name}", _UNTOLD) != value}


def valid_since(record: Record, now: Instant, new: NewValues) -> Instant:
    """The time that a record's values have: its last change, when first read its creation; never the future.

    What another mapping makes of it counts from when that mapping was published, just before what happened then.
    """
    since = min((record.created_at if new.first else record.modified_at) or now, now)
    return max(since, new.mapped - 1) if new.mapped else since
