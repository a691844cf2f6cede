"""Recorded replies of Salesforce's, all of them, as they come through the session; and that no sample goes unread."""

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from places import ROOT, SAMPLES

from connectors.answers.replies import Refusal, Reply
from connectors.base.credentials import Credential
from connectors.base.port import Verdict
from connectors.salesforce import faults, queries
from connectors.salesforce.api_session import SalesforceSession

REPLIES = sorted((SAMPLES / "salesforce_errors").glob("*.json"))
STATUSES = {"expired": 401, "auth": 400, "refresh": 400, "query": 400, "write": 400, "search": 400}
"""Of an error body by the first word of its name; 404 for the others, and 300 for several records."""
READ = {
    "hubspot_webhooks": "tests/webhooks/test_webhooks_parsers.py",
    "hubspot_properties": "tests/mappings/test_mapping_command_live.py",
    "salesforce_describe": "tests/mappings/test_mapping_command_live.py",
    "salesforce_errors": "tests/connectors/test_connector_samples.py",
    "salesforce_outbound": "tests/web/test_webhooks_outbound.py",
    "hubspot_signature_vectors.json": "tests/webhooks/test_webhooks_signatures.py",
}
"""Which test reads all of a folder."""
TO_COME = {"segment"}
"""Ways in that the service does not have yet."""

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"samples absent: {SAMPLES}")


@pytest.fixture(scope="module")
def replaying() -> Iterator[Any]:
    """A server that answers with whatever a test has set last; its `answer` is (status, body)."""

    class Replaying(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = self.server.answer  # type: ignore[attr-defined]
            self.send_response(status)
            self.send_header("Content-Type", "application/json;charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the server's own name for it
            """Nobody listens."""

    with HTTPServer(("127.0.0.1", 0), Replaying) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def asked(server: Any, status: int, body: bytes) -> Reply | Refusal:
    """What the connector makes of such a reply."""
    server.answer = (status, body)
    url = f"http://127.0.0.1:{server.server_port}"
    session = SalesforceSession(Credential(token="t", api_url=url, instance_url="https://acme.my.salesforce.com"))
    try:
        return faults.judged(session.get("sobjects"), idempotent=True)
    finally:
        session.close()


@pytest.mark.parametrize("path", [path for path in REPLIES if "error" in path.name or "expired" in path.name], ids=str)
def test_every_recorded_error_becomes_a_verdict_with_salesforces_words(path: Path, replaying: Any) -> None:
    kind = path.name.partition("_")[0]
    status = 300 if "multiple" in path.name else STATUSES.get(kind, 404)
    refused = asked(replaying, status, path.read_bytes())
    assert isinstance(refused, Refusal)
    assert refused.verdict in {Verdict.RELOGIN, Verdict.PERMANENT}
    assert re.fullmatch(r"[A-Z_]+|invalid_grant", refused.code)
    said = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(said, list) and isinstance(said[0], dict):
        assert said[0]["message"] in refused.message
    else:
        assert refused.message


@pytest.mark.parametrize(
    "path", [path for path in REPLIES if "error" not in path.name and "expired" not in path.name], ids=str
)
def test_every_other_recorded_reply_is_read_whole(path: Path, replaying: Any) -> None:
    body = path.read_bytes()
    reply = asked(replaying, 200 if body.strip() else 204, body)
    if not body.strip():
        assert isinstance(reply, Refusal)  # a reply without content, which no read of ours expects
        return
    assert isinstance(reply, Reply)
    if path.name.startswith("query_") and "aggregate" not in path.name:
        rows = [queries.record("Whizbang", row, ["Text_Label"]) for row in reply.body["records"] if row.get("Id")]
        assert all(row.id for row in rows)
        assert reply.body["done"] is ("nextRecordsUrl" not in reply.body)


def test_no_sample_goes_unread() -> None:
    root = ROOT
    for found in SAMPLES.iterdir():
        if found.name == "README.md" or found.name in TO_COME:
            continue
        assert found.name in READ, f"{found.name}: nobody reads it"
        assert found.name in (root / READ[found.name]).read_text(encoding="utf-8")


def test_every_folder_says_what_it_is() -> None:
    told = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert [found.name for found in SAMPLES.iterdir() if found.name not in told and found.name != "README.md"] == []
