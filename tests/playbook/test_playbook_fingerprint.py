"""The fingerprint says what a playbook means; the number of the state's format follows its shape."""

import json
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from hashlib import sha256
from typing import Any, get_type_hints

import pytest

from integration.core.model.state import FORMAT, LeadState
from integration.core.rules.playbook_fingerprint import canonical, fingerprint
from integration.playbook.compiling import compiler
from integration.playbook.compiling.compiler import compile_text, load
from integration.playbook.reading import library
from mappings.vocabulary.value import CANONICAL, Vocabulary

NAMES = ("behavioural", "fit-engagement", "five-tracks", "operating-model", "standard", "two-axis")
SHAPES = {
    1: "3c491230d64cc078",
    2: "bb2adcc79b45e952",
    3: "de54e4f7225f339a",
    4: "ecb07f54415660f2",
    5: "bb5c9279b884366a",
    6: "30c2181323cef3c8",
    7: "59bc30b55d4132c2",
    8: "cd2a6ecb84b84afb",
    9: "b9b6db9d023e9cf9",
    10: "b9b6db9d023e9cf9",
    11: "9257552eb439a3bd",
    12: "34d5da3fe4172689",
    13: "975506b2b6ded907",
    14: "975506b2b6ded907",
    15: "975506b2b6ded907",
    16: "beba4042127273f6",
}
"""Of each format of states, the hash of its shape. A new shape needs a new number, and a line here."""


def text(name: str) -> str:
    return str(library.find(name)[0])


def of(source: str) -> str:
    playbook, problems = compile_text(source, "ours.yaml")
    assert playbook is not None, problems
    return playbook.fingerprint


@pytest.fixture(scope="module")
def elsewhere() -> list[dict[str, str]]:
    """The fingerprint of every playbook in two other processes, which order sets in other ways."""
    ask = (
        "import json, sys; from integration.playbook.compiling.compiler import load; "
        "print(json.dumps({name: load(name)[0].fingerprint for name in sys.argv[1:]}))"
    )
    return [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", ask, *NAMES],
                env={"PYTHONSEED": seed, "PYTHONPATH": "."},
                capture_output=True,
                check=True,
            ).stdout
        )
        for seed in ("1", "2")
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_process_gives_a_playbook_the_same_fingerprint(elsewhere: list[dict[str, str]], name: str) -> None:
    playbook, _ = load(name)
    assert playbook is not None
    assert [each[name] for each in elsewhere] == [playbook.fingerprint] * 2


def test_no_two_playbooks_have_one_fingerprint() -> None:
    assert len({of(text(name)) for name in NAMES}) == len(NAMES)


def test_layout_comments_and_descriptions_are_no_part_of_what_a_playbook_means() -> None:
    source = text("standard")
    same = "# ours\n" + source.replace("\n\n", "\n").replace("title: Standard", "title: Ours")
    assert of(same) == of(source)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("case_study: 10", "case_study: 11"),
        ("after 14d: 80%", "after 15d: 80%"),
        ("within: 2h working", "within: 3h working"),
        ("welcome:", "welcomed:"),
        ("hours: 09:00-17:00", "hours: 09:00-16:00"),
        ("at_most: 2 in 7d", "at_most: 3 in 7d"),
        ("- email: \"Saw you're looking", "- email: \"I saw you're looking"),
        ("employees < 10", "employees < 11"),
        ("seniority = ic: 5", "seniority = ic: 4"),
    ],
)
def test_whatever_decides_or_is_written_changes_the_fingerprint(before: str, after: str) -> None:
    source = text("standard")
    assert before in source
    changed = source.replace(before, after)
    if before == "welcome:":
        changed = changed.replace("{track: welcome}", "{track: welcomed}")
    assert of(changed) != of(source)


def test_a_vocabulary_is_part_of_what_a_playbook_means() -> None:
    playbook, _ = load("two-axis")
    assert playbook is not None
    other = replace(playbook, vocabulary=replace(playbook.vocabulary, labels={"page_view": "Look at a page"}))
    assert fingerprint(other) != playbook.fingerprint


def test_what_has_no_text_of_its_own_is_refused() -> None:
    with pytest.raises(TypeError, match="function has no canonical text"):
        canonical((1, canonical))


def test_a_state_of_another_shape_has_another_format() -> None:
    """Whoever changes LeadState raises FORMAT: stored states are then derived anew, and not misread."""
    assert SHAPES[FORMAT] == _shape(LeadState)


def _shape(kind: type) -> str:
    return sha256(_described(kind).encode()).hexdigest()[:16]


def _described(kind: object) -> str:
    kind = getattr(kind, "__supertype__", kind)  # a name of its own (LeadId) is stored as what it is made of
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return f"{{{','.join(f'{each.name}:{_described(hints[each.name])}' for each in fields(kind))}}}"
    inner = getattr(kind, "__args__", ())
    name = getattr(kind, "__name__", None) or (type(kind).__name__ if inner else str(kind))  # never a module's name
    return f"{name}[{','.join(map(_described, inner))}]" if inner else str(name)


def test_the_same_text_in_the_same_words_is_compiled_once_and_any_difference_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[str] = []
    read = compiler.read

    def counted(source: str, file: str, words: Vocabulary) -> Any:
        compiled.append(file)
        return read(source, file, words)

    monkeypatch.setattr(compiler, "read", counted)
    source, other = text("standard") + "# ours\n", replace(CANONICAL, name="others.yaml")
    for _ in range(2):
        compile_text(source, "once.yaml")
        compile_text(source + "#\n", "once.yaml")
        compile_text(source, "elsewhere.yaml")
        compile_text(source, "once.yaml", other)
    assert compiled == ["once.yaml", "once.yaml", "elsewhere.yaml", "once.yaml"]
