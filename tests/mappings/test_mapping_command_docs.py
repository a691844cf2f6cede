"""docs/mapping.md: its example is a mapping that compiles, and it names every transform and what is written."""

import re
from typing import get_args

from places import ROOT

from mappings.language.mapping_files import parsed, shipped
from mappings.model.canonical import STANDING_FIELDS
from mappings.model.compiled_mapping import Transform
from mappings.translate.field_help import HELP
from mappings.translate.translation import inward, outward

PAGE = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")


EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
LEAD = "    lead: {email: email}\n"
PERSON = """objects:
  {name}:
    is: person
    lead: {{email: {email}}}
"""


def test_every_other_example_is_a_part_of_a_mapping_that_compiles() -> None:
    """`creates` stands at the top, `write` under a person, an object under `objects`."""
    hubspot = "system: hubspot\n" + PERSON.format(name="contact", email="email")
    salesforce = "system: salesforce\n" + PERSON.format(name="Lead", email="Email")
    parts = EXAMPLES[1:]
    assert len(parts) == 9
    for part in parts:
        of_salesforce = part.startswith(("creates:", "  CampaignMember:"))
        before = (salesforce if of_salesforce else hubspot).replace(LEAD if part.startswith("    lead:") else "\0", "")
        file = parsed(before + part, "docs/mapping.md")
        assert file.problems == (), part


def test_the_example_does_what_the_page_says() -> None:
    example, *_ = EXAMPLES
    file = parsed(example, "docs/mapping.md")
    assert file.problems == ()
    assert file.mapping is not None
    raw = {"lead_source": "messe hannover", "mobilephone": "+49", "sales_notes": "", "jobtitle": "Head of IT"}
    assert inward(file.mapping, "contact", raw).lead == {
        "phone": "+49",
        "title": "Head of IT",
        "seniority": "director",
        "country": "DE",
        "problem": None,
        "source": "trade_show",
    }
    written = outward(file.mapping, "contact", {"band": "hot", "reasons": "x" * 600})
    assert written["acme_temperature"] == "Heiß"
    assert len(written["acme_why"]) == 500


def test_every_transform_is_told_of() -> None:
    assert [name for name in get_args(Transform) if f"| `{name}` |" not in PAGE] == []


def test_the_number_of_written_fields_is_right() -> None:
    mapping = shipped("hubspot").mapping
    assert mapping is not None
    words = {12: "twelve", 20: "twenty", 21: "twenty-one", 22: "twenty-two", 24: "twenty-four"}
    own = [target for target in mapping.objects["contact"].write if not target.native]
    assert f"the {words[len(own)]} `coldframe_…` properties" in PAGE


def test_every_part_of_a_standing_has_a_help_text_short_enough_for_salesforce() -> None:
    assert set(STANDING_FIELDS) <= set(HELP)
    assert all(len(text) <= 510 for text in HELP.values())
