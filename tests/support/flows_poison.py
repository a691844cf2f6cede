"""For each lane, one row that it cannot work among others that it can."""

from collections.abc import Callable

from flows_crms import person
from flows_poison_crms import (
    a_connection_to_be_compared,
    a_record_of_the_first_sync,
    a_record_that_changed,
    a_record_to_be_read,
    a_task_to_be_written,
    an_object_to_be_looked_through,
    scores_to_be_written,
)
from flows_poison_world import ANA, BOB, EVE, FAR, Case, World, fail, viewed
from flows_run import activity, drain_all, history, lead, receive, with_parts
from sqlalchemy import text

from integration.flows.deciding.advance import advance
from integration.flows.intake.ingest import ingest
from integration.flows.reading.refresh import read_records
from integration.store.events import decided_effects
from integration.store.events.decided_effects import EffectRow
from integration.store.overall import erased_people, erasure_key, merging
from integration.store.people import leads
from mappings.values import person_names
from mappings.values.instant import DAY, MINUTE


def a_delivery(here: World) -> Case:
    """Only the delivery of somebody new makes a lead."""
    viewed(here, ANA, "new@mallory.example", BOB)
    return Case(
        lane="ingest",
        stage="ingest",
        run=lambda: ingest(with_parts(here.service, new_id=fail)),
        others=lambda: all(len(history(here.service, email)) == 2 for email in (ANA, BOB)),
        mended=lambda: ingest(here.service),
    )


def an_item(here: World) -> Case:
    """One delivery for all three."""
    items = [activity(f"i-{email}", email, "page_view", here.at()) for email in (ANA, "new@mallory.example", BOB)]
    receive(here.service, *items)
    return Case(
        lane="ingest",
        stage="ingest",
        run=lambda: ingest(with_parts(here.service, new_id=fail)),
        others=lambda: all(len(history(here.service, email)) == 2 for email in (ANA, BOB)),
        mended=lambda: ingest(here.service),
    )


def _advanced(here: World, poison: str, mend: str, **values: object) -> Case:
    viewed(here, ANA, EVE, BOB)
    ingest(here.service)
    eve = lead(here.service, EVE).id
    here.sql(poison, lead=eve, **values)
    before = {email: lead(here.service, email).total or 0 for email in (ANA, BOB)}
    here.at.forward(DAY)
    return Case(
        lane="advance",
        stage="advance",
        run=lambda: advance(here.service),
        others=lambda: all((lead(here.service, email).total or 0) > before[email] for email in before),
        mended=lambda: here.sql(mend, lead=eve),
    )


def a_time_no_calendar_has(here: World) -> Case:
    return _advanced(
        here,
        "UPDATE activities SET at = :far, type = 'demo_request' WHERE lead_id = :lead AND key LIKE '%v-eve%'",
        "UPDATE activities SET at = 1800000000000000 WHERE lead_id = :lead AND key LIKE '%v-eve%'",
        far=FAR,
    )


def properties_that_are_no_json(here: World) -> Case:
    return _advanced(
        here,
        "UPDATE activities SET properties = '{' WHERE lead_id = :lead",
        "UPDATE activities SET properties = '{}' WHERE lead_id = :lead",
    )


def fields_that_are_no_json(here: World) -> Case:
    return _advanced(
        here, "UPDATE leads SET fields = '[' WHERE id = :lead", "UPDATE leads SET fields = '{}' WHERE id = :lead"
    )


def a_task_to_be_closed(here: World) -> Case:
    """Whoever unsubscribes has their open task closed; what it says cannot be read."""
    for number, email in enumerate(here.records):
        receive(here.service, activity(f"d{number}", email, "demo_request", here.at()))
    drain_all(here.service)
    for number, email in enumerate(here.records):
        receive(here.service, activity(f"u{number}", email, "unsubscribe", here.at()))
    ingest(here.service)
    eve = lead(here.service, EVE).id
    here.sql("UPDATE outbox SET payload = '{' WHERE lead_id = :lead AND kind = 'task'", lead=eve)
    here.at.forward(MINUTE)
    return Case(
        lane="advance",
        stage="advance",
        run=lambda: advance(here.service),
        others=lambda: all(lead(here.service, email).stage == "suppressed" for email in (ANA, BOB)),
        mended=lambda: here.sql("UPDATE outbox SET payload = '{}' WHERE lead_id = :lead AND kind = 'task'", lead=eve),
    )


