"""`coldframe demo`: three weeks of a company's leads in two minutes, on this machine."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random  # noqa: TID251 - seeded: the same demo every time

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from integration.playbook.reading import library
from integration.rig.stage.ending import summary
from integration.rig.stage.make_believe_sales import Sales
from integration.rig.stage.rig import Rig, activity, free_port, rig, today
from integration.rig.stage.run_folder import run_folder
from integration.rig.stage.signed_delivery import until_stored
from integration.rig.stage.story import story
from integration.web.console.access.new_link import new_link
from integration.wiring import clock
from mappings.values.instant import DAY, SECOND, Instant

DAYS = 21
SEED = 2026
_BATCH = 200
_TICK = 0.25
_START = 20
"""Real seconds between starting the processes and the first scene."""
_SETTLE = 90.0
_CHANNEL = "sales-ops"
_ROUTING = f"alerts:\n  default: [{{slack: {_CHANNEL}}}]\n"
"""Every alert goes to a channel of the sandbox's Slack; tasks go to the owners that the CRMs name."""


@click.command()
@click.option("--exit", "leave", is_flag=True, help="Stop after the summary instead of leaving everything running.")
@click.option("--leads", default=300, show_default=True, help="How many people are in the sandbox's CRMs.")
@click.option("--seconds", default=120, show_default=True, help="How long the three weeks take.")
@click.option("--playbook", default=library.DEFAULT, show_default=True, help="The playbook to run.")
@click.option("--port", default=8000, show_default=True, help="The service's port (0: any free one).")
@click.option("--sandbox-port", default=8100, show_default=True, help="The sandbox's port (0: any free one).")
def demo(  # noqa: PLR0913 - the options of the command
    *, leave: bool, leads: int, seconds: int, playbook: str, port: int, sandbox_port: int
) -> None:
    r"""Show the whole product at work against a sandbox HubSpot and Salesforce.

    Three weeks of believable activity come in through the signed webhooks, time running fast; scores,
    stages and tasks appear in the CRMs; a make-believe sales team answers some of the tasks.

    \b
    Example:
      coldframe demo --exit
    """
    console = Console()
    until = clock.now() + (_START + seconds) * SECOND
    rate = DAYS * DAY / (seconds * SECOND)
    console.print("Starting Valkey, the sandbox's CRMs, web, workers and clock …")
    sandbox_port = sandbox_port or free_port()
    with (
        run_folder("demo") as data,
        rig(
            data,
            port=port,
            sandbox_port=sandbox_port,
            COLDFRAME_ROUTING=_routing(data),
            COLDFRAME_SLACK_CHANNELS=f"{_CHANNEL}=http://127.0.0.1:{sandbox_port}/slack/services/{_CHANNEL}/demo",
            COLDFRAME_PLAYBOOK=playbook,
            COLDFRAME_REHEARSAL=f"{until}@{rate}",
            COLDFRAME_POLL_SECONDS="2",  # of real time: some eight hours of the story
        ) as running,
    ):
        _play(running, leads, clock.rehearsed(until, rate), until - DAYS * DAY, console)
        console.print("Waiting for the last writes to arrive …")
        settled = running.wait(lambda: not running.waiting(), seconds=_SETTLE)
        named = summary(running, console, settled=settled)
        if not leave:
            link = new_link(running.settings, running.store, clock.now())
            console.print(f"The console, for one browser, once: {link}", soft_wrap=True)
            _linger(running, console)
        elif not named:
            raise SystemExit(1)


def _routing(data: Path) -> str:
    """The path of the demo's routing.yaml, which is written here."""
    path = data / "routing.yaml"
    path.write_text(_ROUTING, encoding="utf-8")
    return str(path)


def _play(running: Rig, leads: int, now: Callable[[], Instant], start: Instant, console: Console) -> None:
    """Fill the CRMs, then post every scene when its time has come, while sales answers tasks."""
    running.tell("fill", {"leads": leads, "seed": SEED})
    emails = running.people()
    console.print(f"The sandbox's HubSpot and Salesforce have {len(emails)} people.")
    running.wait(lambda: now() >= start, seconds=_START + 5.0)
    scenes = story(emails, seed=SEED, days=DAYS)
    sales = Sales(running, now, Random(SEED))  # noqa: S311 - not cryptography
    columns = (BarColumn(20), TextColumn("{task.fields[said]}"), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("", total=DAYS * DAY, said="")
        posted = 0
        while posted < len(scenes) or now() < start + DAYS * DAY:
            moment = now()
            due = [scene for scene in scenes[posted : posted + _BATCH] if start + scene.offset <= moment]
            if due:
                batch = [
                    activity(f"demo-{posted + n}", each.email, each.type, start + each.offset, each.properties)
                    for n, each in enumerate(due)
                ]
                until_stored(partial(running.post, batch, delivery=f"demo-{posted}"))
                posted += len(due)
            sales.work()
            running.programs.watch()
            said = f"{today(moment)} · {posted} activities · {sales.answered} tasks answered"
            progress.update(bar, completed=min(moment - start, DAYS * DAY), said=said)
            if len(due) < _BATCH:
                time.sleep(_TICK)


def _linger(running: Rig, console: Console) -> None:
    """Leave everything running until Ctrl-C."""
    console.print("\nEverything stays up until you press Ctrl-C.")
    try:
        while True:
            running.programs.watch()
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("Stopping …")
