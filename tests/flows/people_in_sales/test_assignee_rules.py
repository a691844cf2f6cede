"""A task goes to the person its role means, or to nobody and says why; never to whom it is about, a queue or us."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.base.users import CrmUser
from integration.flows.assigning.assignee_case import Candidate, Case, Directory
from integration.flows.assigning.assignee_reasons import remedy
from integration.flows.assigning.assignee_rules import resolved
from integration.routing.pool_turns import PoolTurns
from integration.store.outgoing.unassigned import Assigned

SF, HS = "salesforce", "hubspot"


def user(id_: str, **more: Any) -> CrmUser:
    return CrmUser(**{"id": id_, "name": id_.capitalize(), "email": f"{id_}@acme.example"} | more)


PETRA, NADIA, JOAQUIM = user("petra"), user("nadia", manager="petra"), user("joaquim", manager="petra")
LEFT, QUEUE, US = user("leo", active=False, manager="petra"), user("inbound", kind="queue", email=""), user("us")
STAFF = (PETRA, NADIA, JOAQUIM, LEFT, QUEUE, US)
MAREN = user("84", name="Maren", email="maren@acme.example")
NADIA_THERE = user("85", name="Nadia", email="nadia@acme.example")


def directory(*here: CrmUser, there: tuple[CrmUser, ...] = (MAREN, NADIA_THERE)) -> Directory:
    """Salesforce has the staff (those named again here instead), HubSpot has two others."""
    people = {each.id: each for each in (*STAFF, *here)}
    known = [(SF, each) for each in people.values()] + [(HS, each) for each in there]
    emails: dict[str, list[tuple[str, CrmUser]]] = {}
    for connection, each in known:
        emails.setdefault(each.email, []).append((connection, each))
    return Directory(
        users={(connection, each.id): each for connection, each in known},
        by_email={email: those for email, those in emails.items() if email},
        own={SF: "us", HS: ""},
    )


def of(connection: str, name: str, respect: str = "owner of the lead") -> Candidate:
    return Candidate(connection=connection, user=name, respect=respect)


def case(role: str = "owner", home: str = SF, **named: list[Candidate]) -> Case:
    return Case(role=role, home=home, **named)


def escalation(late: str = "nadia", role: str = "manager", **named: list[Candidate]) -> Case:
    owner = [of(SF, late)]
    return replace(case(role, owner=owner, late=owner, **named), escalation=True)


def given(case_: Case, known: Directory) -> Assigned:
    """Whom a task goes to without a routing.yaml."""
    return resolved(case_, known, PoolTurns())


@pytest.mark.parametrize(
    ("asked", "gets", "because"),
    [
        (case(owner=[of(SF, "nadia")]), "nadia", "owner of the lead"),
        (case(account_owner=[of(SF, "nadia", "owner of the account")]), "nadia", "owner of the account"),
        (case("account_owner", account_owner=[of(SF, "nadia", "x")], owner=[of(SF, "joaquim")]), "nadia", "x"),
        (case("pool", owner=[of(SF, "nadia")]), "nadia", "owner of the lead"),
        (case("worked_by", worked=[of(SF, "joaquim", "w")], owner=[of(SF, "nadia")]), "joaquim", "w"),
        (case("worked_by", worked=[of(SF, "leo", "w")], owner=[of(SF, "nadia")]), "nadia", "owner of the lead"),
        (case("manager", owner=[of(SF, "nadia")]), "petra", "manager of Nadia"),
        (escalation(), "petra", "manager of Nadia"),
        (escalation("leo"), "petra", "manager of Leo"),
        (case(owner=[of(HS, "85")]), "nadia", "owner of the lead"),
        (case(home=HS, owner=[of(SF, "nadia")]), "85", "owner of the lead"),
        (case("manager", owner=[of(HS, "85")]), "petra", "manager of Nadia"),
    ],
)
def test_a_role_is_the_person_whom_a_crm_names(asked: Case, gets: str, because: str) -> None:
    found = given(asked, directory())
    assert (found.user, found.because, found.waits, found.connection) == (gets, because, "", asked.home)


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        (case(), "no_owner"),
        (case("account_owner", owner=[of(SF, "nadia")]), "no_account_owner"),
        (case(owner=[of(SF, "inbound")]), "queue"),
        (case(owner=[of(SF, "leo")]), "left"),
        (case(owner=[of(SF, "us")]), "integration_user"),
        (case(owner=[of(SF, "nobody")]), "hidden"),
        (case(owner=[of(HS, "84")]), "elsewhere"),
        (case("manager"), "no_owner"),
        (case("manager", owner=[of(HS, "84")]), "no_manager"),
        (escalation("petra"), "no_manager"),
        (escalation("nadia", "owner"), "about_them"),
        (escalation("nadia", "account_owner", account_owner=[of(SF, "nadia", "owner of the account")]), "about_them"),
        (escalation("nadia", "account_owner", account_owner=[of(HS, "85", "owner of the account")]), "about_them"),
        (escalation("inbound"), "queue"),
        (escalation("us"), "integration_user"),
        (escalation("nobody"), "hidden"),
    ],
)
def test_where_nobody_is_left_the_task_waits_and_says_why_and_what_to_do(asked: Case, waits: str) -> None:
    found = given(asked, directory())
    assert (found.user, found.waits) == ("", waits)
    assert found.passed_over
    assert found.remedy
    assert remedy(waits, SF)


def test_a_manager_who_is_late_is_not_told_of_it_by_their_own_escalation() -> None:
    alone = user("nadia", manager="nadia")
    assert given(escalation(), directory(alone)).waits == "about_them"
    in_a_ring = (user("nadia", manager="joaquim"), user("joaquim", manager="nadia"))
    late = [of(SF, "joaquim", "had the last task"), of(SF, "nadia")]
    both = Case(role="manager", home=SF, owner=[of(SF, "nadia")], late=late, escalation=True)
    assert given(both, directory(*in_a_ring)).waits == "about_them"


@pytest.mark.parametrize("manager", [LEFT, US, user("petra", active=False)])
def test_a_manager_who_can_get_nothing_gets_nothing(manager: CrmUser) -> None:
    found = given(escalation(), directory(user("nadia", manager=manager.id), manager))
    assert (found.user, found.waits) == ("", "integration_user" if manager is US else "left")


def test_who_was_passed_over_before_is_told_with_why() -> None:
    found = given(case(owner=[of(SF, "inbound")], account_owner=[of(SF, "nadia", "owner of the account")]), directory())
    assert (found.user, found.because) == ("nadia", "owner of the account")
    assert found.passed_over == (("Inbound (owner of the lead)", "is a queue, which gets no tasks"),)
