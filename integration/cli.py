"""The `coldframe` command. Each sub-command lives in its own module and is imported when it is used."""

from importlib import import_module
from typing import Any, NoReturn

import click

from mappings.yaml_files.problems import nearest

COMMANDS = {
    "alerts": "integration.commands.alerting.alerts_command",
    "attack": "integration.commands.trial.attack",
    "audit": "integration.commands.operate.audit",
    "backtest": "integration.commands.backtesting.backtest",
    "backup": "integration.commands.backups.backup",
    "bench": "integration.commands.trial.bench",
    "bench-console": "integration.commands.growing.bench_console",
    "bench-bulk": "integration.commands.measuring.bench_bulk",
    "bench-engine": "integration.commands.trial.bench_engine",
    "bench-scale": "integration.commands.measuring.bench_scale",
    "chaos": "integration.commands.trial.chaos",
    "clock": "integration.commands.operate.processes",
    "connect": "integration.commands.connecting.connect",
    "console": "integration.commands.operate.console",
    "demo": "integration.commands.trial.demo",
    "diff": "integration.commands.versions.versions",
    "doctor": "integration.commands.doctoring.doctor",
    "drill": "integration.commands.trial.drill",
    "erase": "integration.commands.privacy.erase",
    "explain": "integration.commands.authoring.explain",
    "export": "integration.commands.privacy.export",
    "hosts": "integration.commands.growing.hosts_command",
    "keys": "integration.commands.operate.keys",
    "lanes": "integration.commands.growing.lanes",
    "lead": "integration.commands.leads.lead_command",
    "letters": "integration.commands.operate.letters",
    "levels": "integration.commands.assigning.levels",
    "live": "integration.commands.operate.live",
    "mapping": "integration.commands.authoring.mapping",
    "migrate": "integration.commands.operate.processes",
    "pause": "integration.commands.operate.pause",
    "playbook": "integration.commands.authoring.playbook",
    "provision": "integration.commands.operate.provision",
    "publish": "integration.commands.versions.publish",
    "publish-drill": "integration.commands.trial.publish_drill",
    "replay": "integration.commands.replaying.replay",
    "rescore": "integration.commands.versions.rescore",
    "restore": "integration.commands.backups.restore",
    "resume": "integration.commands.operate.pause",
    "rollback": "integration.commands.versions.publish",
    "routing": "integration.commands.assigning.routing_command",
    "sandbox": "integration.commands.trial.sandbox",
    "season": "integration.commands.trial.season",
    "shadow": "integration.commands.authoring.shadow",
    "sync": "integration.commands.operate.sync",
    "up": "integration.commands.operate.processes",
    "versions": "integration.commands.versions.versions",
    "views": "integration.commands.operate.views",
    "vocabulary": "integration.commands.authoring.vocabulary",
    "web": "integration.commands.operate.processes",
    "worker": "integration.commands.operate.processes",
}
"""Command → module that defines a click command of that name."""

