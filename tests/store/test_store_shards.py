"""Shards: every key belongs to one, the same in Python and in both databases, and none is much larger than another."""

from collections import Counter

import pytest
from sqlalchemy import select

from integration.store.db.session import Store
from integration.store.db.shards import ALL, MOST, Shard, slot, within, within_numbers
from integration.store.queues import dirty as marks
from integration.store.queues import inbox as deliveries
from integration.store.schema.tables import dirty, inbox
from integration.wiring import clock
from mappings.values.identifiers import LeadId

T = 1_700_000_000_000_000


def test_a_key_belongs_to_the_same_shard_in_python_and_in_the_database(store: Store) -> None:
    keys = ["", "7", "ab", "lead-17", "Zoë", "名前", "🜁", *(clock.new_id() for _ in range(40))]
    with store.write() as conn:
        marks.mark(conn, map(LeadId, keys), T)
        ids = deliveries.add(conn, [("web", {}, b"", T)] * 10)
    for shard in (ALL, *(Shard(number=number, of=5) for number in range(5))):
        with store.read() as conn:
            found = conn.execute(select(dirty.c.lead_id).where(within(dirty.c.lead_id)), shard.asked).scalars().all()
            numbered = conn.execute(select(inbox.c.id).where(within_numbers(inbox.c.id)), shard.asked).scalars().all()
        assert sorted(found) == sorted(key for key in keys if shard.has(key))
        assert sorted(numbered) == [each for each in ids if each % shard.of == shard.number]


@pytest.mark.parametrize("of", [2, 3, 4, 8, 16, MOST])
def test_shards_of_our_own_ids_are_of_equal_size(of: int) -> None:
    counted = Counter(slot(f"{last:04x}") % of for last in range(16**4))
    assert len(counted) == of
    assert max(counted.values()) < 1.05 * 16**4 / of


@pytest.mark.parametrize(("number", "of"), [(-1, 1), (1, 1), (0, 0), (0, MOST + 1)])
def test_there_is_no_shard_beyond_the_last(number: int, of: int) -> None:
    with pytest.raises(ValueError, match="there is no shard"):
        Shard(number=number, of=of)
