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

    def hurry(self) -> None:
        """Let calls go on that a fault has made hang."""
        for gate in self.by_prefix.values():
            gate.stopping.set()
