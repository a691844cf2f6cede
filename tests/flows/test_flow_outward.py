"""What goes out in the CRMs' own words: stages, opt-outs, closed tasks; and a person's choice, which stays."""

from collections.abc import Callable
from typing import TypeAlias

import pytest
from flows_crms import person, tasks
from flows_run import Watch, activity, counts, dead, decided, lead, receive

from integration.flows import reconcile
from integration.flows.advance import advance
from integration.flows.deliver import deliver
from integration.flows.ingest import ingest
from integration.flows.service import Service
from integration.store import changes
from mappings.canonical import Value
from mappings.instant import DAY, HOUR, MINUTE, SECOND
from sandbox import desk
from sandbox.faults import Fault
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
Look: TypeAlias = Callable[[], None]
EMAIL = "ana@acme.example"
SYSTEMS = pytest.mark.parametrize("system", ["hubspot", "salesforce"])
WORDS = {
    "hubspot": {"mql": "marketingqualifiedlead", "sal": "salesqualifiedlead", "recycled": "lead"},
    "salesforce": {"mql": "Open - Not Contacted", "sal": "Working - Contacted", "recycled": "Closed - Not Converted"},
}


@pytest.fixture
def look(service: Service, drain_all: Drain, at: Watch) -> Look:
    """Poll both CRMs and let everything that follows happen, some time later."""

    def looking() -> None:
        for _ in range(2):
            at.forward(MINUTE)
            for name in service.connections:
                reconcile.poll(service, name)
            drain_all(service)

    looking()
    return looking


def known(service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str) -> str:
    """A lead who asked for a demo, known to one CRM; the id of the record."""
    record = person(sandbox, system, EMAIL)
    at.forward(DAY)
    receive(service, activity(1, EMAIL, "demo_request", at() - HOUR))
    look()
    assert lead(service, EMAIL).stage == "mql"
    at.forward(HOUR)
    return record


def stands(sandbox: Sandbox, system: str, record: str) -> str:
    """What the CRM's own field of the stage says."""
    if system == "salesforce":
        return str(sandbox.salesforce.record("Lead", record)["Status"])
    return sandbox.hubspot.values("contacts", record).get("lifecyclestage", "")


def choose(sandbox: Sandbox, system: str, record: str, word: str) -> None:
    """A person chooses a stage on a page of the CRM."""
    if system == "salesforce":
        sandbox.salesforce.set("Lead", record, {"Status": word})
    else:
        sandbox.hubspot.set("contacts", record, {"lifecyclestage": word})


def told(service: Service, name: str) -> list[Value]:
    """Everything that is stored of one field of the lead."""
    with service.store.read() as conn:
        return [row.fields[name] for row in changes.history(conn, [lead(service, EMAIL).id]) if name in row.fields]


