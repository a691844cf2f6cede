"""Random edits of a YAML text, as people make them by mistake and on purpose: by its nodes, and by its lines."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import yaml
from hypothesis import strategies as st

_Pair: TypeAlias = tuple[yaml.Node, yaml.Node]
VALUES = (
    "", "null", "true", "no", "-1", "0", "7", "0.5", "1e99", "99999999999999999999", "[]", "{}", "[[1], {a: 2}]",
    "2026-01-05", "14d", "5 years", '"a text"', "'", "*nobody", "&a [*a]", "!!python/object:os.system x", "%", "\u2028",
    "{text: 1, text: 2}", "total >= 70", "is_student", "demo_request", "hot", "sal", "none",
)  # fmt: skip
"""What stands in a value's place: every type, and what looks like the language."""
NUMBERS = st.integers(min_value=0, max_value=90)
_WORDS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def edited(draw: Draw, sources: dict[str, str]) -> tuple[str, str]:
    """The name of a text, and the text with up to three edits."""
    name = draw(st.sampled_from(sorted(sources)))
    text = sources[name]
    for _ in range(draw(st.integers(min_value=1, max_value=3))):
        edit = draw(st.sampled_from(EDITS))
        text = edit(draw, text)
    return name, text


def _drop(draw: Draw, text: str) -> str:
    begins, ends = _span(draw, text)
    return text[:begins] + text[ends:]


def _duplicate(draw: Draw, text: str) -> str:
    begins, ends = _span(draw, text)
    return text[:ends] + text[begins:ends] + text[ends:]


def _retype(draw: Draw, text: str) -> str:
    return _replaced(draw, text, lambda _: draw(st.sampled_from(VALUES)))


def _renumber(draw: Draw, text: str) -> str:
    """Another number in a number's place: as a rule a valid change."""
    numbers = [value for _, value in _pairs(text) if isinstance(value, yaml.ScalarNode) and value.value.isdecimal()]
    if not numbers:
        return text
    node = draw(st.sampled_from(numbers))
    return _put(text, node, str(draw(NUMBERS)))


def _rename(draw: Draw, text: str) -> str:
    keys = [key for key, _ in _pairs(text) if isinstance(key, yaml.ScalarNode)]
    if not keys:
        return text
    node = draw(st.sampled_from(keys))
    other = draw(st.one_of(st.sampled_from(keys).map(lambda each: each.value), st.just(f"{node.value}s"), _WORDS))
    return _put(text, node, other)


def _nest(draw: Draw, text: str) -> str:
    forms = ("[{}]", "{{{}: 1}}", "{{a: {}}}", "[{}, {}]")
    form = draw(st.sampled_from(forms))
    return _replaced(draw, text, lambda old: form.format(*[old] * form.count("{}")))


def _exchange(draw: Draw, text: str) -> str:
    """Another value of the same text in a value's place."""
    scalars = [value for _, value in _pairs(text) if isinstance(value, yaml.ScalarNode)]
    if not scalars:
        return text
    other = draw(st.sampled_from(scalars))
    return _replaced(draw, text, lambda _: text[other.start_mark.index : other.end_mark.index])


def _indent(draw: Draw, text: str) -> str:
    """A line stands further in, or further out: in the wrong place."""
    lines = text.split("\n")
    place = draw(st.integers(min_value=0, max_value=len(lines) - 1))
    line, by = lines[place], draw(st.sampled_from((-4, -2, -1, 1, 2, 4)))
    lines[place] = " " * by + line if by > 0 else line[min(-by, len(line) - len(line.lstrip())) :]
    return "\n".join(lines)


def _scribble(draw: Draw, text: str) -> str:
    at = draw(st.integers(min_value=0, max_value=len(text)))
    return text[:at] + draw(_WORDS) + text[at:]


EDITS: tuple[Callable[[Draw, str], str], ...] = (
    _drop, _duplicate, _retype, _renumber, _renumber, _rename, _nest, _exchange, _indent, _scribble,
)  # fmt: skip


def _pairs(text: str) -> list[_Pair]:
    """Every key with its value, and every item of a list with itself; none where the text is no YAML any more."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return []
    return list(_below(root, set()))


def _below(node: yaml.Node | None, seen: set[int]) -> Iterator[_Pair]:
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key, value
            yield from _below(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield each, each
            yield from _below(each, seen)


def _span(draw: Draw, text: str) -> tuple[int, int]:
    """Where a pair stands, with its line where it has that for itself; a line, where there are no pairs."""
    pairs = _pairs(text)
    if not pairs:
        at = draw(st.integers(min_value=0, max_value=len(text)))
        return at, min(len(text), at + 9)
    key, value = draw(st.sampled_from(pairs))
    begins, ends = key.start_mark.index, max(key.end_mark.index, value.end_mark.index)
    line = text.rfind("\n", 0, begins) + 1
    return (line if not text[line:begins].strip(" -") else begins), ends


def _replaced(draw: Draw, text: str, new: Callable[[str], str]) -> str:
    pairs = _pairs(text)
    if not pairs:
        return text
    _, node = draw(st.sampled_from(pairs))
    return _put(text, node, new(text[node.start_mark.index : node.end_mark.index].rstrip()))


def _put(text: str, node: yaml.Node, new: str) -> str:
    old = text[node.start_mark.index : node.end_mark.index]
    rest = old[len(old.rstrip()) :]
    return text[: node.start_mark.index] + new + rest + text[node.end_mark.index :]
