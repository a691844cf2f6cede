"""Finds the playbooks and vocabularies that are named on the command line."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

import click

from integration.core.rules.playbook_rules import Playbook
from integration.playbook.compiling.compiler import load
from mappings.vocabulary.files.load_vocabulary import in_use
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.problems import Problem

VARIABLE = "COLDFRAME_VOCABULARY"
HELP = f"Your own words and addresses.  [default: {VARIABLE}, else what comes with Coldframe]"


def vocabulary_of(path: str | None) -> Vocabulary:
    """The vocabulary of a file, or the one that comes with Coldframe; exit status 2 with every mistake in it."""
    found, problems = in_use(path)
    _tell(problems)
    if found is None:
        raise SystemExit(2)
    return found


def compiled_in(vocabulary: str | None, playbook: str) -> Playbook:
    """A playbook in the words of a vocabulary's file; exit status 2 with every mistake in either."""
    found, problems = load(playbook, vocabulary_of(vocabulary))
    _tell(problems)
    if found is None:
        raise SystemExit(2)
    return found


def print_problems(found: Sequence[Problem], *, as_json: bool) -> None:
    """Mistakes and warnings on standard output, for people or as JSON for scripts."""
    if as_json:
        click.echo(json.dumps([asdict(problem) for problem in found], indent=2))
        return
    for problem in found:
        warning = " warning:" if problem.severity == "warning" else ""
        click.echo(f"{problem.file}:{problem.line}:{problem.column}:{warning} {problem.text}")


def _tell(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(str(problem) if problem.severity == "error" else f"{problem} (warning)", err=True)
