"""The ending of the demo: tasks that call somebody by an id of ours, tasks that wait, and where alerts went."""

import pytest

from integration.rig.stage.ending import arrived, misnamed, nobody
from integration.store.outgoing.unassigned import Unassigned

ID = "01a2203c48797b9b8f8f0d3a6e5b4c21"


def task(subject: str, body: str = "Who: Ana Silva<br>Company: Acme") -> dict[str, str]:
    return {"key": f"{ID}/play/handoff/1/task/1", "subject": subject, "body": body}


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        (f"Call {ID}", "Who: somebody"),
        ("Call Ana Silva, unknown: pricing", "Who: Ana Silva"),
        ("Call Ana Silva", f"<p>Company: {ID}, 120 employees</p>"),
        ("Call Ana Silva", "Budget: <b>Unknown</b>; Timeline: May"),
    ],
)
def test_a_task_with_an_id_or_the_word_unknown_is_told(subject: str, body: str) -> None:
    assert misnamed([task("Call Bo"), task(subject, body)]) == [subject]


def test_a_task_that_names_people_is_fine_whatever_its_key_is() -> None:
    assert misnamed([task("Call Ana Silva, Acme: the unknowns of pricing", "Who: Ana Silva, 0123456789abcdef")]) == []


def test_tasks_that_have_nobody_to_go_to_are_told_with_the_reason() -> None:
    one = Unassigned(connection="hubspot", reason="left", count=3, since=0, said="nobody to give it to: Bo has left")
    assert nobody([one]) == ["3 tasks wait in hubspot: nobody to give it to: Bo has left"]
    assert nobody([]) == []


def test_alerts_that_arrived_are_counted_with_their_channels_and_where_to_read_them() -> None:
    messages = [{"where": "Slack", "channel": "sales-ops", "lines": ["Late: call Ana Silva"]}] * 2
    assert arrived(messages, "http://here") == "2 alerts arrived in Slack #sales-ops: http://here/messages"
    assert arrived([], "http://here") == "0 alerts arrived in no channel: http://here/messages"
