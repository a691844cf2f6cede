"""Unanswered lookups: what a CRM will not answer is set aside as letters, in its words; replayed, it is asked again.

Where a CRM refuses what was asked for as such (an encrypted e-mail field, an object that is hidden), every look-up
would leave a letter of its own: they are put into one, as long as it waits.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from connectors.base.concerns import Concern
from connectors.base.port import Receipt
from integration.flows.base.service import Connection
from integration.store.people import leads
from integration.store.queues import dead_letters
from integration.store.queues.dead_letters import Letter
from integration.store.queues.records_to_read import Wanted
from mappings.values.instant import Instant

MOST = 1_000
"""Look-ups that one letter holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Look-ups that a CRM refused together; `asked_of` is the object it was asked for."""

    asked_of: str
    wishes: Sequence[Wanted]
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
    """Keep these as letters."""
    for each in refused:
        if each.of_every_value:
            _together(conn, connection, each, now)
        else:
            people = _people(conn, connection, each.wishes)
            rows = [_letter(connection, each, [wish], now, people.get(_pair(wish))) for wish in each.wishes]
            dead_letters.add(conn, rows)


def wishes(letter: Letter) -> list[Wanted]:
    """The look-ups of a letter; none of one about something else."""
    if letter.stage != "refresh" or ":" in letter.ref:
        return []
    held = json.loads(letter.payload)["wishes"]
    return [Wanted(connection=letter.source, object=name, external_id=value) for name, value in held]


def rewritten(kept: Iterable[Wanted]) -> bytes:
    """The payload of a letter about these look-ups."""
    return json.dumps({"wishes": [_pair(each) for each in kept]}, ensure_ascii=False).encode()


def _together(conn: Sql, connection: Connection, refused: Unanswered, now: Instant) -> None:
    waiting = dead_letters.alike(conn, "refresh", connection.name, refused.reason)
    if waiting is None:
        dead_letters.add(conn, [_letter(connection, refused, refused.wishes, now, None)])
        return
    held = {_pair(each): each for each in (*wishes(waiting), *refused.wishes)}
    dead_letters.rewrite(conn, [(waiting.id, rewritten(list(held.values())[:MOST]))])


def _letter(
    connection: Connection, refused: Unanswered, some: Sequence[Wanted], now: Instant, lead: str | None
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


def _people(conn: Sql, connection: Connection, some: Sequence[Wanted]) -> dict[tuple[str, str], str]:
    """Whom these look-ups are about, as far as they are known."""
    emails = leads.by_email(conn, [each.external_id for each in some if not each.object])
    named = [(connection.name, each.object, each.external_id) for each in some if each.object]
    found = {("", email): lead for email, lead in emails.items()}
    return found | {(name, key): lead for (_, name, key), lead in leads.by_reference(conn, named).items()}


def _pair(wish: Wanted) -> tuple[str, str]:
    return wish.object, wish.external_id
