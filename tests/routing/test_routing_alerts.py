"""`alerts:` of a routing.yaml: where each alert goes; the unknown is refused with its place and the nearest name."""

import re

import pytest
from page_blocks import blocks
from places import ROOT

from integration.playbook.compiling import compiler
from integration.routing.alert_rules import OF_THE_SERVICE, URGENT, AlertTask, Quiet, names_in
from integration.routing.read_routing import parse
from integration.settings.alert_channels import Channel
from integration.settings.environment import SettingsError, load
from mappings.values.instant import parse as instant

PLAYBOOK = compiler.load("operating-model")[0]
assert PLAYBOOK is not None
KNOWN = (
    Channel(medium="slack", name="sales-ops"),
    Channel(medium="slack", name="abm"),
    Channel(medium="email", name="managers"),
    Channel(medium="webhook", name="default"),
)
KEY = {"COLDFRAME_SECRET_KEY": "k" * 32}
WHOLE = """\
alerts:
  default: [{slack: sales-ops}, {webhook: default}, {task: manager}]
  handoff: [{slack: abm}, {email: managers}]
  letter_waits: []
  quiet: {hours: "20:00-07:00", digest: "08:00", timezone: Europe/Berlin, urgent: [signed_out]}
  personal_data: false
"""


def said(text: str) -> list[str]:
    return [str(each) for each in parse(text, "routing.yaml", PLAYBOOK, KNOWN)[1]]


def test_a_whole_section_is_read() -> None:
    routing, problems = parse(WHOLE, "routing.yaml", PLAYBOOK, KNOWN)
    assert problems == ()
    assert routing is not None
    rules = routing.alerts
    assert rules is not None
    assert rules.goals("first_response_breach") == (KNOWN[0], KNOWN[3], AlertTask(role="manager"))
    assert rules.goals("handoff") == (KNOWN[1], KNOWN[2])
    assert rules.goals("letter_waits") == ()
    assert rules.quiet == Quiet(
        begins=1200, ends=420, digest=480, timezone="Europe/Berlin", urgent=frozenset({"signed_out"})
    )
    assert not rules.personal_data
    assert [each.way for each in rules.channels()] == ["slack:sales-ops", "webhook", "slack:abm", "email:managers"]


def test_a_file_that_says_nothing_of_alerts_leaves_them_to_the_settings() -> None:
    routing, _ = parse("owner: keep\n", "routing.yaml", PLAYBOOK, KNOWN)
    assert routing is not None
    assert routing.alerts is None


def test_where_nobody_has_asked_the_settings_any_channel_will_do() -> None:
    assert parse("alerts: {default: [{slack: opps}]}", "routing.yaml", PLAYBOOK)[1] == ()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("default: [{slack: sales-opps}]", "1:28: COLDFRAME_SLACK_CHANNELS names no 'sales-opps' (did you mean 'sales"),
        ("default: [{teams: sales-ops}]", "COLDFRAME_TEAMS_CHANNELS names no 'sales-ops' (did you mean 'slack: "),
        ("default: [{webhook: pager}]", "COLDFRAME_ALERT_WEBHOOKS names no 'pager'; it names default"),
        ("default: [{slak: abm}]", "1:21: unknown name 'slak' (did you mean 'slack'?)"),
        ("default: [{task: boss}]", "1:27: 'boss' is none of manager, owner"),
        ("default: [{slack: abm, email: managers}]", "1:20: one of slack, teams, webhook, email, task"),
        ("default: [slack]", "1:20: "),
        ("default: {slack: abm}", "1:19: must be a list"),
        ("default: [{slack: 3}]", "1:28: must be the name of a channel"),
        ("default: [], hanoff: []", "1:23: no alert is called 'hanoff' (did you mean 'handoff'?)"),
        ("default: [], letters_wait: []", "(did you mean 'letter_waits'?)"),
        ("handoff: [{slack: abm}]", "1:1: alerts that have no list of their own go nowhere"),
        ("default: [{task: manager}]", "1:19: an alert about no lead (connection_paused) cannot be a task"),
        ("default: [], personal_data: maybe", "must be true or false"),
        ("default: [], quiet: {hours: 20-7, digest: '08:00'}", 'quiet hours are such as "20:00-07:00"'),
        ("default: [], quiet: {hours: '20:00-07:00'}", "when the digest goes is a time of day"),
        ("default: [], quiet: {hours: '20:00-07:00', digest: '06:00'}", "lies in the quiet hours"),
        ("default: [], quiet: {hours: '20:00-07:00', digest: '8:00', timezone: Berlin}", "'Berlin' is no time zone"),
        ("default: [], quiet: {hours: '20:00-07:00', digest: '8:00', urgent: [sign_out]}", "you mean 'signed_out'?"),
        ("[slack]", "1:10: must be a table"),
    ],
)  # fmt: skip
def test_every_mistake_is_named_with_its_place_and_the_nearest_right_name(text: str, where: str) -> None:
    found = said(f"alerts: {{{text}}}" if text[0] != "[" else f"alerts:  {text}")
    assert any(where in each for each in found), found


