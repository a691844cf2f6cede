"""The script /t.js: nothing before consent, nothing where tracking is refused, and one person after they say who."""

import json
import subprocess
from typing import Any

import outside_programs
import pytest
import webhooks_senders as senders
from flask.testing import FlaskClient
from places import ROOT
from webhooks_senders import NOW, Kept

from integration.settings.environment import Settings, load
from webhooks import parsers

SCRIPT = ROOT / "webhooks" / "sources" / "website" / "t.js"
PAGE = ROOT / "tests" / "support" / "browser_page.js"
AT = "https://www.acme.example"


@pytest.fixture
def settings() -> Settings:
    return load(
        {
            "COLDFRAME_SECRET_KEY": "k" * 32,
            "COLDFRAME_PUBLIC_URL": senders.URL,
            "COLDFRAME_SITES": f"pk_0123456789abcdef={AT}",
        }
    )


def run(scenario: str) -> Any:
    done = subprocess.run(
        [outside_programs.node(), PAGE, SCRIPT, scenario], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_before_consent_nothing_is_stored_and_nothing_is_sent() -> None:
    found = run("""
        const p = await page("https://www.acme.example/pricing");
        p.coldframe.page(); p.coldframe.identify({email: "ana@acme.example"}); p.submit("Demo", "ana@acme.example");
        await p.settle();
        return [p.sent.length, stored.size];""")
    assert found == [0, 0]


@pytest.mark.parametrize("navigator", ["{globalPrivacyControl: true}", '{doNotTrack: "1"}', "{webdriver: true}"])
def test_whoever_asks_not_to_be_tracked_is_not_even_after_consent(navigator: str) -> None:
    found = run(f"""
        const p = await page("https://www.acme.example/", {{navigator: {navigator}, consent: "given"}});
        p.coldframe.consent(true); p.coldframe.identify({{email: "ana@acme.example"}});
        await p.settle();
        return [p.sent.length, stored.size];""")
    assert found == [0, 0]


def test_what_a_visitor_does_stays_in_the_browser_until_they_say_who_they_are() -> None:
    found = run("""
        const first = await page("https://www.acme.example/blog?utm_source=news&secret=1", {consent: "given"});
        const second = await page("https://www.acme.example/pricing", {consent: "given"});
        const before = [first.sent.length, second.sent.length, stored.size];
        second.coldframe.identify({email: "ana@acme.example"});
        await second.settle();
        const third = await page("https://www.acme.example/security", {consent: "given"});
        return {before, second: second.sent.map((each) => each.message), third: third.sent.map((each) => each.message),
          options: second.sent[0].options, to: second.sent[0].to, stored: stored.get("coldframe")};""")
    assert found["before"] == [0, 0, 1]
    (introduced,), (later,) = found["second"], found["third"]
    assert [each["url"] for each in introduced["activities"]] == [f"{AT}/blog?utm_source=news", f"{AT}/pricing"]
    assert introduced["email"] == "ana@acme.example"
    assert ("email" in later, later["visitor"]) == (False, introduced["visitor"])
    assert [each["url"] for each in later["activities"]] == [f"{AT}/security"]
    assert found["to"] == "https://cf.example/webhooks/website"
    assert (found["options"]["credentials"], found["options"]["keepalive"]) == ("omit", True)
    assert "ana@acme.example" not in found["stored"], "the address does not stay in the browser"


def test_the_service_takes_what_the_script_sends(client: FlaskClient, kept: Kept) -> None:
    (sent,) = run("""
        const p = await page("https://www.acme.example/pricing", {consent: "given"});
        p.submit("Demo request", "ana@acme.example");
        await p.settle();
        return p.sent;""")
    told = {**sent["message"], "sent": NOW // 1_000}
    told["activities"] = [{**each, "at": NOW // 1_000} for each in told["activities"]]
    headers = {"Origin": AT, "Content-Type": sent["options"]["headers"]["content-type"], "User-Agent": "Firefox/140.0"}
    assert client.post("/webhooks/website", data=json.dumps(told), headers=headers).status_code == 202
    heard = parsers.parse("website", kept()[0].body, NOW).heard
    assert [(each.type, each.email) for each in heard] == [
        ("page_view", "ana@acme.example"),
        ("form_submit", "ana@acme.example"),
    ]
    assert heard[1].properties["form"] == "Demo request"


def test_what_was_not_taken_is_sent_again_with_the_next_page_and_what_was_refused_is_not() -> None:
    found = run("""
        const first = await page("https://www.acme.example/a", {consent: "given", answers: [null]});
        first.coldframe.identify({email: "ana@acme.example"});
        await first.settle();
        const second = await page("https://www.acme.example/b", {consent: "given", answers: [503]});
        const third = await page("https://www.acme.example/c", {consent: "given", answers: [202, 403]});
        third.coldframe.page();
        await third.settle();
        const fourth = await page("https://www.acme.example/d", {consent: "given"});
        return [first, second, third, fourth].map((p) => p.sent.map((each) =>
          [each.message.email || "", each.message.activities.length, each.message.activities[0].id]));""")
    first, second, third, fourth = found
    assert [each[:2] for each in (*first, *second, *third)] == [["ana@acme.example", n] for n in (1, 2, 3)] + [["", 1]]
    assert len({each[2] for each in (*first, *second, third[0])}) == 1, "under the same id, so that it counts once"
    assert [each[:2] for each in fourth] == [["", 1]], "what was refused is not sent again"


def test_somebody_else_at_the_same_browser_is_another_visitor() -> None:
    found = run("""
        const p = await page("https://www.acme.example/a", {consent: "given"});
        p.coldframe.identify({email: "ana@acme.example"});
        await p.settle();
        p.coldframe.identify({email: "Ana@acme.example"});
        await p.settle();
        p.coldframe.identify({email: "bob@acme.example"});
        await p.settle();
        return p.sent.map((each) => [each.message.visitor, each.message.email]);""")
    (ana, first), (bob, second) = found
    assert (first, second, ana != bob) == ("ana@acme.example", "bob@acme.example", True)


def test_consent_that_is_taken_back_leaves_nothing_and_stops_it() -> None:
    found = run("""
        const p = await page("https://www.acme.example/a", {consent: "given"});
        p.coldframe.consent(false);
        p.coldframe.page(); p.coldframe.identify({email: "ana@acme.example"});
        await p.settle();
        return [p.sent.length, stored.size];""")
    assert found == [0, 0]


def test_no_more_than_fifty_activities_wait_and_none_for_more_than_a_month() -> None:
    found = run("""
        const p = await page("https://www.acme.example/a", {consent: "given"});
        const old = JSON.parse(stored.get("coldframe"));
        old.waiting[0].at -= 31 * 86400000;
        stored.set("coldframe", JSON.stringify(old));
        const q = await page("https://www.acme.example/b", {consent: "given"});
        for (let n = 0; n < 80; n += 1) q.coldframe.page();
        const kept = JSON.parse(stored.get("coldframe")).waiting;
        return [kept.length, kept.filter((each) => each.at < Date.now() - 86400000).length];""")
    assert found == [50, 0]


def test_where_storage_is_forbidden_the_page_works_and_only_this_page_is_known() -> None:
    found = run("""
        const p = await page("https://www.acme.example/a", {consent: "given", forbidden: true});
        p.coldframe.identify({email: "ana@acme.example"});
        await p.settle();
        p.coldframe.consent(false);
        return p.sent.length;""")
    assert found == 1


def test_a_form_without_the_attribute_is_left_alone() -> None:
    found = run("""
        const p = await page("https://www.acme.example/a", {consent: "given"});
        p.submit(null, "ana@acme.example");
        await p.settle();
        return [p.sent.length, JSON.parse(stored.get("coldframe")).waiting.length];""")
    assert found == [0, 1]
