"""Mistakes in settings: what is wrong with which variable, and what sets it right; never a value, it may be secret."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from mappings.declared.installed import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing to set right in the environment. Holds no value, since a value may be a secret."""

    variable: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.variable}: {self.problem}. {self.remedy}"


def unusable(failure: Failure) -> Mistake:
    """What is wrong where an installed package cannot be used."""
    what = f"the installed package's declaration cannot be used: {failure.reason}"
    remedy = "Correct the package, or uninstall it (docs/howto/)."
    return Mistake(variable=f"{failure.group} {failure.name}", problem=what, remedy=remedy)


def refused(error: ValidationError) -> Iterator[tuple[str, str]]:
    """(variable, problem), each once."""
    told = set()
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        variable = str(fault["loc"][0])
        problem = "is not set" if fault["type"] == "missing" else fault["msg"].removeprefix("Value error, ")
        if (variable, problem) not in told:
            told.add((variable, problem))
            yield variable, problem
