"""The main job: activity comes in, score, stage and one task with the story in it stand in the CRM."""

from collections.abc import Callable
from typing import TypeAlias

import pytest
from flows_crms import FIELDS, calls, engagement, person, tasks
from flows_run import Watch, activity, counts, lead, receive

from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
EMAIL = "ana@acme.example"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The main job is done on both kinds of store."""
    return str(request.param)


def warm(at: Watch) -> list[dict[str, object]]:
    """Enough to be hot: 40 points of fit and 33 of engagement."""
    return [
        activity(1, EMAIL, "page_view", at() - 3 * HOUR, page="pricing"),
        activity(2, EMAIL, "page_view", at() - 2 * HOUR, page="case_study"),
        activity(3, EMAIL, "email_click", at() - HOUR, url="/pricing"),
        activity(4, EMAIL, "content_download", at() - MINUTE, asset="Guide", asset_type="educational"),
    ]


@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_a_lead_that_becomes_hot_has_score_stage_and_one_task_in_its_crm(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    record = person(sandbox, system, EMAIL)
    at.forward(DAY)
    receive(service, *warm(at))
    drain_all(service)
    row = lead(service, EMAIL)
    assert (row.stage, row.band, row.total) == ("mql", "hot", 73)
    assert engagement(sandbox, system, record) == 33
    (key,) = tasks(sandbox, system)
    assert tasks(sandbox, system)[key] == 1
    assert row.id in key


def test_ten_activities_are_decided_once_and_written_once(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    person(sandbox, "hubspot", EMAIL)
    at.forward(DAY)
    receive(service, activity(0, EMAIL, "email_click", at()))
    drain_all(service)
    before = calls(sandbox, FIELDS["hubspot"])
    at.forward(HOUR)
    receive(service, *[activity(n, EMAIL, "email_click", at() - n * MINUTE) for n in range(1, 11)])
    drain_all(service)
    assert calls(sandbox, FIELDS["hubspot"]) == before + 1
    assert lead(service, EMAIL).total == 73
    assert counts(service).dirty == 0


def test_touches_are_named_on_the_record_one_after_the_other(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    record = person(sandbox, "hubspot", EMAIL)
    sandbox.hubspot.set("contacts", record, {"lead_source": "educational_download"})
    at.forward(DAY)
    seen = []
    for _ in range(12):
        receive(service, activity(at(), EMAIL, "email_open", at()))
        drain_all(service)
        values = sandbox.hubspot.values("contacts", record)
        seen.append((values.get("coldframe_touch"), values.get("coldframe_track")))
        at.forward(DAY)
    assert [touch for touch, track in dict.fromkeys(seen) if track == "drip"] == [
        "takeaways",
        "adjacent_problems",
        "customer_story",
        "webinar_invitation",
    ]
