"""Activity patterns of rules and triggers: one activity, several, all of some, or some in order; by lead or account."""

from typing import Protocol

from integration.core.rules.patterns import Part, Pattern
from integration.playbook.language.grammar import PatternText
from integration.playbook.language.names import Names
from mappings.values.instant import Span
from mappings.yaml_files.located_yaml import Path


class Looking(Protocol):
    """The keys that rules and triggers share."""

    @property
    def when(self) -> list[PatternText] | None:
        """Any of these."""

    @property
    def all(self) -> list[PatternText] | None:
        """All of these."""

    @property
    def in_order(self) -> list[PatternText] | None:
        """These, one after the other."""

    @property
    def at_least(self) -> int:
        """How often."""

    @property
    def distinct(self) -> str | None:
        """On so many different values of it."""

    @property
    def within(self) -> Span:
        """In which span."""


def sighting(name: str, looking: Looking, path: Path, names: Names) -> Pattern | None:
    """The pattern, None if nothing or too much is looked for (a problem says so)."""
    ways = [key for key in ("when", "all", "in_order") if getattr(looking, key) is not None]
    if len(ways) > 1:
        names.report.problem((*path, ways[1]), f"'{ways[1]}' does not go with '{ways[0]}' in '{name}'", key=True)
        return None
    if not ways:
        return None
    if looking.when is None:
        return _several(looking, ways[0], path, names)
    signal = names.signal(looking.when, (*path, "when"))
    if looking.at_least > 1 and not looking.within:
        names.report.problem((*path, "at_least"), "say 'within' which span these are counted", key=True)
    if looking.distinct:
        distinct_of(looking.distinct, Pattern(parts=(Part(signal=signal),)), (*path, "distinct"), names)
    part = Part(signal=signal, at_least=looking.at_least, distinct=looking.distinct or "")
    return Pattern(parts=(part,), within=looking.within)


def _several(looking: Looking, way: str, path: Path, names: Names) -> Pattern:
    """All of some patterns, or some in order."""
    for key, given in (("at_least", looking.at_least > 1), ("distinct", looking.distinct)):
        if given:
            names.report.problem(
                (*path, key), f"'{key}' counts what 'when' finds; it does not go with '{way}'", key=True
            )
    texts = (looking.all if way == "all" else looking.in_order) or []
    if len(texts) < 2:  # noqa: PLR2004 - a pair is the least
        names.report.problem((*path, way), f"'{way}' wants two or more activities")
    parts = tuple(Part(signal=names.signal([text], (*path, way, index))) for index, text in enumerate(texts))
    if way == "all" and not looking.within:
        names.report.problem((*path, way), "say 'within' which span all of these occur", key=True)
    return Pattern(parts=parts, within=looking.within, ordered=way == "in_order")


def distinct_of(distinct: str, seen: Pattern, path: Path, names: Names, *, extra: tuple[str, ...] = ()) -> None:
    """Say so if `distinct` is neither a day, an asset nor a property of what is seen."""
    types = [each for part in seen.parts for match in part.signal for each in match.types]
    known = {"day", "asset", *extra} | {each for kind in types for each in names.vocabulary.activities.get(kind, {})}
    if distinct not in known:
        names.report.unknown(path, "property", distinct, known)
