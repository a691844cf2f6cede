"""`coldframe provision --project`: the files of a vendor's app project, never written over what somebody has edited."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import click

from connectors.shared.vendor import Project
from integration.settings.environment import Settings
from integration.signin import app_project
from integration.signin.app_project import NoProjectError
from mappings.values.identifiers import ConnectionName, System

Outcome: TypeAlias = Literal["created", "kept", "changed", "differs"]
"""`differs`: somebody has edited the file, or the mapping asks for something else now; it was left as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of the project: its text as it stands ("" where there is none) and as it should be."""

    path: Path
    outcome: Outcome
    before: str
    after: str

    def difference(self) -> Iterator[str]:
        """What would change, as a unified diff."""
        lines = self.before.splitlines(), self.after.splitlines()
        yield from difflib.unified_diff(*lines, f"{self.path} (as it is)", f"{self.path} (as it would be)", lineterm="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A project as the command line asks for it: where, for which mapping, and for several accounts or one."""

    folder: Path
    connection: str
    several: bool
    force: bool


def write(settings: Settings, system: System, asked: Asked) -> tuple[list[File], Sequence[str]]:
    """The files, written unless one of them differs and `force` was not said, and what to do with them.

    Raises click.ClickException, UnusableError with the mapping's mistakes.
    """
    try:
        project = app_project.project(settings, system, ConnectionName(asked.connection), several=asked.several)
    except NoProjectError as error:
        raise click.ClickException(str(error)) from None
    return written(project, asked.folder, force=asked.force)


def written(project: Project, folder: Path, *, force: bool) -> tuple[list[File], Sequence[str]]:
    """The files of a project in a folder, and what to do with them; nothing is written where one differs."""
    files = [_file(project, folder, name, text) for name, text in project.files.items()]
    if any(each.outcome == "differs" for each in files) and not force:
        return [each for each in files if each.outcome in {"kept", "differs"}], ()
    return [_written(each) for each in files], project.steps


def _file(project: Project, folder: Path, name: str, text: str) -> File:
    path = folder / name
    if not path.exists():
        return File(path=path, outcome="created", before="", after=text)
    before = path.read_text(encoding="utf-8", errors="replace")
    after = project.kept(name, before, text)
    return File(path=path, outcome="kept" if before == after else "differs", before=before, after=after)


def _written(each: File) -> File:
    if each.outcome == "kept":
        return each
    each.path.parent.mkdir(parents=True, exist_ok=True)
    each.path.write_text(each.after, encoding="utf-8")
    return File(path=each.path, outcome="changed" if each.before else "created", before=each.before, after=each.after)


def show(files: Sequence[File], steps: Sequence[str], *, as_json: bool) -> None:
    """One line for each file with its difference, then the steps."""
    if as_json:
        for each in files:
            click.echo(json.dumps(_plain(each)))
        for number, step in enumerate(steps, 1):
            click.echo(json.dumps({"step": number, "do": step}))
        return
    for each in files:
        click.echo(f"{each.outcome:8} {each.path}")
        if each.outcome == "differs":
            click.echo("\n".join(f"  {line}" for line in each.difference()))
    if not steps:
        click.echo("\nNothing was written. Take over what you want by hand, or write these files anew with --force.")
    for number, step in enumerate(steps, 1):
        click.echo(f"{'' if number > 1 else chr(10)}{number}. {step}")


def _plain(each: File) -> Mapping[str, object]:
    found: dict[str, object] = {"file": str(each.path), "outcome": each.outcome}
    return found | ({"difference": list(each.difference())} if each.outcome == "differs" else {})
