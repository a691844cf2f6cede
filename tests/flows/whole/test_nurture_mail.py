"""Nurture e-mail as docs/nurture-mail.md describes it: the touch on the record, and the way back."""

import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from flows_crms import SYSTEMS, person
from flows_run import Watch, activity, dead, history, lead, receive
from places import ROOT

from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, show
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]

EMAIL = "ana@acme.example"
PAGE = (ROOT / "docs" / "nurture-mail.md").read_text(encoding="utf-8")
HUBSPOT, SALESFORCE, OPENED = (
    json.loads(block)["activities"][0] for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
)
SENT = {"hubspot": HUBSPOT, "salesforce": SALESFORCE}
RECORD = {"hubspot": "hubspot:contact:{}", "salesforce": "salesforce:Lead:{}"}
FIELDS = {
    "hubspot": ("coldframe_touch", "coldframe_touch_at", "coldframe_track"),
    "salesforce": ("Coldframe_Touch__c", "Coldframe_Touch_At__c", "Coldframe_Track__c"),
}


def begun(sandbox: Sandbox, system: str) -> str:
    """Somebody whose source puts them on the track `drip`."""
    record = person(sandbox, system, EMAIL)
    if system == "hubspot":
        sandbox.hubspot.set("contacts", record, {"lead_source": "educational_download"})
    else:
        sandbox.salesforce.set("Lead", record, {"LeadSource": "Educational Download"})
    return record


def written(sandbox: Sandbox, system: str, record: str) -> tuple[Any, ...]:
    """Touch, time and track, as they stand on the record."""
    values: Any = (
        sandbox.hubspot.values("contacts", record) if system == "hubspot" else sandbox.salesforce.record("Lead", record)
    )
    return tuple(values.get(name) for name in FIELDS[system])


def said(template: dict[str, Any], at: Watch, number: object, touch: str, **who: str) -> dict[str, Any]:
    """What the page's recipe sends, about this record and touch."""
    item = {**template, **who, "id": f"{template['id']}-{number}", "at": show(at())}
    return item | {"properties": template["properties"] | {"touch": touch}}


def opened(service: Service) -> dict[str, bool]:
    """Each touch that went out, and whether it counts as opened."""
    state = json.loads(lead(service, EMAIL).state or "{}")
    return {each["content"]: each["opened"] for each in state["touches"]}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_workflow_that_starts_on_the_time_sends_each_touch_once_and_says_so(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    record = begun(sandbox, system)
    who = {"lead": RECORD[system].format(record)}
    at.forward(DAY)
    receive(service, activity("first", EMAIL, "form_submit", at(), form="Guide"))
    before: Any = None
    sent: list[str] = []
    for _ in range(8):
        drain_all(service)
        touch, since, track = written(sandbox, system, record)
        if since != before:  # the workflow's trigger, with re-enrolment
            before = since
            sent.append(touch)
            total = lead(service, EMAIL).total
            for _again in range(2):  # a workflow that runs twice counts once
                receive(service, said(SENT[system], at, since, touch, **who))
            drain_all(service)
            assert lead(service, EMAIL).total == total, "what the sender did scores nothing"
            assert track == "drip"
        at.forward(DAY)
    assert sent[:2] == ["takeaways", "adjacent_problems"]
    back = [(each.type, each.properties["touch"]) for each in history(service, EMAIL) if each.type == "email_sent"]
    assert back == [("email_sent", touch) for touch in sent]
    assert dead(service) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_open_that_names_the_touch_counts_for_it_and_scores(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    record = begun(sandbox, system)
    at.forward(DAY)
    receive(service, activity("first", EMAIL, "form_submit", at(), form="Guide"))
    while not (lead_state(service) or {}).get("touches"):
        drain_all(service)
        at.forward(DAY)
    (touch,) = opened(service)
    assert (touch, opened(service)[touch]) == (written(sandbox, system, record)[0], False)
    receive(service, said(OPENED, at, 1, touch))
    drain_all(service)
    assert opened(service)[touch] is True


def lead_state(service: Service) -> dict[str, Any] | None:
    """The state of the lead, once there is one."""
    try:
        row = lead(service, EMAIL)
    except KeyError:
        return None
    state: dict[str, Any] = json.loads(row.state or "{}")
    return state


def test_the_page_names_the_fields_that_the_shipped_mappings_write() -> None:
    for system, names in FIELDS.items():
        mapping = (ROOT / "mappings" / f"{system}.yaml").read_text(encoding="utf-8")
        assert [name for name in names if f": {name}" not in mapping or f"`{name}`" not in PAGE] == []


def test_the_pictures_of_the_page_are_there_and_say_what_they_show() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\((nurture-[a-z]+\.svg)\)", PAGE)
    assert len(pictures) == 3
    for name in pictures:
        drawn = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert 'role="img" aria-label="' in drawn
        assert "coldframe_touch_at" in drawn.lower()
