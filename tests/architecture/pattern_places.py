"""Every regular expression of the product, with the methods by which it is used; found in the code, not listed."""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import Any

from places import ROOT

PACKAGES = ("integration", "connectors", "mappings", "webhooks", "sandbox")
METHODS = ("match", "fullmatch", "search", "findall", "finditer", "sub", "subn", "split")
"""The ways of using a pattern. `match` and `fullmatch` begin at the text's beginning, the others everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A pattern and where it is made: `module:name` or `module:function`; the methods it is used by."""

    where: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


def _modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module that may make or use a pattern; most do not name `re` at all."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text("utf-8")
            if "import re\n" in text:
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
                yield name, ast.parse(text)


def places(built: Mapping[str, Any], passed_on: Mapping[str, AbstractSet[str]]) -> Iterator[Place]:
    """Every pattern; those that are made as the product runs come from `built` (`module:function` → examples).

    `passed_on`: the methods of those that leave their module, which are held to every method otherwise.

    LookupError where one is made that `built` does not know, or `built` knows one that is made no longer.
    """
    unused = set(built)
    for module, tree in _modules():
        for where, call in _calls(module, tree):
            found = _evaluated(module, call)
            if found is None:
                if where not in built:
                    msg = f"{where}, line {call.lineno}: a pattern made as the product runs; give examples of it"
                    raise LookupError(msg)
                unused.discard(where)
                yield from built[where]()
                continue
            method = _method(call)
            methods = {method} if method else passed_on.get(where) or _uses(tree, call)
            yield Place(where=where, pattern=found, methods=frozenset(methods))
    if unused:
        msg = f"no longer made: {sorted(unused)}"
        raise LookupError(msg)


def example(where: str, *patterns: Any, methods: str) -> Any:
    return partial(_example, where, patterns, frozenset(methods.split()))


def _example(where: str, patterns: Any, methods: frozenset[str]) -> Iterator[Place]:
    for each in patterns:
        made = each() if callable(each) else each
        yield Place(where=where, pattern=re.compile(made), methods=methods)


def _calls(module: str, tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for top in tree.body:
        for node in ast.walk(top):
            if _is_re(node):
                yield f"{module}:{_named(top)}", node  # type: ignore[misc]


def _is_re(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr in {"compile", *METHODS}
    )


def _named(top: ast.stmt) -> str:
    if isinstance(top, ast.Assign):
        return ast.unparse(top.targets[0])
    if isinstance(top, ast.AnnAssign):
        return ast.unparse(top.target)
    return getattr(top, "name", ast.unparse(top).partition("\n")[0])


def _evaluated(module: str, call: ast.Call) -> re.Pattern[Any] | None:
    flags = [*call.args[1:], *(each.value for each in call.keywords if each.arg == "flags")]
    arguments = [call.args[0], *(flags[-1:] if _method(call) is None else [])]
    try:
        held = [_value(module, each) for each in arguments]
    except NameError:
        return None
    return re.compile(*held)


def _value(module: str, written: ast.expr) -> Any:
    known = vars(importlib.import_module(module))
    return eval(compile(ast.Expression(written), module, "eval"), known)  # noqa: S307 - our own code


def _method(call: ast.Call) -> str | None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else "compile"
    return None if name == "compile" else name


def _uses(tree: ast.Module, call: ast.Call) -> set[str]:
    """The methods by which a compiled pattern is used in its module; all of them where it leaves the module."""
    names = {
        ast.unparse(node.targets[0]) for node in ast.walk(tree) if isinstance(node, ast.Assign) and node.value is call
    }
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    used: set[str] = set()
    known = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is(node.value, call, names):
            used.add(node.attr)
            known += 1
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
            for place, given in enumerate(node.args):
                if _is(given, call, names):
                    used |= _uses_of_parameter(functions[node.func.id], place)
                    known += 1
    loads = sum(_is(node, call, names) for node in ast.walk(tree)) - bool(names)
    found = used.intersection(METHODS)
    return found if found and known == loads else set(METHODS)


def _is(node: ast.AST, call: ast.Call, names: set[str]) -> bool:
    return node is call or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names)


def _uses_of_parameter(function: ast.FunctionDef, place: int) -> set[str]:
    name = function.args.args[place].arg
    return {
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    } or set(METHODS)
