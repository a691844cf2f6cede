"""Unanswered look-ups: what a CRM will not answer is set aside as sync errors; replayed, it is asked again.

Where a CRM refuses what was asked for as such (an encrypted e-mail field, an object that is hidden), every look-up
would leave a sync error of its own: they are put into one, as long as it waits.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection as Sql

from connectors.base.concerns import Concern
from connectors.base.port import Receipt
from integration.flows.base.service import Connection
from integration.store.people import leads
from integration.store.queues import dead_letters
from integration.store.queues.dead_letters import Letter
from integration.store.queues.look_ups import LookUp
from integration.store.queues.people_to_find import Sought
from integration.store.queues.records_to_read import Wanted
from mappings.values.identifiers import ConnectionName, ExternalId, LeadId
from mappings.values.instant import Instant

MOST = 1_000
"""Look-ups in one sync error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Look-ups that a CRM refused together; `asked_of` is the object it was asked for."""

    asked_of: str
    wishes: Sequence[LookUp]
    receipt: Receipt

    @property
    def reason(self) -> str:
        """The object, and the CRM's words."""
        return f"{self.asked_of}: {self.receipt.code}: {self.receipt.message}".strip(": ")

    @property
    def of_every_value(self) -> bool:
        """Whether other values would be refused alike."""
        return self.receipt.forbidden or self.receipt.concern is Concern.OBJECT


def set_aside(conn: Sql, connection: Connection, refused: Iterable[Unanswered], now: Instant) -> None:
    """Keep these as sync errors."""
    for each in refused:
        if each.of_every_value:
            _together(conn, connection, each, now)
        else:
            people = _people(conn, connection, each.wishes)
            rows = [_letter(connection, each, [wish], now, people.get(shown(wish))) for wish in each.wishes]
            dead_letters.add(conn, rows)


def lookups_of(letter: Letter) -> list[LookUp]:
    """The look-ups that a CRM would not answer; none of a sync error about something else."""
    return [_read(letter, each) for each in _stored(letter).get("wishes", ())]


def again(letter: Letter) -> list[LookUp]:
    """What is to be asked for again because of a sync error: its look-ups, or the record that it is about."""
    held = _stored(letter)
    return [_read(letter, held)] if "email" in held or "id" in held else lookups_of(letter)


def rewritten(kept: Iterable[LookUp]) -> bytes:
    """The payload of a sync error about these look-ups."""
    return json.dumps({"wishes": [plain(each) for each in kept]}, ensure_ascii=False).encode()


def plain(look_up: LookUp) -> dict[str, str]:
    """A look-up as a sync error keeps it: a record's object and id, or an e-mail."""
    if isinstance(look_up, Wanted):
        return {"object": look_up.object, "id": look_up.external_id}
    return {"email": look_up.email}


def shown(look_up: LookUp) -> str:
    """A look-up as people read it, alike for the same."""
    return f"{look_up.object}:{look_up.external_id}" if isinstance(look_up, Wanted) else f"e-mail:{look_up.email}"


def _stored(letter: Letter) -> Mapping[str, Any]:
    """What the sync error of a record or of look-ups contains; nothing for any other."""
    if letter.stage != "refresh":
        return {}
    try:
        held = json.loads(letter.payload)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}


def _read(letter: Letter, held: Mapping[str, str]) -> LookUp:
    if "email" in held:
        return Sought(connection=ConnectionName(letter.source), email=held["email"])
    return Wanted(connection=ConnectionName(letter.source), object=held["object"], external_id=ExternalId(held["id"]))


def _together(conn: Sql, connection: Connection, refused: Unanswered, now: Instant) -> None:
    waiting = dead_letters.alike(conn, "refresh", connection.name, refused.reason)
    if waiting is None:
        dead_letters.add(conn, [_letter(connection, refused, refused.wishes, now, None)])
        return
    held = {shown(each): each for each in (*lookups_of(waiting), *refused.wishes)}
    dead_letters.rewrite(conn, [(waiting.id, rewritten(list(held.values())[:MOST]))])


def _letter(
    connection: Connection, refused: Unanswered, some: Sequence[LookUp], now: Instant, lead: LeadId | None
) -> Letter:
    return Letter(
        stage="refresh",
        source=connection.name,
        ref=refused.asked_of,
        payload=rewritten(some),
        reason=refused.reason,
        at=now,
        lead_id=lead,
    )


def _people(conn: Sql, connection: Connection, some: Sequence[LookUp]) -> dict[str, LeadId]:
    """Whom these look-ups are about, as far as they are known, by what is `shown` of each."""
    emails = leads.by_email(conn, [each.email for each in some if isinstance(each, Sought)])
    records = {(connection.name, each.object, each.external_id): each for each in some if isinstance(each, Wanted)}
    found = {shown(Sought(connection=connection.name, email=email)): lead for email, lead in emails.items()}
    return found | {shown(records[key]): lead for key, lead in leads.by_reference(conn, records).items()}
