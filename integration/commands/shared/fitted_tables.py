"""Tables that people read: they fit 80 columns, whatever stands in them."""

from collections.abc import Collection

from rich.table import Table


def fitted(*headings: str, whole: Collection[str] = (), right: Collection[str] = (), title: str = "") -> Table:
    """An empty table whose long cells go on in the next line; those of `whole` columns (times, counts) do not."""
    found = Table(
        box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold", title=title or None, title_justify="left"
    )
    for heading in headings:
        found.add_column(
            heading,
            overflow="fold",
            no_wrap=heading in whole,
            justify="right" if heading in right else "left",
        )
    return found
