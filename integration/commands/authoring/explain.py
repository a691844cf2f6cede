"""`coldframe explain`: why a lead has its score, stage and track."""

import json
from typing import Any

import click
from rich.console import Console

from integration.commands.authoring.explain_page import page
from integration.core.compiled.context import Unfoldable
from integration.flows.base.running_playbook import OutdatedError
from integration.flows.levels.level_figures import plain_run
from integration.flows.levels.time_words import crm_name, run_words
from integration.flows.looking.explained_then import explained_then
from integration.flows.looking.plain_values import plain, points
from integration.playbook.explaining.explanation import Explanation
from integration.store.people.leads import LeadRow
from integration.wiring import build
from mappings.values.instant import Instant, parse


class Time(click.ParamType[Instant]):
    """An ISO 8601 time with a zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Instant:
        """The instant; a mistake names the form that is wanted."""
        try:
            return value if isinstance(value, int) else parse(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time with a zone, such as 2026-01-31T09:00:00Z", param, ctx)


@click.command()
@click.argument("lead")
@click.option("--at", type=Time(), metavar="TIME", help="As of this time.  [default: now]")
@click.option("--all", "whole", is_flag=True, help="Every line, however long the ledger is.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def explain(lead: str, *, at: Instant | None, whole: bool, as_json: bool) -> None:
    r"""Why a lead stands where it stands: its ledger in sentences, and what would change it.

    LEAD is an e-mail address, our id, the id of a CRM's record, or that record as connection:object:id. Everything is
    derived anew from the stored history, so it can be asked of any time, and is explained by the playbook and the
    vocabulary that were in force then; nothing is written.

    \b
    Example:
      coldframe explain ana@acme.example
      coldframe explain 00Q5g00000AbCdE
      coldframe explain salesforce:Lead:00Q5g00000AbCdE --at 2026-01-31T09:00:00Z --json
    """
    service = build.service()
    moment = service.now() if at is None else at
    try:
        found = explained_then(service, lead, moment)
    except (OutdatedError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    except Unfoldable as error:
        place = f"event {error.event}" if error.event else "what falls due"
        msg = f"{lead} cannot be explained: {place} cannot be processed ({error}); see coldframe letters list"
        raise click.ClickException(msg) from error
    if found is None:
        msg = f"nobody is known as {lead!r}; give an e-mail address, our id, a record's id, or connection:object:id"
        raise click.ClickException(msg)
    row, told, number = found.row, found.explanation, found.version.number if found.version else None
    crms = [crm_name(service.connections, each.connection) for each in found.levels]
    levels = [run_words(each, crm) for each, crm in zip(found.levels, crms, strict=True)]
    if as_json:
        by = {"version": number, "before_any_version": found.before_any}
        runs = {"service_levels": [plain_run(each) for each in found.levels]}
        click.echo(json.dumps({**_as_json(row, told), **by, **runs}, indent=2, ensure_ascii=False))
        return
    name = row.email or row.id
    Console().print(page(name, told, version=number, before_any=found.before_any, whole=whole, levels=levels))


def _as_json(row: LeadRow, told: Explanation) -> dict[str, Any]:
    """Times as ISO 8601, points in points; the standing's scores are rounded down, those beside it exact."""
    exact = {"fit": points(told.fit), "engagement": points(told.engagement)}
    return {"email": row.email, **plain(told), **exact}
