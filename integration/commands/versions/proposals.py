"""Proposals: the rules that a file would put in force, checked in this installation."""

from dataclasses import dataclass
from pathlib import Path

import click

from integration.commands.authoring.vocabulary_uses import in_mappings
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.running_playbook import compiled_of, earlier
from integration.flows.publishing.put_in_force import current_rules
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.compiling.renames import unmatched
from integration.playbook.reading import library
from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import Texts, Version, What
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse
from mappings.yaml_files.problems import Problem, fatal


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Rules that are not in force yet: `over` is the number of the version that they would follow."""

    what: What
    compiled: CompiledPlaybook
    said: Texts
    over: int | None
    number: int
    """The number that they would get."""


def of_playbook(service: Service, named: str) -> Proposal:
    """A playbook's file, or a shipped one by its name, in the vocabulary in force. Exit status 2 with every mistake."""
    text = library.text(named) if named in library.names() else _text(named)
    found, said = current_rules(service)
    playbook, problems = compile_text(text, named, service.rules.vocabulary)
    _tell(problems)
    if playbook is None:
        raise SystemExit(2)
    with service.store.read() as conn:
        _tell(unmatched(playbook, named, earlier(conn, service.rules.vocabulary)))
    return _proposal("playbook", CompiledPlaybook.of(playbook), Texts(playbook=text, vocabulary=said.vocabulary), found)


def of_vocabulary(service: Service, named: str) -> Proposal:
    """A vocabulary's file, with the playbook in force. Exit status 2 with every mistake.

    A word that the playbook in force or a mapping in use has is missed at the place where it is used.
    """
    text = _text(named)
    words, problems = parse(text, named, shipped())
    found, said = current_rules(service)
    compiled = None
    if words is not None:
        where = f"the playbook in force (version {found.number})" if found else "the playbook in force"
        playbook, missed = compile_text(said.playbook, where, words)
        problems += tuple(each for each in missed if each.severity == "error")
        problems += tuple(in_mappings(build.settings(), words))
        compiled = None if playbook is None else CompiledPlaybook.of(playbook)
    _tell(problems)
    if compiled is None or fatal(problems):
        raise SystemExit(2)
    return _proposal("vocabulary", compiled, Texts(playbook=said.playbook, vocabulary=text), found)


def of_version(service: Service, number: int, what: What) -> Proposal:
    """What a former version said. Exit status 2 where this program does not understand it."""
    found, _ = current_rules(service)
    with service.store.read() as conn:
        former = playbook_versions.texts(conn, number)
    compiled = compiled_of(former, f"version {number}", service.rules.vocabulary)
    if compiled is None:
        msg = f"version {number} cannot be used by this version of the program: publish its text as a file, put right"
        raise click.ClickException(msg)
    return _proposal(what, compiled, former, found)


def _proposal(what: What, compiled: CompiledPlaybook, said: Texts, found: Version | None) -> Proposal:
    over = found.number if found else None
    return Proposal(what=what, compiled=compiled, said=said, over=over, number=(over or 0) + 1)


def _text(named: str) -> str:
    try:
        return Path(named).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        msg = f"{named} cannot be read: {reason}"
        raise click.ClickException(msg) from None


def _tell(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        click.echo(str(problem) if problem.severity == "error" else f"{problem} (warning)", err=True)
