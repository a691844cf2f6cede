"""A task that says several reasons and is taken from whoever does not answer: the new one says them all."""

import pytest
from flows_crms import SYSTEMS, person
from flows_routing import emails, routed
from flows_run import Watch, activity, drain_all, lead, receive
from joined_tasks import ANA, HANDOFF, ROI, Tasks, saw, with_further_reasons

from integration.core.model.effect_keys import AGAIN
from integration.flows.assigning.reassign import reassign_overdue
from integration.flows.deciding.advance import advance
from integration.flows.delivering.joining import carriers
from integration.flows.history import load_events
from integration.flows.reading import reconcile
from integration.store.assigning.carried_tasks import APART_FROM, LeadTask
from integration.store.db.json_codec import encode
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName, ExternalId, LeadId
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox

NEW = f"{HANDOFF}{AGAIN}"
REASON = "Offer the numbers of a peer"


class Late(Tasks):
    """Ana, whom nobody owns, asked for a demo and then looked at a page about ROI; nobody has answered."""

    def __init__(self, service: Service, sandbox: Sandbox, system: str, at: Watch, *, first: str = HANDOFF) -> None:
        super().__init__(sandbox, system)
        salesforce = system == "salesforce"
        owners = [emails(sandbox)[name] for name in ("Nadia", "Joaquim")]
        mails = owners if salesforce else [str(each["email"]) for each in sandbox.hubspot.portal.owners][:2]
        rules = "routes: [{otherwise: sdr}]\nescalation: {second_breach: reassign}\n"
        text = f"pools: {{sdr: {{members: [{', '.join(mails)}]}}}}\n{rules}"
        self.service, self.at = routed(with_further_reasons(service), text), at
        record = person(sandbox, system, ANA)
        if salesforce:
            sandbox.salesforce.set("Lead", record, {"OwnerId": sandbox.salesforce.queue("In")})
        else:
            sandbox.hubspot.set("contacts", record, {"hubspot_owner_id": ""})
        if first == ROI:
            saw(self.service, 2, "roi")
            at.forward(MINUTE)
        receive(self.service, activity(1, ANA, "demo_request", at()))
        drain_all(self.service)
        at.forward(MINUTE)
        if first == HANDOFF:
            saw(self.service, 2, "roi")
        assert set(self.all()) == {first}
        self.look()

    def look(self) -> None:
        self.at.forward(MINUTE)
        reconcile.poll(self.service, self.system)
        drain_all(self.service)

    def wait(self, span: int) -> int:
        """Nobody answers for so long; how many tasks go to somebody else."""
        self.at.forward(span)
        advance(self.service)
        drain_all(self.service)
        given = reassign_overdue(self.service)
        drain_all(self.service)
        return given

    def open(self) -> set[str]:
        row = lead(self.service, ANA)
        with self.service.store.read() as conn:
            state = load_events.states_of(conn, [row.id])[row.id]
        return {name for name, opening in state.plays.items() if opening.open}


@pytest.fixture
def late(service: Service, sandbox: Sandbox, system: str, at: Watch) -> Late:
    return Late(service, sandbox, system, at)


def reasons(body: str) -> list[str]:
    """What a task says of why, the newest first."""
    lines = [line for line in body.splitlines() if line.startswith(("Why now: ", "Also: "))]
    return [line.partition(": ")[2].partition(",")[0] for line in lines]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_that_is_taken_over_says_every_reason_and_a_further_one_joins_it(late: Late) -> None:
    late.wait(DAY + HOUR)
    assert late.wait(DAY) == 1
    subject, body, *_ = late.read(NEW)
    assert subject == "Taken over: ROI: Ana"
    assert "has not answered" in body
    assert [each.split(" ")[0] for each in reasons(body)][1:] == ["Saw", "Asked"]
    assert body.count(REASON) == 1
    assert [line for line in body.splitlines() if line.strip() in {"-", "[ ]", "☐"}] == [], "no empty lines of a list"
    assert late.read(HANDOFF)[0].startswith("Given to somebody else: ")
    saw(late.service, 3, "comparison")
    assert set(late.all()) - {"clock/first_contact/1/escalation"} == {HANDOFF, NEW}, "no third task"
    subject, body, *_ = late.read(NEW)
    assert subject == "A rival is compared: Ana"
    assert [each.split(" ")[0] for each in reasons(body)][2:] == ["Saw", "Asked"], "none is lost"
    assert "has not answered" in body
    late.look()
    assert late.open() == {"handoff", "roi", "rival"}, "our own closing says nothing"
    late.close(NEW)
    late.look()
    assert late.open() == set()


@pytest.mark.parametrize("gone", ["closed", "deleted"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_one_that_was_closed_without_a_word_or_deleted_is_given_anew_with_every_reason(late: Late, gone: str) -> None:
    late.wait(DAY + HOUR)
    number, _ = late.all()[HANDOFF]
    if gone == "closed":
        late.close(HANDOFF)
    elif late.system == "salesforce":
        late.sandbox.salesforce.delete("Task", number)
    else:
        late.sandbox.hubspot.delete("tasks", number)
    late.close("clock/first_contact/1/escalation") if "clock/first_contact/1/escalation" in late.all() else None
    late.look()
    assert late.wait(DAY) == 1
    body = late.read(NEW)[1]
    assert [each.split(" ")[0] for each in reasons(body)][1:] == ["Saw", "Asked"]
    assert body.count(REASON) == 1


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_handoff_that_joined_another_task_is_given_anew_where_that_was_closed_without_a_word(
    service: Service, sandbox: Sandbox, system: str, at: Watch
) -> None:
    late = Late(service, sandbox, system, at, first=ROI)
    late.wait(DAY + HOUR)
    late.close(ROI)
    late.close("clock/first_contact/1/escalation") if "clock/first_contact/1/escalation" in late.all() else None
    late.look()
    assert late.wait(DAY) == 1
    assert set(late.all()) - {"clock/first_contact/1/escalation"} == {ROI, f"{ROI}{AGAIN}"}
    assert [each.split(" ")[0] for each in reasons(late.read(f"{ROI}{AGAIN}")[1])][1:] == ["Asked", "Saw"]


def test_what_somebody_else_is_given_joins_no_task_that_it_takes_the_place_of() -> None:
    apart = {APART_FROM: f"ana/{HANDOFF}", "joins": f"ana/{HANDOFF}"}
    stood = task(1, f"ana/{ROI}", apart, state="sent")
    taken_over = task(2, f"ana/{ROI}{AGAIN}", {**apart, "joins": f"ana/{NEW}"}, state="new")
    assert carriers.instead([stood], {HANDOFF}) == stood, "a further reason joins the one that stands alone"
    assert carriers.instead([stood, taken_over], {HANDOFF}) is None


def task(number: int, key: str, said: dict[str, str], *, state: str) -> LeadTask:
    return LeadTask(
        id=number,
        key=key,
        lead_id=LeadId("ana"),
        connection=ConnectionName("hubspot"),
        state=state,
        attempted=False,
        external_id=ExternalId(str(number)) if state == "sent" else None,
        closing=False,
        payload_text=encode(said),
        created_at=number,
    )
