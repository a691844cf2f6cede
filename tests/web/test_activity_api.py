"""The API of activities: its description says what the service does, and the examples of its page work as printed."""

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import outside_programs
import pytest
import webhooks_senders as senders
from flask.testing import FlaskClient
from places import ROOT
from standardwebhooks import Webhook
from webhooks_senders import Kept

from mappings.vocabulary.value import CANONICAL
from webhooks.sources.activity_deliveries import MOST

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
PROGRAMS = {"sh": ["bash", "-euc"], "python": [sys.executable, "-c"], "js": ["-e"]}


@pytest.fixture
def described(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json
    return found


def test_anybody_may_read_the_description_and_it_names_the_public_address(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    assert described["servers"] == [{"url": senders.URL}]
    assert set(described["x-activity-types"]) == set(CANONICAL.activities)


@pytest.mark.parametrize(
    ("change", "taken"),
    [
        ({}, True),
        ({"email": None, "lead": 17}, True),
        ({"email": None}, False),
        ({"id": "x" * 201}, False),
        ({"type": ""}, False),
        ({"at": 5}, False),
        ({"properties": {"page": "pricing", "seconds": 4.5, "tags": ["a"]}}, True),
        ({"properties": {str(number): 1 for number in range(201)}}, False),
    ],
)
def test_the_description_takes_what_the_service_takes(
    client: FlaskClient, described: dict[str, Any], change: dict[str, Any], *, taken: bool
) -> None:
    item = {name: value for name, value in (senders.activity() | change).items() if value is not None}
    body = senders.activities(item)
    answer = client.post("/webhooks/activities", data=body, headers=senders.standard(body))
    assert answer.json["accepted"] == taken
    schema = described["components"]["schemas"]["Delivery"] | {"components": described["components"]}
    assert jsonschema.Draft202012Validator(schema).is_valid(json.loads(body)) == taken
    shape = described["components"]["schemas"]["Taken"] | {"components": described["components"]}
    jsonschema.validate(answer.json, shape)


def test_the_description_says_how_many_activities_a_request_may_carry(described: dict[str, Any]) -> None:
    assert described["components"]["schemas"]["Delivery"]["properties"]["activities"]["maxItems"] == MOST
    told = described["paths"]["/webhooks/activities"]["post"]["responses"]
    page = set(re.findall(r"^\| (\d{3})", PAGE, re.MULTILINE)) | {"408", "503"}
    assert set(told) == page


@pytest.mark.parametrize("language", list(PROGRAMS))
def test_the_example_of_the_page_sends_an_activity_that_is_kept(
    url: str, kept: Kept, language: str, tmp_path: Path
) -> None:
    program = [outside_programs.node(), *PROGRAMS["js"]] if language == "js" else PROGRAMS[language]
    if language == "sh":
        outside_programs.of_machine("bash", "curl", "openssl")
    code = next(text for kind, text in BLOCKS if kind == language)
    given = {"COLDFRAME_URL": url, "COLDFRAME_ACTIVITY_SECRET": senders.ACTIVITY_SECRET}
    ran = outside_programs.ran([*program, code], tmp_path, given)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout)["accepted"] == 1
    (delivery,) = kept()
    assert b"demo_request" in delivery.body


def test_the_example_of_a_receiver_takes_a_signed_alert_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLDFRAME_ALERT_SECRET", senders.ACTIVITY_SECRET)
    names: dict[str, Any] = {"__name__": "receiver"}
    exec([text for kind, text in BLOCKS if kind == "python"][-1], names)  # noqa: S102 - the page's own example
    receiver: FlaskClient = names["app"].test_client()
    body = json.dumps({"type": "coldframe.alert", "data": {"alert": "mql", "text": "Ana is waiting"}})
    moment = datetime.now(UTC)  # noqa: TID251 - the receiver uses the real clock
    headers = {
        "webhook-id": "one",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(senders.ACTIVITY_SECRET).sign("one", moment, body),
    }
    assert receiver.post("/coldframe", data=body, headers=headers).status_code == 204
    assert receiver.post("/coldframe", data=f"{body} ", headers=headers).status_code == 500
