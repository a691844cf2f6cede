"""docs/playbook.md: its examples about scores and send windows fit into a playbook and do what the page says."""

import re
from collections.abc import Sequence

import pytest
from places import ROOT

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.state import newborn
from integration.core.run.apply_events import advance
from integration.core.run.decide import order
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.reading import library
from mappings.model.canonical import Activity
from mappings.values.instant import DAY, parse

PAGE = (ROOT / "docs" / "playbook.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"## ([^\n]+)\n(?:(?!\n## ).)*?```yaml\n(.*?)```", PAGE, re.DOTALL)
START = parse("2026-01-05T09:00:00Z")


def example(heading: str) -> CompiledPlaybook:
    """The example under a heading, in place of the same sections of `standard`."""
    text = library.text("standard")
    for section, body in re.findall(r"(?ms)^(\w+):(.*?)(?=^\w|\Z)", dict(EXAMPLES)[heading]):
        text, times = re.subn(rf"(?ms)^{section}:.*?(?=^\w)", f"{section}:{body}\n", text)
        assert times == 1, section
    found, problems = compile_text(text, "docs/playbook.md")
    assert (found is not None, [str(each) for each in problems]) == (True, [])
    assert found is not None
    return CompiledPlaybook.of(found)


def did(kind: str, day: int, **properties: str) -> Activity:
    return Activity(id=f"{kind}{day}", lead="ana", at=START + day * DAY, type=kind, properties=properties)


def engagement(compiled: CompiledPlaybook, events: Sequence[Event], day: int) -> int:
    until = START + day * DAY
    told = sorted((event for event in events if event.at <= until), key=order)
    return advance(compiled, newborn("ana"), told, until).state.score.value


@pytest.mark.parametrize("heading", [name for name, text in EXAMPLES if text.startswith(("engagement:", "touches:"))])
def test_every_example_fits_into_a_playbook(heading: str) -> None:
    assert example(heading).playbook.engagement is not None


def test_points_that_end() -> None:
    compiled = example("Points that end")
    events = [did("page_view", 0, page="pricing"), did("email_click", 80)]
    assert engagement(compiled, events, 79) == 7_500
    assert engagement(compiled, events, 80) == 10_500
    assert engagement(compiled, events, 89) == 10_500
    assert engagement(compiled, events, 90) == 3_000, "what two steps had left of 15 goes, and nothing else"


def test_a_decay_that_stops() -> None:
    compiled = example("A decay that stops")
    events = [did("page_view", 0, page="pricing"), did("email_click", 200)]
    assert engagement(compiled, events, 199) == 10_000
    assert engagement(compiled, events, 200) == 13_000
    assert engagement(compiled, events, 900) == 10_000


def test_points_for_a_fields_change() -> None:
    compiled = example("Points for a field's change")
    events: list[Event] = [
        AccountChanged(
            id="c", at=START, account="acme", fields={"employees": 20, "technologies": ("salesforce",)}, initial=True
        ),
        LeadChanged(id="l", at=START, fields={"account": "acme", "seniority": "manager"}),
        LeadChanged(id="m", at=START + DAY, fields={"seniority": "director"}),
        AccountChanged(id="d", at=START + 2 * DAY, account="acme", fields={"employees": 60}),
        LeadChanged(id="n", at=START + 3 * DAY, fields={"budget": "50k"}),
        AccountChanged(id="e", at=START + 4 * DAY, account="acme", fields={"technologies": ("hubspot",)}),
    ]
    found = [engagement(compiled, events, day) // 1_000 for day in (0, 1, 2, 3, 4, 91)]
    assert found == [0, 10, 15, 20, 15, 5]


def test_slower_where_nobody_opens() -> None:
    paces = {track.name: track.slower for track in example("Slower where nobody opens").playbook.tracks}
    assert [(each.unopened, each.every // DAY) for each in paces["mql_nurture"]] == [(4, 14), (8, 30), (12, 30)]
    assert (paces["welcome"], paces["sql_reengagement"]) == ((), ())


def test_send_windows() -> None:
    windows = example("Send windows").playbook.send_windows
    assert [(each.opens, each.closes, each.timezone) for each in windows] == [
        (9 * 60, 11 * 60, "UTC"),
        (13 * 60, 14 * 60, "UTC"),
        (13 * 60, 14 * 60, "Europe/Berlin"),
    ]
    assert [each.weekdays for each in windows] == [(1, 2, 3), (1, 2, 3), (0,)]
