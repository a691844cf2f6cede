"""The library: the shipped playbooks, and finding a playbook by name or path."""

from importlib import resources
from pathlib import Path

from mappings.yaml_files.problems import Problem, nearest

DEFAULT = "standard"


def names() -> tuple[str, ...]:
    """The names of the shipped playbooks."""
    found = (each.name for each in resources.files("playbooks").iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml")))


def text(name: str) -> str:
    """The YAML of a shipped playbook; KeyError if there is none of that name."""
    if name not in names():
        raise KeyError(name)
    return (resources.files("playbooks") / f"{name}.yaml").read_text(encoding="utf-8")


def find(name_or_path: str) -> tuple[str | None, str, tuple[Problem, ...]]:
    """The YAML, the file name that problems show, and why there is none."""
    if name_or_path in names():
        return text(name_or_path), f"playbooks/{name_or_path}.yaml", ()
    path = Path(name_or_path)
    try:
        return path.read_text(encoding="utf-8"), name_or_path, ()
    except FileNotFoundError:
        why = f"there is no such playbook or file{nearest(name_or_path, names())}; playbooks: {', '.join(names())}"
    except (OSError, UnicodeDecodeError) as error:
        why = f"cannot be read: {error}"
    return None, name_or_path, (Problem(name_or_path, 1, 1, why),)
