"""A YAML file that a stranger sends is read or refused within a second, whatever it is for."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner
from places import ROOT

from integration.cli import main
from integration.playbook.compiling import compiler
from mappings.language import mapping_files
from mappings.vocabulary.files import parse_vocabulary as vocabulary
from mappings.yaml_files.located_yaml import MAX_CHARACTERS, MAX_DEPTH, MAX_NODES, load
from mappings.yaml_files.problems import MOST_PROBLEMS, Problem

Read = Callable[[str], tuple[object | None, Iterable[Problem]]]


def _mapping(text: str) -> tuple[object | None, Iterable[Problem]]:
    found = mapping_files.parsed(text, "mine.yaml", "hubspot")
    return found.mapping, found.problems


MAPPINGS = ROOT / "mappings"
READERS: dict[str, tuple[Read, Path]] = {
    "playbook": (lambda text: compiler.compile_text(text, "mine.yaml"), ROOT / "playbooks" / "standard.yaml"),
    "mapping": (_mapping, MAPPINGS / "hubspot.yaml"),
    "vocabulary": (
        lambda text: vocabulary.parse(text, "mine.yaml"),
        MAPPINGS / "vocabulary" / "shipped.yaml",
    ),
}

LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{one}: &{one} [{', '.join([f'*{other}'] * 9)}]\n" for other, one in zip("abcdefgh", "bcdefghi", strict=True)
)
BOMBS: dict[str, Callable[[str], str]] = {
    "a megabyte": lambda good: f"{good}\n# {'x' * 1_000_000}",
    "a megabyte of keys": lambda _: "".join(f"key_{n}: {n}\n" for n in range(60_000)),
    "aliases of aliases": lambda good: f"{good}\n{LAUGHS}",
    "an anchor": lambda good: f"{good}\nx: &x 1\n",
    "merged keys": lambda good: f"{good}\nx: {{<<: *x}}\n",
    "depth by brackets": lambda good: f"{good}\nx: {'[' * 5_000}",
    "depth by braces": lambda good: f"{good}\nx: {'{a: ' * 5_000}",
    "depth by dashes": lambda _: "- " * 50_000,
    "depth by questions": lambda _: "? " * 50_000,
    "depth by indents": lambda good: good + "".join(f"\n{' ' * n}k{n}:" for n in range(300)),
    "a long list": lambda good: f"{good}\nx: [{'a,' * 100_000}]",
    "a list of lists": lambda good: f"{good}\nx: [{'[],' * 60_000}]",
    "the same key again and again": lambda good: f"{good}\n" + "x: 1\n" * 40_000,
    "unknown keys": lambda good: f"{good}\n" + "".join(f"unknown_key_{n}: 1\n" for n in range(4_000)),
    "colons": lambda _: ":" * 200_000,
    "open quotes": lambda good: f"{good}\nx: '" + "''" * 100_000,
    "escapes": lambda good: f'{good}\nx: "' + "\\u0041" * 30_000 + "\\ud800",
    "tabs": lambda good: f"{good}\nx:\n" + "\t" * 200_000 + "y",
    "tags": lambda good: f"{good}\n" + "".join(f"t{n}: !!python/object/apply:os.system [x]\n" for n in range(3_000)),
    "documents": lambda good: f"{good}\n" + "---\n" * 50_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("kind", READERS)
def test_a_file_that_is_meant_to_harm_is_refused_within_a_second(kind: str, bomb: Callable[[str], str]) -> None:
    read, good = READERS[kind]
    text = bomb(good.read_text(encoding="utf-8"))
    started = time.process_time()
    found, problems = read(text)
    assert time.process_time() - started < 1
    assert found is None
    assert 1 <= len(list(problems)) <= MOST_PROBLEMS + 1


@pytest.mark.parametrize("kind", READERS)
def test_a_section_of_the_wrong_shape_is_refused_within_a_second(kind: str) -> None:
    read, good = READERS[kind]
    for key in [line.partition(":")[0] for line in good.read_text(encoding="utf-8").splitlines() if line[:1].isalpha()]:
        for text in (
            f"{key}:\n" + "  - aaaa\n" * 9_000,
            f"{key}:\n" + "".join(f"  k{n}: [a, b]\n" for n in range(2_400)),
            f"{key}: {'a' * 200_000}\n",
        ):
            started = time.process_time()
            _, problems = read(text)
            assert time.process_time() - started < 1.5, key
            assert problems


def test_what_is_large_and_right_is_read() -> None:
    standard = (ROOT / "playbooks" / "standard.yaml").read_text(encoding="utf-8")
    signals = "".join(f"  signal_{n}: content_download asset=a{n}\n" for n in range(800))
    text = standard.replace("signals:\n", f"signals:\n{signals}", 1)
    playbook, problems = compiler.compile_text(text, "mine.yaml")
    assert playbook is not None, problems


def test_the_bounds_are_said_with_their_place() -> None:
    assert "longer than 256,000 characters" in str(load("#" * (MAX_CHARACTERS + 1), "f.yaml")[1][0])
    nested = load("\n".join(f"{' ' * n}k:" for n in range(MAX_DEPTH + 1)) + " 1", "f.yaml")[1][0]
    assert (nested.line, nested.text) == (MAX_DEPTH, "nested more than 40 deep")
    many = load("- a\n" * MAX_NODES, "f.yaml")[1][0]
    assert (many.line, many.text) == (MAX_NODES, "more than 10,000 keys and values")


def test_the_commands_say_so_too(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("x: &a [*a]\n" * 3, encoding="utf-8")
    for command in (["playbook", "check", str(file)], ["mapping", "check", str(file)]):
        found = CliRunner().invoke(main, command)
        assert found.exit_code == 1, found.output
        assert "anchors and aliases are not used here" in " ".join(found.output.split())
