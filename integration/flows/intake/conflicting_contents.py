"""Conflicting contents: of one id with several contents the same one counts, whatever arrived first.

The one with the earliest time counts, then the smaller as canonical JSON. A sender's other one becomes a sync error. Of
a CRM's record, which is edited now and then, an earlier or later version is no sync error.
Rule: [rules: time and order]; reason: [decision 0014].
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection as Sql

from integration.store.events import activities, retractions
from integration.store.events.activities import NewActivity, Stored
from integration.store.queues import dead_letters
from integration.store.queues.dead_letters import Letter
from mappings.conflicts.activity_contents import Content, content, other_content
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant, show
from webhooks.facts import SentActivity


class Delivered(NamedTuple):
    """An activity as a delivery gives it, and when that came."""

    source: str
    heard: SentActivity
    delivery: int = 0
    received_at: Instant | None = None

    @property
    def key(self) -> str:
        """What makes two activities the same."""
        return f"{self.source}:{self.heard.id}"


def came_at(delivered: Iterable[Delivered], now: Instant) -> Instant:
    """When the first of these was received; `now` where nobody says."""
    return min((each.received_at for each in delivered if each.received_at is not None), default=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The activities that count and are not stored, and what some of them take the place of, by key."""

    counting: Sequence[Delivered]
    displaced: Mapping[str, Stored]


def settle(conn: Sql, delivered: Iterable[Delivered], now: Instant) -> Settled:
    """What of a batch is to be stored; what does not count becomes a sync error. Call it after `serialise`."""
    counting: dict[str, Delivered] = {}
    aside: list[Letter] = []
    for each in delivered:
        first = counting.setdefault(each.key, each)
        if first is not each and first.heard.content != each.heard.content:
            counting[each.key], other = sorted((first, each), key=lambda one: one.heard.content)
            aside.append(_letter(other, _item_sent(other.heard), now))
    displaced: dict[str, Stored] = {}
    for key, old in activities.stored(conn, counting).items():
        new = counting[key]
        was, this = _compared(new.heard.id, old), _alike(new.heard, old)
        if this < was:
            displaced[key] = old
            aside.append(_letter(new, _sent(new.heard.id, old), now, old.lead_id))
            continue
        del counting[key]
        if this > was:
            aside.append(_letter(new, _item_sent(new.heard), now))
    dead_letters.add(conn, aside)
    return Settled(counting=tuple(counting.values()), displaced=displaced)


def versions(conn: Sql, rows: Sequence[NewActivity]) -> tuple[list[NewActivity], dict[str, Stored]]:
    """Of what CRMs' records say, what is to be stored; and what some of it takes the place of, by key."""
    counting: dict[str, NewActivity] = {}
    for row in rows:
        counting[row.key] = min(counting.get(row.key, row), row, key=_of_record)
    displaced: dict[str, Stored] = {}
    for key, old in activities.stored(conn, counting).items():
        if _of_record(counting[key]) < _of_record(old):
            displaced[key] = old
        else:
            del counting[key]
    return list(counting.values()), displaced


def losers(displaced: Mapping[str, Stored]) -> set[LeadId]:
    """The leads that lose an activity: to be marked before `put`, as those that gain one are."""
    return {old.lead_id for old in displaced.values() if old.lead_id}


def put(conn: Sql, rows: Sequence[NewActivity], displaced: Mapping[str, Stored]) -> None:
    """Store these; whoever loses an activity, or gains one in another's place, is decided from the beginning."""
    better = [row for row in rows if row.key in displaced]
    activities.keep(conn, [row for row in rows if row.key not in displaced])
    activities.replace(conn, better)
    concerned = losers(displaced) | {row.lead_id for row in better if row.lead_id}
    if concerned:
        retractions.anew(conn, concerned)


def named(heard: SentActivity) -> str:
    """Whom an activity names, as it is stored."""
    told = {"lead": heard.lead, "email": heard.email, "account": heard.account}
    return msgspec.json.encode({name: value for name, value in told.items() if value}).decode()


def _compared(id_: str, old: Stored) -> Content:
    told = {} if old.named is None else msgspec.json.decode(old.named, type=dict[str, str])
    return content(id_, old.at, old.type, old.properties, **told)


def _alike(heard: SentActivity, old: Stored) -> Content:
    """The content of an activity, as far as it is known of the stored one: earlier versions kept no names."""
    return content(heard.id, heard.at, heard.type, heard.properties) if old.named is None else heard.content


def _of_record(row: NewActivity | Stored) -> Content:
    return content("", row.at, row.type, row.properties)


def _item_sent(heard: SentActivity) -> Mapping[str, object]:
    names = {"lead": heard.lead, "email": heard.email, "account": heard.account}
    return _item(heard.id, heard.at, heard.type, heard.properties, names)


def _sent(id_: str, old: Stored) -> Mapping[str, object]:
    names = {} if old.named is None else msgspec.json.decode(old.named, type=dict[str, str])
    return _item(id_, old.at, old.type, old.properties, names)


def _item(
    id_: str, at: Instant, kind: str, properties: Mapping[str, object], names: Mapping[str, str | None]
) -> Mapping[str, object]:
    """An activity as its sender would send it."""
    known = {name: value for name, value in names.items() if value}
    return {"id": id_, "type": kind, "at": show(at), **known, "properties": dict(properties)}


def _letter(other: Delivered, item: Mapping[str, object], now: Instant, lead_id: LeadId | None = None) -> Letter:
    payload = msgspec.json.encode(item)
    return Letter(
        stage="ingest",
        source=other.source,
        ref=f"{other.delivery}:{other.heard.id}",
        payload=payload,
        reason=other_content(other.heard.id),
        at=now,
        lead_id=lead_id,
        once=dead_letters.same("ingest", other.source, payload),
        delivery=other.delivery,
        item=other.heard.id,
    )
