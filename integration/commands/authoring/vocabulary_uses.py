"""Checks a vocabulary against its uses: every word that the running playbook and mappings use must be in it."""

from collections.abc import Iterable, Iterator, Sequence

from integration.commands.authoring.mappings_in_use import used
from integration.playbook.compiling.compiler import load
from integration.settings.environment import Settings, SettingsError, from_environment
from mappings.language import mapping_files
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.problems import Problem


def missing(words: Vocabulary, playbooks: Sequence[str] = (), mappings: Sequence[str] = ()) -> Iterator[Problem]:
    """Every word that a playbook or a mapping uses and that is not there, at the place where it is used.

    Without names, the playbook and the mappings of this installation's settings are looked at; where there are no
    settings, there is nothing that runs.
    """
    try:
        settings = from_environment()
    except SettingsError:
        settings = None
    names = playbooks or ((settings.playbook,) if settings else ())
    for name in names:
        yield from _errors(load(name, words)[1])
    if not mappings:
        yield from in_mappings(settings, words)
    for name in mappings:
        yield from _errors(mapping_files.opened(name, vocabulary=words).problems)


def in_mappings(settings: Settings | None, words: Vocabulary) -> Iterator[Problem]:
    """Every word that a mapping of this installation uses and that is not there."""
    for file, _ in used(settings, words) if settings else ():
        yield from _errors(file.problems)


def _errors(problems: Iterable[Problem]) -> Iterator[Problem]:
    return (problem for problem in problems if problem.severity == "error")
