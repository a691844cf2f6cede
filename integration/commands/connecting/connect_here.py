"""Signing in on this machine: the vendor's page in its browser, and a redirect that this process waits for."""

import webbrowser
from collections.abc import Callable
from typing import Any

import click

from connectors.base.port import Unavailable
from integration.commands.connecting.connect_output import Output
from integration.settings.environment import Settings
from integration.signin.keep_sign_in import Means, refusal_words
from integration.signin.loopback_callback import NotSignedInError
from integration.signin.sign_in import Walk, sign_in
from integration.signin.sign_in_request import SignInRequest
from integration.store.db.session import Store
from integration.wiring import clock


def connect_here(
    request: SignInRequest, settings: Settings, store: Store, output: Output, options: dict[str, Any]
) -> None:
    """Sign in, and say how it went. Raises ClickException."""
    walk = Walk(
        show=_shower(output, browser=not options["no_browser"]),
        port=options["port"],
        host=options["redirect_host"],
        wait=options["wait"],
    )
    try:
        details = sign_in(request, walk, Means(settings=settings, store=store, now=clock.now, actor="cli"))
    except Unavailable as fault:
        said = refusal_words(fault)
        msg = f"{request.system} gives no token: {said}. Correct it and run this again (docs/connecting.md)."
        raise click.ClickException(msg) from None
    except (NotSignedInError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    output.signed_in(request, details, settings, store)


def _graphical() -> bool:
    """Whether there is a browser that does not take this terminal."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return False
    return type(found) is not webbrowser.GenericBrowser  # lynx, w3m and their like; its subclasses have windows


def _shower(output: Output, *, browser: bool) -> Callable[[str, str], None]:
    def shown(address: str, redirect: str) -> None:
        output.words(f"The app must have this redirect URL registered: {redirect}")
        output.words(f"Open this page and say yes:\n\n  {address}\n")
        output.data(open=address, redirect_url=redirect)
        if browser and _graphical():
            webbrowser.open(address)

    return shown
