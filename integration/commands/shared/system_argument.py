"""A CRM as an argument of a command."""

import click

from connectors import vendors


def system(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """The name of an installed CRM, as an argument's callback; others are refused with those that there are."""
    found: str = click.Choice(sorted(vendors.systems())).convert(value, param, ctx)
    return found
