"""Checks a vocabulary against its uses: every word that the running playbook and mappings use must be in it."""

from collections.abc import Iterator, Sequence

from integration.commands.authoring.mappings_in_use import used
from integration.playbook.compiling.compiler import load
from integration.settings.environment import SettingsError, from_environment
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
        yield from (problem for problem in load(name, words)[1] if problem.severity == "error")
    read = [mapping_files.opened(name, vocabulary=words) for name in mappings]
    for file in read or [file for file, _ in (used(settings, words) if settings else ())]:
        yield from (problem for problem in file.problems if problem.severity == "error")
