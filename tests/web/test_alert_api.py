"""The alert webhook is described as it is sent, and the receivers of the page let in what is genuine alone."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import outside_programs
import pytest
import requests
import webhooks_senders as senders
from flask.testing import FlaskClient
from places import ROOT
from served_apps import served

from integration.alerting.alert_port import Alert, RecordLink
from integration.alerting.signed_webhook import SignedWebhook, message
from integration.wiring import clock
from webhooks.signatures import standard_keys

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8").partition("## Receiving alerts")[2]
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
SECRET = senders.ACTIVITY_SECRET
ALERT = Alert(
    key="01a2/clock/first_contact/1/reminder",
    alert="first_contact_reminder",
    text="Ana Silva is waiting",
    at=senders.NOW,
    raised_at=senders.NOW,
    because=("first contact is due in 4 h",),
    lead="01a2",
    records=(RecordLink(connection="salesforce", system="salesforce", object="Lead", id="00Q1"),),
)


@contextmanager
def in_python(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The page's receiver in Python; its address."""
    monkeypatch.setenv("COLDFRAME_ALERT_SECRET", SECRET)
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(BLOCKS["python"], names)  # noqa: S102 - the page's own example
    with served(names["app"]) as address:
        yield f"{address}/coldframe"


@pytest.fixture
def in_node(tmp_path: Path) -> Iterator[str]:
    """The page's receiver in JavaScript; its address."""
    command = [outside_programs.node(), "-e", BLOCKS["js"]]
    given = outside_programs.environment_of({"COLDFRAME_ALERT_SECRET": SECRET, "PORT": "0"})
    with subprocess.Popen(command, env=given, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().split()[-1]}/"
        process.terminate()


def test_the_description_of_an_alert_is_what_is_sent(client: FlaskClient) -> None:
    described: dict[str, Any] = client.get("/openapi.json").json
    operation = described["webhooks"]["coldframe.alert"]["post"]
    assert {each["name"] for each in operation["parameters"]} == {
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }
    schema = described["components"]["schemas"]["Alert"] | {"components": described["components"]}
    sent = message(ALERT)
    jsonschema.Draft202012Validator(schema).validate(sent)
    assert set(schema["properties"]["data"]["properties"]) == set(sent["data"])
    assert set(described["components"]["schemas"]["AlertRecord"]["properties"]) == set(sent["data"]["records"][0])


def test_the_receiver_in_javascript_lets_in_what_is_genuine_alone(in_node: str) -> None:
    way = SignedWebhook(in_node, standard_keys(SECRET))
    receipt = way.send(ALERT, clock.now())
    way.close()
    assert receipt.verdict.name == "DONE", receipt
    forged = {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    for headers in (forged, {}, forged | {"webhook-timestamp": str(clock.now() // 1_000_000)}):
        assert requests.post(in_node, data=b"{}", headers=headers, timeout=5).status_code == 401


def test_the_alert_by_curl_is_let_in_by_the_receiver_in_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outside_programs.of_machine("bash", "curl", "openssl")
    with in_python(monkeypatch) as address:
        command = ["bash", "-euc", BLOCKS["sh"]]
        ran = outside_programs.ran(command, tmp_path, {"COLDFRAME_ALERT_SECRET": SECRET, "RECEIVER_URL": address})
        assert ran.returncode == 0, ran.stdout + ran.stderr
        wrong = {"COLDFRAME_ALERT_SECRET": "whsec_AAAA", "RECEIVER_URL": address}
        refused = outside_programs.ran(command, tmp_path, wrong)
        assert refused.returncode != 0
