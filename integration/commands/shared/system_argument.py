"""A CRM as an argument of a command, and how people connect one."""

from collections.abc import Sequence

import click

from connectors import vendors


def system(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """The name of an installed CRM, as an argument's callback; others are refused with those that there are."""
    found: str = click.Choice(sorted(vendors.systems())).convert(value, param, ctx)
    return found


def how_to_connect() -> str:
    """The commands that connect a CRM."""
    return _listed([f"coldframe connect {each}" for each in sorted(vendors.systems())])


def variables() -> str:
    """The variables that connect one."""
    return _listed([each.token for each in sorted(vendors.every(), key=lambda each: each.system)])


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
