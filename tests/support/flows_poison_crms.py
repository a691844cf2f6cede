"""Poison in the lanes that read and write CRMs: records, pages, tasks, scores, and fields to be compared."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flows_crms import engagement, tasks
from flows_poison_world import ANA, BOB, EVE, Case, World, fail, viewed
from flows_run import activity, lead, receive
from sqlalchemy import text

from connectors.base.port import Connector, FieldInfo, Page, Record
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.reading import first_sync, reconcile
from integration.flows.reading.refresh import read_records
from integration.flows.upkeep import drift
from integration.store.queues import records_to_read
from mappings.values.instant import DAY, MINUTE


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
    viewed(here, ANA, EVE, BOB)
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
        letters=2,  # her scores, and a touch, of which her standing says whether it may go
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
