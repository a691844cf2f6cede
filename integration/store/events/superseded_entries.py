"""Superseded entries: entries of stages and tracks that their lead's history, as it is known by now, does not lead to.

A lead has one line of stages and one of tracks. What becomes known late may change the line from before it on: then the
entries on record say the new line, and those of the old one are withheld as superseded. What a CRM was told by them is
not undone; it is told where the lead stands now.
"""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from sqlalchemy import BigInteger, Connection, bindparam, select, update

from integration.store.db.dialects import among, run_many
from integration.store.db.json_codec import encode, listed
from integration.store.events.decided_effects import EffectRow
from integration.store.schema.tables import effects
from mappings.values.identifiers import LeadId

SUPERSEDED = "superseded"
ENTRIES = ("stage", "track")
"""The kinds of effects that say where a lead is from then on."""
_e = effects.c
_ON_RECORD = select(_e.key, _e.lead_id, _e.at, _e.payload, _e.withheld).where(
    among(_e.lead_id, "ids"),
    _e.kind.in_(ENTRIES),
    _e.version.is_not_distinct_from(bindparam("version", type_=BigInteger)),
)
_SUPERSEDE = update(effects).where(among(_e.key, "keys")).values(withheld=SUPERSEDED)
_FOLLOW = (
    update(effects)
    .where(_e.key == bindparam("entry"))
    .values(
        at=bindparam("when"),
        payload=bindparam("says"),
        because=bindparam("reasons"),
        withheld=bindparam("why"),
        version=bindparam("number"),
    )
)


def follow(
    conn: Connection,
    derived: Mapping[LeadId, Mapping[str, EffectRow]],
    version: int | None,
    former: Mapping[LeadId, Collection[str] | None] = MappingProxyType({}),
) -> None:
    """`derived` are, by key, all entries to which each lead's whole history leads under this version of the rules.

    Of leads that have some `former` ones, only the later part was derived: what that led to before was these, and no
    other entry of theirs is superseded.
    What is on record for these leads says the same from now on. Entries that another version decided are left as they
    are: they say what was so under its rules.
    """
    if not derived:
        return
    gone: list[str] = []
    moved: list[EffectRow] = []
    for key, lead, at, payload, withheld in conn.execute(
        _ON_RECORD, {"ids": listed(sorted(derived)), "version": version}
    ).all():
        entry = derived[lead].get(key)
        if entry is None:
            before = former.get(lead)
            gone += [key] if withheld != SUPERSEDED and (before is None or key in before) else []
        elif withheld == SUPERSEDED or (at, payload) != (entry.at, encode(entry.payload)):
            moved.append(entry)
    if gone:
        conn.execute(_SUPERSEDE, {"keys": listed(sorted(gone))})
    move(conn, moved)


def move(conn: Connection, entries: Iterable[EffectRow]) -> None:
    """These entries, whose keys are on record, are so now: by the line that it has by now, a lead came there anew."""
    rows = [
        {
            "entry": each.key,
            "when": each.at,
            "says": encode(each.payload),
            "reasons": encode(each.because),
            "why": each.withheld,
            "number": each.version,
        }
        for each in sorted(entries, key=lambda each: each.key)
    ]
    if rows:
        run_many(conn, _FOLLOW, rows)
