"""Receivers of alerts for tests of the flows: each way with its receiver in the sandbox, and what has arrived there."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from flows_receiver import SECRET

from integration.alerting.alert_port import AlertWay
from integration.alerting.signed_webhook import SignedWebhook
from integration.alerting.slack_bot import SlackBot
from integration.alerting.slack_webhook import SlackWebhook
from integration.alerting.smtp_mail import MailServer as Server
from integration.alerting.smtp_mail import SmtpMail
from integration.alerting.teams_workflow import TeamsWorkflow
from integration.flows.people_in_sales.raise_alerts import raise_alert
from integration.routing.read_routing import parse
from integration.routing.routing_rules import Routing
from integration.wiring.whole_service import Service
from sandbox.server import Sandbox
from sandbox.sinks.mail_server import MailServer
from webhooks.signatures import standard_keys

KINDS = ("slack bot", "slack webhook", "teams", "webhook", "email")
CHANNEL = "C0123456789"
WAIT = 0.3
"""Seconds after which a way gives up."""
_GOALS = {
    "slack bot": "slack: ops",
    "slack webhook": "slack: ops",
    "teams": "teams: ops",
    "webhook": "webhook: ops",
    "email": "email: ops",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """One way with its receiver. `system` and `method` are what faults call it by."""

    kind: str
    way: AlertWay
    system: str
    method: str
    messages: Callable[[], list[str]]
    """The text of each message that people have before them; of a webhook, each id once."""
    sandbox: Sandbox
    mail: MailServer

    def goes_wrong(self, kind: str, **more: object) -> None:
        path = "/api/chat.postMessage" if self.kind == "slack bot" else "*"
        wish = {"kind": kind, "system": self.system, "method": self.method, "path": path, **more}
        self.sandbox.faults.add_from(wish)

    def numbers(self) -> list[str]:
        """The numbers of the alerts that have arrived, one for each time that each did."""
        return [found for text in self.messages() for found in re.findall(r"number (\d+)", text)]


def faulty(sink: Sink, fault: str) -> None:
    """What the issue names: each once."""
    if fault == "429":
        sink.goes_wrong("rate_limited", retry_after=30)
    elif fault == "outage":
        sink.goes_wrong("unavailable", times=3)
    elif fault == "hang":
        sink.goes_wrong("hang", seconds=WAIT * 3)
    else:
        sink.goes_wrong("apply_then_drop")


@contextmanager
def receiving(kind: str, sandbox: Sandbox) -> Iterator[Sink]:
    """A way of this kind, called as routing.yaml calls it."""
    sinks = sandbox.sinks
    with MailServer(sandbox.faults) as mail:
        messages: dict[str, Callable[[], list[str]]] = {
            "teams": lambda: ["\n".join(card.lines) for card in sinks.teams.cards],
            "webhook": lambda: [body["data"]["text"] for body in sinks.webhook.kept.values()],
            "email": lambda: [each.text for each in mail.mails],
        }
        sink = Sink(
            kind=kind,
            way=way(kind, sandbox.url, mail.port),
            system={"email": "smtp"}.get(kind, kind.partition(" ")[0]),
            method="DATA" if kind == "email" else "POST",
            messages=messages.get(kind, lambda: [each.whole for each in sinks.slack.messages]),
            sandbox=sandbox,
            mail=mail,
        )
        yield sink
        sinks.hurry()
        sink.way.close()


def way(kind: str, url: str, mail: int) -> AlertWay:
    """A way to the sandbox's receivers at this address, and to its mail server at this port."""
    timeout = (1.0, WAIT)
    server = Server(url=f"smtp://127.0.0.1:{mail}", sender="coldframe@acme.example", timeout=WAIT)
    ways: dict[str, Callable[[], AlertWay]] = {
        "slack bot": lambda: SlackBot("slack:ops", CHANNEL, "xoxb-1", api_url=f"{url}/slack/api/", timeout=WAIT),
        "slack webhook": lambda: SlackWebhook("slack:ops", f"{url}/slack/services/ops/s3cret", timeout=timeout),
        "teams": lambda: TeamsWorkflow("teams:ops", f"{url}/teams/workflows/ops?sig=s3cret", timeout=timeout),
        "webhook": lambda: SignedWebhook(
            f"{url}/alerts/ops", standard_keys(SECRET), name="webhook:ops", timeout=timeout
        ),
        "email": lambda: SmtpMail("email:ops", "ops@acme.example", server),
    }
    return ways[kind]()


def alerting_by(service: Service, kind: str, by: AlertWay, more: str = "") -> Service:
    """The service with one way, to which the routing sends everything."""
    text = f"alerts:\n  default: [{{{_GOALS[kind]}}}]\n{more}"
    return replace(service, alert_ways={by.name: by}, routing=routing(service, text))


def routing(service: Service, text: str) -> Routing:
    found, problems = parse(text, "routing.yaml", service.rules.playbook)
    assert found is not None, [str(each) for each in problems]
    return found


def alert(service: Service, number: int, name: str = "letter_waits", **more: object) -> None:
    """Raise an alert that says its number."""
    with service.store.write() as conn:
        raise_alert(conn, service, key=f"test/{number}", alert=name, text=f"alert number {number}", **more)  # type: ignore[arg-type] # a test's words


def arrived_late(sink: Sink) -> None:
    """Wait until what a receiver has made wait is there, after nobody waits for its answer any more."""
    sink.sandbox.sinks.hurry()
    until = time.monotonic() + 5
    while not sink.numbers() and time.monotonic() < until:
        time.sleep(0.01)


def elsewhere(kind: str) -> AlertWay:
    """The same way, with a receiver that is not there."""
    return way(kind, "http://127.0.0.1:9", 9)
