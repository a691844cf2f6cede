"""Whatever a file holds, `coldframe replay` prints the whole result, or one line of where and what, with status 2."""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration.commands.replaying.replay import replay

GOOD: list[dict[str, Any]] = [
    {"kind": "account", "account": "acme", "at": "2026-01-05T09:00:00Z", "fields": {"employees": 120}},
    {
        "kind": "lead",
        "lead": "ana",
        "at": "2026-01-05T09:00:00Z",
        "fields": {"email": "ana@acme.example", "account": "acme", "source": "newsletter"},
    },
    {
        "kind": "activity",
        "id": "a1",
        "lead": "ana",
        "at": "2026-01-06T10:00:00Z",
        "type": "page_view",
        "properties": {"page": "pricing"},
    },
]
DEEP = "[" * 3_000 + "]" * 3_000
"""Deeper than any parser goes."""

times = st.one_of(
    st.datetimes().map(lambda at: f"{at.isoformat()}Z").filter(lambda at: "2000" < at[:4] < "2060"),
    st.sampled_from(
        [
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.999999-23:59",
            "0001-01-01T00:00:00+23:59",
            "0000-00-00T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-01-05T24:00:00Z",
            "2026-01-05T23:59:60Z",
            "2026-01-05",
            "2026-01-05T09:00:00",
            "+002026-01-05T09:00:00Z",
            "10000-01-01T00:00:00Z",
            "-2026-01-05T09:00:00Z",
            "",
            "\x00",
        ]
    ),
)
numbers = st.one_of(
    st.integers(),
    st.sampled_from([2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63) - 1, 10**4_000, -(10**30)]),
    st.floats(),
)
words = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            "",
            "\x00",
            "a\x00b",
            "\ud83d",
            "\udc00x",
            "ana",
            "acme",
            "pricing",
            "demo_request",
            "true",
            "America/New_York",
        ]
    ),
    st.sampled_from(["x" * 70_000, "9" * 4_000]),
)
scalars = st.one_of(words, numbers, st.booleans(), st.none(), times)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=6
)
KEYS = """source account email timezone country seniority opted_out stage owner page minutes amount outcome reason url
    viewer document people budget employees"""
KINDS = """page_view demo_request email_open document_view sales_rejected meeting_booked call_attempt opportunity_lost
    opportunity_created unsubscribe resubscribe email_bounce teleport"""
keys = st.sampled_from(KEYS.split())
kinds = st.sampled_from(KINDS.split())
contents = st.dictionaries(st.one_of(keys, words), values, max_size=4)
lines = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("activity"),
            "id": st.one_of(st.sampled_from(["a1", "a2", "derived:x", "fields:x"]), scalars),
            "at": st.one_of(times, times, scalars),
            "type": st.one_of(kinds, kinds, scalars),
        },
        optional={
            "lead": st.one_of(st.just("ana"), words),
            "account": words,
            "properties": st.one_of(contents, values),
        },
    ),
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["lead", "account"]),
            "lead": st.one_of(st.just("ana"), words),
            "account": st.one_of(st.just("acme"), words),
            "at": times,
            "fields": contents,
        }
    ),
    st.dictionaries(st.sampled_from(["kind", "lead", "id", "at", "fields", "properties"]), values, max_size=4),
    values,
)
encoded = lines.map(lambda told: json.dumps(told).encode())
raw = st.one_of(
    encoded,
    encoded,
    st.binary(max_size=40).filter(lambda line: b"\n" not in line),
    st.sampled_from(
        [
            b"\xff\xfe",
            b"\xef\xbb\xbf{}",
            b'{"kind": "lead"',
            DEEP.encode(),
            b'{"kind":"activity","id":"a","lead":"ana","at":"2026-01-06T10:00:00Z","type":"x","properties":{"p":%s}}'
            % DEEP.encode(),
            b'{"kind":"activity","id":"a","lead":"ana","at":"2026-01-06T10:00:00Z","type":"x","properties":{"p":1e999}}',
            b'{"kind":"activity","id":"a","lead":"ana","at":"2026-01-06T10:00:00Z","type":"x","properties":{"p":"\xff"}}',
            b'{"kind":"activity","id":"a","lead":"ana","at":"2026-01-06T10:00:00Z","type":"\\ud83d","properties":{}}',
            b'{"kind":"lead","lead":"ana","at":"2026-01-06T10:00:00Z","fields":{"employees":NaN}}',
        ]
    ),
)


def run(lines: list[bytes], *options: str, playbook: str = "standard") -> tuple[Result, Path]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "events.jsonl"
        file.write_bytes(b"\n".join([*(json.dumps(each).encode() for each in GOOD), *lines]) + b"\n")
        return CliRunner().invoke(replay, ["--playbook", playbook, "--events", str(file), *options]), file


def in_order(result: Result, file: Path) -> None:
    """The whole result and status 0, or nothing but one line of where and what, and status 2."""
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert "Traceback" not in result.output
    if result.exit_code == 0:
        assert all(json.loads(line) for line in result.stdout.splitlines())
        return
    assert result.exit_code == 2
    assert result.stdout == ""
    told = [line for line in result.stderr.splitlines() if not line.endswith("(warning)")]
    assert re.match(rf"{re.escape(str(file))}:[1-9]\d*: \S", told[0]), result.stderr


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(raw, min_size=1, max_size=4))
def test_any_line_is_replayed_or_told_of_by_file_and_line(given_lines: list[bytes]) -> None:
    in_order(*run(given_lines))


@pytest.mark.parametrize("playbook", ["standard", "two-axis", "behavioural", "five-tracks"])
@pytest.mark.parametrize("when", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z"])
def test_a_time_that_no_calendar_goes_to_is_told_of_by_its_line(playbook: str, when: str) -> None:
    asked = {"kind": "activity", "id": "d1", "lead": "ana", "at": when, "type": "demo_request", "properties": {}}
    before = {**asked, "id": "d0", "at": "2026-01-07T10:00:00Z", "type": "email_open"}
    result, file = run([json.dumps(each).encode() for each in (before, asked)], playbook=playbook)
    in_order(result, file)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(f"{file}:5: ")
