"""`coldframe lead`: put a lead on hold, end that, hand it to sales now, suppress it, lift that."""

import json
from collections.abc import Callable
from typing import Any

import click

from integration.commands.authoring.explain import Time
from integration.flows.base import write_access
from integration.flows.base.running_playbook import OutdatedError, following
from integration.flows.history.find_explanation import found
from integration.flows.people import decide_by_hand
from integration.flows.people.decide_by_hand import MOST, Action, Decided, RefusedError
from integration.wiring import build
from mappings.values.instant import Instant, show

_ACTOR = "command line"
_DONE: dict[Action, str] = {
    "hold": "is on hold until {until}: no task and no nurture e-mail until then",
    "end_hold": "is on hold no longer",
    "hand_over": "is handed to sales",
    "suppress": "is suppressed: no task and no nurture e-mail, until they resubscribe",
    "resubscribe": "is suppressed no longer",
}
_PARTS = (
    click.argument("name", metavar="LEAD"),
    click.option("--reason", required=True, metavar="TEXT", help=f"Why, in at most {MOST} characters."),
    click.option("--by", default="an operator", metavar="NAME", show_default=True, help="Who decides it."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts."),
)


def _parts(command: Callable[..., None]) -> Callable[..., None]:
    """The argument and the options that all of them have."""
    for part in reversed(_PARTS):
        command = part(command)
    return command


@click.group()
def lead() -> None:
    r"""Decide about one lead yourself. Each decision needs a reason, and stands in the lead's history.

    LEAD is an e-mail address, our id, the id of a CRM's record, or that record as connection:object:id. `coldframe
    explain LEAD` says afterwards what followed. Exit status 1 where it is not possible, with the reason.

    \b
    Example:
      coldframe lead hold ana@acme.example --until 2026-03-01T09:00:00Z --reason "waits for the tender"
      coldframe lead hand-over ana@acme.example --reason "met at the fair"
    """


@lead.command("hold")
@click.option("--until", type=Time(), required=True, metavar="TIME", help="When the hold ends by itself.")
@_parts
def defer(name: str, *, until: Instant, reason: str, by: str, as_json: bool) -> None:
    r"""Keep a lead from sales and from nurture e-mails until a time. It is scored meanwhile.

    What sales does in the CRM counts, and open tasks stay with whoever has them. When the hold ends, by itself or by
    `coldframe lead end-hold`, the lead is handed over if it passes the gate then, or asked for a demo meanwhile.

    \b
    Example:
      coldframe lead hold ana@acme.example --until 2026-03-01T09:00:00Z --reason "waits for the tender"
    """
    _decide(name, Decided(action="hold", by=by, reason=reason, until=until), as_json=as_json)


@lead.command("end-hold")
@_parts
def end_deferral(name: str, *, reason: str, by: str, as_json: bool) -> None:
    r"""Let a lead be on hold no longer.

    \b
    Example:
      coldframe lead end-hold ana@acme.example --reason "the tender is won"
    """
    _decide(name, Decided(action="end_hold", by=by, reason=reason), as_json=as_json)


@lead.command("hand-over")
@_parts
def hand_over(name: str, *, reason: str, by: str, as_json: bool) -> None:
    r"""Hand a lead to sales now, as if it had passed the gate; the task says why.

    Refused where the lead is suppressed, excluded by the playbook, in the hands of sales, or has an open call or
    e-mail there.

    \b
    Example:
      coldframe lead hand-over ana@acme.example --reason "met at the fair" --by "Bo Lind"
    """
    _decide(name, Decided(action="hand_over", by=by, reason=reason), as_json=as_json)


@lead.command()
@_parts
def suppress(name: str, *, reason: str, by: str, as_json: bool) -> None:
    r"""Let nobody contact a lead any more: no task and no nurture e-mail, until they resubscribe.

    A stage that is set in the CRM does not lift it; `coldframe lead resubscribe` does.

    \b
    Example:
      coldframe lead suppress ana@acme.example --reason "a supplier of ours"
    """
    _decide(name, Decided(action="suppress", by=by, reason=reason), as_json=as_json)


@lead.command()
@_parts
def resubscribe(name: str, *, reason: str, by: str, as_json: bool) -> None:
    r"""Lift a suppression that somebody set. Refused where the person asked to be left alone.

    \b
    Example:
      coldframe lead resubscribe ana@acme.example --reason "suppressed by mistake"
    """
    _decide(name, Decided(action="resubscribe", by=by, reason=reason), as_json=as_json)


def _decide(name: str, decided: Decided, *, as_json: bool) -> None:
    """Store what was decided, and say so; a refusal ends with status 1."""
    for option, text in (("--reason", decided.reason), ("--by", decided.by)):
        if not text.strip() or len(text) > MOST or not text.isprintable():
            msg = f"a text of 1 to {MOST} characters without line breaks"
            raise click.BadParameter(msg, param_hint=option)
    service = build.service()
    try:
        service = following(service)
        with service.store.read() as conn:
            row = found(conn, name, service.connections)
            shadow = write_access.in_shadow(conn, service)
    except (OutdatedError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    if row is None:
        msg = f"nobody is known as {name!r}; give an e-mail address, our id, a record's id, or connection:object:id"
        raise click.ClickException(msg)
    detail: dict[str, Any] = {} if decided.until is None else {"until": show(decided.until)}
    try:
        decide_by_hand.decide(service, row, decided, _ACTOR)
    except RefusedError as error:
        msg = f"{name} {error}"
        raise click.ClickException(msg) from None
    if as_json:
        told = {"lead": row.id, "action": decided.action, **detail, "reason": decided.reason, "shadow": shadow}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    until = "" if decided.until is None else show(decided.until)
    click.echo(f"{name} {_DONE[decided.action].format(until=until)}.")
    if shadow and decided.action == "hand_over":
        click.echo("Coldframe is in shadow mode: the task is written once you go live (coldframe live).")
