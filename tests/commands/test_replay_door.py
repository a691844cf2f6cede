"""What a replay leaves out of its file and says so: impossible times, endless names, second contents, unknown words."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from integration.commands.backtesting.backtest import backtest
from integration.commands.replaying.replay import replay

AT = "2026-01-06T10:00:00Z"


def _activity(
    id_: str, *, lead: str = "ana", at: str = AT, kind: str = "page_view", **properties: Any
) -> dict[str, Any]:
    return {"kind": "activity", "id": id_, "lead": lead, "at": at, "type": kind, "properties": properties}


def _replay(path: Path, lines: Sequence[dict[str, Any]], *more: str, playbook: str = "standard") -> Result:
    file = path / "events.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    return CliRunner().invoke(replay, ["--playbook", playbook, "--events", str(file), *more])


def _leads(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    lines = map(json.loads, result.stdout.splitlines())
    return {each["lead"]: each for each in lines if each["kind"] == "lead"}


def _told(result: Result) -> list[str]:
    return [line.partition("events.jsonl:")[2] for line in result.stderr.splitlines()]


@pytest.mark.parametrize("at", ["2200-01-01T00:00:00Z", "5000-01-01T00:00:00Z"])
@pytest.mark.parametrize("more", [(), ("--until", "2026-02-01T00:00:00Z")])
def test_a_time_of_which_no_calendar_knows_holidays_ends_the_run(
    tmp_path: Path, at: str, more: tuple[str, ...]
) -> None:
    result = _replay(tmp_path, [_activity("a1"), _activity("a2", at=at)], *more)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert _told(result) == ["2: no calendar goes as far as that time"]


def test_names_without_end_are_left_out_as_the_service_sets_them_aside(tmp_path: Path) -> None:
    lines = [
        _activity("9" * 4_000, page="pricing"),
        _activity("a2", lead="x" * 201, page="pricing"),
        _activity("a3", kind="y" * 101),
        _activity("a4", **{"z" * 201: 1}),
        _activity("a5", page="pricing", url="x" * 10_001),
        _activity("a6", page="pricing", url="x" * 9_000),
    ]
    result = _replay(tmp_path, lines)
    assert {lead: each["engagement"] for lead, each in _leads(result).items()} == {"ana": 15}
    assert [each.partition(": `")[0] for each in _told(result)] == ["1", "2", "3", "4", "5"]
    assert all("at most" in each for each in _told(result))


def test_words_that_mean_nothing_are_told_once_with_their_first_line_and_the_nearest(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [
        _activity("a1", page="pricing"),
        _activity("a2", kind="pageview"),
        _activity("a3", kind="call_attempt", outcome="conected"),
        _activity("a4", kind="pageview"),
        _activity("a5", kind="webinar_attend", minuts=4) | {"properties": {"minuts": 4, "minutes": [45]}},
        _activity("a6") | {"properties": None},
        {
            "kind": "lead",
            "lead": "ana",
            "at": AT,
            "fields": {"seniorty": "vp", "seniority": "VP", "timezone": "nonsense"},
        },
        {"kind": "account", "account": "acme", "at": AT, "fields": {"employees": "some", "industry": "software"}},
        {"kind": "lead", "lead": "ana", "at": AT, "fields": {"opted_out": [1], "is_student": "no"}},
    ]
    choices = "no_answer, voicemail, connected (did you mean 'connected'?)"
    assert _told(_replay(tmp_path, lines)) == [
        "2: no activity type is called 'pageview' (did you mean 'page_view'?); 2 times",
        "3: call_attempt.outcome: 'conected' is none of " + choices,
        "5: webinar_attend has no property 'minuts' (did you mean 'minutes'?)",
        "5: webinar_attend.minutes: '[45]' is no number",
        "7: lead has no field 'seniorty' (did you mean 'seniority'?)",
        "7: lead.timezone: 'nonsense' is no time zone",
        "8: account.employees: 'some' is no number",
        "9: lead.opted_out: '[1]' is neither true nor false",
    ]


def test_a_file_of_nothing_but_unknown_words_tells_fifty_and_the_number_of_the_rest(tmp_path: Path) -> None:
    told = _replay(tmp_path, [_activity(f"a{number}", kind=f"t{number}") for number in range(80)]).stderr.splitlines()
    assert len(told) == 51
    assert told[-1].endswith(": 30 more words mean nothing here")


@pytest.mark.parametrize(
    ("fields", "suppressed"),
    [
        ({"opted_out": "true"}, True),
        ({"opted_out": "YES"}, True),
        ({"opted_out": 1}, True),
        ({"opted_out": "no"}, False),
        ({"opted_out": "maybe"}, False),
        ({"opted_out": ["true"]}, False),
    ],
)
def test_flags_of_leads_are_read_in_every_spelling(tmp_path: Path, fields: Any, *, suppressed: bool) -> None:
    line = {"kind": "lead", "lead": "ana", "at": AT, "fields": {"source": "newsletter", **fields}}
    assert _leads(_replay(tmp_path, [line]))["ana"]["suppressed"] is suppressed


def test_fields_of_leads_and_accounts_are_read_as_mapped_ones(tmp_path: Path) -> None:
    plain: list[dict[str, Any]] = [
        {"kind": "account", "account": "7", "at": AT, "fields": {"employees": 1200, "industry": "software"}},
        {
            "kind": "lead",
            "lead": "ana",
            "at": AT,
            "fields": {"account": "7", "seniority": "c_level", "source": "webinar"},
        },
    ]
    spelt: list[dict[str, Any]] = [
        {"kind": "account", "account": "7", "at": AT, "fields": {"employees": " 1.200,0", "industry": " software "}},
        {
            "kind": "lead",
            "lead": "ana",
            "at": AT,
            "fields": {"account": 7, "seniority": "C-Level", "source": "WEBINAR"},
        },
    ]
    one, other = (_leads(_replay(tmp_path, lines, playbook="two-axis"))["ana"] for lines in (plain, spelt))
    assert one["fit"] == other["fit"] > 0


_CONTENTS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a1", "a2"]),
        "lead": st.sampled_from(["ana", "bo"]),
        "at": st.sampled_from([AT, "2026-01-06T11:00:00+01:00", "2026-01-07T10:00:00Z", "2026-01-08T10:00:00Z"]),
        "type": st.sampled_from(["page_view", "content_download"]),
        "properties": st.sampled_from([None, {}, {"page": "pricing"}, {"page": "blog"}, {"asset": "x"}]),
    }
)


@given(told=st.lists(_CONTENTS, min_size=1, max_size=8), chance=st.randoms())
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_which_content_of_an_id_counts_does_not_depend_on_the_order_of_lines(
    tmp_path: Path, told: list[Any], chance: Any
) -> None:
    end = {"kind": "account", "account": "end", "at": "2026-01-09T00:00:00Z", "fields": {}}
    lines = [{"kind": "activity", **each} for each in told]
    one, other = (
        _replay(tmp_path, [*each, end], playbook="two-axis") for each in (lines, chance.sample(lines, len(lines)))
    )
    assert one.exit_code == other.exit_code == 0, (one.stderr, other.stderr)
    assert one.stdout == other.stdout
    counting = {
        id_: min(each["at"].replace("T11:00:00+01:00", "T10:00:00Z") for each in told if each["id"] == id_)
        for id_ in {each["id"] for each in told}
    }
    ledger = [line for lead in _leads(one).values() for line in lead["ledger"] if line["line"] == "points"]
    assert all(line["at"] == counting[line["activity"]] for line in ledger), "the earliest counts"


def test_the_same_content_many_times_is_told_to_nobody(tmp_path: Path) -> None:
    lines = [
        _activity("a1", page="pricing"),
        _activity("a1", page="pricing"),
        _activity("a1", at="2026-01-06T11:00:00+01:00", page="pricing"),
    ]
    result = _replay(tmp_path, lines)
    assert result.stderr == ""
    assert _leads(result)["ana"]["engagement"] == 15


def test_a_backtest_counts_the_same_contents(tmp_path: Path) -> None:
    first, second = (
        _activity("a1", page="pricing"),
        _activity("a1", lead="bo", at="2026-01-07T10:00:00Z", page="pricing"),
    )
    ends = {"kind": "account", "account": "end", "at": "2026-01-09T00:00:00Z", "fields": {}}
    seen = []
    for lines in ([first, second, ends], [second, first, ends], [first, ends]):
        file = tmp_path / "events.jsonl"
        file.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
        args = ["two-axis", "--against", "standard", "--events", str(file), "--json"]
        result = CliRunner().invoke(backtest, ["--playbook", *args])
        assert result.exit_code == 0, result.stderr
        seen.append(result.stdout)
    assert seen[0] == seen[1] == seen[2]
