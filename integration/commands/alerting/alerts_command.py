"""`coldframe alerts`: what was raised and where it went, and a test message to a channel."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from connectors.base.port import Receipt, Verdict
from integration.alerting.alert_port import Alert
from integration.commands.assigning.routing_command import Length
from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.quiet_log import quiet
from integration.flows.base.running_playbook import following
from integration.routing.alert_rules import AlertTask, Goal, names_in
from integration.settings.alert_channels import Channel
from integration.store.outgoing import alerts as raised_alerts
from integration.store.outgoing import outbox
from integration.wiring import build, clock
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, Span, show_second
from mappings.yaml_files.problems import nearest

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
_DEFAULT = "default"
_STATES = {"new": "waits", "sent": "sent", "dead": "refused", "lapsed": "lapsed"}


@click.group()
def alerts() -> None:
    r"""What people were alerted to and where it went; a test message.

    routing.yaml says which alert goes where (docs/alerts.md).

    \b
    Example:
      coldframe alerts test sales-ops
      coldframe alerts list --since 7d
    """


@alerts.command(name="list")
@click.option("--since", type=Length(), default="24h", show_default=True, help="How far back.")
@_AS_JSON
def list_(since: Span, *, as_json: bool) -> None:
    r"""List the alerts that were raised, the newest first, and what became of each on its ways.

    \b
    Example:
      coldframe alerts list
      coldframe alerts list --since 7d --json
    """
    quiet()
    service = following(build.service())
    ways = _ways(service)
    with service.store.read() as conn:
        found = raised_alerts.recent(conn, clock.now() - (since or DAY))
        keys = {(each.key, way): f"{raised_alerts.lane(way)}:{each.key}" for each in found for way in ways}
        states = outbox.states(conn, keys.values())
    went = {
        each.key: {way: _STATES[states[keys[each.key, way]]] for way in ways if keys[each.key, way] in states}
        for each in found
    }
    if as_json:
        rows = [
            {
                "at": show_second(each.raised_at),
                "alert": each.alert,
                "text": each.text,
                "remedy": each.remedy,
                "lead": each.lead_id or "",
                "ways": went[each.key],
            }
            for each in found
        ]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if not found:
        click.echo("No alert was raised.")
        return
    table = fitted("when", "alert", "what", "went", whole=["when"])
    for each in found:
        said = ", ".join(f"{way}: {state}" for way, state in went[each.key].items()) or "nowhere"
        table.add_row(show_second(each.raised_at), *map(escape, (each.alert, each.text, said)))
    Console().print(table)


@alerts.command()
@click.argument("name")
@_AS_JSON
def test(name: str, *, as_json: bool) -> None:
    r"""Send a test message, and say in a sentence what came back.

    NAME is a channel as routing.yaml calls it (`sales-ops`, or `slack:sales-ops` where several are called so), or an
    alert's name, or `default`: then the message goes wherever that alert goes. Exit status 1 where one did not arrive.

    \b
    Example:
      coldframe alerts test sales-ops
      coldframe alerts test first_contact_breach --json
    """
    quiet()
    service = following(build.service())
    answers = [_tried(service, goal) for goal in _meant(service, name)]
    if as_json:
        click.echo(json.dumps(answers, indent=2, ensure_ascii=False))
    else:
        for each in answers:
            click.echo(f"{each['channel']}: {each['said']}")
    if not all(each["arrived"] for each in answers):
        sys.exit(1)


def _tried(service: Service, goal: Goal) -> dict[str, Any]:
    """Send one test message; what came back, in words."""
    if isinstance(goal, AlertTask):
        said = f"no test makes a task: coldframe routing test RECORD --role {goal.role} says who would get one"
        return {"channel": f"task: {goal.role}", "arrived": True, "code": "", "said": said}
    way = service.alert_ways.get(goal.way)
    if way is None:
        said = "the settings name no such channel (docs/alerts.md)"
        return {"channel": str(goal), "arrived": False, "code": "UNKNOWN", "said": said}
    now = clock.now()
    alert = Alert(
        key=f"test/{clock.new_id()}",
        alert="test",
        text="This is a test of Coldframe's alerts. Nothing has happened.",
        because=(f"somebody typed: coldframe alerts test, for {goal}",),
        at=now,
        raised_at=now,
    )
    receipt = way.send(alert, now)
    way.close()
    return {
        "channel": str(goal),
        "arrived": receipt.verdict is Verdict.DONE,
        "code": receipt.code,
        "said": _sentence(receipt),
    }


def _sentence(receipt: Receipt) -> str:
    said = f"{receipt.code}: {receipt.message}".strip(": ")
    match receipt.verdict:
        case Verdict.DONE:
            return "the receiver has taken the test message"
        case Verdict.UNCLEAR:
            return f"the answer was lost, so it may or may not have arrived ({said})"
        case Verdict.PERMANENT:
            return f"the receiver refuses the message ({said})"
        case _:
            return f"it has not arrived ({said})"


def _meant(service: Service, name: str) -> Sequence[Goal]:
    """The goals that somebody means by a name. Raises ClickException with the nearest name."""
    rules = service.routing.alerts
    known = _channels(service)
    channels = [each for each in known if name in {each.name, each.way, str(each), str(each).replace(" ", "")}]
    if channels:
        return channels
    names = (*names_in(service.rules.playbook), _DEFAULT)
    if name in names:
        goals: Sequence[Goal] = known if rules is None else rules.default if name == _DEFAULT else rules.goals(name)
        if not goals:
            msg = f"{name} goes nowhere: it is in the log and in coldframe doctor alone (docs/alerts.md)"
            raise click.ClickException(msg)
        return goals
    there = [each.name for each in known]
    listed = ", ".join(map(str, known)) or "none (docs/alerts.md)"
    msg = (
        f"no channel and no alert is called {name!r}{nearest(name, (*there, *names))}; there are the channels {listed}"
    )
    raise click.ClickException(msg)


def _channels(service: Service) -> list[Channel]:
    """Every channel that the settings or the routing in force name."""
    rules = service.routing.alerts
    return list(dict.fromkeys((*build.settings().channels, *(rules.channels() if rules else ()))))


def _ways(service: Service) -> list[str]:
    return list(dict.fromkeys((*service.alert_ways, *(each.way for each in _channels(service)))))
