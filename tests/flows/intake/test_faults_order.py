"""Activities come five times, shuffled, late and in any parcels: leads stand the same. [rules: time and order]"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flows_run import activity, drain_all, receive, with_parts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration.store.db.session import Store
from integration.store.events import activities
from integration.store.people import leads
from integration.store.schema.tables import leads as leads_table
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, parse

FIRST = parse("2025-09-01T08:00:00Z")
PEOPLE = ("ana@acme.example", "bob@acme.example", "eva@blue.example")
DEEDS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("page_view", {"page": "pricing"}),
    ("page_view", {"page": "case_study", "url": "/customers/contoso"}),
    ("email_open", {"campaign": "letter"}),
    ("email_click", {"campaign": "letter", "url": "/blog"}),
    ("document_view", {"document": "proposal", "doc_type": "pricing", "seconds": 90}),
    ("content_download", {"asset": "Price list", "asset_type": "pricing_sheet"}),
    ("demo_request", {"asset": "demo form"}),
    ("call_attempt", {"outcome": "no_answer"}),
    ("sales_rejected", {"reason": "timing"}),
    ("unsubscribe", {}),
    ("resubscribe", {}),
)
_lives = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(DEEDS),
        st.one_of(st.integers(0, 4 * 24), st.integers(0, 110 * 24)),  # most of them close together
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=_lives, data=st.data())
def test_leads_stand_the_same_however_their_activities_arrive(service: Service, life: Any, data: st.DataObject) -> None:
    deeds = [
        activity(number, email, kind, FIRST + hours * HOUR, **properties)
        for number, (email, (kind, properties), hours) in enumerate(life)
    ]
    plain = _standings(service, [deeds])
    copies = data.draw(st.lists(st.sampled_from(deeds), max_size=4 * len(deeds)), label="copies")
    shuffled = data.draw(st.permutations([*deeds, *copies]), label="order")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=5), label="cuts"))
    parcels = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    assert _standings(service, [parcel for parcel in parcels if parcel]) == plain


def test_a_late_view_moves_what_was_shared_and_does_not_double_it(service: Service) -> None:
    document = {"document": "proposal", "doc_type": "pricing"}
    hours = ((PEOPLE[0], 20), (PEOPLE[1], 10), (PEOPLE[0], 5))
    views = [
        activity(number, email, "document_view", FIRST + hour * HOUR, **document)
        for number, (email, hour) in enumerate(hours)
    ]
    in_order = _standings(service, [views])
    assert [len(each["derived"]) for email, each in sorted(in_order.items()) if email in PEOPLE[:2]] == [1, 1]
    assert _standings(service, [[view] for view in views]) == in_order


def _standings(template: Service, parcels: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Every lead's standing, and the activities derived for it, once the parcels have been read one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        path.write_bytes(Path(str(template.store.url.database)).read_bytes())
        store = Store.open(f"sqlite:///{path}")
        try:
            service = with_parts(template, store=store, connections={}, now=lambda: FIRST + 120 * DAY, grace=0)
            _join(service)
            for parcel in parcels:
                receive(service, *parcel)
                drain_all(service)
            return _read(store)
        finally:
            store.dispose()


def _join(service: Service) -> None:
    """Everybody is known, and belongs to the company of their e-mail's domain."""
    domains = sorted({email.partition("@")[2] for email in PEOPLE})
    receive(
        service,
        *(
            activity(f"-{email}", email, "email_bounce", FIRST - DAY) | {"account": domain}
            for domain in domains
            for email in PEOPLE
            if email.endswith(domain)
        ),
    )
    drain_all(service)


def _read(store: Store) -> dict[str, Any]:
    with store.read() as conn:
        ids = list(conn.execute(leads_table.select().with_only_columns(leads_table.c.id)).scalars())
        rows = {row.id: row for row in leads.get(conn, ids)}
        derived = [row for row in activities.history(conn, ids) if row.derived]
    found = {}
    for row in rows.values():
        mine = sorted((each.at, each.type, str(dict(each.properties))) for each in derived if each.lead_id == row.id)
        found[str(row.email)] = {**(row.standing or {}), "derived": mine}
    return found
