"""Alerts to a Microsoft Teams channel by a workflow that takes webhooks: one Adaptive Card for each.

A workflow cannot be asked what it has had and does not drop repeats: an alert whose answer was lost is not sent again,
but becomes a sync error for a person to look at.
"""

import json
from collections.abc import Sequence
from typing import Any

from connectors.answers.replies import TIMEOUT, Timeout
from connectors.base.port import Receipt
from integration.alerting import alert_words
from integration.alerting.alert_port import Alert
from integration.alerting.alert_post import Receiver, unclear
from integration.alerting.alert_words import Line, cut
from mappings.values.instant import Instant

_MOST_BYTES = 20_000
"""Bytes of a message. Teams refuses what is longer than about 28 KB; what it adds itself counts too."""


class TeamsWorkflow:
    """One channel."""

    for_people = True

    def __init__(self, name: str, url: str, *, timeout: Timeout = TIMEOUT) -> None:
        self.name = name
        self._receiver = Receiver(url=url, settings="COLDFRAME_TEAMS_CHANNELS", timeout=timeout)

    def send(self, alert: Alert, now: Instant) -> Receipt:
        """POST one alert; see the port."""
        del now
        return self._receiver.post(alert.key, json.dumps(message(alert), ensure_ascii=False).encode(), {})

    def settled(self, alert: Alert, since: Instant) -> Receipt:
        """Nobody can say."""
        del since
        return unclear(alert.key, "no answer, and a workflow cannot be asked what it has had")

    def close(self) -> None:
        """Nothing is kept open."""


def message(alert: Alert) -> dict[str, Any]:
    """The message with its card. Texts are runs of a RichTextBlock, in which no Markdown is read."""
    lines = list(alert_words.lines(alert))
    found, room = [_head(alert)], _MOST_BYTES
    for number, line in enumerate(lines):
        block = _block(line)
        room -= len(json.dumps(block, ensure_ascii=False).encode())
        if room < 0:
            found.append(_block(Line(alert_words.left_out(len(lines) - number))))
            break
        found.append(block)
    return {
        "type": "message",
        "summary": cut(alert_words.subject(alert)),
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": _card(found)}
        ],
    }


def _card(body: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }


def _head(alert: Alert) -> dict[str, Any]:
    run = {"type": "TextRun", "text": cut(alert_words.title(alert)), "weight": "Bolder", "size": "Medium"}
    return {"type": "RichTextBlock", "inlines": [run]}


def _block(line: Line) -> dict[str, Any]:
    runs: list[dict[str, Any]] = [{"type": "TextRun", "text": cut(line.text)}]
    for label, url in line.links:
        runs.append({"type": "TextRun", "text": " "})
        runs.append({"type": "TextRun", "text": label, "selectAction": {"type": "Action.OpenUrl", "url": url}})
    return {"type": "RichTextBlock", "inlines": runs}
