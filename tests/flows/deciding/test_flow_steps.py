"""The steps of the lane of leads: each has a claim, a batch and a turn of its own."""

from flows_run import Watch, activity, counts, receive, with_parts
from sqlalchemy import Connection, func, select

from integration.core.model.state import FORMAT
from integration.flows.deciding.advance import advance
from integration.flows.intake.ingest import ingest
from integration.flows.people import derive_account_signals
from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import Terms, Texts
from integration.store.overall import erased_people, erasure_key
from integration.store.queues import dirty
from integration.store.schema.tables import effects
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE

ANA, BOB = "ana@acme.example", "bob@blue.example"


def _asked_to_be_erased(conn: Connection, service: Service, email: str) -> None:
    key = erasure_key.make(conn, service.keys.keyring, b"k" * erasure_key.LENGTH)
    erased_people.add(conn, key, {f"email:{email}": "person"}, service.now(), pending=True)


def test_more_accounts_than_a_batch_are_derived_in_one_drain(service: Service, at: Watch) -> None:
    many = [f"account{number:03}" for number in range(derive_account_signals.BATCH + 10)]
    with service.store.write() as conn:
        dirty.mark_accounts(conn, many, at())
    advance(service)
    with service.store.read() as conn:
        assert dirty.take_accounts(conn, at(), 100) == []


def test_somebody_is_erased_also_while_the_playbook_in_force_is_unusable(service: Service, at: Watch) -> None:
    receive(service, activity(1, ANA, "demo_request", at()), activity(2, BOB, "demo_request", at()))
    ingest(service)
    with service.store.write() as conn:
        terms, said = Terms(author="x", reason="y"), Texts(playbook="")
        playbook_versions.publish(conn, terms, said, fingerprint="f" * 16, format_=FORMAT + 1, at=at() + MINUTE)
        _asked_to_be_erased(conn, service, ANA)
    older = with_parts(service, started=at())
    advance(older)
    with service.store.read() as conn:
        assert erased_people.pending(conn, 1) == []
    assert sum(counts(older).leads_by_stage.values()) == 1
    assert counts(older).dirty == 1, "and nobody is decided about"


def test_nobody_is_decided_about_who_is_to_be_erased(service: Service, at: Watch) -> None:
    receive(service, activity(1, ANA, "demo_request", at()))
    ingest(service)
    with service.store.write() as conn:
        _asked_to_be_erased(conn, service, ANA)
    advance(service)
    with service.store.read() as conn:
        assert conn.execute(select(func.count()).select_from(effects)).scalar_one() == 0
    assert sum(counts(service).leads_by_stage.values()) == 0
