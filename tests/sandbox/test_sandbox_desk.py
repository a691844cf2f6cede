import re
from html import unescape

import pytest
import requests
from sandbox_calls import Watch

from sandbox.desk import sales_desk
from sandbox.desk.task_bodies import safe
from sandbox.hubspot.state.refusals import Refused
from sandbox.server import Sandbox


@pytest.fixture
def tasks(box: Sandbox) -> dict[str, str]:
    """One task in each system, for one lead each, by system."""
    ana = box.hubspot.add("contacts", {"email": "ana@acme.example", "firstname": "Ana", "coldframe_score": "88"})
    acme = box.hubspot.add("companies", {"name": "Acme <b>& Sons</b>", "domain": "acme.example"})
    box.hubspot.link("contacts", ana, "companies", acme)
    body = '<p>Saw <b>pricing</b> &amp; security</p><script>alert(1)</script><img src=x onerror="alert(2)">'
    hubspot = box.hubspot.add(
        "tasks",
        {"hs_timestamp": "2026-03-01T09:00:00Z", "hs_task_subject": "Call <i>Ana</i>", "hs_task_body": body},
    )
    box.hubspot.link("tasks", hubspot, "contacts", ana)
    bo = box.salesforce.add("Lead", {"LastName": "Bo", "Company": "Bolt", "Coldframe_Score__c": 55})
    wish = {
        "Subject": "Call Bo",
        "WhoId": bo,
        "ActivityDate": "2026-03-05",
        "Description": "1 < 2\n<script>no</script>",
    }
    return {"hubspot": hubspot, "salesforce": box.salesforce.add("Task", wish)}


def page(box: Sandbox, path: str) -> str:
    answer = requests.get(box.url + path, timeout=5)
    assert answer.status_code == 200
    return answer.text


def test_tasks_of_both_systems_stand_in_one_list_by_due_date(box: Sandbox, tasks: dict[str, str]) -> None:
    listed = sales_desk.tasks(box)
    assert [(one.system, one.id) for one in listed] == list(tasks.items())
    assert [(one.lead, one.score, one.open) for one in listed] == [("Ana", "88", True), ("Bo", "55", True)]
    assert listed[0].company == "Acme <b>& Sons</b>"


def test_the_list_shows_what_an_sdr_needs_and_nothing_that_runs(box: Sandbox, tasks: dict[str, str]) -> None:
    text = page(box, "/")
    assert "Call &lt;i&gt;Ana&lt;/i&gt;" in text
    assert "Acme &lt;b&gt;&amp; Sons&lt;/b&gt;" in text
    assert re.search(r'class="due late">\s*yesterday 09:00', text)
    assert f"/tasks/salesforce/{tasks['salesforce']}" in text
    assert tasks["hubspot"] not in page(box, "/?system=salesforce")


def test_a_task_is_shown_as_it_reads_in_its_crm(box: Sandbox, tasks: dict[str, str]) -> None:
    text = page(box, f"/tasks/hubspot/{tasks['hubspot']}")
    assert "<p>Saw <b>pricing</b> &amp; security</p>" in text
    assert "alert" not in text
    assert "<img" not in text
    other = page(box, f"/tasks/salesforce/{tasks['salesforce']}")
    assert "1 &lt; 2\n&lt;script&gt;no&lt;/script&gt;" in other
    assert requests.get(f"{box.url}/tasks/hubspot/404", timeout=5).status_code == 404


def test_a_tasks_body_is_cleaned_of_everything_but_plain_tags() -> None:
    assert safe("<p onclick=x>a<br>b") == "<p>a<br>b</p>"
    assert safe("<ul><li>a</ul>c</li>") == "<ul><li>a</li></ul>c"
    assert safe("<style>p{}</style><a href='javascript:x'>go</a> 1 < 2") == "go 1 &lt; 2"
    assert "<" not in safe("<scr<script>ipt>x</script>y<script>z")
    assert sales_desk.plain("<p>a &amp; b</p><ul><li>c</li></ul>") == "a & b\nc"