@SYSTEMS
def test_a_stage_goes_out_in_the_crms_own_words_forward_and_back(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    record = known(service, sandbox, at, look, system)
    assert stands(sandbox, system, record) == WORDS[system]["mql"]
    receive(service, activity(2, EMAIL, "sales_accepted", at()))
    look()
    assert stands(sandbox, system, record) == WORDS[system]["sal"]
    at.forward(HOUR)
    receive(service, activity(3, EMAIL, "sales_rejected", at(), reason="timing"))
    look()
    assert lead(service, EMAIL).stage == "recycled"
    assert stands(sandbox, system, record) == WORDS[system]["recycled"]
    assert told(service, "stage") == [], "none of it came back as somebody's choice"
    before = counts(service)
    for _ in range(3):
        look()
    assert counts(service) == before
    assert dead(service) == []


@SYSTEMS
def test_a_persons_choice_is_taken_over_and_not_written_over(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    record = known(service, sandbox, at, look, system)
    receive(service, activity(2, EMAIL, "sales_accepted", at()))
    look()
    word = "Qualified" if system == "salesforce" else "opportunity"
    choose(sandbox, system, record, word)
    look()
    assert lead(service, EMAIL).stage == "sql"
    assert stands(sandbox, system, record) == word
    choose(sandbox, system, record, WORDS[system]["sal"])
    look()
    assert lead(service, EMAIL).stage == "sal", "what we once wrote ourselves, chosen by a person, is a choice"
    assert told(service, "stage") == ["sql", "sal"]


@SYSTEMS
def test_a_choice_that_nobody_has_heard_of_yet_is_heard_before_anything_is_written(  # noqa: PLR0917 - fixtures
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, look: Look, system: str
) -> None:
    """No poll and no webhook in between: the record is read because it is about to be written."""
    record = known(service, sandbox, at, look, system)
    word = "Qualified" if system == "salesforce" else "customer"
    choose(sandbox, system, record, word)
    at.forward(MINUTE)
    receive(service, activity(2, EMAIL, "sales_accepted", at()))
    for _ in range(4):
        drain_all(service)
        assert stands(sandbox, system, record) == word
        at.forward(3 * SECOND)
    assert lead(service, EMAIL).stage == ("sql" if system == "salesforce" else "customer")


@SYSTEMS
def test_a_word_that_the_mapping_does_not_know_is_somebodys_and_stays(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    record = person(sandbox, system, EMAIL)
    word = "Nurture - Waiting" if system == "salesforce" else "evangelist"
    choose(sandbox, system, record, word)
    at.forward(DAY)
    receive(service, activity(1, EMAIL, "demo_request", at() - HOUR))
    look()
    assert lead(service, EMAIL).stage == "mql"
    assert stands(sandbox, system, record) == word
    own = sandbox.hubspot.values("contacts", record) if system == "hubspot" else {}
    assert (own or sandbox.salesforce.record("Lead", record)).get(
        "coldframe_stage" if own else "Coldframe_Stage__c"
    ) == "mql"


def test_a_stage_that_the_portal_does_not_offer_is_not_sent_and_the_scores_are(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    offered = sandbox.hubspot.portal.properties("contacts")["lifecyclestage"]
    offered.options = {key: label for key, label in offered.options.items() if key != "marketingqualifiedlead"}
    record = known(service, sandbox, at, look, "hubspot")
    assert stands(sandbox, "hubspot", record) == "lead"
    assert sandbox.hubspot.values("contacts", record)["coldframe_stage"] == "mql"
    assert dead(service) == []


def test_what_broke_off_between_clearing_and_setting_heals(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    record = known(service, sandbox, at, look, "hubspot")
    receive(service, activity(2, EMAIL, "sales_accepted", at()))
    look()
    # A touch, the field write, the clearing, and then the connection is gone before the stage is set.
    sandbox.faults.add(Fault(kind="drop", system="hubspot", path="*/contacts/batch/update", skip=3, times=1))
    receive(service, activity(3, EMAIL, "sales_rejected", at(), reason="timing"))
    at.forward(MINUTE)
    reconcile.poll(service, "hubspot")
    ingest(service)
    advance(service)
    deliver(service, "hubspot")
    assert stands(sandbox, "hubspot", record) == ""
    look()
    assert stands(sandbox, "hubspot", record) == "lead"
    assert lead(service, EMAIL).stage == "recycled"
    assert told(service, "stage") == []


def test_what_a_person_chose_in_one_crm_goes_to_the_other(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    contact = person(sandbox, "hubspot", EMAIL)
    record = known(service, sandbox, at, look, "salesforce")
    choose(sandbox, "salesforce", record, "Working - Contacted")
    look()
    assert lead(service, EMAIL).stage == "sal"
    assert stands(sandbox, "hubspot", contact) == "salesqualifiedlead"
    assert told(service, "stage") == ["sal"], "and is no choice of anybody's there"


@SYSTEMS
def test_who_opted_out_of_one_crm_is_left_alone_and_opted_out_of_the_other(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    contact = person(sandbox, "hubspot", EMAIL)
    record = known(service, sandbox, at, look, "salesforce")
    if system == "hubspot":
        sandbox.hubspot.set("contacts", contact, {"hs_email_optout": "true"})
    else:
        sandbox.salesforce.set("Lead", record, {"HasOptedOutOfEmail": True})
    look()
    assert lead(service, EMAIL).stage == "suppressed"
    assert sandbox.salesforce.record("Lead", record)["HasOptedOutOfEmail"] is True
    assert sandbox.hubspot.values("contacts", contact)["hs_email_optout"] == "true"
    # What the other CRM says now is our own word, and what it says of old takes nobody's opt-out back.
    sandbox.hubspot.set("contacts", contact, {"jobtitle": "VP of Sales"})
    sandbox.salesforce.set("Lead", record, {"Title": "VP of Sales"})
    look()
    assert lead(service, EMAIL).stage == "suppressed"
    assert told(service, "opted_out").count(True) == 1


def test_nobody_is_opted_in_by_us_and_whoever_resubscribes_stays_so(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    record = known(service, sandbox, at, look, "salesforce")
    receive(service, activity(2, EMAIL, "unsubscribe", at()))
    look()
    assert sandbox.salesforce.record("Lead", record)["HasOptedOutOfEmail"] is True
    at.forward(DAY)
    receive(service, activity(3, EMAIL, "resubscribe", at()))
    look()
    assert lead(service, EMAIL).stage != "suppressed"
    assert sandbox.salesforce.record("Lead", record)["HasOptedOutOfEmail"] is True, "a person takes it back, there"
    sandbox.salesforce.set("Lead", record, {"Title": "VP of Sales"})
    look()
    assert lead(service, EMAIL).stage != "suppressed", "our own tick is no new opt-out"


@SYSTEMS
def test_a_suppressed_leads_tasks_are_closed_with_the_reason_and_no_new_one_comes(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    known(service, sandbox, at, look, system)
    (task,) = [each for each in desk.tasks(sandbox) if each.open]
    receive(service, activity(2, EMAIL, "unsubscribe", at()))
    look()
    (closed,) = [each for each in desk.tasks(sandbox) if each.id == task.id]
    assert not closed.open
    assert closed.subject == f"Do not contact: {task.subject}"
    # Too late: it happened before, and would have been a reason for another task.
    receive(service, activity(3, EMAIL, "contact_request", at() - 2 * HOUR))
    for page in range(6):
        receive(service, activity(f"4{page}", EMAIL, "page_view", at() - 3 * HOUR, page="pricing"))
    look()
    assert [each.id for each in desk.tasks(sandbox) if each.open] == []
    with service.store.read() as conn:
        waiting = conn.exec_driver_sql("SELECT count(*) FROM outbox WHERE state = 'new' AND kind IN ('task', 'touch')")
        assert waiting.scalar() == 0
        assert conn.exec_driver_sql("SELECT count(*) FROM audit WHERE action = 'silence'").scalar() == 1


@SYSTEMS
def test_a_task_that_sales_has_closed_is_left_as_it_is(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    known(service, sandbox, at, look, system)
    (task,) = [each for each in desk.tasks(sandbox) if each.open]
    desk.close(sandbox, system, task.id, outcome="connected")
    receive(service, activity(2, EMAIL, "unsubscribe", at()))
    look()
    (closed,) = [each for each in desk.tasks(sandbox) if each.id == task.id]
    assert (closed.subject, closed.outcome.casefold()) == (task.subject, "connected")


def test_a_task_not_sent_yet_is_dropped_when_the_lead_is_suppressed(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    person(sandbox, "salesforce", EMAIL)
    look()
    receive(service, activity(1, EMAIL, "demo_request", at() - HOUR), activity(2, EMAIL, "unsubscribe", at() - MINUTE))
    look()
    assert decided(service, EMAIL, "task"), "it was decided"
    assert sum(tasks(sandbox, "salesforce").values()) == 0, "and nobody is to do it any more"


@pytest.mark.parametrize("first", ["hubspot", "salesforce"])
def test_the_owners_word_counts_whichever_was_read_first_and_the_others_where_it_says_nothing(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, first: str
) -> None:
    second = "hubspot" if first == "salesforce" else "salesforce"
    ids = {}
    for name in (first, second):
        ids[name] = person(sandbox, name, EMAIL)
        at.forward(HOUR)
        look()
    sandbox.salesforce.set("Lead", ids["salesforce"], {"Title": "VP of Sales", "Phone": None})
    at.forward(HOUR)
    sandbox.hubspot.set("contacts", ids["hubspot"], {"jobtitle": "Intern", "phone": "+49 30"})
    look()
    fields = lead(service, EMAIL).fields
    assert (fields["title"], fields["seniority"], fields["phone"]) == ("VP of Sales", "vp", "+49 30")
    fit = (lead(service, EMAIL).standing or {})["fit"]
    sandbox.hubspot.set("contacts", ids["hubspot"], {"jobtitle": "Analyst"})
    look()
    assert lead(service, EMAIL).fields["title"] == "VP of Sales"
    assert (lead(service, EMAIL).standing or {})["fit"] == fit
