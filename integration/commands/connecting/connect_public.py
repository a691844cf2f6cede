"""Signing in from anywhere: a link for any browser, which comes back to the service's own address."""

import time

import click

from integration.commands.connecting.connect_output import Output
from integration.settings.environment import Settings
from integration.signin import public_sign_in as signing
from integration.signin.keep_sign_in import Means
from integration.signin.public_sign_in import Offer, SignInRefusedError
from integration.signin.sign_in_request import SignInRequest
from integration.store.crm import connections
from integration.store.crm.sign_in_links import Link
from integration.store.db.session import Store
from integration.wiring import clock
from mappings.values.instant import show_second

_LOOK_SECONDS = 1.0
"""Between two looks at whether somebody has signed in."""


def connect_publicly(request: SignInRequest, settings: Settings, store: Store, output: Output, *, wait: bool) -> None:
    """Print a link, wait until somebody has signed in with it (`wait`), and say how it went.

    Raises ClickException.
    """
    try:
        offer = signing.offer(request, Means(settings=settings, store=store, now=clock.now, actor="cli"))
    except SignInRefusedError as refusal:
        raise click.ClickException(str(refusal)) from None
    until = show_second(offer.expires_at)
    output.words(f"The app must have this redirect URL registered: {offer.redirect_uri}")
    output.words(f"Open this link in any browser before {until}, and say yes there. It works once:\n\n  {offer.link}\n")
    output.data(open=offer.link, redirect_url=offer.redirect_uri, expires=until)
    if not wait:
        output.words("Afterwards, coldframe connect list says who is signed in.")
        return
    output.words("Waiting for the browser. Whoever ends this command leaves the link as it is.")
    link = _ended(offer, store)
    if link.outcome == "refused":
        raise click.ClickException(link.message)
    with store.read() as conn:
        row = connections.get(conn, request.name)
    if row is None:
        msg = f"'{request.name}' was signed in to and forgotten again: run this again"
        raise click.ClickException(msg)
    output.signed_in(request, row.details, settings, store)


def _ended(offer: Offer, store: Store) -> Link:
    """The link, once it is known how it ended. Raises ClickException where it expires first."""
    while True:
        link = signing.look(offer.token, store)
        if link is not None and link.outcome is not None:
            return link
        if link is None or link.expires_at <= clock.now():
            came = (
                "somebody opened the link and did not come back" if link and link.opened else "nobody opened the link"
            )
            msg = f"{came} in time: run this again for a new one"
            raise click.ClickException(msg)
        time.sleep(_LOOK_SECONDS)