def test_the_names_of_alerts_are_those_of_the_plays_and_clocks_of_the_playbook_and_the_services_own() -> None:
    names = names_in(PLAYBOOK)
    assert "handoff" in names
    assert {f"{clock.name}_breach" for clock in PLAYBOOK.clocks} <= set(names)
    assert set(OF_THE_SERVICE) <= set(names)
    assert set(OF_THE_SERVICE) >= URGENT


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-01-06T18:59:00Z", None),
        ("2026-01-06T19:00:00Z", "2026-01-07T07:00:00Z"),
        ("2026-01-07T05:59:00Z", "2026-01-07T07:00:00Z"),
        ("2026-01-07T06:00:00Z", None),
        ("2026-03-28T20:00:00Z", "2026-03-29T06:00:00Z"),
        ("2026-10-24T22:00:00Z", "2026-10-25T07:00:00Z"),
    ],
)
def test_quiet_hours_begin_and_end_by_the_wall_clock(at: str, until: str | None) -> None:
    quiet = Quiet(begins=1200, ends=420, digest=480, timezone="Europe/Berlin")
    assert quiet.waits_until("handoff", instant(at)) == (instant(until) if until else 0)
    assert quiet.waits_until("signed_out", instant(at)) == 0


def test_channels_are_named_in_the_settings_with_their_secrets() -> None:
    given = load(
        KEY
        | {
            "COLDFRAME_ALERT_SECRET": "whsec_" + "YWxlcnRzLW9mLWNvbGRmcmFtZS1zZWNyZXQtMzItYnl0ZXM=",
            "COLDFRAME_ALERT_WEBHOOKS": "pager=https://events.example.com/x?key=s3cret",
            "COLDFRAME_SLACK_CHANNELS": "abm=C0123456789 sales-ops=https://hooks.slack.example/services/T/B/s3cret",
            "COLDFRAME_SLACK_TOKEN": "xoxb-s3cret",
            "COLDFRAME_TEAMS_CHANNELS": "emea=https://prod.logic.example/workflows/1?sig=s3cret&sv=1.0",
            "COLDFRAME_ALERT_EMAILS": "managers=managers@acme.example",
            "COLDFRAME_SMTP_URL": "smtp://coldframe:s3cret@mail.acme.example:587",
            "COLDFRAME_SMTP_FROM": "coldframe@acme.example",
        }
    )
    assert [each.way for each in given.channels] == [
        "webhook:pager",
        "slack:abm",
        "slack:sales-ops",
        "teams:emea",
        "email:managers",
    ]
    assert "s3cret" not in repr(given)
    assert sum("s3cret" in each for each in given.secrets()) == 6


@pytest.mark.parametrize(
    ("variables", "variable", "problem"),
    [
        ({"COLDFRAME_SLACK_CHANNELS": "abm=C0123456789"}, "COLDFRAME_SLACK_TOKEN", "names a channel by its id"),
        ({"COLDFRAME_SLACK_CHANNELS": "abm=#abm"}, "COLDFRAME_SLACK_CHANNELS", "not an absolute https address"),
        ({"COLDFRAME_SLACK_CHANNELS": "C0123456789"}, "COLDFRAME_SLACK_CHANNELS", "not NAME=VALUE"),
        ({"COLDFRAME_TEAMS_CHANNELS": "a=http://x.example/1"}, "COLDFRAME_TEAMS_CHANNELS", "in the clear"),
        ({"COLDFRAME_ALERT_EMAILS": "a=b@c.example"}, "COLDFRAME_SMTP_URL", "COLDFRAME_ALERT_EMAILS is set"),
        ({"COLDFRAME_SMTP_URL": "smtp://mail.example"}, "COLDFRAME_SMTP_FROM", "COLDFRAME_SMTP_URL is set"),
        ({"COLDFRAME_SMTP_URL": "mail.example:25"}, "COLDFRAME_SMTP_URL", "not smtp://"),
        ({"COLDFRAME_ALERT_WEBHOOKS": "a=https://x.example"}, "COLDFRAME_ALERT_SECRET", "not sent unsigned"),
        ({"COLDFRAME_ALERT_SECRET": "whsec_" + "a2V5" * 8}, "COLDFRAME_ALERT_URL", "COLDFRAME_ALERT_SECRET is set"),
    ],
)
def test_a_channel_that_lacks_something_is_refused_at_the_start(
    variables: dict[str, str], variable: str, problem: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(KEY | variables)
    assert any(each.variable == variable and problem in each.problem for each in caught.value.mistakes), caught.value


def test_the_example_of_docs_alerts_md_is_read() -> None:
    (block,) = (each for each in blocks() if (each.page, each.language) == ("docs/alerts.md", "yaml"))
    playbook = compiler.load("standard")[0]
    assert playbook is not None
    routing, problems = parse("\n".join(block.lines()), "routing.yaml", playbook)
    assert [str(each) for each in problems] == []
    assert routing is not None
    assert routing.alerts is not None


def test_every_alert_that_the_service_raises_can_be_named() -> None:
    named = re.compile(r'alert="([a-z_]+)"|return "(signed_out|connection_paused)"')
    files = (ROOT / "integration/flows").rglob("*.py")
    found = {name for path in files for name in named.findall(path.read_text("utf-8"))}
    assert {one or other for one, other in found} <= set(OF_THE_SERVICE)
    page = (ROOT / "docs/alerts.md").read_text("utf-8")
    assert [name for name in OF_THE_SERVICE if f"| `{name}` |" not in page] == []
