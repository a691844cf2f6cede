"""Whatever is written into the rules' editor is refused with its place and reason, or applied; the service goes on."""

import html
import re
from itertools import count

import pytest
from console_browser import ConsoleBrowser, ConsoleGround
from flows_crms import person
from flows_run import Watch, activity, dead, history, lead, receive, with_parts, write_freely
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from random_rule_edits import edited

from integration.flows.deciding.advance import advance
from integration.flows.intake.ingest import ingest
from integration.flows.reading import reconcile
from integration.flows.reading.refresh import read_records
from integration.playbook.reading import library
from integration.store.events import playbook_versions
from integration.store.queues import inbox
from integration.wiring.whole_service import Service
from mappings.language import mapping_files
from mappings.values.identifiers import System
from mappings.values.instant import DAY, MINUTE, SECOND
from sandbox.server import Sandbox

ANA = "ana@acme.example"
USUAL = 80
EXAMPLES = 200 if settings().max_examples > USUAL else 6
"""200 in `make properties`; a few in `make test`."""
SYSTEMS = (System("hubspot"), System("salesforce"))
TEXTS = {f"playbook {name}": library.text(name) for name in library.names()}
TEXTS |= {f"mapping:{system}": mapping_files.in_use(system, None).text for system in SYSTEMS}
_PLACE = re.compile(r'data-line="(\d+)">Line \d+</a>: (.*?)</li>', re.DOTALL)


@pytest.fixture
def living(service: Service, sandbox: Sandbox, at: Watch) -> Service:
    """A service that knows Ana and has decided about her."""
    write_freely(service.store)
    person(sandbox, "hubspot", ANA)
    reconcile.poll(service, next(iter(service.connections)))
    receive(service, activity("first", ANA, "page_view", at(), page="pricing"))
    ingest(service)
    advance(service)
    running = with_parts(service, started=at(), linger=0)
    at.forward(DAY)
    advance(running)
    return running


@settings(
    max_examples=EXAMPLES,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_an_edit_at_random_is_refused_with_a_reason_or_applied_and_the_next_event_comes_through(
    living: Service, ground: ConsoleGround, at: Watch, data: st.DataObject
) -> None:
    name, text = data.draw(edited(TEXTS), label="text")
    subject, browser = name.partition(" ")[0], ground.signed_in("editor")
    answer = browser.post(f"/console/rules/propose/{subject}", {"text": text, "reason": "at random", "pace": "nobody"})
    event("applied" if answer.status_code == 303 else "refused")
    if answer.status_code != 303:
        assert answer.status_code == 400, answer.text
        refused(answer.text, text)
    else:
        applied(browser, answer.headers["Location"])
    goes_on(living, at)


def refused(page: str, text: str) -> None:
    """The page names the file, and of at least one mistake its line and what is wrong there."""
    assert re.search("<h1>(Playbook|Field mapping of (HubSpot|Salesforce))</h1>", page), "the file is not named"
    found = [(int(line), html.unescape(re.sub(r"<[^>]+>", " ", said)).strip()) for line, said in _PLACE.findall(page)]
    assert found, "no place is named"
    most = len(re.split(r"\r\n|[\n\r\x85\u2028\u2029]", text)) + 1
    for line, said in found:
        assert 1 <= line <= most, (line, said)
        assert said, "no reason is given"


def applied(browser: ConsoleBrowser, draft: str) -> None:
    """What is not refused has been looked at, and is published, or refused for what has come between."""
    page = browser.get(draft)
    assert page.status_code == 200, page.text
    assert "could not be worked out" not in page.text, page.text
    assert "cannot be derived by it" not in page.text, page.text
    answer = browser.post(draft.replace("/drafts/", "/publish/"))
    assert answer.status_code in {303, 409}, answer.text
    for path in (draft, "/console/rules/", "/console/rules/playbook", "/console/"):
        assert browser.get(path).status_code == 200, path


_numbers = count()
_ROUNDS = 9


def goes_on(service: Service, at: Watch) -> None:
    """One more event is read and decided about, by the rules in force, and nobody is set aside."""
    at.forward(MINUTE)
    receive(service, activity(f"r{next(_numbers)}", ANA, "page_view", at(), page="pricing"))
    for _ in range(_ROUNDS):  # another mapping has records read anew, and who is concerned waits for that
        ingest(service)
        for name in service.connections:
            read_records(service, name)
        advance(service)
        if lead(service, ANA).seen >= history(service, ANA)[-1].seq:
            break
        at.forward(SECOND)
    with service.store.read() as conn:
        current = playbook_versions.current(conn)
        assert inbox.pending(conn, 10) == []
    assert current is not None
    row, last = lead(service, ANA), history(service, ANA)[-1]
    assert (row.version, last.type) == (current.number, "page_view")
    assert row.seen >= last.seq, "nobody has decided about it"
    assert dead(service) == []
