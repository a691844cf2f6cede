"""Merged touches: of two leads that turn out to be one person, nobody gets the same touch twice.

Both may have been at the same step of the same track, so both have a touch of that cause. One goes, or has gone; the
other, where no CRM has it and none may have it by now, is not sent, and its record says so.
"""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import Connection, bindparam, select

from integration.core.model import effect_keys
from integration.store.outgoing import sent_touches
from integration.store.schema.tables import outbox
from mappings.values.identifiers import LeadId

SAME = "the same touch of another record of this person goes, or has gone"
_o = outbox.c
_TOUCHES = (
    select(_o.id, _o.key, _o.state, _o.attempted)
    .where(_o.lead_id.in_([bindparam("loser"), bindparam("winner")]), _o.kind == "touch", _o.state.in_(["new", "sent"]))
    .order_by(_o.id)
)


def settle(conn: Connection, loser: LeadId, winner: LeadId, same: Collection[str]) -> None:
    """Of these effects of the loser, which the winner has too, one touch of each cause goes out.

    `same`: keys of effects, of any kind. What went first stays; else what may be on its way, else the winner's.
    """
    causes = {effect_keys.cause(key) for key in same}
    if not causes:
        return
    found = defaultdict(list)
    for row in conn.execute(_TOUCHES, {"loser": loser, "winner": winner}):
        if effect_keys.cause(row.key) in causes:
            found[effect_keys.cause(row.key)].append(row)
    dropped: list[tuple[int, str, str]] = []
    for rows in found.values():
        first = min(
            rows,
            key=lambda row: (row.state == "new", not row.attempted, not effect_keys.belongs(row.key, winner)),
        )
        dropped += [
            (row.id, row.key, SAME) for row in rows if row is not first and row.state == "new" and not row.attempted
        ]
    sent_touches.not_sent(conn, dropped)
