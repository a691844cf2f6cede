"""Golden cases: what each of the six playbooks makes of a lead, to be read beside docs/sources.md."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pytest
from playbook_case import Run, happened, outcome, run

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.effects import TouchDue, TrackChanged
from integration.core.rules.automation_rules import TaskStep
from integration.core.rules.playbook_rules import Playbook
from integration.playbook.compiling.compiler import load
from integration.playbook.reading import library
from mappings.yaml_files import located_yaml

FOLDER = Path(__file__).parent
CITED = re.compile(r"\[[a-z-]+: [a-z -]+\]")


def cases() -> list[dict[str, Any]]:
    found = []
    for file in sorted(FOLDER.glob("*.yaml")):
        read, problems = located_yaml.load(file.read_text(encoding="utf-8"), file.name)
        assert read is not None, problems
        found += [{"file": file.stem, **one} for case in read.value for one in spread(case)]
    return found


def spread(case: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A case with `each` is one case for each of its rows: something that happens on day 0, and what then holds."""
    if "each" not in case:
        yield case
        return
    for row, then in case["each"].items():
        what = {"lead": {}, "company": {}, "events": list(case.get("events", ()))}
        for piece in row.split("; "):
            kind, _, rest = piece.partition(" ")
            if kind in what:
                what[kind] |= dict(happened("", 0, 0, f"x {rest}", "").properties)
            else:
                what["events"].append({"day 0": piece})
        merged = {key: case.get(key, {}) | what[key] for key in ("lead", "company")} | {"events": what["events"]}
        yield case | merged | {"name": f"{case['name']}: {row}", "then": then}


@lru_cache
def playbook(name: str) -> Playbook:
    """One of the house, or `base`: the small one that has something of everything."""
    found, problems = load(str(FOLDER / "broken" / "base.yaml") if name == "base" else name)
    assert found is not None, problems
    return found


@lru_cache
def compiled(name: str) -> CompiledPlaybook:
    """The playbook as the core takes it."""
    return CompiledPlaybook.of(playbook(name))


CASES = cases()
EACH = pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{case['file']}: {case['name']}" for case in CASES])


@cache
def ran(number: int) -> Run:
    """What came of a case; several tests look at it, and none changes it."""
    return run(CASES[number], compiled(CASES[number]["playbook"]))


@EACH
def test_a_lead_fares_as_the_case_says(number: int) -> None:
    case, found = CASES[number], ran(number)
    for lead, expected in {"ana": case.get("then", {}), **case.get("and", {})}.items():
        actual = outcome(case, found, lead)
        assert {name: actual[name] for name in expected} == expected, lead


@EACH
def test_the_ledger_sums_to_the_scores(number: int) -> None:
    found = ran(number)
    for lead, state in found.states.items():
        for axis, score in (("fit", state.fit), ("engagement", state.score.value)):
            assert sum(line.points for line in found.lines[lead] if line.axis == axis) == score


def test_every_case_names_its_source() -> None:
    assert [case["name"] for case in CASES if not CITED.findall(case.get("source", ""))] == []


def test_case_names_are_unique() -> None:
    names = [(case["file"], case["name"]) for case in CASES]
    assert len(names) == len(set(names))


def exercised(name: str) -> set[str]:
    """Everything of one playbook that some case has set in motion."""
    found: set[str] = set()
    for each in (ran(number) for number, case in enumerate(CASES) if case["playbook"] == name):
        for state in each.states.values():
            found |= {f"trigger {trigger}" for trigger in state.fired}
            found |= {f"clock {clock}" for clock in state.clocks}
            found |= {f"track {track}" for track in state.stays}
            found |= {f"play {play}" for play in state.plays}
            found |= {f"fit {group} {place}" for group, place in state.fit_rules.items()}
        for lines in each.lines.values():
            found |= {f"rule {line.rule}" for line in lines}
        found |= {f"track {effect.after}" for effect in each.effects if isinstance(effect, TrackChanged)}
        found |= {f"content {effect.content}" for effect in each.effects if isinstance(effect, TouchDue)}
    return found


def of(playbook: Playbook) -> set[str]:
    """Everything that a playbook could set in motion."""
    rules = playbook.engagement.rules if playbook.engagement else ()
    groups = playbook.fit.groups if playbook.fit else ()
    contents = [offset.touch.content for track in playbook.tracks for offset in track.offsets if not offset.touch.task]
    return (
        {f"rule {rule.name}" for rule in rules if rule.points}
        | {f"fit {group.name} {place}" for group in groups for place in range(len(group.rules))}
        | {f"trigger {trigger.name}" for trigger in playbook.triggers}
        | {f"clock {clock.name}" for clock in playbook.clocks}
        | {f"track {track.name}" for track in playbook.tracks}
        | {f"play {play.name}" for play in playbook.plays if any(isinstance(step, TaskStep) for step in play.steps)}
        | {f"content {content}" for content in contents}
    )


@pytest.mark.parametrize("name", library.names())
def test_the_cases_exercise_every_rule_trigger_track_and_clock(name: str) -> None:
    assert sorted(of(playbook(name)) - exercised(name)) == []
