"""YAML texts edited at one place: the value is the one asked for, and every other line stays as it was."""

from difflib import unified_diff
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.yaml_files.edited_yaml import EditError, added, dropped, lines_of, put
from mappings.yaml_files.located_yaml import Path, load

SHIPPED = [(resources.files("mappings") / name).read_text("utf-8") for name in ("hubspot.yaml", "salesforce.yaml")]
WORDS = st.text(min_size=1, max_size=12).filter(lambda word: load(f"a: {word!r}", "")[0] is not None)
PLAIN = WORDS | st.booleans() | st.integers(-(10**9), 10**9)
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4))


def value(text: str) -> Any:
    located, problems = load(text, "")
    assert located is not None, (problems, text)
    return located.value


def paths(whole: Any, at: Path = ()) -> list[Path]:
    steps = whole.items() if isinstance(whole, dict) else enumerate(whole) if isinstance(whole, list) else ()
    return [at, *(path for step, each in steps for path in paths(each, (*at, step)))]


def changed(before: str, after: str) -> list[str]:
    lines = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in list(lines)[2:] if line[0] in "+-"]


SMALL = """# what this is
system: hubspot
objects: # all of them
  contact:
    lead:
      title: jobtitle # what they are called
      # where they come from
      source:
        # first ours
        from: lead_source # a property
        as: picklist
        values:
          Messe: trade_show # in autumn
          Webseite: inquiry
        else: other
    write: {fit: a, total: b} # scores
    none:
"""


@pytest.mark.parametrize(
    ("path", "new", "lines"),
    [
        (("title",), "role", ["-      title: jobtitle #", "+      title: role # what they are called"]),
        (("title",), {"from": "role", "as": "lower"}, ["-      title", "+      title: {from: role, as: lower} # what"]),
        (("source", "values", "Messe"), "inquiry", ["-          Messe", "+          Messe: inquiry # in autumn"]),
        (("phone",), "phone", ["+      phone: phone"]),
        (("source", "values", "1: #"), "x", ['+          "1: #": x']),
        (("..", "write", "band"), "c", ["-    write", "+    write: {fit: a, total: b, band: c} # scores"]),
        (("..", "none", "x"), "y", ["-    none:", "+    none: {x: y}"]),
    ],
)
def test_an_edit_changes_its_own_line_and_keeps_the_comments(path: Path, new: Any, lines: list[str]) -> None:
    whole: Path = ("objects", "contact", *(path[1:] if path[0] == ".." else ("lead", *path)))
    found = changed(SMALL, put(SMALL, whole, new))
    assert len(found) == len(lines), found
    assert all(line.startswith(begin) for line, begin in zip(found, lines, strict=True)), found


def test_a_block_of_which_one_value_differs_keeps_the_comments_between_its_lines() -> None:
    path: Path = ("objects", "contact", "lead", "source")
    new = {"from": "lead_source", "as": "picklist", "values": {"Messe": "webinar"}}
    found = changed(SMALL, put(SMALL, path, new))
    assert found == [
        "-          Messe: trade_show # in autumn",
        "-          Webseite: inquiry",
        "-        else: other",
        "+          Messe: webinar # in autumn",
    ]
    assert changed(SMALL, dropped(SMALL, path))[0] == "-      source:"
    assert lines_of(SMALL, path) == (8, 15)
    assert lines_of(SMALL, (*path, "nothing")) == (8, 15)


def test_an_empty_text_and_one_of_comments_alone_get_their_first_value() -> None:
    assert put("", ("lead", "level"), {"kind": "number"}) == "lead: {level: {kind: number}}\n"
    assert put("# ours", ("lead", "level"), "number") == "# ours\nlead: {level: number}\n"
    assert added("# ours\n", ("recognise",), {"url": "/a", "page": "other"}).endswith(
        'recognise:\n  - {url: "/a", page: other}\n'
    )


def test_what_is_added_comes_behind_the_comments_of_the_block() -> None:
    text = "a:\n  b: 1 # one\n\n  # c: 2\n# end\n"
    assert put(text, ("d",), 3) == "a:\n  b: 1 # one\n\n  # c: 2\nd: 3\n# end\n"
    assert put(text, ("a", "d"), 3) == "a:\n  b: 1 # one\n  d: 3\n\n  # c: 2\n# end\n"


def test_a_text_with_mistakes_is_not_edited() -> None:
    with pytest.raises(EditError):
        put("a: [", ("a",), 1)


def test_line_breaks_of_windows_stay() -> None:
    text = SMALL.replace("\n", "\r\n")
    found = put(text, ("objects", "contact", "lead", "phone"), {"first": ["phone" * 20, "mobile" * 20]})
    assert "\n" not in found.replace("\r\n", "")


@settings(max_examples=20, deadline=None)
@given(st.data(), st.sampled_from(SHIPPED), VALUES)
def test_any_value_at_any_place_of_the_shipped_mappings_is_read_back(data: st.DataObject, text: str, new: Any) -> None:
    where = data.draw(st.sampled_from(paths(value(text))[1:]))
    made = put(text, where, new)
    found = value(made)
    for step in where:
        found = found[step]
    assert found == new
    first, last = lines_of(text, where)
    before = text.splitlines()
    assert made.splitlines()[: first - 1] == before[: first - 1]
    behind = before[last:]
    assert not behind or made.splitlines()[-len(behind) :] == behind, "what follows is as it was"


@settings(max_examples=10, deadline=None)
@given(st.data(), st.sampled_from(SHIPPED))
def test_anything_can_be_taken_out_of_the_shipped_mappings(data: st.DataObject, text: str) -> None:
    where = data.draw(st.sampled_from(paths(value(text))[1:]))
    made = dropped(text, where)
    assert len(paths(value(made))) < len(paths(value(text)))
