"""Mapping files: the one of a system that comes with Coldframe, or an administrator's own."""

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from mappings.language.mapping_compiler import compile_mapping
from mappings.model import catalogue
from mappings.model.compiled_mapping import CrmMapping
from mappings.values.identifiers import System
from mappings.vocabulary.files import load_vocabulary as words
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.located_yaml import Located, load
from mappings.yaml_files.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingFile:
    """A file as far as it could be read; `mapping` is None where a problem is an error."""

    name: str
    text: str = ""
    located: Located | None = None
    mapping: CrmMapping | None = None
    problems: tuple[Problem, ...] = ()


def shipped(system: System, vocabulary: Vocabulary | None = None) -> MappingFile:
    """The mapping that comes with a CRM. UndeclaredError for an unknown system."""
    package, file = catalogue.rules(system).mapping
    text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
    return parsed(text, f"{package}/{file}", system, vocabulary)


def opened(path: str, system: System | None = None, vocabulary: Vocabulary | None = None) -> MappingFile:
    """A file of an administrator's; of any system where none is expected."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        return MappingFile(name=path, problems=(Problem(path, 1, 1, f"cannot be read: {reason}"),))
    return parsed(text, path, system, vocabulary)


def parsed(text: str, name: str, system: System | None = None, vocabulary: Vocabulary | None = None) -> MappingFile:
    """A mapping's text, compiled in the words of a vocabulary (those that come with Coldframe, where none is given)."""
    return _parsed(text, name, system, vocabulary or words.shipped())


@lru_cache(maxsize=16)
def _parsed(text: str, name: str, system: System | None, vocabulary: Vocabulary) -> MappingFile:
    """As `parsed`; the same text in the same words is compiled once: nothing of what comes out is ever changed."""
    located, problems = load(text, name)
    if located is None:
        return MappingFile(name=name, text=text, problems=problems)
    mapping, found = compile_mapping(located, vocabulary)
    if mapping is not None and system and mapping.system != system:
        found = (located.problem(("system",), f"maps {mapping.system}, expected {system}"),)
        mapping = None
    return MappingFile(name=name, text=text, located=located, mapping=mapping, problems=problems + found)


def in_use(system: System, path: str | None, vocabulary: Vocabulary | None = None) -> MappingFile:
    """The file that a setting names, else the one that is shipped. UndeclaredError for an unknown system."""
    catalogue.rules(system)
    return opened(path, system, vocabulary) if path else shipped(system, vocabulary)
