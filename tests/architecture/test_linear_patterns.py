"""Nothing that reads a text takes a time that grows with the square of its length."""
# ruff: noqa: SLF001 - the patterns and what makes them are the modules' own

import re
from collections.abc import Callable, Iterator

import pytest
from pattern_places import Place, example, places
from pattern_speed import SIZE, best, slowest

from integration.store.audit import mentions
from integration.wiring import logs
from mappings.model.compiled_mapping import Source
from mappings.reading import transforms
from mappings.values import person_names, seniority
from mappings.yaml_files import located_yaml
from sandbox.hubspot.endpoints import object_search
from sandbox.salesforce.soql import soql_comparison

_BUILT = {
    "integration.wiring.logs:_pattern": example(
        "integration.wiring.logs:_pattern", lambda: logs._pattern(["a-secret-of-ours", "another"]), methods="sub"
    ),
    "integration.store.audit.mentions:spelled": example(
        "integration.store.audit.mentions:spelled",
        lambda: mentions.spelled(["ana@müller.example"]),
        methods="search sub",
    ),
    "mappings.yaml_files.located_yaml:_implicit": example(
        "mappings.yaml_files.located_yaml:_implicit",
        *{found.pattern for held in located_yaml._Bounded.yaml_implicit_resolvers.values() for _, found in held},
        methods="match",
    ),
    "mappings.values.seniority:_RANKS": example(
        "mappings.values.seniority:_RANKS", *(found for _, found in seniority._RANKS), methods="search"
    ),
    "sandbox.hubspot.endpoints.object_search:_test": example(
        "sandbox.hubspot.endpoints.object_search:_test",
        *map(object_search._token, ("acme", "a*b", "*a*b*c")),
        methods="search",
    ),
    "sandbox.salesforce.soql.soql_comparison:_like": example(
        "sandbox.salesforce.soql.soql_comparison:_like",
        *map(soql_comparison._written, ("a%b", "%a_%b%c", "_%")),
        methods="fullmatch",
    ),
    "sandbox.shared.validation_rules:Rule": example(
        "sandbox.shared.validation_rules:Rule", methods=""
    ),  # whoever tests gives it
}
"""Patterns that are made as the product runs, as it makes them."""
_PASSED_ON = {"integration.wiring.logs:_WHOLE": {"match"}}
"""How patterns are used that do not stand under a name of their own."""
_HALF_A_SECOND = 0.5


@pytest.fixture(scope="module")
def found() -> list[Place]:
    return list(places(_BUILT, _PASSED_ON))


def test_every_regular_expression_reads_64_kb_of_its_worst_in_50_ms(found: list[Place]) -> None:
    assert len(found) > 60
    slow = {f"{place.where} {place.pattern.pattern!r}": slowest(place.pattern, place.methods) for place in found}
    assert {where: str(text) for where, text in slow.items() if text is not None} == {}


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"<[^>]+>", r"[.!*]+$"],
)
def test_a_pattern_that_takes_longer_is_found(pattern: str) -> None:
    assert slowest(re.compile(pattern), ["search"]) is not None


def _texts() -> Iterator[str]:
    parts = (
        "a",
        "a@",
        "@",
        "%40",
        "a%40",
        "1-",
        "-1",
        "1-1-1-a@b.c-1-1 ",
        "'",
        "\\'",
        "(",
        "(=",
        "!",
        "a.",
        "1,",
        "1 ",
    )
    for part in parts:
        for before, after in (("", ""), ("row contains (a@", "@a.bc")):
            yield before + part * (SIZE // len(part)) + after


@pytest.mark.parametrize(
    "read",
    [
        logs.Redaction(()).text,
        logs._without_values,
        person_names.emails_in,
        lambda text: person_names.blacked(text, lambda _name: False),
        *(
            lambda text, name=name: transforms.apply(Source(field="x", transform=name, values={}), text)
            for name in transforms._TRANSFORMS
        ),
    ],
)
def test_what_reads_foreign_texts_reads_64_kb_in_half_a_second(read: Callable[[str], object]) -> None:
    taken = {text: best(lambda text=text: read(text), _HALF_A_SECOND) for text in _texts()}
    assert {text[:40]: seconds for text, seconds in taken.items() if seconds > _HALF_A_SECOND} == {}