ABOUT = {
    "alerts": "What people were alerted to and where it went; a test message.",
    "attack": "Attack a copy of the product, and see that it holds.",
    "audit": "Who changed what, and when.",
    "backtest": "What another playbook would have done with the same history.",
    "backup": "Copy the store to a file while everything runs.",
    "bench": "Throughput, latency and memory of the whole product, beside the floor.",
    "bench-console": "How long every page of the console takes over an installation of any size.",
    "bench-bulk": "Everybody's scores from a store, beside one pass of DuckDB.",
    "bench-engine": "How fast the engine replays a million activities.",
    "bench-scale": "What each step costs for a lead, in stores of growing size.",
    "chaos": "Kill processes at random under load, and count what was lost.",
    "clock": "Run the periodic jobs.",
    "connect": "Sign in to a CRM, and see who is signed in.",
    "console": "A one-time link into the admin's console.",
    "demo": "The whole product on this machine, with believable data.",
    "diff": "What differs between two versions of the rules.",
    "doctor": "Check everything this service needs, and say what to do.",
    "drill": "Interrupt a first sync, and count what was lost or doubled.",
    "erase": "Remove a person from the store, and let nothing bring them back.",
    "explain": "Why a lead's score, stage, segment and track are what they are.",
    "export": "Everything that is stored about one person, as one JSON document.",
    "hosts": "Several worker hosts over one PostgreSQL: shares of work, and what a cut one loses.",
    "keys": "The keys that tokens are encrypted with.",
    "lanes": "Into how many shards the work is parted that worker hosts share.",
    "lead": "Hold a lead, hand it to sales now, or suppress it.",
    "letters": "Sync errors: what could not be read or written, and how to try it again.",
    "levels": "Service levels: who was late, and whose time it was.",
    "live": "Start writing to the CRMs, after showing what would be written.",
    "mapping": "Check the field mappings, and preview a record.",
    "migrate": "Bring the store's tables up to date.",
    "pause": "The kill switch: nothing is read from or written to a CRM.",
    "playbook": "Check, list, show, copy and compare playbooks.",
    "provision": "Create the fields that Coldframe writes in a CRM.",
    "publish": "Put another playbook or vocabulary in force while everything runs.",
    "publish-drill": "Publish edit after edit on a living installation, and compare what followed.",
    "replay": "Try a playbook on a file of activities.",
    "rescore": "Work out everybody's scores anew, and compare with where they stand.",
    "restore": "Put a backup into an empty data folder or database.",
    "resume": "End a pause: what has waited is carried out.",
    "rollback": "Put a former version of the rules in force again.",
    "routing": "Who gets the tasks: pools, turns, who is away, and why.",
    "sandbox": "Serve a make-believe HubSpot and Salesforce.",
    "season": "Weeks of sales on a simulated clock, and a count of who was forgotten.",
    "shadow": "What would be written, field by field and task by task.",
    "sync": "Read everything a CRM has, once, before going live.",
    "up": "Run everything on this machine.",
    "versions": "Which rules were in force, since when, by whom, and why.",
    "views": "Ready list views for sales: hot leads, due today, breached, coming back.",
    "vocabulary": "Your own words, what is recognised, and what is not.",
    "web": "Serve webhooks, health and metrics.",
    "worker": "Work one queue, or all of them.",
}
"""Command → one line about it, so that `coldframe --help` imports nothing."""


class Lazy(click.Group):
    """A group that imports a sub-command only when it is asked for, and reports known troubles in a line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every sub-command, in alphabetical order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            ctx.fail(f"no command {cmd_name!r}{nearest(cmd_name, COMMANDS)}")
        command = getattr(import_module(module), cmd_name.replace("-", "_"))
        return _in_lines(command) if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The list of commands in `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(ABOUT.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the sub-command; what people can set right is reported without a traceback, exit status 2.

        Whatever it writes is for the owner alone: stores, keys, exports, reports.
        """
        from integration.settings.environment import SettingsError  # noqa: PLC0415 - keeps --help fast
        from integration.settings.private_files import only_mine  # noqa: PLC0415 - keeps --help fast
        from integration.store.db.errors import StoreError, StoreNewerError  # noqa: PLC0415 - as above
        from integration.wiring.unusable import UnusableError  # noqa: PLC0415 - as above

        try:
            with only_mine():
                return super().invoke(ctx)
        except SettingsError as error:
            _stop(f"coldframe cannot start:\n{error}")
        except StoreNewerError as error:
            _stop(str(error))
        except StoreError as error:
            _stop(f"the store does not answer: {error}")
        except UnusableError as error:
            _stop(str(error))


def _in_lines(command: click.Command) -> click.Command:
    """The command with its examples as they are written: our docstrings are raw, and click looks for a backspace."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        _in_lines(each)
    return command


def _stop(told: str) -> NoReturn:
    click.echo(told, err=True)
    raise SystemExit(2)


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="coldframe")
def main() -> None:
    r"""Coldframe: lead nurturing beside Salesforce and HubSpot.

    \b
    Example:
      coldframe demo      # try it, with a make-believe HubSpot and Salesforce
      coldframe up        # run it
      coldframe doctor    # see what is missing
    """


_in_lines(main)
