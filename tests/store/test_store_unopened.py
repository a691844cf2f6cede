"""Whether anybody opens nurture e-mail at all: what `coldframe doctor` says where nobody seems to."""

from dataclasses import replace

from integration.examining import doctor_opens
from integration.playbook.compiling.compiler import load
from integration.store.db.session import Store
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from integration.store.outgoing import outbox, sent_touches
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import DAY

NOW = 1_700_000_000_000_000
SLOWING = load("standard")[0]
PEOPLE = [LeadId(f"lead{number}") for number in range(40)]


def sent(store: Store, people: list[LeadId], at: int = NOW - 10 * DAY) -> None:
    """An e-mail to each of these went out."""
    rows = [outbox.NewOnce(key=f"{lead}/{at}", lead_id=lead, payload={"touch": "x"}, not_before=0) for lead in people]
    with store.write() as conn:
        outbox.want_once(conn, ConnectionName("hubspot"), "touch", rows, at)
        conn.exec_driver_sql("UPDATE outbox SET state = 'sent'")


def did(store: Store, lead: LeadId, kind: str) -> None:
    row = NewActivity(key=f"{lead}/{kind}", lead_id=lead, at=NOW - DAY, type=kind, source="api", properties={})
    with store.write() as conn:
        activities.add(conn, [row])


def told(store: Store) -> list[str]:
    return [each.detail for each in doctor_opens.examined(store, SLOWING, NOW)]


def test_where_nobody_of_many_has_opened_anything_doctor_says_so(store: Store) -> None:
    sent(store, PEOPLE)
    did(store, PEOPLE[0], "page_view")
    (said,) = told(store)
    assert said.startswith("none of the last 40 people who were sent one has opened")
    did(store, PEOPLE[3], "email_click")
    assert told(store) == []


def test_of_few_people_and_of_what_went_out_lately_nothing_is_said(store: Store) -> None:
    sent(store, PEOPLE[:29])
    sent(store, PEOPLE, at=NOW - DAY)
    assert told(store) == []
    with store.read() as conn:
        assert sent_touches.answered(conn, NOW - 7 * DAY) == (29, 0)


def test_a_playbook_that_does_not_go_by_opens_needs_none(store: Store) -> None:
    assert SLOWING is not None
    sent(store, PEOPLE)
    plain = replace(SLOWING, tracks=tuple(replace(track, slower=()) for track in SLOWING.tracks))
    assert list(doctor_opens.examined(store, plain, NOW)) == []
    assert list(doctor_opens.examined(store, None, NOW)) == []
