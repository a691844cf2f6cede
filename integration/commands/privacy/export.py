"""`coldframe export`: everything that is stored about one person, as one JSON document."""

import json
from typing import Any

import click

from integration.flows.base.running_playbook import following
from integration.flows.looking.plain_values import plain_explanation
from integration.flows.privacy import erase_person, export_person
from integration.wiring import build


@click.command()
@click.argument("person", metavar="EMAIL")
@click.option("--out", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="Write to this file.")
def export(person: str, *, out: Any) -> None:
    r"""Everything that is stored about one person, as one JSON document (docs/privacy.md says what stands where).

    EMAIL is an address in any case; somebody without one is named by a CRM's record, as connection:object:id. Nothing
    about anybody else is in it. Exit status 1 where nobody is known by that name.

    \b
    Example:
      coldframe export ana@acme.example --out ana.json
      coldframe export salesforce:Lead:00Q5g00000AbCdE
    """
    service = following(build.service())
    try:
        name = erase_person.asked_for(person, service.connections)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="EMAIL") from None
    document = export_person.exported(service, name, actor="command line", tell=plain_explanation)
    if document is None:
        msg = "nothing is stored about anybody of that name"
        raise click.ClickException(msg)
    text = json.dumps(document, indent=2, ensure_ascii=False)
    # Half an emoji was sent as an escape, and is written as one: UTF-8 has no form for it.
    out.write(text.encode("utf-8", "backslashreplace").decode() + "\n")
