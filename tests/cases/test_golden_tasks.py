"""Golden bodies: ten very different leads, and what sales reads about each of them in both CRMs, word for word.

`make golden` writes the files anew after a change that is meant; `make task-pictures` draws them as people see them.
"""

from collections.abc import Callable
from pathlib import Path

import golden_leads
import pytest
from golden_leads import Golden

from connectors.hubspot import batches as hubspot
from connectors.salesforce import batches as salesforce

KEPT = Path(__file__).parent / "golden_tasks"
GOLDEN = pytest.mark.parametrize("make", golden_leads.ALL, ids=lambda make: make.__name__)
Make = Callable[[], Golden]


def in_salesforce(golden: Golden) -> str:
    """Subject, day and text of a task, as Salesforce gets them."""
    (task,) = salesforce.upsert_body([golden.write("salesforce")])["records"]
    return f"{task['Subject']}\n{task['ActivityDate']}\n\n{task['Description']}\n"


def in_hubspot(golden: Golden) -> str:
    """Subject, due time and HTML of a task, as HubSpot gets them; a line of this file for each line of the page."""
    (task,) = hubspot.create_body([golden.write("hubspot")])["inputs"]
    said = task["properties"]
    body = said["hs_task_body"].replace("<br>", "<br>\n").replace("</p>", "</p>\n").replace("<li>", "\n<li>")
    return f"{said['hs_task_subject']}\n{said['hs_timestamp']}\n\n{body}\n"


@GOLDEN
def test_a_task_reads_word_for_word_as_its_golden_file(make: Make, request: pytest.FixtureRequest) -> None:
    golden = make()
    for suffix, said in (("salesforce.txt", in_salesforce(golden)), ("hubspot.html", in_hubspot(golden))):
        file = KEPT / f"{golden.name}.{suffix}"
        if request.config.getoption("--draw"):
            file.write_text(said, encoding="utf-8")
        assert file.read_text(encoding="utf-8") == said, f"{file.name}: `make golden` writes it anew"


@GOLDEN
def test_no_task_has_an_empty_label_a_word_of_the_program_or_an_id_of_ours(make: Make) -> None:
    said = in_salesforce(make())
    ours = ("not on record", "unknown", "None", "c_level", "educational_download", "internal_sharing", "[]", "ana\n")
    assert [word for word in ours if word in said] == []
    lines = said.splitlines()
    lists = [n for n, line in enumerate(lines) if line.endswith(":")]
    assert all(lines[n + 1].startswith(("- ", "[ ] ")) for n in lists), "a heading has a list"
    assert len(said) < 4_000, "read in 20 seconds"


def test_every_golden_file_is_of_a_lead() -> None:
    names = {f"{make().name}.{suffix}" for make in golden_leads.ALL for suffix in ("salesforce.txt", "hubspot.html")}
    assert {file.name for file in KEPT.iterdir()} == names


def test_the_page_about_tasks_shows_one_of_them_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs" / "leads.md").read_text(encoding="utf-8")
    assert (KEPT / "director.salesforce.txt").read_text(encoding="utf-8") in page, "copy it into docs/leads.md"
