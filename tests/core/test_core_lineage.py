"""Renamed tracks, plays and clocks keep what keys of effects call them, through any row of publications."""

from collections.abc import Mapping, Sequence

import pytest
from core_builders import START, did, fitting, fold, hot, of
from core_builders import playbook as compiled

from integration.core.model.effects import TaskWanted
from integration.core.rules.automation_rules import Due, Offset, Play, TaskStep, Touch, Track
from integration.core.rules.lineage import Earlier, Roots, inherited, own_roots, successors
from integration.core.rules.playbook_rules import Handoff, Playbook
from mappings.values.instant import DAY, HOUR


def playbook(rows: Mapping[str, str], turn: int = 0) -> Playbook:
    """A playbook with these tracks: the name, and what it was ("" where that is not said)."""
    offset = Offset(after=turn * DAY, touch=Touch(content="hello"))
    tracks = tuple(Track(name=name, was=was, offsets=(offset,)) for name, was in rows.items())
    return compiled(tracks=tracks).playbook


def published(*versions: Mapping[str, str]) -> dict[str, str]:
    """What the last of these versions calls its tracks in keys, each published after the one before."""
    earlier: list[Earlier] = []
    for turn, rows in enumerate(versions):
        each = playbook(rows, turn)
        earlier.insert(0, Earlier(fingerprint=each.fingerprint, roots=inherited(each, earlier)))
    return dict(earlier[0].roots["track"])


NEW = {"a": ""}


@pytest.mark.parametrize(
    ("versions", "roots"),
    [
        pytest.param([NEW, {"b": "a"}], {"b": "a"}, id="renamed"),
        pytest.param([NEW, {"b": ""}], {"b": "b"}, id="not said: another track"),
        pytest.param([NEW, {"b": "a"}, {"c": "b"}], {"c": "a"}, id="renamed twice"),
        pytest.param([NEW, {"x": ""}, {"c": "a"}], {"c": "a"}, id="a version was skipped"),
        pytest.param([NEW, {"b": "a"}, {"b": "a"}], {"b": "a"}, id="still said in the next version"),
        pytest.param([NEW, {"b": "a"}, {"b": ""}], {"b": "a"}, id="not said any more in the next version"),
        pytest.param([NEW, {"b": "a"}, {"a": "b"}], {"a": "a"}, id="renamed and back"),
        pytest.param([NEW, {"b": "a"}, {"b": "", "a": ""}], {"b": "a", "a": "a~2"}, id="the old name is used anew"),
        pytest.param(
            [NEW, {"b": "a"}, {"b": "", "a": ""}, {"b": "", "c": "a"}],
            {"b": "a", "c": "a~2"},
            id="what uses the old name anew is renamed",
        ),
        pytest.param([{"a": "", "b": ""}, {"a": "b", "b": "a"}], {"a": "b", "b": "a"}, id="swapped"),
        pytest.param(
            [{"a": "", "b": "", "c": ""}, {"b": "a", "c": "b", "a": "c"}],
            {"b": "a", "c": "b", "a": "c"},
            id="all round",
        ),
        pytest.param([{"b": "a"}], {"b": "a"}, id="said in the first version"),
        pytest.param([NEW, {"b": "nobody"}], {"b": "nobody"}, id="nothing was called so"),
        pytest.param([NEW, {"x": ""}, {"a": "", "x": ""}], {"a": "a", "x": "x"}, id="gone and back"),
        pytest.param([NEW, {"b": "a"}, {"c": "b", "d": "a"}], {"c": "a", "d": "d"}, id="two older names of one track"),
    ],
)
def test_a_name_in_keys_outlives_renames(versions: Sequence[Mapping[str, str]], roots: dict[str, str]) -> None:
    assert published(*versions) == roots


def test_a_rollback_goes_back_to_the_names_of_then() -> None:
    first, swapped = playbook({"a": "", "b": ""}, 1), playbook({"a": "b", "b": "a"}, 2)
    earlier = [Earlier(first.fingerprint, own_roots(first))]
    earlier.insert(0, Earlier(swapped.fingerprint, inherited(swapped, earlier)))
    assert inherited(first, earlier)["track"] == {"a": "a", "b": "b"}


def test_what_goes_on_and_what_ends_is_told_by_the_names_in_keys() -> None:
    before: Roots = {"track": {"drip": "drip", "old": "old", "kept": "kept"}, "clock": {"first": "first"}}
    after: Roots = {"track": {"nurture": "drip", "kept": "kept", "old": "old~2"}, "clock": {}}
    assert successors(before, after) == {
        ("track", "drip"): "nurture",
        ("track", "old"): None,
        ("track", "kept"): "kept",
        ("clock", "first"): None,
    }


def test_a_playbook_that_says_nothing_of_renames_keeps_its_fingerprint() -> None:
    assert "was" not in repr(sorted(own_roots(playbook(NEW))))
    assert playbook({"b": ""}).fingerprint != playbook({"b": "a"}).fingerprint


def test_what_follows_has_the_same_keys_under_another_name() -> None:
    step = TaskStep(channel="call", subject="Call", due=Due(span=DAY))
    old = compiled(plays=(Play(name="handoff", steps=(step,)),))
    new = compiled(plays=(Play(name="to_sales", was="handoff", steps=(step,)),), handoff=Handoff(play="to_sales"))
    before, after = (fold(book, *fitting(), *hot()) for book in (old, new))
    assert [task.key for task in of(TaskWanted, before)] == [task.key for task in of(TaskWanted, after)] != []
    assert [task.play for task in of(TaskWanted, after)] == ["to_sales"]


def test_a_task_that_was_made_under_the_old_name_closes_the_play_under_its_new_one() -> None:
    step = TaskStep(channel="call", subject="Call", due=Due(span=DAY))
    book = compiled(plays=(Play(name="to_sales", was="handoff", steps=(step,)),), handoff=Handoff(play="to_sales"))
    shut = did("task_closed", START + 2 * HOUR, "shut", task="play/handoff/1/task/1")
    assert fold(book, *fitting(), *hot()).state.plays["to_sales"].open
    assert not fold(book, *fitting(), *hot(), shut).state.plays["to_sales"].open
