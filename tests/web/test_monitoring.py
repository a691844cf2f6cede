"""What Prometheus and Grafana are given names figures that a running process has, and the page tells of every alert."""

import json
import re
from typing import Any, get_args

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from places import ROOT
from webhooks_senders import Wall

from integration.store.db.session import Store
from integration.store.overall import figure_snapshots
from integration.web.app import METRICS
from webhooks.refusal_causes import SAID, Cause

RULES = ROOT / "deploy" / "prometheus" / "rules.yaml"
BOARD = ROOT / "deploy" / "grafana" / "coldframe.json"
PAGE = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
NAME = re.compile(r"\bcoldframe_[a-z_]+\b")
TYPE = re.compile(r"^# TYPE (coldframe_\S+) (\w+)$", re.MULTILINE)
LABELLED = re.compile(r"(coldframe_[a-z_]+)\{([^}]*)\}")


@pytest.fixture
def figures(app: Flask, client: FlaskClient, store: Store, wall: Wall) -> str:
    """`/metrics` of a process that has answered, refused and counted."""
    figure_snapshots.count(store, wall())
    app.extensions[METRICS].refused("slow")
    client.post("/webhooks/hubspot", data=b"[]")
    return client.get("/metrics").text


def names(text: str) -> set[str]:
    """Every name that can be asked for: a histogram has three."""
    found = set()
    for name, kind in TYPE.findall(text):
        found |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"} if kind == "histogram" else {name}
    return {name for name in found if not name.endswith("_created")}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return list(group["rules"])


def queries() -> list[str]:
    board = json.loads(BOARD.read_text(encoding="utf-8"))
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def test_every_figure_that_rules_and_dashboard_name_is_one_of_a_running_process(figures: str) -> None:
    asked = {name for text in [*queries(), *(each["expr"] for each in rules())] for name in NAME.findall(text)}
    assert asked <= names(figures), asked - names(figures)
    assert len(asked) > 15


def test_a_label_that_a_query_names_is_one_that_the_figure_has(figures: str) -> None:
    samples = dict(LABELLED.findall(figures))
    for text in [*queries(), *(each["expr"] for each in rules())]:
        for name, labels in LABELLED.findall(text):
            given = {label.partition("=")[0].strip("~! ") for label in labels.split(",")}
            known = {label.partition("=")[0] for label in samples.get(name, "").split(",")}
            assert name not in samples or given <= known, (name, given, known)


def test_every_figure_is_on_the_dashboard_or_in_an_alert(figures: str) -> None:
    text = " ".join([*queries(), *(each["expr"] for each in rules())])
    families = {name for name, _ in TYPE.findall(figures) if not name.endswith("_created")}
    assert {name for name in families if name not in text} <= {"coldframe_erased_dropped"}


def test_every_rule_is_whole_and_the_page_tells_of_it_and_of_no_other() -> None:
    for each in rules():
        assert each["labels"]["severity"] in {"page", "ticket"}
        assert each["for"]
        assert set(each["annotations"]) == {"summary", "description"}
        for opened, closed in ("()", "{}", "[]"):
            assert each["expr"].count(opened) == each["expr"].count(closed)
    told = re.findall(r"^\| `(Coldframe\w+)`", PAGE, re.MULTILINE)
    assert told == [each["alert"] for each in rules()]


def test_every_cause_of_a_refusal_is_told() -> None:
    assert set(SAID) == set(get_args(Cause)) == set(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE))
