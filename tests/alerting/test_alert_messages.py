"""What an alert looks like in Slack, Teams and a mailbox: nothing in it acts as markup, and it fits everywhere."""

import json
from email.message import EmailMessage

import pytest

from integration.alerting import slack_messages, smtp_mail, teams_workflow
from integration.alerting.alert_port import DIGEST, Alert, RecordLink
from mappings.values.instant import parse

NOW = parse("2026-01-07T09:00:00Z")
RECORD = RecordLink(
    connection="salesforce", system="salesforce", object="Lead", id="00Q1", url="https://acme.my.salesforce.com/00Q1"
)


def alert(number: int = 1, text: str = "First contact overdue: Ana Silva (Acme)", **more: object) -> Alert:
    given = {"records": (RECORD,), "owner": "Nadia Novak", "because": ("no answer by Wed 7 Jan",), "lead": "01a"} | more
    return Alert(key=f"k{number}", alert="first_contact_breach", text=text, at=NOW, raised_at=NOW, **given)  # type: ignore[arg-type] # a test's words


def digest(count: int, text: str) -> Alert:
    entries = tuple(alert(number, text) for number in range(count))
    return Alert(key="d", alert=DIGEST, text="", at=NOW, raised_at=NOW, entries=entries)


def slack(said: Alert, mention: str = "") -> str:
    return "\n".join(block["text"]["text"] for block in slack_messages.message(said, mention)["blocks"])


def teams(said: Alert) -> list[str]:
    card = teams_workflow.message(said)["attachments"][0]["content"]
    return ["".join(run["text"] for run in block["inlines"]) for block in card["body"]]


def mail(said: Alert) -> EmailMessage:
    return smtp_mail.message(said, "coldframe@acme.example", "ops@acme.example", NOW)


def test_a_message_in_slack() -> None:
    assert slack(alert(), "U1").splitlines() == [
        "*first contact breach* <@U1>",
        "First contact overdue: Ana Silva (Acme) <https://acme.my.salesforce.com/00Q1|Lead in salesforce>",
        "no answer by Wed 7 Jan",
        "Owner: Nadia Novak",
    ]
    assert slack_messages.message(alert())["text"] == "First contact overdue: Ana Silva (Acme)"


def test_a_message_in_teams() -> None:
    assert teams(alert()) == [
        "first contact breach",
        "First contact overdue: Ana Silva (Acme) Lead in salesforce",
        "no answer by Wed 7 Jan",
        "Owner: Nadia Novak",
    ]
    said = json.dumps(teams_workflow.message(alert()))
    assert '"selectAction": {"type": "Action.OpenUrl", "url": "https://acme.my.salesforce.com/00Q1"}' in said


def test_a_message_in_a_mailbox() -> None:
    made = mail(alert(remedy="call the lead"))
    assert (made["Subject"], made["To"]) == ("First contact overdue: Ana Silva (Acme)", "ops@acme.example")
    assert made["From"] == "Coldframe <coldframe@acme.example>"
    assert made["Auto-Submitted"] == "auto-generated"
    body = made.get_content()
    assert "  Lead in salesforce: https://acme.my.salesforce.com/00Q1" in body
    assert "What to do: call the lead" in body
    assert made["Message-ID"] == mail(alert())["Message-ID"] != mail(alert(2))["Message-ID"]


@pytest.mark.parametrize(
    "evil",
    [
        "<!channel> <https://evil.example|salary list> & co",
        "<@U1>",
        "[click](https://evil.example) **bold**",
        "line one\r\nBcc: everybody@acme.example\r\n\r\nbody",
        "\ud800 half an emoji \x00",
    ],
)
def test_nothing_in_an_alert_acts_as_markup(evil: str) -> None:
    said = alert(text=evil, owner=evil, because=(evil,))
    written = slack(said)
    assert "<!channel>" not in written
    assert "<https://evil" not in written
    assert written.count("<") == 1, "the link to the record alone"
    blocks = teams_workflow.message(said)["attachments"][0]["content"]["body"]
    assert {run["type"] for block in blocks for run in block["inlines"]} == {"TextRun"}, "no Markdown is read in these"
    made = mail(said)
    assert made["Bcc"] is None
    assert "\n" not in made["Subject"]
    smtp_mail.wire(made)
    json.dumps(teams_workflow.message(said), ensure_ascii=False).encode("utf-8", "backslashreplace")


@pytest.mark.parametrize("text", ["x" * 5_000, "ü" * 900, "<&>" * 400, "short"])
@pytest.mark.parametrize("count", [1, 12, 500])
def test_a_digest_fits_and_counts_what_it_leaves_out(count: int, text: str) -> None:
    said = digest(count, text)
    blocks = slack_messages.message(said)["blocks"]
    assert len(blocks) <= 50
    assert all(len(block["text"]["text"]) <= 3_000 for block in blocks)
    assert len(json.dumps(teams_workflow.message(said), ensure_ascii=False).encode()) < 28 * 1024
    for lines in (slack(said).splitlines(), teams(said)):
        shown = [line for line in lines if line.startswith("first contact breach: ")]
        left = [line for line in lines if line.endswith("more: coldframe alerts list")]
        assert len(shown) + sum(int(line.split()[1]) for line in left) == count
    assert mail(said).get_content().count("first contact breach: ") == count
