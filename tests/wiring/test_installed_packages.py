"""An installed package adds a CRM or a source, with no file of the product touched; a broken one is told of."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

from connectors import vendors
from integration.settings.environment import SettingsError, load
from webhooks import registry

TOYS = ROOT / "tests" / "toys"
BROKEN = """[coldframe.crm]
absent = nothing.there:CRM
taken = connectors.hubspot.vendor:HUBSPOT

[coldframe.source]
other = json:loads
"""


def test_one_lead_goes_through_a_crm_and_a_source_that_a_package_brings() -> None:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("COLDFRAME_", "PYTEST_XDIST"))}  # noqa: TID251 - handed on
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", str(TOYS / "journey.py")]
    ran = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=given | {"PYTHONPATH": str(TOYS)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6_000:]
    assert " passed" in ran.stdout
    assert "skipped" not in ran.stdout


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[None]:
    """A package whose declarations cannot be used."""
    folder = tmp_path / "mine-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(BROKEN)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        vendors.declare()
        registry.declare()
        yield
    vendors.declare()
    registry.declare()


@pytest.mark.usefixtures("broken")
def test_a_declaration_that_cannot_be_used_stops_the_start_with_its_name() -> None:
    with pytest.raises(SettingsError) as caught:
        load({"COLDFRAME_SECRET_KEY": "k" * 32})
    told = {each.variable: each.problem for each in caught.value.mistakes}
    assert told.keys() == {"coldframe.crm absent", "coldframe.crm taken", "coldframe.source other"}
    assert "No module named 'nothing'" in told["coldframe.crm absent"]
    assert "there is another Vendor of the name 'hubspot'" in told["coldframe.crm taken"]
    assert "json:loads is no Source" in told["coldframe.source other"]


@pytest.mark.usefixtures("broken")
def test_a_declaration_that_cannot_be_used_stops_no_other() -> None:
    assert vendors.systems() == ("salesforce", "hubspot")
    assert sorted(registry.by_name()) == ["activities", "hubspot", "salesforce_outbound", "website"]
