"""A Teams channel behind a workflow that takes webhooks: 202 for a message with an Adaptive Card, 413 above 28 KB."""

from dataclasses import dataclass
from typing import Any

from sandbox.shared.call_gate import Route
from sandbox.shared.http_call import Answer, Call, reply
from sandbox.sinks.sink_gate import SinkGate

_MOST_BYTES = 28 * 1024
_CARD = "application/vnd.microsoft.card.adaptive"


@dataclass(slots=True, kw_only=True)
class Card:
    """A card in the channel."""

    channel: str
    content: dict[str, Any]

    @property
    def lines(self) -> list[str]:
        """The text of each block."""
        return ["".join(run["text"] for run in block["inlines"]) for block in self.content["body"]]


class TeamsGate(SinkGate):
    """`cards` of every channel."""

    def __init__(self, **options: Any) -> None:
        self.cards: list[Card] = []
        super().__init__("teams", **options)

    def routes(self) -> list[Route]:
        """The one endpoint."""
        return [("POST", "/workflows/<channel>", self.take)]

    def error(self, status: int, code: str) -> Answer:
        """Power Automate's errors."""
        return reply({"error": {"code": code, "message": code}}, status)

    def take(self, call: Call, channel: str) -> Answer:
        """One message with a card."""
        if len(call.body) > _MOST_BYTES:
            return self.error(413, "RequestEntityTooLarge")
        said = call.json()
        attached = said.get("attachments") or []
        if said.get("type") != "message" or not attached or attached[0].get("contentType") != _CARD:
            return self.error(400, "TriggerInputSchemaMismatch")
        self.cards.append(Card(channel=channel, content=attached[0]["content"]))
        return Answer(status=202)
