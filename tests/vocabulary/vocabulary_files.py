"""Builds vocabularies from text, for tests."""

from mappings.vocabulary.load import shipped
from mappings.vocabulary.parse import parse
from mappings.vocabulary.value import CANONICAL, Vocabulary


def made(text: str, base: Vocabulary = CANONICAL) -> Vocabulary:
    """The vocabulary of a text without a mistake or a warning."""
    found, problems = parse(text, "v.yaml", base)
    assert problems == ()
    assert found is not None
    return found


def on_shipped(text: str) -> Vocabulary:
    """The same, on top of what is shipped."""
    return made(text, shipped())
