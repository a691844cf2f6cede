"""What a playbook says that was hardly meant is named with what was: countries by name, empty bands, missing quotes."""

import pytest

from integration.playbook.compiling.compiler import compile_text
from integration.playbook.reading import library

STANDARD = library.text("standard")
SIZE = "      employees 50-300: 15"
SAY = 'say: "{name} of {company} has waited two working hours for a first response"'
HOT, WARM = "  hot: total >= 80 and fit >= 20", "  warm: total >= 40"


def found(replace: str, by: str) -> list[str]:
    assert replace in STANDARD
    _, problems = compile_text(STANDARD.replace(replace, by, 1), "ours.yaml")
    return [each.text for each in problems]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("country = Germany", "for 'Germany' write DE"),
        ("country = US|germany", "for 'germany' write DE"),
        ("country = UK", "for 'UK' write GB"),
        ("country = DEU", "for 'DEU' write DE"),
        ("account.country = Deutschland", "for 'Deutschland' write DE"),
        ("country != China", "for 'China' write CN"),
        ("country ~ Germany", "for 'Germany' write DE"),
        ("country = Atlantis", "no country has 'Atlantis'"),
        ("country = XX", "no country has 'XX'"),
    ],
)
def test_a_country_by_its_name_is_told_with_its_code(condition: str, told: str) -> None:
    (text,) = found(SIZE, f"      {condition}: 15")
    assert text.startswith("countries are two-letter codes")
    assert text.endswith(told)


def test_a_country_by_its_name_in_a_list_is_told_at_its_place() -> None:
    text = STANDARD.replace("signals:\n", "lists:\n  ours: [US, Germany]\nsignals:\n", 1)
    _, (problem,) = compile_text(text.replace(SIZE, "      country in ours: 15", 1), "ours.yaml")
    assert (problem.line, problem.column, problem.severity) == (15, 14, "warning")


@pytest.mark.parametrize("condition", ["country = DE|us|GB", "country = XK", "country known", "account.country = fr"])
def test_codes_are_right(condition: str) -> None:
    assert found(SIZE, f"      {condition}: 15") == []


@pytest.mark.parametrize(
    ("replace", "by", "told"),
    [
        (HOT, "  hot: total >= 80 and engagement <= 10", "nobody can be hot: fit comes to 40"),
        (HOT, "  hot: total >= 101", "never reached: total comes to 100 at most"),
        (HOT, "  hot: fit > 40", "never reached: fit comes to 40 at most"),
        (WARM, "  warm: total >= 80", "nobody can be warm: fit comes to 40 and engagement to 60 at most, and whoever"),
        (WARM, "  warm: total >= 90", "nobody can be warm"),
        (WARM, "  warm: total >= 80 and fit >= 20", "nobody can be warm: whoever is warm is hot already"),
        (WARM, "  warm: total >= 0", "nobody can be cold"),
    ],
)
def test_a_band_in_which_nobody_can_be_is_told_once(replace: str, by: str, told: str) -> None:
    (text,) = found(replace, by)
    assert text.startswith(told)


@pytest.mark.parametrize(
    "by", ["  warm: total >= 79", "  warm: total >= 40 or seniority = vp", "  warm: [total >= 90, title ~ chief]"]
)
def test_a_band_in_which_somebody_can_be_or_that_asks_for_more_than_scores_is_no_matter(by: str) -> None:
    assert not [text for text in found(WARM, by) if text.startswith("nobody")]


@pytest.mark.parametrize(
    ("replace", "by", "told"),
    [
        (SAY, "say: Overdue: {name}", 'a colon within a text: put the text in quotes, say: "Overdue: {name}"'),
        (
            SAY,
            "say: {name} of {company}",
            'a text that begins with {: put the text in quotes, say: "{name} of {company}"',
        ),
        (SAY, 'say: "{name}" of {company}', "a text that begins with \": put the text in quotes, say: '"),
        (SAY, "say: @{name} waits", 'a text that begins with @: put the text in quotes, say: "@{name} waits"'),
        ("title: Standard", "title: Standard: ours # x", 'title: "Standard: ours"'),
        ("title: Standard", "title: Standard\n  ours: x", "a key where the line before it goes on"),
    ],
)
def test_a_text_that_lacks_quotes_is_told_as_it_should_be(replace: str, by: str, told: str) -> None:
    (text,) = found(replace, by)
    assert told in text
