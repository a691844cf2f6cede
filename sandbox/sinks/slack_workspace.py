"""A Slack workspace: the parts of the Web API that alerts use, and incoming webhooks.

| call | does |
|---|---|
| POST `/api/chat.postMessage` | a message in a channel, with its metadata |
| POST `/api/conversations.history` | the messages of a channel, the newest first, in pages |
| POST `/api/users.lookupByEmail` | a person |
| POST `/services/<channel>/<secret>` | an incoming webhook: a message without metadata, `ok` |
"""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from sandbox.shared.call_gate import Route, bearer
from sandbox.shared.http_call import Answer, Call, reply
from sandbox.sinks.sink_gate import SinkGate

_MOST_TEXT = 3_000
_MOST_BLOCKS = 50


@dataclass(slots=True, kw_only=True)
class Posted:
    """A message in a channel; `key` is what our metadata says, "" where there is none."""

    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The alert's key, where the message carries one."""
        return str(self.metadata.get("event_payload", {}).get("key", ""))

    @property
    def whole(self) -> str:
        """All text of the message, as it is shown: the blocks stand in the place of the plain text."""
        return "\n".join(str(block.get("text", {}).get("text", "")) for block in self.blocks) or self.text


class SlackGate(SinkGate):
    """`messages` of every channel; `users` are ids by e-mail; `scopes` are what the token may do."""

    def __init__(self, **options: Any) -> None:
        self.messages: list[Posted] = []
        self.users: dict[str, str] = {}
        self.scopes = {"chat:write", "channels:history", "users:read.email"}
        self.page = 100
        super().__init__("slack", **options)

    def routes(self) -> list[Route]:
        """All endpoints."""
        return [
            ("POST", "/api/chat.postMessage", self.post),
            ("POST", "/api/conversations.history", self.history),
            ("POST", "/api/users.lookupByEmail", self.look_up),
            ("POST", "/services/<channel>/<secret>", self.hook),
        ]

    def error(self, status: int, code: str) -> Answer:
        """Slack's errors; those of the Web API have the status 200, but for 429 and 5xx."""
        return reply({"ok": False, "error": code}, status)

    def unauthorized(self) -> Answer:
        """An unknown token."""
        return self.error(200, "invalid_auth")

    def post(self, call: Call) -> Answer:
        """A message in a channel."""
        refused = self._refused_for(call, "chat:write")
        if refused is not None:
            return refused
        said = _said(call)
        code = _unfit(said)
        if code:
            return self.error(200, code)
        kept = self._keep(str(said.get("channel")), said)
        return reply({"ok": True, "channel": kept.channel, "ts": kept.ts})

    def history(self, call: Call) -> Answer:
        """The messages of a channel since `oldest`, the newest first."""
        refused = self._refused_for(call, "channels:history")
        if refused is not None:
            return refused
        said = _said(call)
        since = float(said.get("oldest") or 0)
        there = [each for each in reversed(self.messages) if each.channel == said.get("channel")]
        there = [each for each in there if float(each.ts) > since]
        start = int(said.get("cursor") or 0)
        size = min(int(said.get("limit") or 100), self.page)
        shown = [
            {"type": "message", "ts": each.ts, "text": each.text}
            | ({"metadata": each.metadata} if each.metadata and said.get("include_all_metadata") else {})
            for each in there[start : start + size]
        ]
        after = str(start + size) if start + size < len(there) else ""
        return reply({"ok": True, "messages": shown, "response_metadata": {"next_cursor": after}})

    def look_up(self, call: Call) -> Answer:
        """A person by their e-mail."""
        refused = self._refused_for(call, "users:read.email")
        if refused is not None:
            return refused
        user = self.users.get(str(_said(call).get("email")))
        return reply({"ok": True, "user": {"id": user}}) if user else self.error(200, "users_not_found")

    def hook(self, call: Call, channel: str, secret: str) -> Answer:
        """An incoming webhook; it answers in plain text."""
        del secret
        said = call.json()
        code = _unfit(said)
        if code:
            return Answer(status=400, body=code.encode(), kind="text/html")
        self._keep(channel, said)
        return Answer(body=b"ok", kind="text/html")

    def _refused_for(self, call: Call, scope: str) -> Answer | None:
        if not bearer(call):
            return self.error(200, "not_authed")
        return None if scope in self.scopes else self.error(200, "missing_scope")

    def _keep(self, channel: str, said: dict[str, Any]) -> Posted:
        now = self.now()
        ts = f"{now // 1000}.{now % 1000 * 1000 + len(self.messages) % 1000:06}"
        kept = Posted(
            channel=channel,
            ts=ts,
            text=str(said.get("text") or ""),
            blocks=list(said.get("blocks") or ()),
            metadata=dict(said.get("metadata") or {}),
        )
        self.messages.append(kept)
        return kept


def _said(call: Call) -> dict[str, Any]:
    """The arguments of a call, from JSON or from a form."""
    if "json" in call.headers.get("content-type", ""):
        return call.json()
    given: dict[str, Any] = {name: values[-1] for name, values in parse_qs(call.body.decode()).items()}
    return given | {name: json.loads(given[name]) for name in ("blocks", "metadata") if name in given}


def _unfit(said: dict[str, Any]) -> str:
    """Slack's word for a message that is beyond its limits."""
    blocks = said.get("blocks") or []
    if not said.get("text") and not blocks:
        return "no_text"
    if len(blocks) > _MOST_BLOCKS or any(len(each["text"]["text"]) > _MOST_TEXT for each in blocks):
        return "invalid_blocks"
    return ""
