"""Titles as people write them, and the rank each one names."""

import pytest

from mappings.model.canonical import SENIORITIES
from mappings.values.seniority import seniority

TITLES = {
    "c_level": [
        "CEO", "C.E.O.", "Chief Revenue Officer", "CTO & Co-Founder", "Founder", "President", "Owner", "CISO",
        "Managing Director", "Geschäftsführer", "CIO / VP IT", "President & COO", "CHRO", "cmo",
    ],
    "vp": [
        "VP Sales", "V.P. of Operations", "SVP, Marketing", "EVP", "Senior Vice President", "Vice-President Finance",
        "AVP", "Director to VP Product",
    ],
    "director": [
        "Director of Engineering", "Sr. Director", "Head of IT", "Global Head of Data", "Associate Director",
        "Leiter Einkauf", "Chief of Staff", "Director, Sales Management",
    ],
    "manager": ["Marketing Manager", "IT Manager", "Team Lead", "Lead Developer", "Supervisor", "Sr. Mgr., Ops"],
    "ic": [
        "Engineer", "Account Executive", "Executive Assistant to the CEO", "Assistant to the VP Sales", "Product Owner",
        "Lead Generation Specialist", "Student", "Head Nurse", "Analyst", "Coordinator", "Co-op intern",
        "Leadership coach",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("rank", "title"), [(rank, title) for rank, titles in TITLES.items() for title in titles])
def test_the_highest_rank_a_title_names_wins(rank: str, title: str) -> None:
    assert seniority(title) == rank
    assert seniority(title.upper()) == rank
    assert seniority(f"  {title}  ") == rank


@pytest.mark.parametrize("title", ["", "   ", "---", "."])
def test_a_blank_title_says_nothing(title: str) -> None:
    assert seniority(title) == ""


def test_every_rank_is_one_of_the_canonical_ones() -> None:
    assert set(TITLES) == set(SENIORITIES)
