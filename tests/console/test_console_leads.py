"""The list of leads in the console: who is found, by which filters, and the filters that people save."""

import pytest
from console_browser import ConsoleBrowser, ConsoleGround
from flows_run import activity, drain_all, receive
from flows_run import lead as stored

from connectors.base.users import CrmUser
from integration.store.audit import audit_trail
from integration.store.crm import crm_users
from integration.store.db.session import Store
from integration.store.people import lead_lists, leads
from integration.store.people.leads import LeadFields
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR

ANA, BO = "ana@acme.example", "bo@acme.example"


def look(ground: ConsoleGround) -> ConsoleBrowser:
    return ground.signed_in("viewer", "eve@us.example")


@pytest.fixture
def filled(service: Service, store: Store) -> Service:
    """Ana asked for a demo and is Nadia's; Bo read a page; neither has a record in a CRM."""
    now = service.now()
    receive(
        service,
        activity(1, ANA, "demo_request", now - HOUR),
        activity(2, ANA, "page_view", now - 2 * HOUR, page="pricing"),
        activity(3, BO, "page_view", now - HOUR, page="blog"),
    )
    drain_all(service)
    row = stored(service, ANA)
    nadia = CrmUser(id="u1", name="Nadia Rasmussen", email="nadia@us.example")
    with store.write() as conn:
        crm_users.put(conn, "hubspot", [nadia], now)
        fields = {**row.fields, "first_name": "Ana", "last_name": "<Silva>"}
        leads.set_fields(conn, [LeadFields(id=row.id, email=ANA, fields=fields, updated_at=now, owner="u1")])
    return service


def test_the_list_says_who_somebody_is_where_they_stand_and_whose_they_are(
    ground: ConsoleGround, filled: Service
) -> None:
    page = look(ground).get("/console/leads").text
    assert "Ana &lt;Silva&gt;" in page
    assert page.index(ANA) < page.index(BO), "the higher score first"
    row = stored(filled, ANA)
    assert f'<td class="number">{row.total}</td>' in page
    assert "MQL</td>" in page
    assert "<td>Nadia Rasmussen</td>" in page
    assert "1 hour ago" in page


@pytest.mark.parametrize(
    ("query", "ana", "bo"),
    [
        ("stage=mql", True, False),
        ("stage=inquiry", False, True),
        ("owner=u1", True, False),
        ("owner=u2", False, False),
        ("level=running", True, False),
        ("level=breached", False, False),
        ("order=change", True, True),
        ("q=ana%40acme.example", True, False),
        ("q=%20ANA@ACME.example", True, False),
        ("q=an", True, False),
        ("q=bo%40", False, True),
        ("q=acme", False, False),
        ("q=%25", False, False),
        ("q=ana@acme.example&stage=customer", True, False),
        ("q=b&stage=mql", False, False),
    ],
)
def test_search_and_filters_find_those_and_nobody_else(
    ground: ConsoleGround, filled: Service, query: str, *, ana: bool, bo: bool
) -> None:
    assert filled
    page = look(ground).get(f"/console/leads?{query}").text
    table = page.partition("<tbody>")[2]
    assert (ANA in table, BO in table) == (ana, bo)


def test_somebody_is_found_by_our_id_and_by_a_crms_record(ground: ConsoleGround, filled: Service) -> None:
    browser, row = look(ground), stored(filled, BO)
    assert BO in browser.get(f"/console/leads?q={row.id}").text
    missing = browser.get("/console/leads?q=hubspot:contact:17").text
    assert "Nobody goes by" in missing


def test_an_empty_list_says_what_to_do(ground: ConsoleGround) -> None:
    assert "coldframe sync" in look(ground).get("/console/leads").text
    assert "Show all leads" in look(ground).get("/console/leads?stage=sql").text


@pytest.mark.parametrize(
    "query",
    [
        "stage=mqll",
        "segment=E",
        "band=boiling",
        "level=x",
        "order=id",
        "after=x&lead=y",
        "after=9999999999999999999999&lead=y",
        "q=a%00b",
        "track=" + "x" * 400,
    ],
)
def test_a_wrong_address_is_answered_with_what_is_wrong(ground: ConsoleGround, query: str) -> None:
    answer = look(ground).get(f"/console/leads?{query}")
    assert answer.status_code == 400
    assert "To the first page" in answer.text


def test_the_list_goes_on_where_a_page_ends(
    ground: ConsoleGround, filled: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead_lists.page, "__defaults__", (None, 1))
    browser, row = look(ground), stored(filled, ANA)
    first = browser.get("/console/leads").text
    further = f"/console/leads?after={row.total}&amp;lead={row.id}"
    assert (ANA in first, BO in first, further in first) == (True, False, True)
    second = browser.get(further.replace("&amp;", "&")).text
    assert (ANA in second, BO in second, "Next page" in second) == (False, True, False)
    assert "First page" in second
    by_email = browser.get("/console/leads?q=a&after=ana@acme.example&lead=0").text
    assert ANA in by_email


def test_a_page_that_found_nobody_among_those_it_looked_at_says_so(
    ground: ConsoleGround, filled: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert filled
    monkeypatch.setattr(lead_lists, "LOOKED_AT", 1)
    page = look(ground).get("/console/leads?track=nowhere").text
    assert "None of the leads looked at so far" in page
    assert "Look further" in page


def test_filters_are_saved_under_a_name_by_each_person_and_deleted(ground: ConsoleGround, store: Store) -> None:
    bo, cy = ground.signed_in("viewer", "bo@us.example"), ground.signed_in("viewer", "cy@us.example")
    answer = bo.post("/console/leads/filters", {"name": "Hot & mine", "stage": "sql", "owner": "u1", "q": "ana@"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/leads?stage=sql&owner=u1")
    assert 'href="/console/leads?stage=sql&amp;owner=u1">Hot &amp; mine</a>' in bo.get("/console/leads").text
    assert "Hot &amp; mine" not in cy.get("/console/leads").text
    assert cy.post("/console/leads/filters/delete", {"name": "Hot & mine"}).status_code == 404
    assert bo.post("/console/leads/filters/delete", {"name": "Hot & mine"}).status_code == 303
    assert "Hot &amp; mine</a>" not in bo.get("/console/leads").text
    with store.read() as conn:
        lines = [each for each in audit_trail.recent(conn, 50) if each.action.startswith("filter")]
    assert {(each.actor, each.action) for each in lines} == {
        ("bo@us.example", "filter saved"),
        ("bo@us.example", "filter deleted"),
    }
    assert "Hot" not in str(lines), "names of filters may name people"


@pytest.mark.parametrize("fields", [{"name": " "}, {"name": "x" * 61}, {"name": "x", "stage": "?"}, {"name": "a\nb"}])
def test_a_filter_that_cannot_be_saved_is_refused(ground: ConsoleGround, fields: dict[str, str]) -> None:
    assert look(ground).post("/console/leads/filters", fields).status_code == 400
