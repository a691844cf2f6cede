"""`coldframe views`: files for Salesforce, lists in HubSpot, and clear words where neither can be."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from integration.cli import main
from mappings.language.mapping_files import shipped
from sandbox.server import Sandbox

Run = Callable[..., Result]


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def invoked(*words: str, **more: str) -> Result:
        env: Mapping[str, str] = {
            "COLDFRAME_SECRET_KEY": "0123456789abcdef",
            "COLDFRAME_DATA_DIR": str(tmp_path / "data"),
            **more,
        }
        return CliRunner().invoke(main, ["views", *words], env=env, catch_exceptions=False)

    return invoked


def written(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_salesforces_views_are_files_and_the_steps_that_deploy_them(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "views"
    done = run("salesforce", "--into", str(folder))
    assert done.exit_code == 0, done.output
    assert len(written(folder)) == 18
    assert "sf project deploy start --dry-run" in done.output
    assert "Coldframe_Sales" in done.output


def test_an_edited_file_stays_until_it_is_written_anew(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "views"
    run("salesforce", "--into", str(folder))
    path = next(folder.rglob("Coldframe_Breached.listView-meta.xml"))
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("Everything", "Mine"), encoding="utf-8")
    left = run("salesforce", "--into", str(folder), "--json")
    assert left.exit_code == 1
    lines = [json.loads(line) for line in left.stdout.splitlines()]
    assert [one["outcome"] for one in lines].count("differs") == 1
    assert "Mine" in path.read_text(encoding="utf-8")
    assert run("salesforce", "--into", str(folder), "--force").exit_code == 0
    assert path.read_text(encoding="utf-8") == before


def test_a_mapping_that_lacks_a_field_is_refused_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    ours = tmp_path / "ours.yaml"
    lines = [line for line in shipped("salesforce").text.splitlines() if "sla_due" not in line]
    ours.write_text("\n".join(lines), encoding="utf-8")
    refused = run("salesforce", "--into", str(tmp_path / "views"), COLDFRAME_SALESFORCE_MAPPING=str(ours))
    assert refused.exit_code == 1
    assert "sla_due of Lead (for My hot leads, Due today, Breached)" in refused.output
    assert not (tmp_path / "views").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("salesforce",), "--into DIR"),
        (("salesforce", "--into", "x", "--remove"), "--remove does not go with salesforce"),
        (("hubspot", "--into", "x"), "--into does not go with HubSpot"),
        (("hubspot", "--force"), "--force does not go with hubspot"),
        (("hubspot",), "hubspot is not connected"),
        (("pipedrive",), "pipedrive"),
    ],
)
def test_what_does_not_go_together_is_said(run: Run, words: tuple[str, ...], said: str) -> None:
    refused = run(*words)
    assert refused.exit_code != 0
    assert said in refused.output


def test_hubspots_lists_are_made_and_its_saved_views_described(run: Run, box: Sandbox) -> None:
    connected = {
        "COLDFRAME_PUBLIC_URL": "https://coldframe.example",
        "HUBSPOT_ACCESS_TOKEN": "t" * 20,
        "HUBSPOT_CLIENT_SECRET": "s" * 20,
        "HUBSPOT_API_URL": f"{box.url}/hubspot",
    }
    looked = run("hubspot", "--dry-run", "--json", **connected)
    assert looked.exit_code == 0, looked.output
    lines = [json.loads(line) for line in looked.stdout.splitlines()]
    assert [one["outcome"] for one in lines] == ["create"] * 4 + ["by hand"] * 4
    assert box.hubspot.gate.lists.held == {}
    made = run("hubspot", **connected)
    assert made.exit_code == 0, made.output
    assert len(box.hubspot.gate.lists.held) == 4
    gone = run("hubspot", "--remove", "--yes", **connected)
    assert gone.exit_code == 0, gone.output
    assert box.hubspot.gate.lists.held == {}
    box.hubspot.gate.lists.allowed = False
    denied = run("hubspot", "--json", **connected)
    assert denied.exit_code == 1
    assert "crm.lists.write" in denied.stdout
