"""Renames: `was: OLD_NAME` of tracks, plays, triggers and clocks leaves no doubt which goes on as which."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from integration.core.rules.lineage import Earlier, Kind, inherited, said
from integration.core.rules.playbook_rules import Playbook
from integration.playbook.language import schema
from integration.playbook.language.report import Report
from mappings.yaml_files import located_yaml
from mappings.yaml_files.problems import Problem, nearest

_SECTIONS: Mapping[Kind, tuple[str, ...]] = {"track": ("tracks",), "play": ("plays", "triggers"), "clock": ("clocks",)}
"""Where a file says what each kind was; the plays of triggers are their own."""


class _Renamed(Protocol):
    @property
    def was(self) -> str | None: ...


def check_renames(file: schema.PlaybookFile, report: Report) -> None:
    """Report names that two rows claim, or that are still used. The store knows which names there were before."""
    for section, what, rows in (
        ("tracks", "track", file.tracks),
        ("triggers", "trigger", file.triggers),
        ("plays", "play", file.plays),
        ("clocks", "clock", file.clocks),
    ):
        _check(section, what, rows, report)
    own_plays = {name: each for name, each in file.triggers.items() if each.touch is not None}
    for name, play in file.plays.items():
        if play.was in own_plays and own_plays[play.was].was is None:
            report.problem(("plays", name, "was"), _still(play.was or "", "trigger"))
    for name, trigger in file.triggers.items():
        if trigger.was is not None and trigger.touch is None:
            text = "nothing goes on by the name of a trigger without a touch of its own: say it of its play or track"
            report.warn(("triggers", name, "was"), text)


def _check(section: str, what: str, rows: Mapping[str, _Renamed], report: Report) -> None:
    claimed: dict[str, str] = {}
    for name, row in rows.items():
        if row.was is None:
            continue
        place = (section, name, "was")
        if row.was == name:
            report.problem(place, f"{what} '{name}' has this name already: 'was' is for another one; leave it out")
        elif row.was in claimed:
            first = claimed[row.was]
            report.problem(place, f"{what} '{first}' was '{row.was}' already; only one of them can go on from it")
        elif row.was in rows and rows[row.was].was is None:
            report.problem(place, _still(row.was, what))
        claimed.setdefault(row.was, name)


def _still(name: str, what: str) -> str:
    return f"{what} '{name}' is still in this file and goes on by its own name: say what '{name}' was, or leave it out"


def unmatched(playbook: Playbook, file: str, earlier: Sequence[Earlier]) -> tuple[Problem, ...]:
    """Warnings, at their places, about names that no version before had, or of what goes on under another name already.

    None where there was no version before: such a name can match nothing then.
    """
    found, _ = located_yaml.load(playbook.text, file)
    if found is None or not earlier:
        return ()
    return tuple(
        Problem(file, *found.where(place), text, "warning")
        for section, name, text in _unmatched(playbook, earlier)
        if (place := (section, name, "was")) in found.positions
    )


def _unmatched(playbook: Playbook, earlier: Sequence[Earlier]) -> Iterator[tuple[str, str, str]]:
    roots = inherited(playbook, earlier)
    for kind, rows in said(playbook).items():
        known = list(dict.fromkeys(name for each in earlier for name in each.roots.get(kind, {})))
        for name, was in rows.items():
            root = next((each.roots[kind][was] for each in earlier if was in each.roots.get(kind, {})), None)
            text = ""
            if was and root is None:
                text = f"no version had a {kind} '{was}'{nearest(was, known)}; nothing goes on as '{name}'"
            elif was and root != roots[kind][name]:
                other = next((each for each, taken in roots[kind].items() if taken == root), was)
                text = f"{kind} '{was}' goes on as '{other}' already; nothing goes on as '{name}'"
            if text:
                yield from ((section, name, text) for section in _SECTIONS[kind])
