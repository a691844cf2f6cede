"""Points that end in the service: an idle lead is scored again at that instant, whatever came late."""

import pytest
from flows_playbook_changes import assert_equal_to_fresh_folds, edited
from flows_run import Watch, activity, drain_all, lead, receive, with_parts

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY

EMAIL = "ana@acme.example"
PRICING = "    pricing: 15\n", "    pricing: {points: 15, expires: 30d}\n"
STEPS = "{after 14d: 80%, after 30d: 50%, after 90d: 0%}"


@pytest.mark.parametrize(
    "decay", ["{after 200d: 50%, floor: 3}", "{half_life: 200d, floor: 3}", "{per_month: 1%, floor: 3}"]
)
def test_an_idle_lead_loses_points_at_their_end_and_a_late_activity_gives_what_is_left_of_it(
    service: Service, at: Watch, decay: str
) -> None:
    playbook = edited(PRICING, (STEPS, decay))
    living = with_parts(service, compiled=CompiledPlaybook.of(playbook))
    begin = at()
    receive(living, activity(1, EMAIL, "page_view", begin, page="pricing"))
    receive(living, activity(2, EMAIL, "content_download", begin, asset_type="educational", asset="guide"))
    drain_all(living)
    at.forward(30 * DAY - 1)
    drain_all(living)
    before = engagement(living)
    assert before > 15, "the guide's five points are there as well"
    at.forward(1)
    drain_all(living)
    assert 3 <= engagement(living) <= before - 13
    receive(living, activity(3, EMAIL, "page_view", begin + 10 * DAY, page="pricing", url="/plans"))
    drain_all(living)
    assert engagement(living) >= before - 3, "ten days of it are left"
    assert_equal_to_fresh_folds(living, playbook)
    at.forward(10 * DAY)
    drain_all(living)
    assert 3 <= engagement(living) <= 5
    assert_equal_to_fresh_folds(living, playbook)


def engagement(service: Service) -> int:
    return int((lead(service, EMAIL).standing or {})["engagement"])
