"""Edits a YAML text at one place; everything else stays as its author wrote it, comments and layout too. Pure.

A changed value is put where the old one stood. Within a block only what differs is changed, so that comments between
its lines stay. What comes out is read again: it says what was asked for and nothing else, or EditError is raised.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from yaml.nodes import MappingNode, Node, SequenceNode

from mappings.yaml_files.located_yaml import Path, Twice, composed, load
from mappings.yaml_files.written_yaml import block, fits, inline, scalar


class EditError(Exception):
    """The text cannot be edited at this place: it has mistakes, or is written in a way that is not understood here."""


def put(text: str, path: Path, value: Any, twice: Twice | None = None) -> str:
    """The text with this value at `path`; what leads there is made where it is missing. Raises EditError."""
    return _sure(text, twice, lambda whole: _set(whole, path, value), lambda fine: _put(text, path, value, fine, twice))


def dropped(text: str, path: Path, twice: Twice | None = None) -> str:
    """The text without what stands at `path`; the same text where nothing does. Raises EditError."""
    if _found(_loaded(text, twice), path) is None:
        return text
    return _sure(text, twice, lambda whole: _unset(whole, path), lambda _: _dropped(text, path))


def added(text: str, path: Path, item: Any, twice: Twice | None = None) -> str:
    """The text with one more item at the end of the list at `path`, which is made where it is missing."""
    there = _found(_loaded(text, twice), path)
    if not there:
        return put(text, path, [item], twice)
    if not isinstance(there, list):
        msg = f"{'.'.join(map(str, path))} is no list"
        raise EditError(msg)
    return _sure(text, twice, lambda whole: _set(whole, path, [*there, item]), lambda _: _added(text, path, item))


def lines_of(text: str, path: Path) -> tuple[int, int]:
    """The first and last line, from 1, of what stands at `path`, or of the nearest around it; (1, 1) for none."""
    node, key = composed(text), None
    for step in path:
        child, child_key = _child(node, step)
        if child is None:
            break
        node, key = child, child_key
    if node is None:
        return 1, 1
    first = (key or node).start_mark.line + 1
    return first, first + text[(key or node).start_mark.index : _end(text, node)].count("\n")


def _sure(text: str, twice: Twice | None, want: Callable[[Any], Any], edit: Callable[[bool], str]) -> str:
    """The edit that changes least, or a coarser one where that comes out wrong."""
    wanted = want(deepcopy(_loaded(text, twice)))
    for fine in (True, False):
        made = edit(fine)
        found, _ = load(made, "", twice)
        if found is not None and found.value == wanted:
            return made
    msg = "This place of the file is written in a way that no form can change: change it in the editor."
    raise EditError(msg)


def _loaded(text: str, twice: Twice | None) -> Any:
    located, problems = load(text, "", twice)
    if located is None:
        raise EditError(str(problems[0]))
    return located.value


def _found(whole: Any, path: Path) -> Any:
    for step in path:
        if isinstance(whole, dict) and isinstance(step, str):
            whole = whole.get(step)
        elif isinstance(whole, list) and isinstance(step, int) and step < len(whole):
            whole = whole[step]
        else:
            return None
    return whole


def _set(whole: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    step, *rest = path
    if isinstance(whole, list) and isinstance(step, int):
        return [_set(each, tuple(rest), value) if at == step else each for at, each in enumerate(whole)]
    table = whole if isinstance(whole, dict) else {}
    return {**table, str(step): _set(table.get(str(step)), tuple(rest), value)}


def _unset(whole: Any, path: Path) -> Any:
    *way, last = path
    holder = _found(whole, tuple(way))
    if isinstance(holder, dict):
        holder.pop(str(last), None)
    else:
        holder.pop(last)
    return whole


def _child(node: Node | None, step: str | int) -> tuple[Node | None, Node | None]:
    """The value under a key or index, and the key's own node."""
    if isinstance(node, MappingNode):
        return next(((value, key) for key, value in node.value if str(key.value) == step), (None, None))
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], None
    return None, None


def _put(text: str, path: Path, value: Any, fine: bool, twice: Twice | None) -> str:  # noqa: FBT001 - how much to change
    node, key, flow = composed(text), None, False
    if node is None:
        return _ended(text) + _joined(text, block(_nested(path, value), 0)) + _newline(text)
    for at, step in enumerate(path):
        child, child_key = _child(node, step)
        if child is None:
            return _inserted(text, (node, key, flow), str(step), _nested(path[at + 1 :], value))
        flow = flow or bool(getattr(node, "flow_style", False))
        node, key = child, child_key
    if fine and (made := _within(text, path, node, value, twice)) is not None:
        return made
    return _replaced(text, (node, key, flow), value)


def _nested(path: Path, value: Any) -> Any:
    for step in reversed(path):
        value = {step: value}
    return value


def _within(text: str, path: Path, node: Node, value: Any, twice: Twice | None) -> str | None:
    """The text with what differs within a block; None where the whole is better written anew."""
    before = _found(_loaded(text, twice), path)
    if before == value:
        return text
    if getattr(node, "flow_style", True) or not value or type(before) is not type(value):
        return None
    if isinstance(value, dict) and isinstance(node, MappingNode):
        gone = [key for key in before if key not in value]
        starts = {str(key.value): key for key, _ in node.value}
        if len(gone) == len(before) or any(_line_head(text, starts[key]).strip() for key in gone):
            return None
        for name in gone:
            text = dropped(text, (*path, name), twice)
        for name, each in value.items():
            text = put(text, (*path, name), each, twice)
        return text
    if isinstance(value, list) and isinstance(node, SequenceNode):
        for at in reversed(range(len(value), len(before))):
            text = dropped(text, (*path, at), twice)
        for at, each in enumerate(value):
            text = put(text, (*path, at), each, twice) if at < len(before) else added(text, path, each, twice)
        return text
    return None


