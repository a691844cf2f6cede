"""Comparing what would be written with what a CRM has."""

from typing import Any

import pytest

from integration.flows.looking.compare_with_crm import alike


@pytest.mark.parametrize(
    ("held", "wanted", "same"),
    [
        ("", None, True),
        ("40.0", 40, True),
        ("2026-11-30T09:00:00Z", "2026-11-30T09:00:00.000Z", True),  # HubSpot leaves out what is nought
        ("2026-11-30T09:00:00.000+0000", "2026-11-30T10:00:00.000+01:00", True),
        ("2026-11-30T09:00:00Z", "2026-11-30T09:00:00.001Z", False),
        ("2026-11-30T09:00:00Z", "", False),
        ("A", "B", False),
        ("A", None, False),
    ],
)
def test_values_are_one_however_a_crm_prints_them(held: Any, wanted: Any, *, same: bool) -> None:
    assert alike(held, wanted) is same
