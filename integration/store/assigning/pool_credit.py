"""Pool credit: what each person of a pool has on account towards their next turn (see routing/turns.py)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from integration.store.db.dialects import among, upsert
from integration.store.db.json_codec import listed
from integration.store.schema.tables import pool_credit

_c = pool_credit.c
_OF = select(_c.pool, _c.person, _c.credit).where(among(_c.pool, "pools"))
_PUT = upsert(pool_credit, ["pool", "person"], lambda new: {"credit": new.credit})


def of_pools(conn: Connection, pools: Iterable[str]) -> dict[str, Mapping[str, int]]:
    """By pool, each person's credit after its last turn."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for pool, person, credit in conn.execute(_OF, {"pools": listed(sorted(set(pools)))}):
        found[pool][person] = credit
    return dict(found)


def put(conn: Connection, credit: Mapping[str, Mapping[str, int]]) -> None:
    """Keep the credit of these pools, in the transaction that gives the task to whoever was chosen."""
    rows = [
        {"pool": pool, "person": person, "credit": each}
        for pool, those in sorted(credit.items())
        for person, each in sorted(those.items())
    ]
    if rows:
        conn.execute(_PUT.on(conn), rows)
