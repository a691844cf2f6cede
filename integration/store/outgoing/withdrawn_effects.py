"""Withdrawn effects: tasks and touches that wait, and that their lead's history does not justify any more.

What a CRM has is left as it is. What waits is taken back: a lead was judged before its record was read, say. It is
pending again if a later derivation leads to it after all. Its effect is withheld meanwhile: it was not made.
"""

from collections.abc import Collection, Mapping

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


def reconsider(conn: Connection, derived: Mapping[LeadId, Collection[str]]) -> set[str]:
    """`derived` are the keys of everything that each lead's whole history leads to.

    Answers the connections for which something is pending again.
    """
    causes = {lead: {effect_keys.cause(key) for key in keys} for lead, keys in derived.items()}
    gone: dict[int, set[str]] = {}
    back: dict[int, set[str]] = {}
    homes: set[str] = set()
    for row, key, lead, state, connection in conn.execute(_UNSENT, {"ids": listed(sorted(causes))}).all():
        led_to = effect_keys.cause(key) in causes[lead]
        keys = {key, effect_keys.moved(key, lead)}  # what waited for one of two leads that became one keeps its key
        if led_to and state == WITHDRAWN:
            back[row] = keys
            homes.add(connection)
        elif not led_to and state != WITHDRAWN:
            gone[row] = keys
    if gone:
        conn.execute(_WITHDRAW, {"ids": listed(gone)})
        conn.execute(_NOT_MADE, {"keys": listed(sorted(set().union(*gone.values())))})
    if back:
        conn.execute(_AGAIN, {"ids": listed(back)})
        conn.execute(_MADE_AFTER_ALL, {"keys": listed(sorted(set().union(*back.values())))})
    return homes
