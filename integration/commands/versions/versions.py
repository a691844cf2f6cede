"""`coldframe versions` and `coldframe diff`: which rules were in force since when, and what they changed."""

import difflib
import json
import sys

import click
from rich.console import Console
from rich.markup import escape

from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.installation import installed
from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import Texts, Version
from integration.store.progress import remapping
from integration.store.queues import records_to_read
from mappings.values.instant import show_second


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def versions(*, as_json: bool) -> None:
    r"""Every playbook, vocabulary, mapping and routing that was in force, newest first: since when, by whom, and why.

    \b
    Example:
      coldframe versions
      coldframe versions --json
    """
    with installed() as (_, store), store.read() as conn:
        found = playbook_versions.every(conn)
        left = playbook_versions.left(conn, found[0].number) if found else 0
        asking, unread = remapping.under_way(conn) is not None, records_to_read.waiting(conn)
    if as_json:
        for place, each in enumerate(found):
            row = {"number": each.number, "what": each.what, "since": show_second(each.at), "author": each.author}
            row |= {"reason": each.reason, "fingerprint": each.fingerprint}
            now = {"left": left, "records_to_read": unread} if not place else {"left": 0}
            click.echo(json.dumps({**row, **now}))
        return
    table = fitted("", "since", "what", "by", "why", whole=["", "since"])
    for each in found:
        table.add_row(str(each.number), show_second(each.at), each.what, escape(each.author), escape(each.reason))
    Console().print(table if found else "No playbook has decided about anybody yet.")
    if left:
        click.echo(f"{left} leads are still to be derived under version {found[0].number}.")
    if asking or unread:
        click.echo(f"{unread} records are still to be read{', and more are asked for' if asking else ''}.")


@click.command()
@click.argument("before", required=False, type=int)
@click.argument("after", required=False, type=int)
def diff(before: int | None, after: int | None) -> None:
    r"""What differs between two versions, line by line; without numbers, between the last two.

    \b
    Example:
      coldframe diff
      coldframe diff 3 5
    """
    with installed() as (_, store), store.read() as conn:
        found = playbook_versions.every(conn)
        one, other = _chosen(found, before, after)
        texts = playbook_versions.texts(conn, one.number), playbook_versions.texts(conn, other.number)
    names = sorted({name for each in texts for name, _ in each.files})
    lines = [*_lines("playbook", one, other, texts), *_lines("vocabulary", one, other, texts)]
    lines += [line for name in names for line in _lines(name.replace(":", " "), one, other, texts, name)]
    if not lines:
        click.echo(f"Versions {one.number} and {other.number} say the same.")
        return
    colour = sys.stdout.isatty()
    for line in lines:
        click.echo(click.style(line, fg={"+": "green", "-": "red"}.get(line[:1])) if colour else line)


def _chosen(found: list[Version], before: int | None, after: int | None) -> tuple[Version, Version]:
    known = {each.number: each for each in found}
    if len(found) < 2:  # noqa: PLR2004 - two are compared
        msg = "there are no two versions to compare; coldframe versions lists them"
        raise click.ClickException(msg)
    newer = found[0].number if after is None else after
    older = next((each.number for each in found if each.number < newer), newer) if before is None else before
    for number in (older, newer):
        if number not in known:
            msg = f"there is no version {number}; coldframe versions lists them"
            raise click.ClickException(msg)
    return known[older], known[newer]


def _lines(what: str, one: Version, other: Version, texts: tuple[Texts, Texts], file: str = "") -> list[str]:
    before, after = (_text(each, what, file).splitlines() for each in texts)
    return list(difflib.unified_diff(before, after, f"{what} {one.number}", f"{what} {other.number}", lineterm="", n=2))


def _text(said: Texts, what: str, file: str) -> str:
    if file:
        found = dict(said.files).get(file)
        return found.text if found is not None else ""
    return said.playbook if what == "playbook" else said.vocabulary or ""
