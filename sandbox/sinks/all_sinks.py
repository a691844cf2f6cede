"""All receivers of alerts of one sandbox."""

from typing import Any

from sandbox.sinks.slack_workspace import SlackGate
from sandbox.sinks.teams_channel import TeamsGate
from sandbox.sinks.webhook_receiver import WebhookGate


class Sinks:
    """`slack`, `teams` and `webhook`; a mail server listens on a port of its own (mail_server.py)."""

    def __init__(self, **options: Any) -> None:
        self.slack = SlackGate(**options)
        self.teams = TeamsGate(**options)
        self.webhook = WebhookGate(**options)
        self.by_prefix = {"/slack": self.slack, "/teams": self.teams, "/alerts": self.webhook}

    def shown(self) -> list[dict[str, Any]]:
        """What people have before them: where, in which channel, and the lines of each message, in order for each."""
        slack = [("Slack", each.channel, each.whole.splitlines()) for each in self.slack.messages]
        teams = [("Teams", each.channel, each.lines) for each in self.teams.cards]
        webhook = [("webhook", key, [str(body["data"]["text"])]) for key, body in self.webhook.kept.items()]
        return [{"where": where, "channel": name, "lines": lines} for where, name, lines in (*slack, *teams, *webhook)]

    def hurry(self) -> None:
        """Let calls go on that a fault has made hang."""
        for gate in self.by_prefix.values():
            gate.stopping.set()
