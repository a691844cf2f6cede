"""Our HubSpot reads against Backlot, which somebody else wrote: run by its own environment's Python.

Prints the name of every read that went well. What Backlot does not serve is not asked of it: reading by a unique
property (so no `find`), batch reads of associations (so no deals), properties, owners, writes. It knows the numbered
paths alone, which stand in the place of the dated ones here; and its search takes no `after` of "0", which HubSpot's
published body has: that is left out.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors import vendors
from connectors.answers.replies import Outcome
from connectors.base.credentials import Credential
from connectors.base.port import Unavailable, Verdict
from connectors.hubspot.api_session import HubSpotSession, Query
from connectors.hubspot.connector import HubSpotConnector
from connectors.hubspot.paths import VERSION
from mappings.values.instant import SECOND, parse

NEW_YEAR = parse("2026-01-01T00:00:00Z")
CONTACTS = 230
"""More than two pages of Backlot's, which hold a hundred."""
ADMIN = "admin-service-token"


def corpus() -> Iterator[dict[str, Any]]:
    """Two companies, and contacts that were modified a minute after one another."""
    for number in range(2):
        values = {"name": f"Acme {number}", "domain": f"acme{number}.example", "numberofemployees": "120"}
        yield record("companies", 500 + number, values)
    for number in range(CONTACTS):
        modified = (NEW_YEAR + number * 60 * SECOND) // 1_000
        values = {"email": f"p{number}@acme.example", "firstname": "Ana", "lastmodifieddate": str(modified)}
        if number % 2:
            values["jobtitle"] = "Director"
        yield record("contacts", 1_000 + number, values)


def record(kind: str, number: int, values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "source_type": "hubspot",
        "doc_id": f"{kind}-{number}",
        "record_id": str(number),
        "object_type": kind,
        "content": f"{kind} {number}",
        "properties": {**values, "hs_object_id": str(number)},
        "created": "2026-01-01T00:00:00Z",
        "updated": "2026-01-02T10:30:00Z",
        "visibility": "public",
        "author_email": "owner@acme.example",
    }


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Backlot over the corpus, on a loopback port; its address."""
    lines = folder / "corpus.jsonl"
    lines.write_text("".join(json.dumps(one) + "\n" for one in corpus()), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = [sys.executable, "-m", "backlot"]
    around = {"BACKLOT_TELEMETRY": "0", "DO_NOT_TRACK": "1", "BACKLOT_DATA_DIR": str(folder / "data")}
    around |= {"PATH": os.defpath, "HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        subprocess.run([*program, "import", str(lines)], env=around, check=True, stdout=log, stderr=log, cwd=folder)
        server = subprocess.Popen(
            [*program, "serve", "--port", str(port)], env=around, stdout=log, stderr=log, cwd=folder
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(10)


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{url}/openapi.json", timeout=5):  # noqa: S310 -- a loopback address
                return
        except OSError:
            if time.monotonic() > deadline or server.poll() is not None:
                raise
            time.sleep(0.1)


class Session(HubSpotSession):
    """Ours, but for the paths and the first page's `after`."""

    def _send(self, method: str, path: str, body: Any = None, query: Query = ()) -> Outcome:
        body = {name: value for name, value in body.items() if name != "after"}
        return super()._send(method, path.replace(f"/crm/objects/{VERSION}/", "/crm/v3/objects/"), body, query)


class Connector(HubSpotConnector):
    """Ours over such a session."""

    def __init__(self, credential: Credential) -> None:
        super().__init__(credential)
        self._session = Session(credential)


def reads(crm: HubSpotConnector) -> Iterator[str]:
    found = crm.read("contact", ["1003", "1000", "999999", "1003", "../x"], ["email", "jobtitle"])
    assert {one.id: one.fields["email"] for one in found} == {"1000": "p0@acme.example", "1003": "p3@acme.example"}
    assert all(one.modified_at == parse("2026-01-02T10:30:00Z") for one in found)
    yield "read: contacts by id, unknown ones absent from a 207"
    many = crm.read("contact", [str(1_000 + number) for number in range(CONTACTS)], ["email"])
    assert len(many) == CONTACTS
    yield "read: more than a batch"
    (acme,) = crm.read("company", ["501"], ["name", "domain", "nowhere"])
    assert dict(acme.fields) == {"name": "Acme 1", "domain": "acme1.example", "nowhere": None}
    yield "read: companies by id"
    ids = [str(1_000 + number) for number in range(CONTACTS)]
    assert changes(crm, "contact", NEW_YEAR) == ids
    yield "changes: every page, by rising id"
    assert changes(crm, "contact", NEW_YEAR + 200 * 60 * SECOND) == ids[200:]
    yield "changes: only what was modified since"
    assert changes(crm, "contact", NEW_YEAR, having="jobtitle") == ids[1::2]
    yield "changes: only where a property is known"


def changes(crm: HubSpotConnector, name: str, since: int, having: str = "") -> list[str]:
    found: list[str] = []
    after = ""
    while True:
        page = crm.changes(name, ["email"], since=since, after=after, having=having)
        found += [one.id for one in page.records]
        after = page.after
        if not after:
            return found


def refusals(url: str) -> Iterator[str]:
    crm = Connector(Credential(token="nobody's", api_url=f"{url}/hubspot"))
    try:
        crm.read("contact", ["1000"], ["email"])
    except Unavailable as away:
        assert away.receipt.verdict is Verdict.RELOGIN, away  # noqa: PT017 -- a script, not a test
        assert away.receipt.code == "INVALID_AUTHENTICATION"  # noqa: PT017
        yield "read: a refused token asks for a new login"
    finally:
        crm.close()


def main() -> None:
    vendors.declare()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as url:
        crm = Connector(Credential(token=ADMIN, api_url=f"{url}/hubspot"))
        for said in (*reads(crm), *refusals(url)):
            sys.stdout.write(f"{said}\n")
        crm.close()


if __name__ == "__main__":
    main()
