"""The page on sending: each recipe works as printed, against the service."""

import json
import re
from pathlib import Path
from typing import Any

import outside_programs
import pytest
import webhooks_senders as senders
from flask.testing import FlaskClient
from places import ROOT
from webhooks_senders import Kept, Wall

from webhooks import parsers
from webhooks.sources.website import website_limits
from webhooks.sources.website.website_messages import MOST

PAGE = (ROOT / "docs" / "sending.md").read_text(encoding="utf-8")
SECTIONS: dict[str, str] = dict(re.findall(r"^## (.+)\n((?:.*\n)*?)(?=^## |\Z)", PAGE, re.MULTILINE))
JSON = re.compile(r"```json\n(.*?)```", re.DOTALL)
RECIPES = [(title, block) for title, text in SECTIONS.items() for block in JSON.findall(text)]
CALLS = {
    "Segment and tools like it": """
const settings = { url: process.env.COLDFRAME_URL, secret: process.env.COLDFRAME_ACTIVITY_SECRET };
const event = { timestamp: "2026-01-06T10:00:00.000Z", anonymousId: "anon-1", context: {} };
(async () => {
  const answers = [
    await onPage({ ...event, messageId: "p1", properties: { url: "https://www.example.com/pricing" } }, settings),
    await onTrack({ ...event, messageId: "t1", event: "Report exported" }, settings),
    await onIdentify({ ...event, messageId: "i1", traits: { email: "ana@acme.example" } }, settings),
  ];
  console.log(JSON.stringify(answers));
})();
""",
    "HubSpot workflows": """
exports.main({ origin: { portalId: 1 }, object: { objectId: 17 }, callbackId: "ap-1",
  inputFields: { email: "ana@acme.example" } }, (told) => console.log(JSON.stringify([told.outputFields])));
""",
}


def test_every_kind_of_sender_has_a_recipe() -> None:
    assert {title for title, _ in RECIPES} | set(CALLS) == {*SECTIONS} - {"Your website"}


@pytest.mark.parametrize(("title", "recipe"), RECIPES, ids=[title for title, _ in RECIPES])
def test_the_json_of_a_recipe_is_taken_without_a_remark(client: FlaskClient, title: str, recipe: str) -> None:
    body = recipe.encode()
    answer = client.post("/webhooks/activities", data=body, headers=senders.standard(body, name=title))
    assert answer.status_code == 202
    told: dict[str, Any] = answer.json
    assert (told["accepted"], told["rejected"], told["warnings"]) == (len(json.loads(recipe)["activities"]), [], [])


@pytest.mark.parametrize("title", list(CALLS))
def test_the_program_of_a_recipe_signs_and_sends(url: str, kept: Kept, wall: Wall, title: str, tmp_path: Path) -> None:
    (code,) = re.findall(r"```js\n(.*?)```", SECTIONS[title], re.DOTALL)
    given = {"COLDFRAME_URL": url, "COLDFRAME_ACTIVITY_SECRET": senders.ACTIVITY_SECRET}
    ran = outside_programs.ran([outside_programs.node(), "-e", code + CALLS[title]], tmp_path, given)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    answers = json.loads(ran.stdout)
    assert all((each["accepted"], each["rejected"]) == (1, []) for each in answers), answers
    heard = [each for delivery in kept() for each in parsers.parse("activities", delivery.body, wall.at).heard]
    assert (len(heard), heard[-1].email) == (len(answers), "ana@acme.example")


def test_the_page_says_the_limits_that_hold() -> None:
    text = " ".join(PAGE.split())
    site, visitor, named = website_limits.SITE, website_limits.VISITOR, website_limits.INTRODUCTIONS
    assert f"{site} requests a minute, a visitor {visitor}, and {named} requests a minute" in text
    assert f"{MOST} activities and 30 days" in text
