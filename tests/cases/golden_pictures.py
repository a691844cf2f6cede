"""Draws the golden tasks as people see them in both CRMs: `make task-pictures INTO=FOLDER`.

The sandbox shows each task on its desk's pages, and a headless Chromium (Debian's `chromium`) takes the picture.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import click
import golden_leads

from connectors.hubspot import batches as hubspot
from connectors.salesforce import batches as salesforce
from mappings.values.instant import show
from sandbox.server import Sandbox

_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1100,1250")


def main(into: Path) -> int:
    """Take the pictures; 2 where there is no Chromium."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        click.echo("no Chromium on this machine: install it (Debian: apt-get install chromium)", err=True)
        return 2
    into.mkdir(parents=True, exist_ok=True)
    with Sandbox() as box:
        for name, system, id_ in _tasks(box):
            file = into / f"{name}.{system}.png"
            page = f"{box.url}/tasks/{system}/{id_}"
            home = ("--user-data-dir=" + str(into / ".browser"),)
            subprocess.run([browser, *_FLAGS, *home, f"--screenshot={file}", page], check=True, capture_output=True)
            click.echo(str(file))
    shutil.rmtree(into / ".browser", ignore_errors=True)
    return 0


def _tasks(box: Sandbox) -> list[tuple[str, str, str]]:
    """(lead, system, task) of every golden task, made in the sandbox's CRMs."""
    person = {"email": "golden@acme.example", "firstname": "The", "lastname": "lead"}
    contact = box.hubspot.add("contacts", person)
    lead = box.salesforce.add("Lead", {"LastName": "The lead", "Company": "Its company", "Email": person["email"]})
    found = []
    for make in golden_leads.ALL:
        golden = make()
        (asked,) = hubspot.create_body([golden.write("hubspot")])["inputs"]
        at = show(golden.write("hubspot").due_at)
        wanted = {name: str(value) for name, value in asked["properties"].items() if name != "coldframe_key"}
        task = box.hubspot.add("tasks", wanted | {"hs_timestamp": at})
        box.hubspot.link("tasks", task, "contacts", contact)
        (wish,) = salesforce.upsert_body([golden.write("salesforce")])["records"]
        kept = {name: wish[name] for name in ("Subject", "ActivityDate", "Description", "TaskSubtype")}
        found += [
            (golden.name, "hubspot", task),
            (golden.name, "salesforce", box.salesforce.add("Task", kept | {"WhoId": lead})),
        ]
    return found


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
