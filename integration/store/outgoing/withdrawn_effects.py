"""Withdrawn effects: tasks and touches that wait, and that their lead's history does not justify any more.

What a CRM has is left as it is. What waits is taken back: a lead was judged before its record was read, say. It is
pending again if a later derivation leads to it after all. Its effect is withheld meanwhile: it was not made.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, exists, or_, select, update

from integration.core.model import effect_keys
from integration.store.db.dialects import among
from integration.store.db.json_codec import listed
from integration.store.schema.tables import NEW, effects, outbox
from mappings.values.identifiers import LeadId

WITHDRAWN = "withdrawn"
_WHY = "the lead's history, as it is known by now, does not lead to it"
_o = outbox.c
_UNSENT = select(_o.id, _o.key, _o.lead_id, _o.state, _o.connection).where(
    among(_o.lead_id, "ids"),
    _o.kind.in_(["task", "touch"]),
    _o.attempted.is_(False),
    or_(_o.state == NEW, _o.state == WITHDRAWN),
)
_WITHDRAW = update(outbox).where(among(_o.id, "ids")).values(state=WITHDRAWN, error=_WHY)
_AGAIN = (
    update(outbox)
    .where(
        among(_o.id, "ids"),
        ~exists().where(effects.c.key == _o.key, effects.c.withheld.is_not(None), effects.c.withheld != WITHDRAWN),
    )
    .values(state="new", error=None)
)
_NOT_MADE = update(effects).where(among(effects.c.key, "keys"), effects.c.withheld.is_(None)).values(withheld=WITHDRAWN)
_MADE_AFTER_ALL = (
    update(effects).where(among(effects.c.key, "keys"), effects.c.withheld == WITHDRAWN).values(withheld=None)
)


@dataclass(slots=True)
class Reconsidered:
    """By row, the keys of what waits and is taken back, and of what is pending again; and where the latter go."""

    gone: dict[int, set[str]] = field(default_factory=dict)
    back: dict[int, set[str]] = field(default_factory=dict)
    homes: set[str] = field(default_factory=set)


class Led(NamedTuple):
    """The keys of what a lead's history leads to, or of the later part of it.

    `former` are the keys of what that part led to before: nothing else is taken back (None: it is the whole history).
    """

    keys: Collection[str]
    former: Collection[str] | None = None


def considered(conn: Connection, derived: Mapping[LeadId, Led]) -> Reconsidered:
    """What `reconsider` would do. Reads only."""
    if not derived:
        return Reconsidered()
    causes = {lead: _causes(led.keys) for lead, led in derived.items()}
    former = {lead: _causes(led.former) for lead, led in derived.items() if led.former is not None}
    found = Reconsidered()
    if not causes:
        return found
    for row, key, lead, state, connection in conn.execute(_UNSENT, {"ids": listed(sorted(causes))}).all():
        origin = effect_keys.origin(key)
        led_to = effect_keys.of_leaver(key) or origin in causes[lead]
        keys = {key, effect_keys.moved(key, lead)}  # what waited for one of two leads that became one keeps its key
        if led_to and state == WITHDRAWN:
            found.back[row] = keys
            found.homes.add(connection)
        elif not led_to and state != WITHDRAWN and (lead not in former or origin in former[lead]):
            found.gone[row] = keys
    return found


def _causes(keys: Iterable[str]) -> set[str]:
    return {effect_keys.cause(key) for key in keys}


def reconsider(conn: Connection, derived: Mapping[LeadId, Led]) -> set[str]:
    """Take back, or make pending again, what waits of these leads, by what their histories lead to.

    Answers the connections for which something is pending again.
    """
    found = considered(conn, derived)
    if found.gone:
        conn.execute(_WITHDRAW, {"ids": listed(found.gone)})
        conn.execute(_NOT_MADE, {"keys": listed(sorted(set().union(*found.gone.values())))})
    if found.back:
        conn.execute(_AGAIN, {"ids": listed(found.back)})
        conn.execute(_MADE_AFTER_ALL, {"keys": listed(sorted(set().union(*found.back.values())))})
    return found.homes