def an_account(here: World) -> Case:
    """At two companies two people view one document."""
    at = here.at()
    pairs = {"acme.example": ("ana@acme.example", "al@acme.example"), "mallory.example": (EVE, "em@mallory.example")}
    for domain, those in pairs.items():
        for email in those:
            person(here.sandbox, "hubspot", email) if email not in here.records else None
            viewed = activity(f"doc-{email}", email, "document_view", at, document="offer")
            receive(here.service, viewed | {"account": domain})
    ingest(here.service)
    read_records(here.service, "hubspot")
    here.sql("UPDATE activities SET properties = '{' WHERE key LIKE '%doc-em@%'")
    return Case(
        lane="signals",
        stage="signals",
        run=lambda: advance(here.service),
        others=lambda: "internal_sharing" in {row.type for row in history(here.service, "ana@acme.example")},
        mended=lambda: here.sql("UPDATE activities SET properties = '{}' WHERE key LIKE '%doc-em@%'"),
        letters=2,  # the viewer cannot be decided about either
    )


def two_leads_that_are_one(here: World) -> Case:
    """What was decided for the one cannot become the other's: somebody else has that key."""
    at, pairs = here.at(), {}
    with here.service.store.write() as conn:
        for email in (ANA, EVE):
            winner, twin = lead(here.service, email).id, f"twin-{email}"
            leads.add(conn, [leads.NewLead(id=twin, email=None, fields={}, created_at=at)])
            merging.join(conn, twin, winner, at)
            pairs[email] = (twin, winner)
        twin, winner = pairs[EVE]
        third = lead(here.service, BOB).id
        rows = [(f"{twin}/x", twin), (f"{winner}/x", third)]
        decided_effects.add(
            conn,
            [
                EffectRow(key=key, lead_id=whose, kind="alert", at=at, payload={}, because=(), decided_at=at)
                for key, whose in rows
            ],
        )

    def settled() -> bool:
        with here.service.store.read() as conn:
            waiting = {loser for loser, _, _ in merging.waiting(conn, 9)}
            rows = conn.execute(text("SELECT id FROM leads WHERE merged_into IS NOT NULL AND state IS NULL")).all()
        return pairs[ANA][0] not in waiting and bool(rows)

    return Case(
        lane="joining",
        stage="joining",
        run=lambda: advance(here.service),
        others=settled,
        mended=lambda: here.sql("DELETE FROM effects WHERE key = :key", key=f"{pairs[EVE][1]}/x"),
    )


def somebody_to_be_erased(here: World) -> Case:
    eve = lead(here.service, EVE).id
    with here.service.store.write() as conn:
        key = erasure_key.make(conn, here.service.keys.keyring, b"k" * erasure_key.LENGTH)
        names = {person_names.of_email(email): email for email in (ANA, EVE)}
        erased_people.add(conn, key, names, here.at(), pending=True)
    here.sql("UPDATE changes SET fields = '{' WHERE lead_id = :lead", lead=eve)

    def gone() -> bool:
        with here.service.store.read() as conn:
            return not leads.by_email(conn, [ANA])

    return Case(
        lane="erasing",
        stage="erasing",
        run=lambda: advance(here.service),
        others=gone,
        mended=lambda: here.sql("UPDATE changes SET fields = '{}' WHERE lead_id = :lead", lead=eve),
    )


CASES: tuple[Callable[[World], Case], ...] = (
    a_delivery,
    an_item,
    a_time_no_calendar_has,
    properties_that_are_no_json,
    fields_that_are_no_json,
    a_task_to_be_closed,
    an_account,
    two_leads_that_are_one,
    somebody_to_be_erased,
    a_record_to_be_read,
    a_record_that_changed,
    a_record_of_the_first_sync,
    an_object_to_be_looked_through,
    a_task_to_be_written,
    scores_to_be_written,
    a_connection_to_be_compared,
)
