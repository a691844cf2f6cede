"""Somebody who is erased is nowhere in the store, everybody else is whole, and nothing brings the erased one back."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest
from flows_canaries import found
from flows_crms import person, tasks
from flows_lives import ANA, BOB, NAMES, canaries, changed, event, live, shared_views
from flows_run import Watch, activity, counts, dead, history, lead, receive, with_parts

from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.privacy import erase_person
from integration.flows.reading import reconcile
from integration.flows.reading.refresh import read_records
from integration.flows.upkeep.replay_letters import replay
from integration.flows.upkeep.sweep import sweep
from integration.store.audit.sealing import Keyring
from integration.store.db.errors import SealedError
from integration.store.db.session import Store
from integration.store.outgoing import outbox
from integration.store.overall import erased_people
from integration.store.people import leads
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Erasing is done on both kinds of store."""
    return str(request.param)


@pytest.fixture
def lived(service: Service, sandbox: Sandbox, at: Watch) -> tuple[str, str]:
    """Ana has been known for a while in every way there is; Bob is a colleague who shares her deliveries."""
    return live(service, sandbox, at)


def test_everything_about_somebody_leaves_every_table_and_everybody_else_stays_whole(
    service: Service, lived: tuple[str, str], drain_all: Drain
) -> None:
    canary = canaries(*lived)
    places = {place.partition(".")[0] for place, _ in found(service.store, canary)}
    assert {"leads", "activities", "changes", "crm_references", "inbox", "dead_letters", "people_to_find"} <= places
    mine, row = history(service, BOB), lead(service, BOB)
    report = erase_person.erase(service, f"email:{ANA}", actor="test")
    assert found(service.store, canary) == set()
    assert report.leads == 1 + 2, "and two that were joined to hers"
    drain_all(service)
    assert found(service.store, canary) == set(), "what goes on afterwards brings nothing back"
    receive(service, *shared_views(service.now()))
    drain_all(service)
    kept = [each for each in history(service, BOB) if not each.derived]
    assert [each.at for each in kept] == [each.at for each in mine if not each.derived], "each of his once"
    assert lead(service, BOB).id == row.id
    assert [each.properties.get("note") for each in kept if each.type == "form_submit"] == [
        "ask [erased], mailto:[erased]?x=1"
    ]
    assert counts(service).dirty == 0


def test_nothing_that_comes_in_late_brings_somebody_back(
    service: Service, sandbox: Sandbox, at: Watch, lived: tuple[str, str], drain_all: Drain
) -> None:
    contact, record = lived
    canary = canaries(*lived)
    erase_person.erase(service, f"email:{ANA}", actor="test")
    before = counts(service).leads_by_stage
    at.forward(MINUTE)
    receive(service, activity(21, ANA.upper(), "demo_request", at()), activity(22, BOB, "email_click", at()))
    receive(service, {**activity(23, "", "email_click", at()), "email": None, "lead": "cust-canary-7"})
    receive(service, {**activity(24, "", "email_click", at()), "email": None, "lead": f"hubspot:contact:{contact}"})
    receive(service, {**activity(25, "", "email_click", at()), "email": None, "lead": f"salesforce:Lead:{record[:15]}"})
    receive(service, {"id": "bad3", "type": "x", "at": "never", "email": ANA})
    receive(
        service, changed(contact, 31, at, "firstname", NAMES[0]), event(contact, "creation", 32, at), source="hubspot"
    )
    deal = sandbox.hubspot.add("deals", {"dealname": "One", "amount": "5"})
    sandbox.hubspot.link("deals", deal, "contacts", contact)
    reconcile.poll(service, "hubspot")
    sandbox.hubspot.delete("contacts", contact)
    other = sandbox.hubspot.add("contacts", {"email": ANA.upper().replace("ACME", "acme"), "firstname": NAMES[0]})
    receive(service, changed(other, 33, at, "lastname", NAMES[1]), event(other, "restore", 34, at), source="hubspot")
    sandbox.salesforce.set("Lead", record, {"Title": "VP of Canaries"})
    for _ in range(2):
        for name in service.connections:
            reconcile.poll(service, name)
        drain_all(service)
        at.forward(MINUTE)
    assert found(service.store, [*canary, "vp of canaries", f"contact:{other}", f'"objectid": {other}']) == set()
    assert counts(service).leads_by_stage == before
    assert [each.type for each in history(service, BOB)][-1] == "email_click", "and his neighbour's came through"
    with service.store.read() as conn:
        assert erased_people.dropped(conn) >= 8
        known = erased_people.known(conn, service.keys.keyring, [f"record:hubspot:contact:{other}", f"email:{BOB}"])
    assert list(known) == [f"record:hubspot:contact:{other}"], "whoever comes under a new id is known under it too"


