"""YAML with places: what is read, what is refused, and where the finger points."""

import pytest

from mappings.yaml_files.located_yaml import MAX_CHARACTERS, load
from mappings.yaml_files.problems import Problem, fatal, nearest


def test_words_stay_words_and_only_true_and_false_are_booleans() -> None:
    located, problems = load("on: yes\noff: no\na: true\nb: False\n", "f.yaml")
    assert problems == ()
    assert located is not None
    assert located.value == {"on": "yes", "off": "no", "a": True, "b": False}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9:00", "9:00"),
        ("2026-01-05", "2026-01-05"),
        ("14d", "14d"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("010", 10),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("~", None),
        ("", None),
        ("'true'", "true"),
        ("12345678901234567890123", "12345678901234567890123"),
        (".inf", ".inf"),
    ],
)
def test_a_scalar_is_read_as_yaml_1_2_reads_it(text: str, value: object) -> None:
    located, problems = load(f"v: {text}\n", "f.yaml")
    assert problems == ()
    assert located is not None
    assert located.value == {"v": value}
    assert type(located.value["v"]) is type(value)


def test_every_key_and_value_knows_its_line_and_column() -> None:
    located, _ = load("tracks:\n  - name: drip\n    touches: [1, 22]\n", "f.yaml")
    assert located is not None
    assert located.where(("tracks", 0, "touches", 1)) == (3, 18)
    assert located.where_key(("tracks", 0, "touches")) == (3, 5)
    assert located.where(("tracks", 0, "absent", "deeper")) == (2, 5)
    problem = located.problem(("tracks", 0, "name"), "unknown")
    assert str(problem) == "f.yaml:2:11: unknown"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: 1\na: 2\n", (2, 1), "second time (first on line 1)"),
        ("a: &x 1\nb: *x\n", (1, 4), "anchors"),
        ("a: *x\n", (1, 4), "anchors"),
        ("a:\n\t- b\n", (2, 1), "tab"),
        ("a: !!python/object:os.system x\n", (1, 4), "python/object"),
        ("a: \x00b\n", (1, 4), "character"),
        ("a: 1\n---\nb: 2\n", (2, 1), "second document"),
        ("? [a]\n: b\n", (1, 3), "key"),
        ("a: 1e999\n", (1, 4), "float"),
        ("[" * 5000, (1, 41), "deep"),
        ("x" * (MAX_CHARACTERS + 1), (1, 1), "longer"),
    ],
)
def test_what_is_doubtful_is_refused_with_its_place(text: str, place: tuple[int, int], words: str) -> None:
    located, problems = load(text, "f.yaml")
    assert located is None
    assert (problems[0].line, problems[0].column) == place
    assert words in problems[0].text


def test_all_duplicate_keys_are_told_at_once() -> None:
    _, problems = load("a: 1\nb: {c: 1, c: 2}\na: 2\n", "f.yaml")
    assert [problem.line for problem in problems] == [2, 3]


def test_an_empty_document_is_nothing_at_the_first_place() -> None:
    located, problems = load("# only a comment\n", "f.yaml")
    assert problems == ()
    assert located is not None
    assert located.value is None
    assert located.where(("anything",)) == (1, 1)


def test_problems_sort_by_file_then_place_and_warnings_are_not_fatal() -> None:
    late, early = Problem("a", 10, 1, "x"), Problem("a", 2, 9, "y", "warning")
    assert sorted([late, early]) == [early, late]
    assert not fatal([early])
    assert fatal([early, late])


def test_the_nearest_name_is_offered_only_when_it_is_near() -> None:
    assert nearest("qualifed", ["inquiry", "qualified"]) == " (did you mean 'qualified'?)"
    assert nearest("EMAIL", ["email"]) == " (did you mean 'email'?)"
    assert nearest("zzz", ["email"]) == ""
