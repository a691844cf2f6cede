"""Proposals: the rules that a file would put in force, checked in this installation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from connectors.base.port import Unavailable
from integration.commands.authoring.vocabulary_uses import in_mappings
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.rules.playbook_rules import Playbook
from integration.flows.base import running_mappings
from integration.flows.base.running_routing import ROUTING
from integration.flows.base.service import Connection
from integration.flows.base.stored_versions import compiled_of, earlier
from integration.flows.publishing.put_in_force import current_rules
from integration.flows.upkeep import drift
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.compiling.renames import unmatched
from integration.playbook.reading import library
from integration.routing import read_routing
from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import FileInForce, Texts, Version, What
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.conflicts import field_conflicts
from mappings.language import mapping_files
from mappings.values.identifiers import ConnectionName
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse
from mappings.vocabulary.value import Vocabulary
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
    connections: Mapping[ConnectionName, Connection] = field(default_factory=dict)
    """Those that would work by another mapping, with it."""
    files: Mapping[str, FileInForce] = field(default_factory=dict)
    """The files in force."""

    @property
    def remaps(self) -> bool:
        """Whether a mapping would be another one."""
        return any(running_mappings.is_mapping(name) for name in self._changes)

    @property
    def changes(self) -> bool:
        """Whether one of the files would be another one."""
        return bool(self._changes)

    @property
    def _changes(self) -> list[str]:
        there = self.files
        return [
            name for name, each in self.said.files if name not in there or there[name].fingerprint != each.fingerprint
        ]


def of_playbook(service: Service, named: str) -> Proposal:
    """A playbook's file, or a shipped one by its name, in the vocabulary in force. Exit status 2 with every mistake."""
    text = library.text(named) if named in library.names() else _text(named)
    found, said = current_rules(service)
    playbook, problems = compile_text(text, named, service.rules.vocabulary)
    _tell(problems)
    if playbook is None:
        raise SystemExit(2)
    _tell(missed := _unrouted(service, playbook))
    if missed:
        raise SystemExit(2)
    with service.store.read() as conn:
        _tell(unmatched(playbook, named, earlier(conn, service.rules.vocabulary)))
    return _proposal("playbook", CompiledPlaybook.of(playbook), replace(said, playbook=text), found)


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
        problems += tuple(_in_published(service, words))
        problems += _unrouted(service, playbook) if playbook is not None else ()
        compiled = None if playbook is None else CompiledPlaybook.of(playbook)
    _tell(problems)
    if compiled is None or fatal(problems):
        raise SystemExit(2)
    return _proposal("vocabulary", compiled, replace(said, vocabulary=text), found)


def _in_published(service: Service, words: Vocabulary) -> Iterator[Problem]:
    """Every word that a mapping in force uses and that is not there, where it was published by command."""
    files = service.rules.version.files if service.rules.version else {}
    for name, each in files.items():
        if not each.by_start and running_mappings.is_mapping(name):
            found = mapping_files.parsed(each.text, f"the {name.replace(':', ' ')} in force", vocabulary=words)
            yield from (problem for problem in found.problems if problem.severity == "error")


def of_mapping(service: Service, named: str, connection: str | None) -> Proposal:
    """A mapping's file, for its system's connections or for one. Exit status 2 with every mistake.

    What the CRM lacks, and what another system's mapping owns, are mistakes too.
    """
    file = mapping_files.parsed(_text(named), named, vocabulary=service.rules.vocabulary)
    if file.mapping is None or file.located is None:
        _tell(file.problems)
        raise SystemExit(2)
    system = file.mapping.system
    those = [each for each in service.connections.values() if each.system == system and connection in {None, each.name}]
    if not those:
        msg = f"{connection} is no connection to {system}" if connection else f"{system} is not connected"
        raise click.ClickException(msg)
    found, said = current_rules(service)
    name = running_mappings.named(system, ConnectionName(connection) if connection else None)
    said = said.having({name: FileInForce.of(file.text)})
    files = dict(said.files)
    works = {each.name: replace(each, mapping=file.mapping, located=file.located, text=file.text) for each in those}
    changed = {each: it for each, it in works.items() if running_mappings.stored(it, files) is files[name]}
    if not changed:
        names = " or ".join(each.name for each in those)
        msg = f"every connection to {system} has a mapping of its own: add --connection {names}"
        raise click.ClickException(msg)
    _tell((*file.problems, *(problems := tuple(_unfit(service, changed)))))
    if fatal(problems):
        raise SystemExit(2)
    proposal = _proposal("mapping", service.rules.compiled, said, found)
    return replace(proposal, connections=changed)


def of_routing(service: Service, named: str) -> Proposal:
    """A routing's file, with the playbook in force. Exit status 2 with every mistake."""
    text = _text(named)
    routing, problems = read_routing.parse(text, named, service.rules.playbook, build.settings().channels)
    _tell(problems)
    if routing is None:
        raise SystemExit(2)
    found, said = current_rules(service)
    return _proposal("routing", service.rules.compiled, said.having({ROUTING: FileInForce.of(text)}), found)


def _unrouted(service: Service, playbook: Playbook) -> tuple[Problem, ...]:
    """What the routing in force uses, and another playbook does not have."""
    text = service.routing.text
    problems = read_routing.parse(text, "the routing in force", playbook)[1] if text else ()
    return tuple(each for each in problems if each.severity == "error")


def _unfit(service: Service, changed: Mapping[ConnectionName, Connection]) -> Iterator[Problem]:
    """What the CRMs lack, and what two systems claim."""
    for each in changed.values():
        try:
            yield from (misfit.problem for misfit in drift.misfits(each))
        except Unavailable as away:
            msg = f"{each.name} could not be asked for its fields: {away}"
            raise click.ClickException(msg) from None
    there = {**service.connections, **changed}.values()
    yield from field_conflicts.claimed_twice([(each.mapping, each.located) for each in there if each.located])


def of_version(service: Service, number: int, what: What) -> Proposal:
    """What a former version said. Exit status 2 where this program does not understand it."""
    found, said = current_rules(service)
    with service.store.read() as conn:
        former = playbook_versions.texts(conn, number)
    compiled = compiled_of(former, f"version {number}", build.service().rules.vocabulary)
    if compiled is None:
        msg = f"version {number} cannot be used by this version of the program: publish its text as a file, put right"
        raise click.ClickException(msg)
    back = replace(former, files=said.files).having(dict(former.files))  # of what it knows nothing, it changes nothing
    same = found is not None and compiled.playbook.fingerprint == found.fingerprint
    proposal = _proposal("mapping" if same and what != "routing" else what, compiled, back, found)
    connections = running_mappings.applied(service.connections, dict(back.files), compiled.playbook.vocabulary)
    if connections is None:
        msg = f"a mapping of version {number} cannot be used by this version of the program: publish its text as a file"
        raise click.ClickException(msg)
    return replace(proposal, connections=_otherwise(service, connections))


def _otherwise(service: Service, proposed: Mapping[ConnectionName, Connection]) -> Mapping[ConnectionName, Connection]:
    now = service.connections
    return {name: each for name, each in proposed.items() if each.mapping != now[name].mapping}


def _proposal(what: What, compiled: CompiledPlaybook, said: Texts, found: Version | None) -> Proposal:
    over, files = (found.number, found.files) if found else (None, {})
    return Proposal(what=what, compiled=compiled, said=said, over=over, number=(over or 0) + 1, files=files)


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
