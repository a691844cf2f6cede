"""A playbook as a page to read: stages, points, plays, tracks. For terminals and meetings."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from integration.playbook.language import schema
from integration.playbook.showing.playbook_sections import Section, sections


def page(file: schema.PlaybookFile) -> RenderableType:
    """The whole playbook, section by section."""
    return Group(
        Text(f"{file.title or file.name} ({file.name})", style="bold underline"),
        Text(file.about.strip()),
        *(part for each in sections(file) for part in _shown(each)),
    )


def _shown(section: Section) -> Iterator[RenderableType]:
    """A heading and a table, or a sentence."""
    if section.text:
        yield Padding(Text(section.text), (0, 0, 0, 2))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_header=any(section.columns))
    for column in section.columns:
        table.add_column(column, overflow="fold")
    for row in section.rows:
        table.add_row(*(escape(cell) for cell in row))
    yield Text(f"\n{section.title}", style="bold")
    yield Padding(table, (0, 0, 0, 2))