def test_a_replayed_letter_brings_nobody_back(service: Service, at: Watch, drain_all: Drain) -> None:
    bad = [{"id": "b1", "type": "x", "at": "never", "email": who} for who in (ANA, BOB)]
    receive(service, activity(1, ANA, "email_click", at()), *bad)
    drain_all(service)
    assert len(dead(service)) == 2
    erase_person.erase(service, f"email:{ANA}", actor="test")
    (letter,) = dead(service)
    assert replay(service, [letter.id], actor="test", now=at()) == {letter.id}
    drain_all(service)
    assert found(service.store, [ANA]) == set()
    assert [BOB.encode() in each.payload for each in dead(service)] == [True]


@dataclass(frozen=True, slots=True)
class Hesitating:
    """A store before one of whose transactions somebody else gets a turn."""

    inner: Store
    reached: threading.Event
    resumed: threading.Event
    left: list[int]
    """As many entries as there are transactions to come before."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def write(self, **how: bool) -> AbstractContextManager[Any]:
        if not self.left and not self.reached.is_set():
            self.reached.set()
            assert self.resumed.wait(30)
        del self.left[:1]
        return self.inner.write(**how)


@pytest.mark.parametrize("lane", ["ingest", "refresh", "advance", "deliver"])
def test_whoever_holds_somebody_in_memory_cannot_save_them_again(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, lane: str
) -> None:
    contact = person(sandbox, "hubspot", ANA)
    steps: dict[str, Callable[[Service], Any]] = {
        "ingest": ingest,
        "refresh": lambda those: [read_records(those, name) for name in ("salesforce", "hubspot")],
        "advance": advance,
        "deliver": lambda those: deliver(those, "hubspot"),
    }
    receive(service, activity(1, ANA, "demo_request", at()), activity(2, BOB, "email_click", at()))
    for name, step in steps.items():
        if name == lane:
            break
        step(service)
    # Every lane takes its lease first; advance derives account signals before it decides.
    before = [1, 1] if lane == "advance" else [1]
    store = Hesitating(service.store, threading.Event(), threading.Event(), before)
    slow = with_parts(service, store=cast("Store", store), holder="slow")
    if lane == "refresh":
        read_records(service, "salesforce")
        steps[lane] = lambda those: read_records(those, "hubspot")
    working = threading.Thread(target=steps[lane], args=(slow,))
    working.start()
    assert store.reached.wait(30)
    with service.store.read() as conn:
        ids = list(leads.by_email(conn, [ANA]).values())
    erase_person.erase(service, f"email:{ANA}", actor="test")
    store.resumed.set()
    working.join(30)
    drain_all(service)
    assert found(service.store, [ANA, f"contact:{contact}", *ids]) == set()
    assert [each.type for each in history(service, BOB)] == ["email_click"], "what was interrupted is done again"
    assert {key for key in counts(service).outbox if key[1] == "task"} == set()
    assert not tasks(sandbox, "hubspot"), "and no task about her reaches the CRM"


def test_an_erasure_that_was_cut_short_is_taken_up(service: Service, at: Watch, drain_all: Drain) -> None:
    receive(service, activity(1, ANA, "email_click", at()), activity(2, BOB, "email_click", at()))
    drain_all(service)

    def power_cut(_text: str) -> None:
        raise KeyboardInterrupt

    cut = replace(service, wake=lambda _lane: None)
    original = erase_person.raw_deliveries.deliveries
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("integration.flows.privacy.erase_person.raw_deliveries.deliveries", lambda *_: power_cut(""))
        with pytest.raises(KeyboardInterrupt):
            erase_person.erase(cut, f"email:{ANA}", actor="test")
    assert erase_person.raw_deliveries.deliveries is original
    assert ("inbox.body", ANA) in found(service.store, [ANA])
    assert "advance" in sweep(service)
    drain_all(service)
    assert found(service.store, [ANA]) == set()


@pytest.mark.usefixtures("lived")
def test_somebody_may_be_let_in_again_on_purpose(service: Service, at: Watch, drain_all: Drain) -> None:
    erase_person.erase(service, f"email:{ANA}", actor="test")
    assert erase_person.forget(service, f"email:{BOB}", actor="test") == 0
    assert erase_person.forget(service, f"email:{ANA}", actor="test") >= 4
    receive(service, activity(70, ANA, "resubscribe", at()))
    drain_all(service)
    row = lead(service, ANA)
    assert row.fields["first_name"] == NAMES[0], "and found in the CRMs again"
    assert [each.key for each in history(service, ANA)] == ["activities:a70"], "with nothing of the time before"


def test_a_rotated_secret_key_keeps_the_list_and_a_lost_one_lets_nobody_in(
    service: Service, at: Watch, drain_all: Drain
) -> None:
    receive(service, activity(1, ANA, "email_click", at()))
    drain_all(service)
    erase_person.erase(service, f"email:{ANA}", actor="test")
    rotated = with_parts(service, keyring=Keyring.of("n" * 32, "k" * 32))
    receive(service, activity(2, ANA, "email_click", at()))
    drain_all(rotated)
    assert found(service.store, [ANA]) == set()
    erase_person.erase(rotated, f"email:{BOB}", actor="test")  # seals the list's key anew
    receive(service, activity(3, ANA, "email_click", at()))
    drain_all(with_parts(service, keyring=Keyring.of("n" * 32)))
    assert counts(service).leads_by_stage == {}
    receive(service, activity(4, ANA, "email_click", at()))
    with pytest.raises(SealedError, match="COLDFRAME_SECRET_KEY"):
        ingest(with_parts(service, keyring=Keyring.of("x" * 32)))
    assert counts(service).inbox["new"] == 1, "nothing is lost either: it waits"


def test_rehearsing_says_what_would_go_and_changes_nothing(service: Service, lived: tuple[str, str]) -> None:
    before = found(service.store, canaries(*lived))
    report = erase_person.rehearse(service, f"email:{ANA}")
    assert report is not None
    assert found(service.store, canaries(*lived)) == before
    real = erase_person.erase(service, f"email:{ANA}", actor="test")
    assert {name: n for name, n in report.removed.items() if n} == {name: n for name, n in real.removed.items() if n}
    assert erase_person.rehearse(service, f"email:{ANA}") is None


def test_an_outbox_that_waits_for_somebody_erased_sends_nothing(service: Service, sandbox: Sandbox, at: Watch) -> None:
    person(sandbox, "salesforce", ANA)
    receive(service, activity(1, ANA, "demo_request", at()))
    ingest(service)
    at.forward(MINUTE)
    reconcile.poll(service, "salesforce")
    advance(service)
    with service.store.read() as conn:
        assert outbox.pending(conn, "salesforce", "task", at(), 10)
    erase_person.erase(service, f"email:{ANA}", actor="test")
    assert counts(service).outbox == {}


def test_on_sqlite_nothing_of_somebody_erased_is_left_in_the_file(
    service: Service, lived: tuple[str, str], store_url: str, database: str
) -> None:
    if database == "postgresql":
        assert not service.store.compact()
        return
    path = Path(store_url.removeprefix("sqlite:///"))
    erase_person.erase(service, f"email:{ANA}", actor="test")
    assert service.store.compact()
    files = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*")).lower()
    assert [each for each in canaries(*lived) if each.lower().encode() in files] == []
    assert BOB.encode() in files
