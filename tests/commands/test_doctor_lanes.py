"""What `coldframe doctor` says of lanes that cannot do their work."""

from sqlalchemy import text

from integration.examining.doctor_lanes import examined
from integration.store.db.session import Store
from integration.store.queues import leases
from mappings.values.instant import DAY, MINUTE


def test_doctor_names_a_lane_whose_lease_is_dated_ahead(store: Store) -> None:
    with store.write() as conn:
        leases.take(conn, "advance", "host:7", MINUTE)
    assert list(examined(store)) == []
    with store.write() as conn:
        conn.execute(text("UPDATE leases SET expires_at = expires_at + :day"), {"day": DAY})
    (finding,) = examined(store)
    assert (finding.subject, finding.ok) == ("lane advance", False)
    assert "host:7" in finding.detail
    assert "clock" in finding.detail
