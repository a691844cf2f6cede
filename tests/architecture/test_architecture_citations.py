"""Citations lead to something in this repository: a section of docs/sources.md or docs/rules.md, or one decision."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from mappings.yaml_files import located_yaml

ROOT = Path(__file__).parents[2]
FOLDERS = ("integration", "connectors", "mappings", "webhooks", "sandbox", "playbooks", "docs", "tests")
KINDS = {".py", ".yaml", ".md"}
SELF = Path(__file__).name
CITED = re.compile(r"\[([a-z](?:[a-z -]*[a-z])?: [a-zA-Z][a-zA-Z0-9 -]*)\]")
"""`[two-axis: decay]`, also where a line ends in the middle of it."""
NO_CITATION = re.compile(r"^(default): ")
"""`[default: now]` in the help of a command."""
OLD = re.compile(
    r"\b00[0-4]:\d|\b[sS]emantics \d|\b(semantics|apis)\.md|\bseed 00\d|\bplaybooks \d|[\[(](apis|faults|semantics)[ :]"
)
DECISION = re.compile(r"\[decision (\d{4})\]")


def texts() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in KINDS and file.name != SELF:
                yield str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")


TEXTS = dict(texts())


def headings(page: str) -> list[str]:
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    return [line.lstrip("#").strip() for line in lines if line.startswith(("## ", "### "))]


@cache
def citations() -> dict[str, list[str]]:
    """Each citation of the tree, and the files it stands in."""
    found: dict[str, list[str]] = {}
    for file, text in TEXTS.items():
        for each in CITED.findall(re.sub(r"\n[ #]*", " ", text)):
            if not NO_CITATION.match(each):
                found.setdefault(each, []).append(file)
    return found


def known() -> set[str]:
    return {each for each in headings("sources.md") if ": " in each} | {
        f"rules: {each[0].lower()}{each[1:]}" for each in headings("rules.md")
    }


def test_every_citation_has_its_section() -> None:
    sections = known()
    assert {name: files for name, files in citations().items() if name not in sections} == {}
    assert len(citations()) > 50


def test_no_citation_has_a_form_that_leads_out_of_the_repository() -> None:
    assert {file: found.group() for file, text in TEXTS.items() if (found := OLD.search(text))} == {}


def test_every_section_on_an_article_is_cited() -> None:
    cited = set(citations())
    articles = {
        each
        for each in headings("sources.md")
        if re.match(r"(two-axis|behavioural|operating-model|five-tracks|fit-engagement|standard): ", each)
    }
    assert articles - cited == set()


@pytest.mark.parametrize("page", ["sources.md", "rules.md"])
def test_no_two_sections_share_an_anchor(page: str) -> None:
    assert [name for name, count in Counter(headings(page)).items() if count > 1] == []


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = Counter(file.name[:4] for file in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [number for number, count in numbers.items() if count > 1] == []


def test_every_decision_is_headed_by_its_number() -> None:
    for file in (ROOT / "docs" / "decisions").glob("*.md"):
        assert file.read_text(encoding="utf-8").startswith(f"# {int(file.name[:4])}. "), file.name


def test_every_decision_that_is_cited_exists() -> None:
    numbers = {file.name[:4] for file in (ROOT / "docs" / "decisions").glob("*.md")}
    assert {
        (file, each) for file, text in TEXTS.items() for each in DECISION.findall(text) if each not in numbers
    } == set()


@pytest.mark.parametrize("file", sorted((ROOT / "playbooks").glob("*.yaml")), ids=lambda file: file.stem)
def test_no_text_that_people_read_in_their_crm_carries_a_citation(file: Path) -> None:
    read, problems = located_yaml.load(file.read_text(encoding="utf-8"), file.name)
    assert read is not None, problems
    assert CITED.findall(str(read.value)) == []
