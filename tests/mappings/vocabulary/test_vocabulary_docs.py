"""docs/vocabulary.md: its example is a vocabulary that can be used, and it names every section, kind and choice."""

import re

from places import ROOT

from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import CHOICES, KINDS, parse
from mappings.vocabulary.recognition import SUBJECTS

PAGE = (ROOT / "docs" / "vocabulary.md").read_text(encoding="utf-8")


def test_the_example_is_a_vocabulary_without_a_mistake() -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    found, problems = parse(example, "docs/vocabulary.md", shipped())
    assert problems == ()
    assert found is not None
    assert found.recognised("form_submit", {"form": "Contact sales (EMEA)"})[0] == "demo_request"


def test_every_section_kind_choice_and_subject_is_told_of() -> None:
    sections = ("lead", "account", "choices", "activities", "recognise", "machine", "shipped")
    for word in (*sections, *KINDS, *CHOICES, *SUBJECTS):
        assert re.search(rf"`{word}\b", PAGE), word
