"""Proposals: the rules that a text would put in force, checked in this installation. Publishes nothing.

Each function takes the text of a file and the name that its mistakes are placed by, and answers with every problem; a
mistake leaves no proposal. ProposalError is for what is no mistake of the text.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from connectors.base.port import Unavailable
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.rules.playbook_rules import Playbook
from integration.flows.base import running_mappings
from integration.flows.base.running_routing import ROUTING, HasRouting
from integration.flows.base.service import Connection, HasCrms, changed
from integration.flows.base.stored_versions import compiled_of, earlier
from integration.flows.publishing.put_in_force import Publishing, current_rules
from integration.flows.upkeep import drift
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.compiling.renames import unmatched
from integration.routing import read_routing
from integration.settings.alert_channels import Channel
from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import FileInForce, Texts, Version, What
from mappings.conflicts import field_conflicts
from mappings.language import mapping_files
from mappings.values.identifiers import ConnectionName
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.problems import Problem, fatal


class ProposalError(Exception):
    """Nothing can be proposed, for a reason that is no mistake of the text."""


class Proposed(Publishing, HasCrms, HasRouting, Protocol):
    """What a proposal takes: the rules, mappings and routing in force."""


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


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a text: everything wrong with it and every warning, and the proposal where nothing is wrong."""

    problems: tuple[Problem, ...]
    proposal: Proposal | None = None


def of_playbook(service: Proposed, text: str, named: str) -> Checked:
    """A playbook, in the vocabulary in force."""
    found, said = current_rules(service)
    playbook, problems = compile_text(text, named, service.rules.vocabulary)
    if playbook is None:
        return Checked(problems)
    missed = _unrouted(service, playbook)
    if missed:
        return Checked((*problems, *missed))
    with service.store.read() as conn:
        problems = (*problems, *unmatched(playbook, named, earlier(conn, service.rules.vocabulary)))
    proposal = _proposal("playbook", CompiledPlaybook.of(playbook), replace(said, playbook=text), found)
    return Checked(problems, proposal)


def of_vocabulary(
    service: Proposed, text: str, named: str, in_use: Callable[[Vocabulary], Iterable[Problem]] = lambda _: ()
) -> Checked:
    """A vocabulary, with the playbook in force.

    A word that the playbook in force or a mapping in use has is missed at the place where it is used; `in_use` looks at
    the mappings that settings name.
    """
    words, problems = parse(text, named, shipped())
    found, said = current_rules(service)
    compiled = None
    if words is not None:
        where = f"the playbook in force (version {found.number})" if found else "the playbook in force"
        playbook, missed = compile_text(said.playbook, where, words)
        problems += tuple(each for each in missed if each.severity == "error")
        problems += tuple(in_use(words))
        problems += tuple(_in_published(service, words))
        problems += _unrouted(service, playbook) if playbook is not None else ()
        compiled = None if playbook is None else CompiledPlaybook.of(playbook)
    if compiled is None or fatal(problems):
        return Checked(problems)
    return Checked(problems, _proposal("vocabulary", compiled, replace(said, vocabulary=text), found))


def of_mapping(service: Proposed, text: str, named: str, connection: ConnectionName | None) -> Checked:
    """A mapping, for its system's connections or for one.

    What the CRM lacks, and what another system's mapping owns, are mistakes too. Raises ProposalError where there is no
    such connection, or where it does not answer.
    """
    file = mapping_files.parsed(text, named, vocabulary=service.rules.vocabulary)
    if file.mapping is None or file.located is None:
        return Checked(file.problems)
    system = file.mapping.system
    those = [each for each in service.connections.values() if each.system == system and connection in {None, each.name}]
    if not those:
        msg = f"{connection} is no connection to {system}" if connection else f"{system} is not connected"
        raise ProposalError(msg)
    found, said = current_rules(service)
    name = running_mappings.named(system, connection)
    said = said.having({name: FileInForce.of(file.text)})
    files = dict(said.files)
    works = {each.name: replace(each, mapping=file.mapping, located=file.located, text=file.text) for each in those}
    affected = {each: it for each, it in works.items() if running_mappings.stored(it, files) is files[name]}
    if not affected:
        names = " or ".join(each.name for each in those)
        msg = f"every connection to {system} has a mapping of its own: add --connection {names}"
        raise ProposalError(msg)
    problems = (*file.problems, *_unfit(service, affected))
    if fatal(problems):
        return Checked(problems)
    proposal = _proposal("mapping", service.rules.compiled, said, found)
    return Checked(problems, replace(proposal, connections=affected))


