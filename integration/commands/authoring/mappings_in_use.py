"""The mappings that run here, or would: those of the connections, and what the CRMs say of their fields."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TypeAlias

from connectors import vendors
from connectors.base.port import Unavailable
from integration.flows.upkeep import drift
from integration.settings.environment import Settings, SettingsError, looked_at
from integration.settings.mistakes import Mistake
from integration.wiring import build, connection_names
from mappings.conflicts import field_conflicts
from mappings.language import mapping_files
from mappings.language.mapping_files import MappingFile
from mappings.values.identifiers import System
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.problems import Problem

Chosen: TypeAlias = tuple[MappingFile, Sequence[str] | None]
"""A file, and the connections that use it; None for one that was named on the command line."""


def settings_here() -> tuple[Settings | None, Sequence[Mistake]]:
    """The settings as `coldframe up` would have them, or what it would refuse in them."""
    try:
        return looked_at(), ()
    except SettingsError as error:
        return None, error.mistakes


def used(settings: Settings | None, words: Vocabulary) -> list[Chosen]:
    """The mappings of the connections, each with the names of those that use it; of all systems where none is.

    Those of connections that nobody has signed in to yet stand at the end.
    """
    found: dict[tuple[System, str | None], list[str]] = {}
    for each in _known(settings):
        path = settings.mapping_of(each.name, each.system) if settings else None
        found.setdefault((each.system, path), []).append(each.name)
    connected = {name for names in found.values() for name in names}
    others = (settings.connection_mappings if settings else {}).items()
    apart: list[Chosen] = [
        (mapping_files.opened(path, vocabulary=words), []) for name, path in others if name not in connected
    ]
    if found:
        return [(mapping_files.in_use(*which, words), names) for which, names in found.items()] + apart
    paths = {each: settings.mapping_of("", each) if settings else None for each in sorted(vendors.systems())}
    return [(mapping_files.in_use(system, path, words), None) for system, path in paths.items()] + apart


def replaced(file: MappingFile, chosen: Sequence[Chosen]) -> bool:
    """Whether one of these files is to run in place of that one, being of the same system."""
    systems = {each.mapping.system for each, _ in chosen if each.mapping is not None}
    return file.mapping is not None and file.mapping.system in systems


def claims(chosen: Sequence[Chosen], beside: Sequence[Chosen], *, named: bool) -> Iterator[Problem]:
    """Fields that the mappings of two systems claim: errors among files that were named or run, else warnings.

    A mapping of a system that is not connected hinders nobody yet.
    """
    sure = [file for file, whose in chosen if named or whose] + [file for file, whose in beside if whose]
    refused = _claimed_twice(sure)
    yield from refused
    for each in _claimed_twice([file for file, _ in (*chosen, *beside)]):
        if each not in refused:
            yield replace(each, severity="warning", text=f"{each.text}: refused once both are connected")


def _claimed_twice(files: Sequence[MappingFile]) -> list[Problem]:
    """The systems come in the order of the service."""
    sure = [(file.mapping, file.located) for file in files if file.mapping and file.located]
    return list(field_conflicts.claimed_twice(sorted(sure, key=lambda each: vendors.systems().index(each[0].system))))


def against_live(
    settings: Settings | None, file: MappingFile, whose: Sequence[str] | None
) -> tuple[list[Problem], str]:
    """What does not fit the CRMs that use it: the connections `whose` it is, else each of its system.

    A note where none is connected, an error where one does not answer.
    """
    if file.mapping is None or file.located is None:
        return [], ""
    system = file.mapping.system
    those = [each for each in _known(settings) if each.system == system and (whose is None or each.name in whose)]
    if settings is None or not those:
        return [], f"{file.name}: no {system} is connected, so its fields were not looked at"
    found: dict[Problem, None] = {}
    with connection_names.opened(settings) as store:
        for each in those:
            credential = build.credential(settings, store, each)
            allowance = build.allowance(each, settings, store, worker=False) if store else None
            connection = replace(
                build.connect(system, credential, name=each.name, allowance=allowance),
                mapping=file.mapping,
                located=file.located,
            )
            try:
                with closing(connection.connector):
                    found |= {misfit.problem: None for misfit in drift.misfits(connection)}
            except Unavailable as away:
                found[Problem(file.name, 1, 1, f"{each.name} could not be asked for its fields: {away}")] = None
    return list(found), ""


def _known(settings: Settings | None) -> Sequence[connection_names.Known]:
    if settings is None:
        return ()
    with connection_names.opened(settings) as store:
        return connection_names.known(settings, store) if store else connection_names.arranged((), settings)