def _replaced(text: str, place: tuple[Node, Node | None, bool], value: Any) -> str:
    """The text with the whole value written anew, where the old one stood."""
    node, key, flow = place
    start, end = node.start_mark.index, _end(text, node)
    if key is None:  # an item of a list, or the whole
        short = flow or fits(value, node.start_mark.column)
        new = inline(value) if short else _joined(text, block(value, node.start_mark.column)).lstrip()
        return text[:start] + new + text[end:]
    colon = text.index(":", key.end_mark.index) + 1
    row_end = _row_end(text, colon)
    if flow or fits(value, key.start_mark.column + len(scalar(str(key.value))) + 2):
        if start <= row_end:
            return text[:colon] + " " + inline(value) + text[end:]
        between = text[row_end:start].rstrip()
        return text[:colon] + " " + inline(value) + text[colon:row_end] + between + text[end:]
    lines = _joined(text, block(value, key.start_mark.column + 2))
    if start <= row_end:  # what follows on its line, such as a comment, stays on the line of the key
        after = _row_end(text, end)
        return text[:colon] + text[end:after] + _newline(text) + lines + text[after:]
    between = text[row_end:start].rstrip()
    return text[:row_end] + between + _newline(text) + lines + text[end:]


def _inserted(text: str, place: tuple[Node, Node | None, bool], name: str, value: Any) -> str:
    """The text with one more key in a table."""
    node, _, flow = place
    if not isinstance(node, MappingNode) or not node.value:
        return _replaced(text, place, {name: value})
    if node.flow_style:
        start, end = node.start_mark.index, node.end_mark.index
        new = f"{scalar(name)}: {inline(value)}"
        if "\n" in text[start:end]:
            return f"{text[: start + 1]}{new}, {text[start + 1 :]}"
        return f"{text[: end - 1].rstrip()}, {new}{text[end - 1 :]}"
    after = _behind(text, node)
    lines = [f"{scalar(name)}: {inline(value)}"] if flow else block({name: value}, node.start_mark.column)
    return text[:after] + _newline(text) + _joined(text, lines) + text[after:]


def _added(text: str, path: Path, item: Any) -> str:
    node = composed(text)
    for step in path:
        node, _ = _child(node, step)
    if not isinstance(node, SequenceNode):
        return text
    if node.flow_style:
        end = node.end_mark.index - 1
        return f"{text[:end].rstrip()}, {inline(item)}{text[end:]}"
    after = _row_end(text, _end(text, node))
    return text[:after] + _newline(text) + _joined(text, block([item], node.start_mark.column)) + text[after:]


def _dropped(text: str, path: Path) -> str:
    *way, last = path
    node, key, flow = composed(text), None, False
    for step in way:
        flow = flow or bool(getattr(node, "flow_style", False))
        node, key = _child(node, step)
    if not isinstance(node, (MappingNode, SequenceNode)):
        return text
    parts: list[tuple[Node, Node]] = (
        list(node.value) if isinstance(node, MappingNode) else [(each, each) for each in node.value]
    )
    at = int(last) if isinstance(last, int) else [str(each.value) for each, _ in parts].index(last)
    if len(parts) == 1:
        return _replaced(text, (node, key, flow), {} if isinstance(node, MappingNode) else [])
    first, value = parts[at]
    if node.flow_style:
        if at + 1 < len(parts):
            return text[: first.start_mark.index] + text[parts[at + 1][0].start_mark.index :]
        return text[: _end(text, parts[at - 1][1])] + text[_end(text, value) :]
    begin = first.start_mark.index - len(_line_head(text, first))
    after = _row_end(text, _end(text, value))
    return text[:begin] + text[after:].removeprefix("\r").removeprefix("\n")


def _end(text: str, node: Node) -> int:
    """Where a value ends, without the space and the comments that follow a block."""
    if isinstance(node, (MappingNode, SequenceNode)) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    start: int = node.start_mark.index
    return start + len(text[start:end].rstrip())


def _behind(text: str, node: Node) -> int:
    """The end of the last line of a block, with the comments below it that are indented deeper than it is."""
    found = at = _row_end(text, _end(text, node))
    while at < len(text):
        start = at + (2 if text.startswith("\r\n", at) else 1)
        at = _row_end(text, start)
        row = text[start:at]
        if row.strip() and not (row.lstrip().startswith("#") and _indent(row) > node.start_mark.column):
            break
        found = at if row.strip() else found
    return found


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip())


def _line_head(text: str, node: Node) -> str:
    start: int = node.start_mark.index
    return text[text.rfind("\n", 0, start) + 1 : start]


def _row_end(text: str, start: int) -> int:
    """Where the line ends, before its line break."""
    found = text.find("\n", start)
    end = len(text) if found < 0 else found
    return end - 1 if text[start:end].endswith("\r") else end


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _joined(text: str, lines: list[str]) -> str:
    return _newline(text).join(lines)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + _newline(text)
