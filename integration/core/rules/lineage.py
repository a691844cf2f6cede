"""Lineage: which track, play or clock of one version is which of another, whatever each calls it.

Keys of effects name a track, play or clock by its root: the first name that it ever had. A rename (`was: OLD_NAME`)
changes the name and keeps the root, so that what was carried out under the old name is not carried out again.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from integration.core.rules.playbook_rules import Playbook

Kind: TypeAlias = Literal["track", "play", "clock"]
"""What has a name that keys of effects use."""
Roots: TypeAlias = Mapping[Kind, Mapping[str, str]]
"""Of each kind: the root by the present name, for every name that a version has."""
Successors: TypeAlias = Mapping[tuple[Kind, str], str | None]
"""By kind and name of one version: the name in another, None where that has it no more."""
NO_ROOTS: Roots = MappingProxyType({})


class Earlier(NamedTuple):
    """A version that was in force before."""

    fingerprint: str
    roots: Roots


def said(playbook: Playbook) -> dict[Kind, dict[str, str]]:
    """What a playbook says by itself: the name before by the present name, "" where it names none."""
    return {
        "track": {each.name: each.was for each in playbook.tracks},
        "play": {each.name: each.was for each in playbook.plays},
        "clock": {each.name: each.was for each in playbook.clocks},
    }


def own_roots(playbook: Playbook) -> Roots:
    """The roots of a playbook that no other came before."""
    return inherited(playbook, ())


def inherited(playbook: Playbook, earlier: Sequence[Earlier]) -> Roots:
    """The roots of a playbook that is published after these versions, the newest first.

    Text that was in force before gets the roots that it had then: a rollback goes back to the former names.
    """
    for version in earlier:
        if version.fingerprint == playbook.fingerprint:
            return version.roots
    return {kind: _inherited(kind, rows, earlier) for kind, rows in said(playbook).items()}


def _inherited(kind: Kind, rows: Mapping[str, str], earlier: Sequence[Earlier]) -> dict[str, str]:
    """By name, the root: who was renamed first, then who is in the last version, then all others."""
    present = earlier[0].roots.get(kind, {}) if earlier else {}
    order = sorted(rows, key=lambda name: (not rows[name], name not in present))
    used = {root for version in earlier for root in version.roots.get(kind, {}).values()}
    found: dict[str, str] = {}
    for name in order:
        was = rows[name] or name
        root = next((each.roots[kind][was] for each in earlier if was in each.roots.get(kind, {})), None)
        if root is None and (rows[name] or was not in used):
            root = was
        taken = found.values()
        found[name] = root if root is not None and root not in taken else _unused(name, {*used, *taken})
    return {name: found[name] for name in rows}


def _unused(name: str, used: Iterable[str]) -> str:
    """A root that no track, play or clock has had: names are taken anew, roots never are."""
    number = 1
    root = name
    while root in used:
        number += 1
        root = f"{name}~{number}"
    return root


def successors(before: Roots, after: Roots) -> Successors:
    """What becomes of each track, play and clock of the version before in the version after."""
    found: dict[tuple[Kind, str], str | None] = {}
    for kind, names in before.items():
        by_root = {root: name for name, root in after.get(kind, {}).items()}
        found.update({(kind, name): by_root.get(root) for name, root in names.items()})
    return found
