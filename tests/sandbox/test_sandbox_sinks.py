"""The sandbox's receivers of alerts behave as the services they stand for."""

import smtplib
from collections.abc import Iterator

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.server import Sandbox
from sandbox.sinks.mail_server import MailServer

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}


@pytest.fixture
def slack(box: Sandbox) -> WebClient:
    return WebClient(token="xoxb-1", base_url=f"{box.url}/slack/api/", retry_handlers=[])


@pytest.fixture
def mail(box: Sandbox) -> Iterator[MailServer]:
    with MailServer(box.faults) as found:
        yield found


def posted(slack: WebClient, text: str, key: str = "k") -> None:
    slack.chat_postMessage(
        channel="C1", text=text, metadata={"event_type": "coldframe_alert", "event_payload": {"key": key}}
    )


def test_slacks_own_client_posts_and_reads_back_its_metadata_in_pages(box: Sandbox, slack: WebClient) -> None:
    box.sinks.slack.page = 2
    for number in range(5):
        posted(slack, f"alert {number}", f"k{number}")
    found, cursor = [], None
    while True:
        page = slack.conversations_history(channel="C1", limit=200, include_all_metadata=True, cursor=cursor)
        found += [each["metadata"]["event_payload"]["key"] for each in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert found == ["k4", "k3", "k2", "k1", "k0"]
    assert slack.conversations_history(channel="C2")["messages"] == []


def test_slack_refuses_in_its_own_words(box: Sandbox, slack: WebClient) -> None:
    for call, code in (
        (lambda: slack.users_lookupByEmail(email="nobody@acme.example"), "users_not_found"),
        (lambda: slack.chat_postMessage(channel="C1", text="x", blocks=[SECTION] * 51), "invalid_blocks"),
    ):
        with pytest.raises(SlackApiError) as caught:
            call()
        assert caught.value.response["error"] == code
    box.sinks.slack.scopes.clear()
    with pytest.raises(SlackApiError) as caught:
        posted(slack, "alert")
    assert caught.value.response["error"] == "missing_scope"
    box.faults.add_from({"kind": "rate_limited", "system": "slack", "retry_after": 7})
    with pytest.raises(SlackApiError) as caught:
        posted(slack, "alert")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "7")


def test_an_incoming_webhook_and_a_workflow_answer_as_theirs_do(box: Sandbox) -> None:
    hook = requests.post(f"{box.url}/slack/services/ops/s", json={"text": "hello"}, timeout=5)
    assert (hook.status_code, hook.text) == (200, "ok")
    assert requests.post(f"{box.url}/slack/services/ops/s", json={}, timeout=5).status_code == 400
    workflow = f"{box.url}/teams/workflows/ops"
    assert requests.post(workflow, json={"text": "hello"}, timeout=5).status_code == 400
    assert requests.post(workflow, json={"type": "message", "text": "x" * 30_000}, timeout=5).status_code == 413
    assert requests.get(workflow, timeout=5).status_code == 405


def test_a_mail_server_keeps_what_it_takes(mail: MailServer) -> None:
    with smtplib.SMTP("127.0.0.1", mail.port, timeout=5) as session:
        session.sendmail("a@acme.example", ["b@acme.example"], "Subject: hello\r\nMessage-ID: <1@x>\r\n\r\nbody\r\n")
    (taken,) = mail.mails
    assert (taken.id, taken.to, taken.text.strip()) == ("<1@x>", ("b@acme.example",), "body")


@pytest.mark.parametrize(("fault", "kept"), [("apply_then_drop", 1), ("drop", 0)])
def test_a_mail_server_may_vanish_before_its_receipt(box: Sandbox, mail: MailServer, fault: str, kept: int) -> None:
    box.faults.add_from({"kind": fault, "system": "smtp", "method": "DATA"})
    session = smtplib.SMTP("127.0.0.1", mail.port, timeout=5)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        session.sendmail("a@acme.example", ["b@acme.example"], "Subject: hello\r\n\r\nbody\r\n")
    session.close()
    assert len(mail.mails) == kept


def test_the_messages_stand_on_a_page_and_in_the_state_for_other_processes(box: Sandbox) -> None:
    requests.post(f"{box.url}/slack/services/ops/s", json={"text": "Ana <b>waits</b>"}, timeout=5)
    page = requests.get(f"{box.url}/messages", timeout=5).text
    assert "Ana &lt;b&gt;waits&lt;/b&gt;" in page
    state = requests.get(f"{box.url}/_sandbox/state", timeout=5).json()["alerts"]
    assert state == [{"where": "Slack", "channel": "ops", "lines": ["Ana <b>waits</b>"]}]
