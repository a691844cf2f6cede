"""Reads a playbook file: bytes become a playbook of the right shape, or a list of every mistake of shape."""

from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from integration.core.handoff.wording import wording_fields
from integration.playbook.language.report import Report
from integration.playbook.language.schema import PlaybookFile
from integration.playbook.language.sections import Section
from integration.playbook.language.texts import FIELDS, PROBLEM
from integration.playbook.reading.salvage import salvage
from mappings.vocabulary.value import CANONICAL, Vocabulary
from mappings.yaml_files import located_yaml
from mappings.yaml_files.located_yaml import Path
from mappings.yaml_files.problems import Problem, TooManyProblemsError, nearest

_KEY = "[key]"
_WANTED = {
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "a text",
    "list_type": "a list",
}


def read(
    source: str, file: str, vocabulary: Vocabulary = CANONICAL
) -> tuple[PlaybookFile | None, Report | None, tuple[Problem, ...]]:
    """The playbook's shape and the report that holds what is wrong with it; no shape where nothing can be read.

    After mistakes of shape the other parts are read, so that the compiler can report all
    mistakes at once; such a shape is never used for more (the report has failed).
    """
    found, problems = located_yaml.load(source, file)
    if found is None:
        return None, None, problems
    report, context = Report(found, source), {FIELDS: wording_fields(vocabulary)}
    if not isinstance(found.value, dict):
        report.problem((), "a playbook is a mapping that begins with 'language: 1'")
        return None, report, report.problems()
    try:
        return PlaybookFile.model_validate(found.value, context=context), report, ()
    except ValidationError as error:
        try:
            for each in error.errors(include_url=False):
                _tell(report, each)
        except TooManyProblemsError:
            return None, report, report.problems()
    shape, report.dropped = salvage(found, context)
    return shape, report, report.problems()


def _tell(report: Report, error: ErrorDetails) -> None:
    path: Path = error["loc"]
    key, at = bool(path) and path[-1] == _KEY, 0
    if key:
        path = path[:-1]
    kind = error["type"]
    if kind == PROBLEM:
        text, at = error["ctx"]["text"], error["ctx"]["at"]
    elif kind == "extra_forbidden":
        name = str(path[-1])
        text, key = f"unknown key '{name}'{nearest(name, keys_at(path[:-1]))}", True
    elif kind == "missing":
        text = f"'{path[-1]}' is missing here"
    elif kind == "literal_error":
        text = _one_of(error)
    elif kind == "too_short":
        text = "at least one thing is wanted here"
    elif kind in _WANTED:
        text = f"{_WANTED[kind]} is wanted here, not {_shown(error['input'])}"
    else:
        text = f"{error['msg'][:1].lower()}{error['msg'][1:]}"
    report.problem(path, text, at=at, key=key)


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "nothing" if value is None else f"'{value}'"


def _one_of(error: ErrorDetails) -> str:
    allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
    if len(allowed) == 1:
        return f"{_shown(error['input'])} is not known here; it is {allowed[0]}"
    return f"{_shown(error['input'])} is none of {', '.join(allowed)}{nearest(str(error['input']), allowed)}"


def keys_at(path: Path) -> tuple[str, ...]:
    """The keys that may stand in the mapping at `path`."""
    section = _section(PlaybookFile, path)
    return tuple(_key(name, field) for name, field in section.model_fields.items()) if section else ()


def _key(name: str, field: FieldInfo) -> str:
    return field.alias or name


def _section(kind: Any, path: Path) -> type[Section] | None:
    """The section that a value at `path` below `kind` has to be."""
    if isinstance(kind, type) and issubclass(kind, Section):
        if not path:
            return kind
        for name, field in kind.model_fields.items():
            if _key(name, field) == path[0]:
                return _section(field.annotation, path[1:])
        return None
    args = [each for each in get_args(kind) if each is not type(None)]
    if get_origin(kind) is dict:
        return _section(args[1], path[1:])
    if get_origin(kind) is list:
        return _section(args[0], path[1:] if path and isinstance(path[0], int) else path)
    return next((found for each in args[:1] if (found := _section(each, path))), None)
