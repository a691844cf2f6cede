"""A receiver of signed webhooks: keeps what it gets, and drops what it has had by its `webhook-id`, as receivers do."""

from typing import Any

from sandbox.shared.call_gate import Route
from sandbox.shared.http_call import Answer, Call, reply
from sandbox.sinks.sink_gate import SinkGate


class WebhookGate(SinkGate):
    """`kept` are the bodies by their id; `calls` all ids in the order in which they came, repeats among them."""

    def __init__(self, **options: Any) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        super().__init__("webhook", **options)

    def routes(self) -> list[Route]:
        """The one endpoint."""
        return [("POST", "/<name>", self.take)]

    def error(self, status: int, code: str) -> Answer:
        """A plain error."""
        return reply({"error": code}, status)

    def take(self, call: Call, name: str) -> Answer:
        """One alert."""
        del name
        key = call.headers.get("webhook-id", "")
        if not key or "webhook-signature" not in call.headers:
            return self.error(400, "unsigned")
        self.calls.append(key)
        self.kept.setdefault(key, call.json())
        return Answer(status=204)
