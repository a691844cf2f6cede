"""Changed fields arrive in any order, as HubSpot's webhooks do: leads stand the same."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from flows_crms import person
from flows_run import Watch, activity, drain_all, lead, receive

from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE, Instant
from sandbox.server import Sandbox

ANA = "ana@acme.example"
TITLES = ("Analyst", "Director of Sales", "Analyst")  # changed twice, and back


def _change(number: int, record: str, at: Instant) -> dict[str, Any]:
    return {
        "eventId": 100 + number,
        "subscriptionId": 7,
        "portalId": 245_118_002,
        "appId": 1,
        "occurredAt": at // 1_000,
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": int(record),
        "propertyName": "jobtitle",
        "propertyValue": TITLES[number],
        "changeSource": "CRM_UI",
        "sourceId": "userId:1",
    }


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_last_change_by_time_holds_whichever_came_last(
    service: Service, sandbox: Sandbox, at: Watch, order: Sequence[int]
) -> None:
    record = person(sandbox, "hubspot", ANA)
    receive(service, activity(1, ANA, "page_view", at(), page="pricing"))
    drain_all(service)
    begun = at()
    for number in order:
        at.forward(HOUR)
        receive(service, _change(number, record, begun + (number + 1) * MINUTE), source="hubspot")
        drain_all(service)
    row = lead(service, ANA)
    assert row.fields["title"] == "Analyst"
    assert (row.standing or {})["fit"] == 30, "15 for the company's size, 10 for its industry, 5 for the role"
