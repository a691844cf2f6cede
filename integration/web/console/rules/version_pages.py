"""The pages of one version: what it said, and what it changed."""

import difflib
from dataclasses import dataclass

from flask import abort, render_template

from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import Texts
from integration.web.console.rules.playbook_pages import ROOM as ROOM  # noqa: PLC0414 - these pages are of that room
from integration.web.console.shell.console_parts import parts

_AROUND = 3
"""Lines shown around each that changed."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a version changed in one file, line by line; `kind` of a line is `+`, `-`, `@` or a space."""

    name: str
    lines: tuple[tuple[str, str], ...]


@ROOM.page("/versions/<int:number>", role="viewer")
def version(number: int) -> str:
    """One version, and its differences to the one before."""
    with parts().store.read() as conn:
        every = playbook_versions.every(conn)
        found = next((each for each in every if each.number == number), None)
        if found is None:
            abort(404, f"There is no version {number}.")
        before = next((each for each in every if each.number < number), None)
        texts = playbook_versions.texts(conn, number)
        former = playbook_versions.texts(conn, before.number) if before else Texts(playbook="")
    return render_template(
        "console/rules/version.html",
        version=found,
        before=before,
        newest=every[0].number,
        changes=changes(former, texts) if before else (),
        texts=_named(texts),
    )


def changes(before: Texts, after: Texts) -> tuple[Change, ...]:
    """What differs between the texts of two versions, file by file; files that say the same are left out."""
    one, other = _named(before), _named(after)
    found = []
    for name in dict.fromkeys([*other, *one]):
        lines = line_changes(one.get(name, ""), other.get(name, ""))
        if lines:
            found.append(Change(name, lines))
    return tuple(found)


def line_changes(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """The lines of a text that changed, with some around them, as in `Change`."""
    found = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=_AROUND))[2:]
    return tuple((line[:1], line[1:] if line[:1] != "@" else line) for line in found)


def _named(texts: Texts) -> dict[str, str]:
    files = {name.replace(":", " "): each.text for name, each in texts.files}
    vocabulary = {"vocabulary": texts.vocabulary} if texts.vocabulary is not None else {}
    return {"playbook": texts.playbook, **vocabulary, **files}
