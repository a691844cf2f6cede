"""Proposed files: reads the file that is to be published, and tells every problem on standard error."""

from pathlib import Path

import click

from integration.commands.authoring.vocabulary_uses import in_mappings
from integration.flows.publishing import proposals
from integration.flows.publishing.proposals import Checked, Proposal, ProposalError
from integration.playbook.reading import library
from integration.store.events.playbook_versions import What
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName
from mappings.yaml_files.problems import Problem


def of_playbook(service: Service, named: str) -> Proposal:
    """A playbook's file, or a shipped one by its name, in the vocabulary in force. Exit status 2 with every mistake."""
    text = library.text(named) if named in library.names() else _text(named)
    return _sound(proposals.of_playbook(service, text, named))


def of_vocabulary(service: Service, named: str) -> Proposal:
    """A vocabulary's file, with the playbook in force. Exit status 2 with every mistake."""
    uses = proposals.of_vocabulary(service, _text(named), named, lambda words: in_mappings(build.settings(), words))
    return _sound(uses)


def of_mapping(service: Service, named: str, connection: str | None) -> Proposal:
    """A mapping's file, for its system's connections or for one. Exit status 2 with every mistake."""
    try:
        return _sound(
            proposals.of_mapping(service, _text(named), named, ConnectionName(connection) if connection else None)
        )
    except ProposalError as error:
        raise click.ClickException(str(error)) from None


def of_routing(service: Service, named: str) -> Proposal:
    """A routing's file, with the playbook in force. Exit status 2 with every mistake."""
    return _sound(proposals.of_routing(service, _text(named), named, build.settings().channels))


def of_version(service: Service, number: int, what: What) -> Proposal:
    """What a former version said. Exit status 1 where this program does not understand it."""
    try:
        return proposals.of_version(service, number, what, build.service().rules.vocabulary)
    except ProposalError as error:
        raise click.ClickException(str(error)) from None


def _text(named: str) -> str:
    try:
        return Path(named).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        msg = f"{named} cannot be read: {reason}"
        raise click.ClickException(msg) from None


def _sound(checked: Checked) -> Proposal:
    _tell(checked.problems)
    if checked.proposal is None:
        raise SystemExit(2)
    return checked.proposal


def _tell(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        click.echo(str(problem) if problem.severity == "error" else f"{problem} (warning)", err=True)
