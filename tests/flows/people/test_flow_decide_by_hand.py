"""What a person decides about a lead, in both CRMs and from the command line: handed over, held, suppressed."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flows_crms import person
from flows_outward import EMAIL, SYSTEMS, Look, known, looking
from flows_run import Watch, activity, drain_all, history, lead, receive

from integration.cli import main
from integration.flows.history.load_events import states_of
from integration.store.audit import audit_trail
from integration.store.people import leads
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, show
from sandbox.desk import sales_desk
from sandbox.server import Sandbox


@pytest.fixture
def look(service: Service, at: Watch) -> Look:
    return looking(service, at)


@pytest.fixture
def coldframe(service: Service, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(build, "service", lambda: service)
    return lambda *words: CliRunner().invoke(main, ["lead", *words], catch_exceptions=False)


def opened(sandbox: Sandbox) -> list[str]:
    return [each.subject for each in sales_desk.tasks(sandbox) if each.open]


def quiet(service: Service, sandbox: Sandbox, look: Look, system: str) -> str:
    """Somebody who fits, and has done nothing that opens a gate."""
    record = person(sandbox, system, EMAIL)
    look()
    assert lead(service, EMAIL).stage == "inquiry"
    return record


@SYSTEMS
def test_who_is_handed_over_by_hand_has_a_task_that_says_why_and_no_second_one(  # noqa: PLR0917 - a whole story
    service: Service, sandbox: Sandbox, look: Look, coldframe: Callable[..., Result], system: str, woken: list[str]
) -> None:
    quiet(service, sandbox, look, system)
    woken.clear()
    done = coldframe("hand-over", EMAIL, "--reason", "met at the fair", "--by", "Bo Lind", "--json")
    assert json.loads(done.output) == {
        "lead": lead(service, EMAIL).id, "action": "hand_over", "reason": "met at the fair", "shadow": False,
    }  # fmt: skip
    assert woken == ["advance"]
    look()
    (task,) = [each for each in sales_desk.tasks(sandbox) if each.open]
    assert "Handed over by Bo Lind: met at the fair" in task.body
    again = coldframe("hand-over", EMAIL, "--reason", "once more")
    assert (again.exit_code, "has an open call in sales already" in again.output) == (1, True)
    look()
    assert len(opened(sandbox)) == 1
    with service.store.read() as conn:
        lines = [each for each in audit_trail.recent(conn, 20) if each.action == "lead hand over"]
    assert [(each.actor, each.subject) for each in lines] == [("command line", f"lead {lead(service, EMAIL).id}")]
    assert "fair" not in str(lines), "a reason may name people, and no line of the audit can be erased"


@SYSTEMS
def test_a_lead_on_hold_gets_its_task_when_the_hold_ends_by_itself(  # noqa: PLR0917 - a whole story
    service: Service, sandbox: Sandbox, at: Watch, look: Look, coldframe: Callable[..., Result], system: str
) -> None:
    quiet(service, sandbox, look, system)
    until = at() + 3 * DAY
    said = coldframe("hold", EMAIL, "--until", show(until), "--reason", "waits for the tender")
    assert "is on hold until" in said.output
    at.forward(HOUR)
    receive(service, activity(2, EMAIL, "demo_request", at()))
    look()
    assert (opened(sandbox), lead(service, EMAIL).stage) == ([], "inquiry")
    at.now = until
    look()
    assert lead(service, EMAIL).stage == "mql"
    assert len(opened(sandbox)) == 1


@SYSTEMS
def test_who_is_suppressed_by_hand_has_no_open_task_and_whoever_lifts_it_gets_no_old_one(  # noqa: PLR0917 - a whole story
    service: Service, sandbox: Sandbox, at: Watch, look: Look, coldframe: Callable[..., Result], system: str
) -> None:
    known(service, sandbox, at, look, system)
    assert len(opened(sandbox)) == 1
    assert "is suppressed: no task" in coldframe("suppress", EMAIL, "--reason", "a supplier of ours").output
    look()
    assert (lead(service, EMAIL).stage, opened(sandbox)) == ("suppressed", [])
    for words in (("hold", "--until", show(at() + DAY)), ("hand-over",), ("suppress",), ("end-hold",)):
        assert coldframe(words[0], EMAIL, "--reason", "x", *words[1:]).exit_code == 1
    assert coldframe("resubscribe", EMAIL, "--reason", "by mistake").exit_code == 0
    look()
    assert (lead(service, EMAIL).stage, opened(sandbox)) == ("inquiry", [])


def test_who_asked_to_be_left_alone_is_not_brought_back_by_anybody_else(
    service: Service, at: Watch, look: Look, coldframe: Callable[..., Result]
) -> None:
    receive(service, activity(1, EMAIL, "unsubscribe", at()))
    look()
    refused = coldframe("resubscribe", EMAIL, "--reason", "they will not mind")
    assert (refused.exit_code, "only they can subscribe again" in refused.output) == (1, True)


def test_deriving_a_lead_anew_gives_what_was_decided_by_hand_again(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, coldframe: Callable[..., Result]
) -> None:
    quiet(service, sandbox, look, "hubspot")
    coldframe("hold", EMAIL, "--until", show(at() + DAY), "--reason", "a tender")
    look()
    at.forward(HOUR)
    coldframe("hand-over", EMAIL, "--reason", "won")
    look()
    receive(service, activity(3, EMAIL, "page_view", at() - HOUR, page="pricing"))  # late: from a point before
    look()
    row, tasks = lead(service, EMAIL), opened(sandbox)
    assert (row.stage, len(tasks)) == ("mql", 1)
    with service.store.write() as conn:
        leads.derive_anew(conn, [row.id])
    drain_all(service)
    with service.store.read() as conn:
        state = states_of(conn, [row.id])[row.id]
    assert (state.stage, state.deferral, opened(sandbox)) == ("mql", None, tasks)
    assert [each.type for each in history(service, EMAIL)][:1] == ["lead_held"]


def test_a_task_that_history_kept_back_is_no_open_conversation(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, coldframe: Callable[..., Result]
) -> None:
    """Whoever was an MQL before going live has no task: a person hands them over all the same."""
    at.forward(40 * DAY)
    receive(service, activity(1, EMAIL, "demo_request", at() - 30 * DAY))
    person(sandbox, "hubspot", EMAIL)
    look()
    assert (lead(service, EMAIL).stage, opened(sandbox)) == ("mql", [])
    assert coldframe("hand-over", EMAIL, "--reason", "met at the fair").exit_code == 0
    look()
    assert len(opened(sandbox)) == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("hand-over", "nobody@acme.example", "--reason", "x"), "nobody is known as"),
        (("hand-over", EMAIL, "--reason", " "), "a text of 1 to 300 characters"),
        (("hold", EMAIL, "--reason", "x", "--until", "2000-01-01T00:00:00Z"), "a time that is over"),
        (("hold", EMAIL, "--reason", "x", "--until", "2999-01-01T00:00:00Z"), "longer than a year"),
        (("end-hold", EMAIL, "--reason", "x"), "is not on hold"),
        (("resubscribe", EMAIL, "--reason", "x"), "is not suppressed"),
    ],
)
def test_what_is_not_possible_is_refused_with_the_reason(
    service: Service, at: Watch, coldframe: Callable[..., Result], words: tuple[str, ...], why: str
) -> None:
    receive(service, activity(1, EMAIL, "page_view", at(), page="pricing"))
    drain_all(service)
    before = len(history(service, EMAIL))
    answer = coldframe(*words)
    assert answer.exit_code in {1, 2}
    assert why in " ".join(answer.output.split())
    assert len(history(service, EMAIL)) == before