def of_vocabulary_and_mapping(
    service: Proposed, vocabulary: tuple[str, str], mapping: tuple[str, str], connection: ConnectionName | None
) -> Checked:
    """A vocabulary and a mapping in its words, each a text and its name: one version changes both.

    Raises ProposalError as `of_mapping` does.
    """
    words = of_vocabulary(service, *vocabulary)
    if words.proposal is None:
        return words
    then = changed(service, rules=replace(service.rules, compiled=words.proposal.compiled))
    found = of_mapping(then, *mapping, connection)
    problems = (*words.problems, *found.problems)
    if found.proposal is None:
        return Checked(problems)
    said = replace(found.proposal.said, vocabulary=vocabulary[0])
    return Checked(problems, replace(found.proposal, what="vocabulary", said=said))


def of_routing(service: Proposed, text: str, named: str, channels: Collection[Channel]) -> Checked:
    """A routing, with the playbook in force; `channels` are those that settings name."""
    routing, problems = read_routing.parse(text, named, service.rules.playbook, channels)
    if routing is None:
        return Checked(problems)
    found, said = current_rules(service)
    proposal = _proposal("routing", service.rules.compiled, said.having({ROUTING: FileInForce.of(text)}), found)
    return Checked(problems, proposal)


def of_version(service: Proposed, number: int, what: What, words: Vocabulary) -> Proposal:
    """What a former version said; `words` are those that a version without a vocabulary of its own goes by.

    Raises ProposalError where this program does not understand it.
    """
    found, said = current_rules(service)
    with service.store.read() as conn:
        former = playbook_versions.texts(conn, number)
    compiled = compiled_of(former, f"version {number}", words)
    if compiled is None:
        msg = f"version {number} cannot be used by this version of the program: publish its text as a file, put right"
        raise ProposalError(msg)
    back = replace(former, files=said.files).having(dict(former.files))  # of what it knows nothing, it changes nothing
    same = found is not None and compiled.playbook.fingerprint == found.fingerprint
    proposal = _proposal("mapping" if same and what != "routing" else what, compiled, back, found)
    connections = running_mappings.applied(service.connections, dict(back.files), compiled.playbook.vocabulary)
    if connections is None:
        msg = f"a mapping of version {number} cannot be used by this version of the program: publish its text as a file"
        raise ProposalError(msg)
    return replace(proposal, connections=_otherwise(service, connections))


def _in_published(service: Proposed, words: Vocabulary) -> Iterator[Problem]:
    """Every word that a mapping in force uses and that is not there, where it was published by command."""
    files = service.rules.version.files if service.rules.version else {}
    for name, each in files.items():
        if not each.by_start and running_mappings.is_mapping(name):
            found = mapping_files.parsed(each.text, f"the {name.replace(':', ' ')} in force", vocabulary=words)
            yield from (problem for problem in found.problems if problem.severity == "error")


def _unrouted(service: Proposed, playbook: Playbook) -> tuple[Problem, ...]:
    """What the routing in force uses, and another playbook does not have."""
    text = service.routing.text
    problems = read_routing.parse(text, "the routing in force", playbook)[1] if text else ()
    return tuple(each for each in problems if each.severity == "error")


def _unfit(service: Proposed, affected: Mapping[ConnectionName, Connection]) -> Iterator[Problem]:
    """What the CRMs lack, and what two systems claim."""
    for each in affected.values():
        try:
            yield from (misfit.problem for misfit in drift.misfits(each))
        except Unavailable as away:
            msg = f"{each.name} could not be asked for its fields: {away}"
            raise ProposalError(msg) from None
    there = {**service.connections, **affected}.values()
    yield from field_conflicts.claimed_twice([(each.mapping, each.located) for each in there if each.located])


def _otherwise(service: Proposed, proposed: Mapping[ConnectionName, Connection]) -> Mapping[ConnectionName, Connection]:
    now = service.connections
    return {name: each for name, each in proposed.items() if each.mapping != now[name].mapping}


def _proposal(what: What, compiled: CompiledPlaybook, said: Texts, found: Version | None) -> Proposal:
    over, files = (found.number, found.files) if found else (None, {})
    return Proposal(what=what, compiled=compiled, said=said, over=over, number=(over or 0) + 1, files=files)
