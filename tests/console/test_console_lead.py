"""The page of one lead in the console: its ledger sums to its score at any instant, and it says what followed."""

import re

import pytest
from console_browser import ConsoleBrowser, ConsoleGround
from flows_run import Watch, activity, drain_all, receive, write_freely
from flows_run import lead as stored

from integration.store.db.session import Store
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, show
from sandbox.server import Sandbox

ANA = "ana@acme.example"


def look(ground: ConsoleGround) -> ConsoleBrowser:
    return ground.signed_in("viewer", "eve@us.example")


@pytest.fixture
def filled(service: Service, store: Store, sandbox: Sandbox) -> Service:
    """Ana, whom HubSpot knows, read two pages and asked for a demo, and a machine opened a mail; tasks are written."""
    write_freely(store)
    sandbox.hubspot.add("contacts", {"email": ANA, "firstname": "Ana", "lastname": "Silva", "jobtitle": "CTO"})
    now = service.now()
    receive(
        service,
        activity(1, ANA, "page_view", now - 5 * DAY, page="pricing"),
        activity(2, ANA, "email_open", now - 4 * DAY, user_agent="GoogleImageProxy", machine=True),
        activity(3, ANA, "page_view", now - 3 * DAY, page="case_study", url="acme.example/<b>"),
        activity(4, ANA, "demo_request", now - HOUR),
    )
    drain_all(service)
    return service


def numbers(page: str, axis: str) -> tuple[list[float], float]:
    """The points of an axis' lines, and what they are said to sum to."""
    table = page.partition(f"<h3>{axis}</h3>")[2].partition("</table>")[0]
    values = [float(each.replace("\N{MINUS SIGN}", "-")) for each in re.findall(r'class="number[^"]*">([^<]+)<', table)]
    return values[:-1], values[-1]


def test_the_ledger_sums_exactly_to_the_score_now_and_at_any_instant(
    ground: ConsoleGround, filled: Service, at: Watch
) -> None:
    row, browser, end = stored(filled, ANA), look(ground), at()
    seen = set()
    for days in (6, 5, 4, 3, 2, 0.02, 0):
        moment = show(end - round(days * DAY))
        page = browser.get(f"/console/leads/{row.id}", query_string={"at": moment}).text
        total = re.search(r"Why the score is ([\d.]+)", page)
        assert total is not None
        sums = [numbers(page, axis) for axis in ("Fit", "Engagement")]
        assert [round(sum(lines), 3) for lines, _ in sums] == [said for _, said in sums]
        assert round(sum(said for _, said in sums), 3) == float(total[1])
        seen.add(float(total[1]))
    assert len(seen) > 2, "the score moved"
    assert row.total == int(float(total[1]))


def test_the_page_says_what_happened_what_followed_and_what_comes(ground: ConsoleGround, filled: Service) -> None:
    page = look(ground).get(f"/console/leads/{stored(filled, ANA).id}").text
    assert '<h1 class="mb-1">Ana Silva</h1>' in page
    assert "Asked for a demo" in page
    assert "Stage mql" not in page
    machines = page.partition("What machines did</h2>")[2].partition("</section>")[0]
    people = page.partition("What this person did</h2>")[2].partition("</section>")[0]
    assert "Email open" in machines
    assert "pened an e-mail" not in people
    assert "acme.example/&lt;b&gt;" in people or "iewed" in people
    assert "<b>" not in people
    tasks = page.partition("Tasks, and who got them</h2>")[2].partition("</section>")[0]
    assert "Task for" in tasks
    assert "Because: " in tasks
    assert "Waits for somebody to give it to" in tasks or "Given to" in tasks
    assert "Service levels" in page
    assert "What comes next by itself" in page
    records = page.partition("In the CRMs</h2>")[2].partition("</section>")[0]
    assert "Person in HubSpot" in records


def test_the_chart_has_words_and_says_of_each_step_what_it_was(ground: ConsoleGround, filled: Service) -> None:
    page = look(ground).get(f"/console/leads/{stored(filled, ANA).id}").text
    chart = page.partition("<svg")[2].partition("</svg>")[0]
    assert 'role="img"' in chart
    assert "its last " in chart
    assert "asked for a demo" in chart
    assert "style=" not in chart


def test_a_lead_is_reached_by_any_of_its_names_under_one_address(ground: ConsoleGround, filled: Service) -> None:
    row = stored(filled, ANA)
    answer = look(ground).get(f"/console/leads/{ANA}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/leads/{row.id}")
    assert f'href="/console/leads/{row.id}"' in look(ground).get("/console/leads").text


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("yesterday", "is no time"),
        ("0001-01-01T00:00", "from 1970 until now"),
        ("9999-12-31T23:59:59-23:59", "from 1970 until now"),
        ("2027-01-06T09:00", "from 1970 until now"),
        ("2026-01-06T09:00:00+99:00", "is no time"),
    ],
)
def test_a_time_that_is_none_is_refused_in_words(ground: ConsoleGround, filled: Service, when: str, words: str) -> None:
    answer = look(ground).get(f"/console/leads/{stored(filled, ANA).id}", query_string={"at": when})
    assert answer.status_code == 400
    assert words in answer.text


def test_before_anything_happened_the_page_says_so(ground: ConsoleGround, filled: Service) -> None:
    page = look(ground).get(f"/console/leads/{stored(filled, ANA).id}", query_string={"at": "2020-01-01T00:00"}).text
    assert "Why the score is 0" in page
    assert "Nothing has given points yet" in page
    assert "Show now" in page


def test_nobody_of_that_name_is_answered_with_a_page(ground: ConsoleGround) -> None:
    answer = look(ground).get("/console/leads/nobody")
    assert answer.status_code == 404
    assert "Nobody goes by this name" in answer.text
