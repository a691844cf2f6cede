"""`make sabotage`: every guard is removed once, and a named test must go red."""

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from guards import GUARDS, Guard
from removal import MovedError, Outcome, copied, edited, tests, without
from rich.console import Console
from rich.progress import track
from rich.table import Table

_EXAMPLE = "\b\nmake sabotage\nmake sabotage ARGS='--only fencing --only attempted'\nmake sabotage ARGS=--json"


@click.command(epilog=_EXAMPLE)
@click.option("--only", multiple=True, metavar="GUARD", type=click.Choice([each.name for each in GUARDS]))
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
def main(only: tuple[str, ...], *, as_json: bool) -> None:
    """Remove the product's guards one at a time in a scratch copy; a test that is named for each must go red."""
    chosen = [each for each in GUARDS if not only or each.name in only]
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="coldframe-sabotage-") as folder:
        copy = copied(Path(folder))
        try:
            for each in chosen:
                edited(copy, each)
        except MovedError as moved:
            raise click.ClickException(str(moved)) from None
        console.print("with every guard in its place ...")
        whole = tests(copy, sorted({name for each in chosen for name in each.tests}))
        if whole.returncode:
            console.print(whole.stdout[-4_000:], markup=False)
            msg = "the named tests are not green to begin with"
            raise click.ClickException(msg)
        found = list(_without_each(copy, chosen, console))
    _show(found, as_json=as_json)
    sys.exit(0 if all(each.red for each in found) else 1)


def _without_each(copy: Path, chosen: Sequence[Guard], console: Console) -> Iterator[Outcome]:
    for each in track(chosen, "without one guard", console=console, disable=not console.is_terminal):
        yield without(copy, each)


def _show(found: Sequence[Outcome], *, as_json: bool) -> None:
    if as_json:
        rows = [
            {"guard": each.guard.name, "keeps": each.guard.keeps, "red": each.red, "tests": each.guard.tests}
            for each in found
        ]
        click.echo(json.dumps({"guards": rows, "red": sum(each.red for each in found), "of": len(found)}, indent=2))
        return
    table = Table("guard", "what it keeps", "without it")
    for each in found:
        table.add_row(
            each.guard.name, each.guard.keeps, "[green]red[/]" if each.red else f"[red]NOT RED[/] {each.said}"
        )
    console = Console()
    console.print(table)
    console.print(f"{sum(each.red for each in found)} of {len(found)} red")


if __name__ == "__main__":
    main()
