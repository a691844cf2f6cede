"""What `coldframe connect` says: words for a person, or one JSON object a line for a script."""

import json
from dataclasses import dataclass

import click

from connectors import vendors
from connectors.base.port import Unavailable
from integration.settings.environment import Settings
from integration.signin.keep_sign_in import refusal_words, tried
from integration.signin.next_steps import next_steps
from integration.signin.sign_in_request import SignInRequest
from integration.store.crm.connections import Details
from integration.store.db.session import Store
from integration.wiring import connection_names
from mappings.values.identifiers import first_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Where it goes: the words where `as_json` is not set, the objects where it is."""

    as_json: bool

    def words(self, text: str) -> None:
        """A line for a person."""
        if not self.as_json:
            click.echo(text)

    def data(self, **members: str | bool) -> None:
        """A line for a script."""
        if self.as_json:
            click.echo(json.dumps(members))

    def signed_in(self, request: SignInRequest, details: Details, settings: Settings, store: Store) -> None:
        """Who is signed in now, whether a first call works, and what to do next. Raises ClickException."""
        account = f" (account {details.account})" if details.account else ""
        self.words(f"Signed in to {request.system}{account}; kept encrypted as '{request.name}'.")
        if request.name in map(first_of, connection_names.environments(settings)):
            token = vendors.vendor(request.system).token
            self.words(f"{token} is not used from now on: this sign-in goes before it. Unset it.")
        try:
            person = tried(request.name, settings, store)
        except Unavailable as fault:
            msg = f"the first call was refused: {refusal_words(fault)}. See coldframe doctor, then run this again."
            raise click.ClickException(msg) from None
        self.words(f"One call worked: {person} was described. Next:")
        steps = next_steps(request)
        width = max(len(command) for command, _ in steps)
        for command, reason in steps:
            self.words(f"  {command:{width}}    {reason}")
        self.data(
            name=request.name, system=request.system, account=details.account, user=details.user, described=person
        )
