"""`coldframe provision --project`: the files of a vendor's app project, never written over what somebody has edited."""

import difflib
import ipaddress
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

import click

from connectors import vendors
from connectors.shared.vendor import Project, ProjectRequest
from integration.settings.environment import Settings
from integration.settings.value_types import is_loopback
from integration.signin.loopback_callback import PATH, PORT
from integration.signin.public_sign_in import CALLBACK
from integration.wiring import provisioners
from mappings.values.identifiers import System

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
    made = vendors.vendor(system).project
    if made is None:
        msg = f"{vendors.vendor(system).label} has no projects: --project is for {_having_one()}"
        raise click.ClickException(msg)
    mapping = provisioners.mapping(settings, system, asked.connection)
    project = made(mapping, _request(settings, system, several=asked.several))
    return written(project, asked.folder, force=asked.force)


def written(project: Project, folder: Path, *, force: bool) -> tuple[list[File], Sequence[str]]:
    """The files of a project in a folder, and what to do with them; nothing is written where one differs."""
    files = [_file(project, folder, name, text) for name, text in project.files.items()]
    if any(each.outcome == "differs" for each in files) and not force:
        return [each for each in files if each.outcome in {"kept", "differs"}], ()
    return [_written(each) for each in files], project.steps


def _request(settings: Settings, system: System, *, several: bool) -> ProjectRequest:
    """Raises click.ClickException where the vendor cannot reach this service."""
    url = settings.public_url or ""
    amiss = unreachable(url)
    if amiss:
        label = vendors.vendor(system).label
        msg = f"{label} cannot send webhooks: COLDFRAME_PUBLIC_URL {amiss}. Set it to the https address of this service"
        raise click.ClickException(msg)
    redirects = (url + CALLBACK.format(system=system), f"http://localhost:{PORT}{PATH}")
    webhook_url = provisioners.webhook_url(settings, system)
    return ProjectRequest(webhook_url=webhook_url, redirect_urls=redirects, several=several)


def unreachable(url: str) -> str:
    """Why nobody outside can reach an address by https; "" where they may."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host:
        return "is not set"
    if parts.scheme != "https":
        return f"is {url}, which is not https"
    try:
        private = not ipaddress.ip_address(host).is_global
    except ValueError:
        private = is_loopback(host) or "." not in host or host.endswith((".local", ".internal", ".localhost"))
    return f"is {url}, which only this machine or its network can reach" if private else ""


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


def _having_one() -> str:
    return " and ".join(each.label for each in vendors.every() if each.project) or "no CRM that is installed"
