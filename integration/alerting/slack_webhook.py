"""Alerts to a Slack channel by its incoming webhook.

Nobody can ask an incoming webhook what it has had, and Slack does not drop repeats: an alert whose answer was lost is
not sent again, but becomes a sync error for a person to look at.
"""

import json

from connectors.answers.replies import TIMEOUT, Timeout
from connectors.base.port import Receipt
from integration.alerting.alert_port import Alert
from integration.alerting.alert_post import Receiver, unclear
from integration.alerting.slack_messages import message
from mappings.values.instant import Instant


class SlackWebhook:
    """One channel."""

    for_people = True

    def __init__(self, name: str, url: str, *, timeout: Timeout = TIMEOUT) -> None:
        self.name = name
        self._receiver = Receiver(url=url, settings="COLDFRAME_SLACK_CHANNELS", timeout=timeout)

    def send(self, alert: Alert, now: Instant) -> Receipt:
        """POST one alert; see the port."""
        del now
        return self._receiver.post(alert.key, json.dumps(message(alert)).encode(), {})

    def settled(self, alert: Alert, since: Instant) -> Receipt:
        """Nobody can say."""
        del since
        return unclear(alert.key, "no answer, and an incoming webhook cannot be asked what it has had")

    def close(self) -> None:
        """Nothing is kept open."""
