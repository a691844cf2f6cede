"""For each lane, one row that it cannot work among others that it can."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from flows_crms import engagement, person, tasks
from flows_run import Watch, activity, drain_all, history, lead, receive
from sqlalchemy import text

from connectors.base.port import Connector, FieldInfo, Page, Record
from integration.flows.base.service import Service
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.reading import first_sync, reconcile
from integration.flows.reading.refresh import read_records
from integration.flows.upkeep import drift
from integration.store.events import decided_effects
from integration.store.events.decided_effects import EffectRow
from integration.store.overall import erased_people, erasure_key, merging
from integration.store.people import leads
from integration.store.queues import records_to_read
from mappings.values import person_names
from mappings.values.instant import DAY, MINUTE, parse
from sandbox.server import Sandbox

ANA, BOB, EVE = "ana@acme.example", "bob@blue.example", "eve@mallory.example"
"""Two who are well, and the one who is not."""
FAR = parse("0001-01-01T00:00:00Z") - 1
"""A time that no calendar has: what is dated ahead waits for its time, so it lies in the past."""


class PoisonError(Exception):
    """What a poisoned row raises."""


def fail(*_: object, **__: object) -> NoReturn:
    message = "poison"
    raise PoisonError(message)


@dataclass(frozen=True, kw_only=True)
class World:
    """A service that knows three people in HubSpot, and the CRMs that it works with."""

    service: Service
    sandbox: Sandbox
    at: Watch
    records: Mapping[str, str]

    def sql(self, statement: str, **values: object) -> None:
        with self.service.store.write() as conn:
            conn.execute(text(statement), values)

    def connected(self, connector: Callable[[Connector], Connector]) -> Service:
        """The same service whose HubSpot is reached through another connector."""
        hubspot = self.service.connections["hubspot"]
        changed = replace(hubspot, connector=connector(hubspot.connector))
        return replace(self.service, connections={**self.service.connections, "hubspot": changed})


@dataclass(kw_only=True)
class Case:
    """How a lane is made to work, whether it has done the others' rows, and how the poison is taken away."""

    lane: str
    stage: str
    run: Callable[[], object]
    others: Callable[[], bool]
    mended: Callable[[], object]
    wait: int = 0
    """How long what failed alone is put off, between tries."""
    letters: int = 1


def world(service: Service, sandbox: Sandbox, at: Watch) -> World:
    """Everybody has viewed the pricing page, is known in HubSpot and was decided about; the house is quiet."""
    records = {email: person(sandbox, "hubspot", email) for email in (ANA, BOB, EVE)}
    for number, email in enumerate(records):
        receive(service, activity(number, email, "page_view", at(), page="pricing"))
    for name in service.connections:
        reconcile.poll(service, name)
    drain_all(service)
    at.forward(MINUTE)
    return World(service=service, sandbox=sandbox, at=at, records=records)


def _viewed(here: World, *who: str) -> None:
    for email in who:
        receive(here.service, activity(f"v-{email}", email, "page_view", here.at() + MINUTE, page="case_study"))


def a_delivery(here: World) -> Case:
    """Only the delivery of somebody new makes a lead."""
    _viewed(here, ANA, "new@mallory.example", BOB)
    return Case(
        lane="ingest",
        stage="ingest",
        run=lambda: ingest(replace(here.service, new_id=fail)),
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
        run=lambda: ingest(replace(here.service, new_id=fail)),
        others=lambda: all(len(history(here.service, email)) == 2 for email in (ANA, BOB)),
        mended=lambda: ingest(here.service),
    )


def _advanced(here: World, poison: str, mend: str, **values: object) -> Case:
    _viewed(here, ANA, EVE, BOB)
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
        key = erasure_key.make(conn, here.service.keyring, b"k" * erasure_key.LENGTH)
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


