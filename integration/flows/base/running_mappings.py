"""Running mappings: by which field mapping each connection works, whatever file this process was started with.

A mapping is of a system, or of one connection that has a file of its own. One that nobody published is the process's
own: a file that settings name, or the shipped one. One that was published is in the version in force, with the time
from which on records are read by it (see remap.py); a file that settings name is published at start where it differs,
as a playbook's is (see running_playbook.py).
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from integration.flows.base.service import Connection
from integration.store.events.playbook_versions import FileInForce
from mappings.language import mapping_files
from mappings.language.mapping_files import MappingFile
from mappings.values.identifiers import ConnectionName, System
from mappings.values.instant import Instant
from mappings.vocabulary.value import Vocabulary

UNTRACKED: Instant = 0
"""Since when a mapping is in force that was there before mappings were versions: nothing is read anew for it."""


KIND = "mapping"
"""How the names of mappings begin among the files of a version."""


def named(system: System, connection: ConnectionName | None = None) -> str:
    """What a version calls the mapping of a system, or of one connection alone."""
    return f"{KIND}:{system}:{connection}" if connection else f"{KIND}:{system}"


def is_mapping(name: str) -> bool:
    """Whether a file of a version is a mapping."""
    return name.startswith(f"{KIND}:")


def subject(connection: Connection) -> str:
    """What a version calls a connection's mapping: its system's, or this connection's alone."""
    return named(connection.system, connection.name if connection.alone else None)


def names(connection: Connection) -> set[str]:
    """What a version may call the mapping that this connection works by."""
    return {named(connection.system, connection.name), subject(connection)}


def stored(connection: Connection, files: Mapping[str, FileInForce]) -> FileInForce | None:
    """The mapping of a version that a connection works by; None where it has none for it."""
    return files.get(named(connection.system, connection.name)) or files.get(subject(connection))


def own(connections: Mapping[ConnectionName, Connection], files: Mapping[str, FileInForce]) -> dict[str, FileInForce]:
    """The files that this process would have in force, where the version has these.

    A mapping that is shipped gives way to one that was published by command. Of two files for one system the last
    connection's counts, whichever is in force: else each look would find the other one changed.
    """
    found = dict(files)
    for connection in connections.values():
        there = found.get(subject(connection))
        if connection.text and (there is None or there.by_start or connection.of_file):
            new = FileInForce.of(connection.text, by_start=True)
            if there is None or there.fingerprint != new.fingerprint:
                found[subject(connection)] = new
    return found


def applied(
    connections: Mapping[ConnectionName, Connection], files: Mapping[str, FileInForce], words: Vocabulary
) -> Mapping[ConnectionName, Connection] | None:
    """The connections by these mappings; None where this program does not understand one of them."""
    found = dict(connections)
    for name, connection in connections.items():
        there = stored(connection, files)
        if there is None or (there.since == UNTRACKED and there.text == connection.text):
            continue
        file = compiled(there.text, f"the {connection.system} mapping in force", words)
        if file.mapping is None:
            return None
        found[name] = replace(
            connection, mapping=file.mapping, located=file.located, text=there.text, mapped=there.since
        )
    return found if any(found[name] is not each for name, each in connections.items()) else connections


@lru_cache(maxsize=16)
def compiled(text: str, name: str, words: Vocabulary) -> MappingFile:
    """A mapping's text, compiled in the words of a vocabulary."""
    return mapping_files.parsed(text, name, vocabulary=words)
