"""Which opens, clicks and unsubscribes no person made: a function of the set of what happened, at bounded cost."""

import pytest
from core_machines import APPLE, PERSON, did, people, told

from integration.core.scoring.mail_rules import AGAIN, SCANNED
from mappings.vocabulary.machine_rules import MachineRules


def test_a_single_open_and_a_single_click_are_a_persons() -> None:
    found = told(
        did(1, "email_sent", 0, campaign="jan"),
        did(2, "email_open", 60, campaign="jan", user_agent=PERSON),
        did(3, "email_click", 75, campaign="jan", url="/pricing", method="GET"),
        did(4, "page_view", 76, url="/pricing", user_agent=PERSON),
        did(5, "unsubscribe", 90, campaign="jan"),
    )
    assert people(found) == ["a0001", "a0002", "a0003", "a0004", "a0005"]


def test_a_person_may_click_two_links_and_one_of_them_thrice() -> None:
    clicks = [did(n, "email_click", n, campaign="jan", url=url) for n, url in enumerate(["/a", "/b", "/b", "/b"])]
    assert len(people(told(*clicks))) == 4


@pytest.mark.parametrize("count", [5, 31, 400])
@pytest.mark.parametrize("mail", [{"campaign": "jan"}, {"touch": "t1"}, {}])
def test_many_opens_of_one_mail_within_a_minute_are_a_proxys(count: int, mail: dict[str, str]) -> None:
    found = told(*(did(n, "email_open", n * 50 / count, **mail) for n in range(count)))
    assert people(found) == []


@pytest.mark.parametrize("apart", [20, 61, 600, 3_599])
def test_of_opens_that_follow_each_other_the_first_counts(apart: int) -> None:
    found = told(*(did(n, "email_open", n * apart, campaign="jan") for n in range(31)))
    assert len(people(found)) <= 1
    if apart > 15:
        assert found["a0030"] in (AGAIN, "opens")


def test_who_opens_a_mail_again_another_day_opens_it_again() -> None:
    found = told(did(1, "email_open", 0, campaign="jan"), did(2, "email_open", 7_200, campaign="jan"))
    assert people(found) == ["a0001", "a0002"]


def test_two_mails_without_a_name_may_be_two() -> None:
    assert len(people(told(did(1, "email_open", 0), did(2, "email_open", 1)))) == 2


def test_opens_of_several_mails_or_by_several_people_are_told_apart() -> None:
    mails = [did(n, "email_open", n, campaign=f"c{n}") for n in range(10)]
    crowd = [did(n + 100, "email_open", 1, lead=f"l{n}", campaign="jan") for n in range(10)]
    assert len(people(told(*mails, *crowd))) == 20


@pytest.mark.parametrize(
    "clicks",
    [
        [(0, "/a"), (0, "/b"), (0, "/c")],
        [(0, "/a"), (2, "/b"), (5, "/c")],
        [(n / 12, f"/{n}") for n in range(12)],
        [(n / 12, "/a") for n in range(12)],
        [(n / 12, "") for n in range(12)],
    ],
)
def test_several_links_or_many_clicks_of_one_mail_within_seconds_are_a_scanners(
    clicks: list[tuple[float, str]],
) -> None:
    found = told(*(did(n, "email_click", at, campaign="jan", url=url) for n, (at, url) in enumerate(clicks)))
    assert people(found) == []


def test_three_links_within_six_seconds_are_a_quick_persons() -> None:
    clicks = [did(n, "email_click", at, campaign="jan", url=f"/{n}") for n, at in enumerate([0, 3, 5.1])]
    assert len(people(told(*clicks))) == 3


def test_nobody_opens_or_clicks_within_seconds_of_the_sending() -> None:
    found = told(
        did(1, "email_sent", 10, campaign="jan"),
        did(2, "email_open", 9.9, campaign="jan"),
        did(3, "email_open", 15, campaign="jan"),
        did(4, "email_click", 10, campaign="jan", url="/a"),
        did(0, "email_click", 10, campaign="jan", url="/a"),
        did(5, "email_click", 15.1, campaign="jan", url="/a"),
        did(6, "unsubscribe", 12, campaign="jan"),
        did(7, "email_click", 12, campaign="feb", url="/a"),
    )
    assert people(found) == ["a0002", "a0001", "a0007", "a0005"]


def test_programs_by_their_names_requests_for_heads_and_what_the_sender_marked() -> None:
    found = told(
        did(1, "email_open", 0, campaign="a", user_agent=APPLE),
        did(2, "email_open", 100, campaign="b", user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)"),
        did(3, "email_click", 200, campaign="c", url="/x", user_agent="BARRACUDA sentinel"),
        did(4, "email_click", 300, campaign="d", url="/x", method="head"),
        did(5, "email_open", 400, campaign="e", machine=True),
        did(6, "email_open", 500, campaign="f", machine=False),
        did(7, "page_view", 600, url="/pricing", user_agent="Googlebot/2.1"),
        did(8, "unsubscribe", 700, campaign="g", machine=True),
        did(9, "email_reply", 800, campaign="g", machine=True),
        did(10, "demo_request", 900, machine=True, user_agent=APPLE),
        did(11, "email_bounce", 900, machine=True),
    )
    assert {name: rule for name, rule in found.items() if rule} == {
        "a0001": "agent",
        "a0002": "agent",
        "a0003": "agent",
        "a0004": "method",
        "a0005": "marked",
        "a0007": "agent",
        "a0008": "marked",
        "a0009": "marked",
    }


def test_an_unsubscribe_that_a_scanners_click_made_is_no_persons() -> None:
    burst = [did(n, "email_click", n / 4, campaign="jan", url=f"/{n}") for n in range(4)]
    for mail in ({"campaign": "jan"}, {}):
        for after in (-5, 0.5, 5.75):
            found = told(*burst, did(9, "unsubscribe", after, **mail))
            assert found["a0009"] == SCANNED
    for mail, after in (({"campaign": "jan"}, 6), ({"campaign": "jan"}, -5.1), ({"campaign": "feb"}, 1)):
        assert told(*burst, did(9, "unsubscribe", after, **mail))["a0009"] == ""


def test_a_click_before_and_one_after_make_no_machine_of_an_unsubscribe() -> None:
    clicks = [did(1, "email_click", 0, campaign="jan", url="/a"), did(2, "email_click", 2, campaign="jan", url="/bye")]
    assert people(told(*clicks, did(3, "unsubscribe", 2, campaign="jan"))) == ["a0001", "a0002", "a0003"]


def test_a_machines_open_does_not_hide_the_persons_that_follows() -> None:
    found = told(
        did(1, "email_open", 0, campaign="jan", user_agent=APPLE),
        did(2, "email_open", 600, campaign="jan", user_agent=PERSON),
        did(3, "email_open", 700, campaign="jan", user_agent=PERSON),
    )
    assert found == {"a0001": "agent", "a0002": "", "a0003": AGAIN}


def test_without_rules_everything_is_a_persons_but_what_the_sender_marked() -> None:
    found = told(*(did(n, "email_open", 0, campaign="jan") for n in range(40)), rules=MachineRules())
    assert len(people(found)) == 40
    assert told(did(1, "email_open", 0, machine=True), rules=MachineRules()) == {"a0001": "marked"}
