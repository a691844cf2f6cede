"""When an answer is due stands in a task as the CRM has it: in the working time, and on the day, of its person."""

from typing import Any

import pytest
from crm_texts import words_of
from flows_crms import SYSTEMS, person
from flows_roles import ANA, people
from flows_routing import demo, emails, routed
from flows_run import Watch

from integration.wiring.whole_service import Service
from mappings.values.instant import parse
from sandbox.server import Sandbox

WEST, EAST, SOUTH = "America/Los_Angeles", "America/New_York", "Pacific/Tongatapu"
CASES: dict[str, tuple[str, str, str, str, str]] = {
    # (hours, what else, when a demo is asked for, when the answer is due, how the text says so)
    "a Friday 17:00 in San Francisco is a Friday": (
        *(f"Mon-Fri 09:00-18:00 {WEST}", "", "2026-01-09T01:00:00Z", "2026-01-10T01:00:00Z"),
        f"Fri 9 Jan 2026, 17:00 ({WEST})",
    ),
    "handed over on a Friday, due on Monday": (
        *(f"Mon-Fri 09:00-17:00 {WEST}", "", "2026-01-09T23:00:00Z", "2026-01-12T17:00:00Z"),
        f"Mon 12 Jan 2026, 09:00 ({WEST}), promised by Sat 10 Jan 2026, 15:00 ({WEST})",
    ),
    "a holiday on that Monday": (
        *(f"Mon-Fri 09:00-17:00 {WEST}", ", holidays: US", "2026-01-16T23:00:00Z", "2026-01-20T17:00:00Z"),
        f"Tue 20 Jan 2026, 09:00 ({WEST}), promised by Sat 17 Jan 2026, 15:00 ({WEST})",
    ),
    "the clocks go forward that night": (
        *(f"Mon-Fri 09:00-17:00 {EAST}", "", "2026-03-06T20:00:00Z", "2026-03-09T13:00:00Z"),
        f"Mon 9 Mar 2026, 09:00 ({EAST}), promised by Sat 7 Mar 2026, 15:00 ({EAST})",
    ),
    "they go back that night": (
        *(f"Mon-Fri 09:00-17:00 {EAST}", "", "2026-10-30T19:00:00Z", "2026-11-02T14:00:00Z"),
        f"Mon 2 Nov 2026, 09:00 ({EAST}), promised by Sat 31 Oct 2026, 15:00 ({EAST})",
    ),
    "thirteen hours ahead": (
        *(f"Mon-Fri 09:00-17:00 {SOUTH}", "", "2026-01-09T03:00:00Z", "2026-01-11T20:00:00Z"),
        f"Mon 12 Jan 2026, 09:00 ({SOUTH}), promised by Sat 10 Jan 2026, 16:00 ({SOUTH})",
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_text_and_the_due_date_are_the_same_working_day_of_whoever_got_the_task(
    service: Service, sandbox: Sandbox, at: Watch, system: str, case: str
) -> None:
    hours, more, asked, due, said = CASES[case]
    zone = hours.rpartition(" ")[2]
    at.now = parse(asked)
    record = person(sandbox, system, ANA)
    if system == "salesforce":
        mail = emails(sandbox)["Nadia"]
        sandbox.salesforce.set("User", people(sandbox)["Nadia"], {"TimeZoneSidKey": zone})
    else:
        mail = str(sandbox.hubspot.portal.owners[0]["email"])
        sandbox.hubspot.set("contacts", record, {"hubspot_owner_id": sandbox.hubspot.portal.owners[0]["id"]})
    demo(routed(service, f'people: {{{mail}: {{hours: "{hours}"{more}}}}}\n'), at, ANA)
    found = task(sandbox, system)
    lines = words_of(found["body"]).splitlines()
    assert [line for line in lines if line.startswith(("Answer due: ", "Task due: "))] == [f"Answer due: {said}"]
    if system == "hubspot":
        assert parse(found["due"]) == parse(due)
    else:
        day = said.partition(",")[0].split(" ")
        assert found["due"] == f"2026-{MONTHS[day[2]]}-{int(day[1]):02}", "a day has no zone: it is theirs"


MONTHS = {"Jan": "01", "Mar": "03", "Oct": "10", "Nov": "11"}


def task(sandbox: Sandbox, system: str) -> dict[str, Any]:
    if system == "hubspot":
        (found,) = sandbox.hubspot.records("tasks")
        return {"body": found.values["hs_task_body"], "due": found.values["hs_timestamp"]}
    (made,) = sandbox.salesforce.records("Task")
    return {"body": made["Description"], "due": made["ActivityDate"]}
