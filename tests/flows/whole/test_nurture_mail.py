"""Nurture e-mail as docs/nurture-mail.md describes it: the touch on the record, and the way back."""

import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from flows_crms import SYSTEMS, person
from flows_run import Watch, activity, dead, history, lead, receive
from places import ROOT

from integration.examining import doctor_opens
from integration.flows.history.find_explanation import explained
from integration.flows.reading import reconcile
from integration.wiring.whole_service import Service
from mappings.language import mapping_files
from mappings.language.mapping_files import shipped
from mappings.values.instant import DAY, HOUR, show
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
SENT_AT = {"hubspot": "coldframe_touch_sent_at", "salesforce": "Coldframe_Touch_Sent_At__c"}


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


def workflow(  # noqa: PLR0917 - what a workflow has
    sandbox: Sandbox, at: Watch, system: str, record: str, seen: list[str], arms: tuple[str, ...]
) -> None:
    """One look of a workflow as the page builds it: it starts on the time, branches on the name, says what it sent."""
    touch, since, _ = written(sandbox, system, record)
    if since is None or since in seen:
        return
    seen.append(since)
    if touch not in arms:
        return
    if system == "hubspot":
        sandbox.hubspot.set("contacts", record, {SENT_AT[system]: show(at())})
    else:
        sandbox.salesforce.set("Lead", record, {SENT_AT[system]: show(at())})


def fates(service: Service, at: Watch) -> list[str]:
    """What `explain` says became of each touch."""
    found = explained(service.store, service.rules.compiled, EMAIL, at(), service.ownership)
    assert found is not None
    return [each.fate for each in found[1].done if each.kind == "touch"]


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    ("arms", "said", "told"),
    [
        (("takeaways", "adjacent_problems"), ["it went out", "it went out"], "2 of the last 2 touches are confirmed"),
        (("takeaways",), ["it went out", "never said that it went out"], "1 of the last 2 touches are confirmed"),
        ((), ["is not known", "is not known"], "not known: nothing says so of any of the last 2 touches"),
    ],
)
def test_a_workflow_confirms_what_it_sent_and_what_it_leaves_out_is_seen(  # noqa: PLR0917 - fixtures
    service: Service,
    sandbox: Sandbox,
    at: Watch,
    drain_all: Drain,
    system: str,
    arms: tuple[str, ...],
    said: list[str],
    told: str,
) -> None:
    record, seen = begun(sandbox, system), list[str]()
    at.forward(DAY)
    receive(service, activity("first", EMAIL, "form_submit", at(), form="Guide"))
    for _ in range(5):
        drain_all(service)
        at.forward(HOUR)
        workflow(sandbox, at, system, record, seen, arms)
        for name in service.connections:
            reconcile.poll(service, name)
        drain_all(service)
        at.forward(23 * HOUR)
    found = fates(service, at)
    assert len(found) == 2
    assert [words in each for words, each in zip(said, found, strict=True)] == [True, True], found
    (line,) = doctor_opens.confirmed(service.store, at())
    assert told in line.detail
    assert line.ok is (len(arms) != 1)
    assert dead(service) == []


def test_a_campaign_members_status_confirms_a_touch_by_the_pages_line() -> None:
    (line,) = re.findall(r"```yaml\n(- .*?)\n```", PAGE, re.DOTALL)
    text = shipped("salesforce").text
    after = next(each for each in text.splitlines() if "is: email_click" in each)
    indent = after[: len(after) - len(after.lstrip())]
    mapping = mapping_files.parsed(text.replace(after, f"{after}\n{indent}{line}"), "ours.yaml", "salesforce").mapping
    assert mapping is not None
    member = mapping.objects["CampaignMember"].activity
    assert member is not None
    assert any(case.type == "email_sent" for case in member.cases)


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