@dataclass(frozen=True)
class Poisoned:
    """A connector that fails at one record, and answers for all others."""

    inner: Connector
    record: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def read(self, name: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        if self.record in ids:
            fail()
        return self.inner.read(name, ids, fields)


class Deadly(dict[str, Any]):
    """The fields of a record at which whoever reads it fails."""

    def __init__(self, end: Callable[[], object] = fail) -> None:
        super().__init__()
        self.end = end

    def get(self, *_: object) -> Any:
        return self.end()

    def __getitem__(self, _name: str) -> Any:
        return self.end()

    def __iter__(self) -> Iterator[str]:
        self.end()
        return iter(())


@dataclass(frozen=True)
class Spoilt:
    """A connector of which one record cannot be read by anybody; the pages that hold it can."""

    inner: Connector
    record: str
    fields: Deadly = field(default_factory=Deadly)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def read(self, *args: Any, **kwargs: Any) -> Sequence[Record]:
        return self._spoilt(self.inner.read(*args, **kwargs))

    def changes(self, *args: Any, **kwargs: Any) -> Page:
        page = self.inner.changes(*args, **kwargs)
        return replace(page, records=self._spoilt(page.records))

    def everything(self, *args: Any, **kwargs: Any) -> Page:
        page = self.inner.everything(*args, **kwargs)
        return replace(page, records=self._spoilt(page.records))

    def _spoilt(self, records: Sequence[Record]) -> tuple[Record, ...]:
        return tuple(replace(each, fields=self.fields) if each.id == self.record else each for each in records)


def _titles(here: World) -> Callable[[], bool]:
    for record in here.records.values():
        here.sandbox.hubspot.set("contacts", record, {"jobtitle": "Chief Executive Officer"})
    return lambda: all(lead(here.service, email).fields.get("seniority") == "c_level" for email in (ANA, BOB))


def a_record_to_be_read(here: World) -> Case:
    others = _titles(here)
    with here.service.store.write() as conn:
        keys = list(here.records.values())
        records_to_read.want(
            conn, [records_to_read.Wanted(connection="hubspot", object="contact", external_id=key) for key in keys]
        )
    spoilt = here.connected(lambda inner: Poisoned(inner, here.records[EVE]))
    return Case(
        lane="refresh:hubspot",
        stage="refresh",
        run=lambda: read_records(spoilt, "hubspot"),
        others=others,
        mended=lambda: read_records(here.service, "hubspot"),
        wait=MINUTE,
    )


def a_record_that_changed(here: World) -> Case:
    here.at.forward(MINUTE)
    others = _titles(here)
    spoilt = here.connected(lambda inner: Spoilt(inner, here.records[EVE]))
    return Case(
        lane="refresh:hubspot",
        stage="refresh",
        run=lambda: reconcile.poll(spoilt, "hubspot"),
        others=others,
        mended=lambda: read_records(here.service, "hubspot"),
    )


def a_record_of_the_first_sync(here: World) -> Case:
    others = _titles(here)
    spoilt = here.connected(lambda inner: Spoilt(inner, here.records[EVE]))
    return Case(
        lane="refresh:hubspot",
        stage="refresh",
        run=lambda: first_sync.sync(spoilt, "hubspot", lambda _step: None, restart=True),
        others=others,
        mended=lambda: read_records(here.service, "hubspot"),
    )


def an_object_to_be_looked_through(here: World) -> Case:
    here.at.forward(MINUTE)
    others = _titles(here)

    @dataclass(frozen=True)
    class Blind:
        inner: Connector

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def changes(self, name: str, *args: Any, **kwargs: Any) -> Page:
            return fail() if name == "company" else self.inner.changes(name, *args, **kwargs)

    return Case(
        lane="poll:hubspot:company",
        stage="poll",
        run=lambda: reconcile.poll(here.connected(Blind), "hubspot"),
        others=others,
        mended=lambda: reconcile.poll(here.service, "hubspot"),
    )


def a_task_to_be_written(here: World) -> Case:
    for number, email in enumerate(here.records):
        receive(here.service, activity(f"d{number}", email, "demo_request", here.at()))
    ingest(here.service)
    advance(here.service)
    eve = lead(here.service, EVE).id
    here.sql("UPDATE outbox SET payload = '{}' WHERE lead_id = :lead AND kind = 'task'", lead=eve)
    whole = '{"subject":"Call","body":"","due_at":0,"channel":"call","priority":"high","assignee":"owner"}'
    return Case(
        lane="deliver:hubspot",
        stage="deliver",
        run=lambda: deliver(here.service, "hubspot"),
        others=lambda: sum("/handoff/" in key for key in tasks(here.sandbox, "hubspot")) == 2,
        mended=lambda: here.sql(
            "UPDATE outbox SET payload = :whole WHERE lead_id = :lead AND kind = 'task'", lead=eve, whole=whole
        ),
        wait=MINUTE,
    )


def scores_to_be_written(here: World) -> Case:
    _viewed(here, ANA, EVE, BOB)
    ingest(here.service)
    here.at.forward(DAY)
    advance(here.service)
    eve = lead(here.service, EVE).id
    with here.service.store.read() as conn:
        whole = conn.execute(text("SELECT standing FROM leads WHERE id = :lead"), {"lead": eve}).scalar_one()
    here.sql("UPDATE leads SET standing = '{' WHERE id = :lead", lead=eve)
    wanted = {email: (lead(here.service, email).standing or {})["engagement"] for email in (ANA, BOB)}
    return Case(
        lane="deliver:hubspot",
        stage="deliver",
        run=lambda: deliver(here.service, "hubspot"),
        others=lambda: all(
            engagement(here.sandbox, "hubspot", here.records[email]) == wanted[email] for email in wanted
        ),
        mended=lambda: here.sql("UPDATE leads SET standing = :whole WHERE id = :lead", lead=eve, whole=whole),
        wait=MINUTE,
    )


def a_connection_to_be_compared(here: World) -> Case:
    @dataclass(frozen=True)
    class Odd:
        inner: Connector

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def describe(self, _name: str) -> Sequence[FieldInfo]:
            return fail()

    salesforce = here.service.connections["salesforce"]
    odd = replace(salesforce, connector=Odd(salesforce.connector))
    spoilt = replace(here.service, connections={**here.service.connections, "salesforce": odd})
    return Case(
        lane="drift:salesforce",
        stage="drift",
        run=lambda: drift.watch(spoilt),
        others=lambda: drift.last(here.service.store, "hubspot") is not None,
        mended=lambda: drift.watch(here.service),
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
