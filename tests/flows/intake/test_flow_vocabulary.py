"""The service reads activities in the words of its vocabulary; it keeps them as they were sent."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest
from flows_crms import person
from flows_run import Watch, activity, history, lead, receive, with_parts

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.history.find_explanation import explained
from integration.store.queues import dirty
from integration.store.schema.tables import leads as leads_table
from integration.wiring import build
from integration.wiring.unusable import UnusableError
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
ANA, BO = "ana@acme.example", "bo@acme.example"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def speaking(service: Service, words: str) -> Service:
    """The same service with words of its own."""
    vocabulary, problems = parse(words, "words.yaml", shipped())
    assert vocabulary is not None, problems
    return with_parts(service, compiled=CompiledPlaybook.of(replace(service.rules.playbook, vocabulary=vocabulary)))


def score(service: Service, email: str) -> float:
    standing = lead(service, email).standing or {}
    return float(str(standing["engagement"]))


def test_a_raw_address_scores_and_is_kept_as_it_was_sent(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    person(sandbox, "hubspot", ANA)
    at.forward(DAY)
    sent = "https://www.acme.example/Pricing/?utm_source=x#top"
    receive(service, activity(1, ANA, "page_view", at() - HOUR, url=sent))
    drain_all(service)
    assert score(service, ANA) == 15
    [row] = history(service, ANA)
    assert (row.type, dict(row.properties)) == ("page_view", {"url": sent})
    found = explained(service.store, service.rules.compiled, ANA, at())
    assert found is not None
    assert any("viewed pricing" in entry.words for entry in found[1].ledger)


def test_another_vocabulary_reads_what_is_stored_anew(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    person(sandbox, "hubspot", ANA)
    at.forward(DAY)
    receive(
        service, activity(1, ANA, "Preise gesehen", at() - HOUR), activity(2, ANA, "page_view", at(), url="/preise")
    )
    drain_all(service)
    assert score(service, ANA) == 0
    words = 'recognise:\n  - {type: "Preise*", is: page_view}\n  - {url: "/preise*", page: pricing}\n'
    changed = speaking(service, words)
    with service.store.write() as conn:
        dirty.mark(conn, [lead(service, ANA).id], at())
        conn.execute(leads_table.update().values(state=None, seen=0))
    drain_all(changed)
    assert score(service, ANA) == 15


def test_people_at_one_account_are_seen_together_whatever_their_activities_are_called(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    for email in (ANA, BO):
        person(sandbox, "hubspot", email)
    at.forward(DAY)
    words = 'recognise:\n  - {type: "Document read", is: document_view}\n'
    changed = speaking(service, words)
    receive(
        changed,
        activity(1, ANA, "Document read", at() - 2 * HOUR, document="quote"),
        activity(2, BO, "document_view", at() - HOUR, document="quote"),
    )
    drain_all(changed)
    assert score(changed, ANA) == score(changed, BO) == 15


def test_a_vocabulary_that_cannot_be_used_stops_the_start_with_its_place(tmp_path: object) -> None:
    with pytest.raises(UnusableError, match="cannot be read"):
        build.playbook("two-axis", f"{tmp_path}/none.yaml")