@pytest.mark.parametrize(
    ("outcome", "reason", "told"),
    [
        ("connected", "", ("connected", "CONNECTED", "Connected", "Working - Contacted")),
        ("no_answer", "", ("no_answer", "ATTEMPTED_TO_CONTACT", "No answer", "Open - Not Contacted")),
        ("accepted", "", ("accepted", "IN_PROGRESS", "Accepted", "Working - Contacted")),
        ("rejected", "timing", ("rejected", "BAD_TIMING", "Rejected: timing", "Closed - Not Converted")),
    ],
)
def test_closing_a_task_on_the_page_changes_it_in_the_crm_as_a_person_would(
    box: Sandbox,
    tasks: dict[str, str],
    outcome: str,
    reason: str,
    told: tuple[str, str, str, str],
) -> None:
    hubspot, status, salesforce, lead_status = told
    for system, id_ in tasks.items():
        form = {"outcome": outcome, "reason": reason or "budget"}
        answer = requests.post(f"{box.url}/tasks/{system}/{id_}/close", data=form, timeout=5, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    task = box.hubspot.values("tasks", tasks["hubspot"])
    assert (task["hs_task_status"], task["task_outcome"]) == ("COMPLETED", hubspot)
    assert task.get("task_rejection_reason", "") == reason
    assert task["hs_task_completion_date"] == "2026-03-02T09:00:00.250Z"
    assert box.hubspot.records("contacts")[0].values["hs_lead_status"] == status
    other = box.salesforce.record("Task", tasks["salesforce"])
    assert (other["Status"], other["CallDisposition"], other["IsClosed"]) == ("Completed", salesforce, True)
    assert other["LastModifiedById"] != box.salesforce.org.api_user
    assert box.salesforce.records("Lead")[0]["Status"] == lead_status
    assert "No tasks here" in page(box, "/")
    assert unescape(page(box, "/?show=all")).count('class="done"') == 2


def test_a_rejection_without_a_reason_is_refused(box: Sandbox, tasks: dict[str, str]) -> None:
    with pytest.raises(Refused, match="wants a reason"):
        sales_desk.close(box, "hubspot", tasks["hubspot"], outcome="rejected")
    form = {"outcome": "sold"}
    answer = requests.post(f"{box.url}/tasks/hubspot/{tasks['hubspot']}/close", data=form, timeout=5)
    assert "no outcome" in unescape(answer.text)
    assert sales_desk.tasks(box)[0].open


def test_leads_stand_by_score_and_once_however_many_systems_know_them(box: Sandbox, tasks: dict[str, str]) -> None:
    assert tasks
    box.salesforce.add("Contact", {"LastName": "Silva", "Email": "ANA@acme.example"})
    gone = box.salesforce.add("Lead", {"LastName": "Cy", "Company": "Cyan", "Email": "cy@cyan.example"})
    box.salesforce.convert(gone)
    text = unescape(page(box, "/leads"))
    assert text.index("Ana") < text.index("Bo<br>") < text.index("Cy<br>")
    assert text.count("<tr>") == 1 + 3
    assert "3 known · 2 scored" in text
    assert "No leads here" in page(box, "/leads?band=hot")


def test_pages_forbid_scripts_and_frames(box: Sandbox) -> None:
    policy = requests.get(box.url, timeout=5).headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert requests.get(f"{box.url}/desk.css", timeout=5).headers["Content-Type"].startswith("text/css")


def test_due_times_are_told_as_people_say_them(box: Sandbox, watch: Watch) -> None:
    for due in ("2026-03-02T15:30:00Z", "2026-03-03T08:00:00Z", "2026-03-09T08:00:00Z"):
        box.hubspot.add("tasks", {"hs_timestamp": due})
    text = page(box, "/")
    assert "today 15:30" in text
    assert "tomorrow 08:00" in text
    assert "Mon 9 Mar 08:00" in text
    assert "late" not in text
    watch.forward(86_400)
    assert text != page(box, "/")
