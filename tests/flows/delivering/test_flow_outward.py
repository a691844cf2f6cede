"""What goes out in the CRMs' own words: stages, opt-outs, closed tasks; and a person's choice, which stays."""

from collections.abc import Callable
from typing import TypeAlias

import pytest
from flows_crms import person
from flows_outward import EMAIL, SYSTEMS, Look, known, looking, told
from flows_run import Watch, activity, counts, dead, lead, receive

from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.reading import reconcile
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

Drain: TypeAlias = Callable[[Service], int]
WORDS = {
    "hubspot": {"mql": "marketingqualifiedlead", "sal": "salesqualifiedlead", "recycled": "lead"},
    "salesforce": {"mql": "Open - Not Contacted", "sal": "Working - Contacted", "recycled": "Closed - Not Converted"},
}


@pytest.fixture
def look(service: Service, at: Watch) -> Look:
    """Poll both CRMs and let everything that follows happen, some time later."""
    return looking(service, at)


def stands(sandbox: Sandbox, system: str, record: str) -> str:
    """What the CRM's own field of the stage says."""
    if system == "salesforce":
        return str(sandbox.salesforce.record("Lead", record)["Status"])
    return sandbox.hubspot.values("contacts", record).get("lifecyclestage", "")


def ours(sandbox: Sandbox, system: str, record: str) -> str:
    """What our own field of the stage says."""
    if system == "salesforce":
        return str(sandbox.salesforce.record("Lead", record)["Coldframe_Stage__c"])
    return sandbox.hubspot.values("contacts", record)["coldframe_stage"]


def choose(sandbox: Sandbox, system: str, record: str, word: str) -> None:
    """A person chooses a stage on a page of the CRM."""
    if system == "salesforce":
        sandbox.salesforce.set("Lead", record, {"Status": word})
    else:
        sandbox.hubspot.set("contacts", record, {"lifecyclestage": word})


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
    held = (
        sandbox.hubspot.values("contacts", record) if system == "hubspot" else sandbox.salesforce.record("Lead", record)
    )
    assert held["coldframe_stage" if system == "hubspot" else "Coldframe_Stage__c"] == "mql"


def test_a_stage_that_the_portal_does_not_offer_is_not_sent_and_the_scores_are(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    offered = sandbox.hubspot.portal.properties("contacts")["lifecyclestage"]
    offered.options = {key: label for key, label in offered.options.items() if key != "marketingqualifiedlead"}
    record = known(service, sandbox, at, look, "hubspot")
    assert stands(sandbox, "hubspot", record) == "lead"
    assert sandbox.hubspot.values("contacts", record)["coldframe_stage"] == "mql"
    assert dead(service) == []


@SYSTEMS
def test_a_field_that_this_user_may_not_edit_or_describe_is_left_and_the_scores_are_written(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    if system == "salesforce":
        sandbox.salesforce.org.fields["Lead"]["Status"].updateable = False
    else:
        words = {"status": 403, "code": "MISSING_SCOPES", "message": "not granted"}
        sandbox.faults.add(Fault(kind="status", system="hubspot", path="*/properties/*/contacts", times=0, **words))
    record = known(service, sandbox, at, look, system)
    receive(service, activity(2, EMAIL, "sales_accepted", at()))
    look()
    assert stands(sandbox, system, record) == ("Open - Not Contacted" if system == "salesforce" else "lead")
    assert ours(sandbox, system, record) == "sal"
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
