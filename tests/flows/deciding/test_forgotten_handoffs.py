"""A handoff that still waits when it is forgotten and begins anew is made once: as the newer one."""

import pytest
from flows_crms import SYSTEMS, person
from flows_run import Watch, activity, decided, drain_all, receive
from joined_tasks import ANA, HANDOFF, Tasks

from integration.flows.reading import reconcile
from integration.store.outgoing.pointless_tasks import OVERTAKEN
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, MINUTE
from sandbox.server import Sandbox


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_who_asks_again_while_the_first_task_waits_has_one_task(
    service: Service, sandbox: Sandbox, system: str, at: Watch
) -> None:
    for number in (1, 2):
        receive(service, activity(number, ANA, "demo_request", at()))
        drain_all(service)
        at.forward(20 * DAY)
    person(sandbox, system, ANA)
    reconcile.poll(service, system)
    drain_all(service)
    at.forward(MINUTE)
    drain_all(service)
    tasks = Tasks(sandbox, system)
    assert [each for each in tasks.all() if "handoff" in each] == ["play/handoff/2/task/1"]
    why = {each.key.partition("/")[2]: each.withheld for each in decided(service, ANA, "task")}
    assert why == {HANDOFF: OVERTAKEN, "play/handoff/2/task/1": None}
